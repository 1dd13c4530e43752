//! Published ports.

use facts::Fact;
use facts::docker::{Container, PortBinding};

use crate::view::{Listing, PublishedPort, Seen};

/// What a container publishes: what was asked for, and, where ports were left to the engine, what it chose.
pub(crate) fn published(container: &Container) -> Fact<Listing<PublishedPort>> {
    container.ports.as_ref().map(|asked| {
        let mut listing = Listing::from(asked.iter().map(view).collect::<Vec<_>>());
        match (&container.publish_all, &container.active_ports) {
            (Fact::Known(false), _) => {}
            // Which ports an image exposes shows once it runs.
            (Fact::Known(true), Fact::Known(active)) => {
                let more = active.iter().filter(|port| !asked.iter().any(|known| same(known, port)));
                listing.members.extend(more.map(view));
            }
            (Fact::Known(true), other) => listing.unseen = Some(other.why().unwrap_or("it does not run").to_owned()),
            (other, _) => listing.unseen = Some(other.why().unwrap_or("whether all ports are published was not said").to_owned()),
        }
        listing
    })
}

fn same(asked: &PortBinding, active: &PortBinding) -> bool {
    asked.container_port == active.container_port && (asked.host_port == active.host_port || asked.host_port.is_empty())
}

fn view(binding: &PortBinding) -> PublishedPort {
    let (port, protocol) = binding.container_port.split_once('/').unwrap_or((&binding.container_port, "tcp"));
    let host_port = number(&binding.host_port);
    PublishedPort {
        privileged: host_port.fact.clone().map(is_privileged).into(),
        on_host: format!("{}/{protocol}", if binding.host_port.is_empty() { "(any)" } else { &binding.host_port }).into(),
        text: text(binding, port, protocol).into(),
        all_addresses: is_every_address(&binding.address).into(),
        address: if binding.address.is_empty() { "0.0.0.0".to_owned() } else { binding.address.clone() }.into(),
        host_port,
        container_port: number(port),
        protocol: protocol.to_owned().into(),
    }
}

/// As docker ps writes it.
fn text(binding: &PortBinding, port: &str, protocol: &str) -> String {
    let address = if binding.address.is_empty() { "0.0.0.0" } else { &binding.address };
    let address = if address.contains(':') && !address.starts_with('[') { format!("[{address}]") } else { address.to_owned() };
    let host_port = if binding.host_port.is_empty() { "(any)" } else { &binding.host_port };
    format!("{address}:{host_port}->{port}/{protocol}")
}

/// Empty: chosen by the engine from the ephemeral range, 0. Of a range the first counts, since it is the lowest.
fn number(text: &str) -> Seen<i64> {
    let first = text.split('-').next().unwrap_or_default();
    match (text.is_empty(), first.parse::<i64>()) {
        (true, _) => 0.into(),
        (false, Ok(number)) => Seen::from(number),
        (false, Err(_)) => Fact::unknown(format!("`{text}` is no port")).into(),
    }
}

/// Below 1024 only privileged programs may listen (ip(7)). 0 is chosen by the engine, from far above.
pub(crate) fn is_privileged(port: i64) -> bool {
    (1..1024).contains(&port)
}

/// Whether an address stands for all of the host's, IPv4 or IPv6, in whatever spelling.
pub(crate) fn is_every_address(address: &str) -> bool {
    let bare = address.trim_start_matches('[').trim_end_matches(']');
    let bare = bare.strip_prefix("::ffff:").unwrap_or(bare);
    bare.is_empty() || bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_unspecified())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn binding(address: &str, host_port: &str, container_port: &str) -> PortBinding {
        PortBinding { address: address.to_owned(), host_port: host_port.to_owned(), container_port: container_port.to_owned() }
    }

    #[test]
    fn addresses_and_ports() {
        for address in ["", "0.0.0.0", "::", "[::]", "0:0:0:0:0:0:0:0", "::ffff:0.0.0.0"] {
            assert!(is_every_address(address), "{address}");
        }
        for address in ["127.0.0.1", "::1", "10.0.0.1", "fe80::1"] {
            assert!(!is_every_address(address), "{address}");
        }
        assert!(is_privileged(1) && is_privileged(1023) && !is_privileged(1024) && !is_privileged(0));
    }

    #[test]
    fn ports_that_the_engine_chose_count_too() {
        let mut container = Container {
            ports: Fact::Known(vec![binding("127.0.0.1", "8080", "80/tcp")]),
            publish_all: Fact::Known(false),
            ..Container::default()
        };
        assert_eq!(published(&container).known().unwrap().members.len(), 1);
        container.publish_all = Fact::Known(true);
        container.active_ports = Fact::Known(vec![binding("127.0.0.1", "8080", "80/tcp"), binding("::", "32768", "443/tcp")]);
        let all = published(&container).known().unwrap().clone();
        assert_eq!((all.members.len(), all.members[1].all_addresses.known()), (2, Some(&true)));
        container.publish_all = Fact::default();
        assert!(published(&container).known().unwrap().unseen.is_some());
    }
}
