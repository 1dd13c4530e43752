//! Host names to addresses.
//!
//! By the system's own getaddrinfo, so that /etc/hosts, DNS and whatever else the host is set up with say the same to cofferdam as to the
//! docker client. A static glibc would load NSS modules of another glibc for it at run time, which crashes as often as it works: such a
//! build (`cargo xtask dist` where musl is not installed) knows addresses and /etc/hosts only, and says so. A resolver of our own
//! (hickory-resolver) would cost more than a megabyte of the 20 that the binary may have.

use std::net::{IpAddr, SocketAddr};

use tokio::sync::oneshot;

use crate::obstacle::{Answer, Obstacle};

/// The addresses of a host, in the order in which the system prefers them; never empty.
pub(super) async fn resolve(host: &str, port: u16) -> Answer<Vec<SocketAddr>> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let (reply, answer) = oneshot::channel();
    let name = host.to_owned();
    // A thread of its own, that may be left behind: the runtime would wait at its end for one of its own threads.
    std::thread::Builder::new().name("names".to_owned()).spawn(move || {
        // Nobody waits any more where this fails.
        let _ = reply.send(look_up(&name, port));
    })?;
    let addresses = answer.await.map_err(|_| nobody(host))?.map_err(|why| unknown_name(host, &why))?;
    if addresses.is_empty() { Err(nobody(host)) } else { Ok(addresses) }
}

#[cfg(not(all(target_env = "gnu", target_feature = "crt-static")))]
fn look_up(host: &str, port: u16) -> Result<Vec<SocketAddr>, String> {
    use std::net::ToSocketAddrs;
    (host, port).to_socket_addrs().map(Iterator::collect).map_err(|error| error.to_string())
}

#[cfg(all(target_env = "gnu", target_feature = "crt-static"))]
fn look_up(host: &str, port: u16) -> Result<Vec<SocketAddr>, String> {
    let text = std::fs::read_to_string("/etc/hosts").unwrap_or_default();
    let found = in_hosts(&text, host);
    if found.is_empty() {
        return Err("this build of cofferdam looks names up in /etc/hosts only; give an address, or add the name there".to_owned());
    }
    Ok(found.into_iter().map(|address| SocketAddr::new(address, port)).collect())
}

/// hosts(5).
#[cfg(any(test, all(target_env = "gnu", target_feature = "crt-static")))]
fn in_hosts(text: &str, host: &str) -> Vec<IpAddr> {
    let line = |line: &str| {
        let mut words = line.split('#').next().unwrap_or_default().split_ascii_whitespace();
        let address = words.next()?.parse().ok()?;
        words.any(|name| name.eq_ignore_ascii_case(host)).then_some(address)
    };
    text.lines().filter_map(line).collect()
}

fn unknown_name(host: &str, why: &str) -> Obstacle {
    Obstacle::no_way(format!("no address for the name {host}: {why}"), "check the name, or give an address")
}

/// The name is known and has no address.
pub(super) fn nobody(host: &str) -> Obstacle {
    unknown_name(host, "there is none")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn literals_names_and_nonsense() {
        assert_eq!(resolve("127.0.0.1", 1).await, Ok(vec!["127.0.0.1:1".parse().unwrap()]));
        assert_eq!(resolve("::1", 1).await, Ok(vec!["[::1]:1".parse().unwrap()]));
        assert!(resolve("localhost", 1).await.unwrap().iter().all(|address| address.ip().is_loopback()));
        // RFC 2606: never a name.
        let error = resolve("nonsense.invalid", 1).await.unwrap_err();
        assert!(matches!(error, Obstacle::NoWay { .. }), "{error}");
    }

    #[test]
    fn a_file_of_hosts() {
        let text = "127.0.0.1 localhost\n# 1.1.1.1 lab\n10.0.0.1 a.lab LAB # x\nnonsense lab\n::5 lab\n";
        assert_eq!(in_hosts(text, "lab"), ["10.0.0.1".parse::<IpAddr>().unwrap(), "::5".parse().unwrap()]);
        assert!(in_hosts(text, "x").is_empty());
    }
}
