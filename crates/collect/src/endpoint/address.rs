//! Addresses as the docker client reads them (its opts/hosts.go and cli/connhelper), stricter where a mistake would be carried out.

use super::{DEFAULT_SOCKET, Endpoint, EndpointError, Ssh, Tcp, Tls};
use crate::redact;

const PLAIN_PORT: u16 = 2375;
const TLS_PORT: u16 = 2376;

/// Longer than any address: a bound on what is repeated in messages.
const LONGEST: usize = 1024;

/// Reads an address. `tls` is what to do with a TCP port.
pub(super) fn parse(address: &str, tls: Option<Tls>) -> Result<Endpoint, EndpointError> {
    let address = address.trim();
    if address.chars().any(|character| character.is_control() || character.is_whitespace()) || address.len() > LONGEST {
        let shown: String = address.chars().take(80).collect::<String>().escape_debug().collect();
        return Err(malformed(&shown, "blanks, control characters or too long"));
    }
    let Some((scheme, rest)) = address.split_once("://") else {
        // A bare absolute path can only mean a socket; anything else is TCP to the docker client too.
        return if address.starts_with('/') { unix(address, address) } else { tcp(address, address, tls) };
    };
    match scheme.to_ascii_lowercase().as_str() {
        "unix" if rest.is_empty() => Ok(Endpoint::Unix(DEFAULT_SOCKET.to_owned())),
        "unix" => unix(address, rest),
        "tcp" => tcp(address, rest, tls),
        "ssh" => ssh(address, rest),
        "http" | "https" => Err(unsupported(
            address,
            "the docker client's addresses begin with tcp://",
            "write tcp://host:port, with --tlsverify where the port speaks TLS",
        )),
        "npipe" => Err(unsupported(
            address,
            "named pipes are Windows'; cofferdam assesses engines on Linux",
            "name a Linux engine with unix://, tcp:// or ssh://",
        )),
        "fd" => Err(unsupported(
            address,
            "fd:// tells a daemon to take its socket from systemd, and is no place to connect to",
            "write unix:///run/docker.sock, or the path that docker.socket names in ListenStream=",
        )),
        _ => Err(malformed(address, "unknown scheme")),
    }
}

/// The port of this machine that the docker client takes when it is told to speak TLS and not where.
pub(super) fn default_tls(tls: Tls) -> Endpoint {
    Endpoint::Tcp(Tcp { host: "127.0.0.1".to_owned(), port: TLS_PORT, prefix: String::new(), tls: Some(tls) })
}

fn unix(address: &str, path: &str) -> Result<Endpoint, EndpointError> {
    if path.contains("://") {
        return Err(malformed(address, "a second scheme"));
    }
    if !path.starts_with('/') {
        return Err(malformed(address, "the socket's path is not absolute"));
    }
    let path = path.trim_end_matches('/');
    if path.is_empty() { Err(malformed(address, "a folder and no socket")) } else { Ok(Endpoint::Unix(path.to_owned())) }
}

fn tcp(address: &str, rest: &str, tls: Option<Tls>) -> Result<Endpoint, EndpointError> {
    if rest.contains("://") {
        return Err(malformed(address, "a second scheme"));
    }
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    if authority.contains('@') {
        return Err(malformed(address, "user information has no place in a tcp:// address"));
    }
    if path.contains(['?', '#']) || authority.contains(['?', '#']) {
        return Err(malformed(address, "a query or a fragment"));
    }
    if !path.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(malformed(address, "a path that is not ASCII"));
    }
    let (host, port) = host_and_port(address, authority)?;
    Ok(Endpoint::Tcp(Tcp {
        host: if host.is_empty() { "127.0.0.1".to_owned() } else { host },
        // The docker client takes 2375 here with TLS as well; 2376 is the registered one, and what the daemon's own documentation names.
        port: port.unwrap_or(if tls.is_some() { TLS_PORT } else { PLAIN_PORT }),
        prefix: path.trim_end_matches('/').to_owned(),
        tls,
    }))
}

fn ssh(address: &str, rest: &str) -> Result<Endpoint, EndpointError> {
    if rest.contains(['?', '#']) {
        return Err(malformed(address, "a query or a fragment"));
    }
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let (user, authority) = match authority.rsplit_once('@') {
        Some((user, authority)) => (Some(user), authority),
        None => (None, authority),
    };
    if user.is_some_and(|user| user.contains(':')) {
        return Err(malformed(address, "a password in the address; ssh takes keys from its agent"));
    }
    let user = user.map(|user| decoded(user).filter(|user| is_user(user)));
    let user = match user {
        Some(None) => return Err(malformed(address, "a user name that ssh might read as something else")),
        Some(Some(user)) => Some(user),
        None => None,
    };
    let (host, port) = host_and_port(address, authority)?;
    if host.is_empty() {
        return Err(malformed(address, "no host"));
    }
    let socket = decoded(path).filter(|path| path.chars().all(|character| !character.is_control()));
    let Some(socket) = socket else { return Err(malformed(address, "a path that cannot be a socket's")) };
    let socket = if socket.trim_matches('/').is_empty() { None } else { Some(socket.trim_end_matches('/').to_owned()) };
    Ok(Endpoint::Ssh(Ssh { user, host, port, socket }))
}

/// Host, which may be empty, and port. `[::1]:2375`, `host:2375`, `host`, `[::1]`, `::1`, `:2375`.
fn host_and_port(address: &str, authority: &str) -> Result<(String, Option<u16>), EndpointError> {
    let (host, port) = if let Some(rest) = authority.strip_prefix('[') {
        let (host, rest) = rest.split_once(']').ok_or_else(|| malformed(address, "a bracket that is not closed"))?;
        let is_address = host.split('%').next().is_some_and(|host| host.parse::<std::net::Ipv6Addr>().is_ok());
        if !is_address || !rest.is_empty() && !rest.starts_with(':') {
            return Err(malformed(address, "no IPv6 address in the brackets"));
        }
        (host, rest.strip_prefix(':'))
    } else if authority.parse::<std::net::Ipv6Addr>().is_ok() {
        (authority, None)
    } else {
        match authority.split_once(':') {
            Some((_, port)) if port.contains(':') => {
                return Err(malformed(address, "several colons; an IPv6 address with a port is written in brackets: [::1]:2375"));
            }
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        }
    };
    if !is_host(host) {
        return Err(malformed(address, "no host name or address"));
    }
    let port = match port {
        None | Some("") => None,
        Some(port) => match port.parse::<u16>() {
            Ok(number) if number > 0 && port.bytes().all(|byte| byte.is_ascii_digit()) => Some(number),
            _ => return Err(malformed(address, "no port number")),
        },
    };
    Ok((host.to_owned(), port))
}

/// What a host name or an address is made of. The first character keeps it from being read as an option.
fn is_host(host: &str) -> bool {
    !host.starts_with(['-', '.'])
        && host.len() <= 255
        && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':' | b'%'))
}

/// Names that no shell and no option parser reads as anything else; those of directory services hold `@` or `\`.
fn is_user(user: &str) -> bool {
    !user.is_empty()
        && user.len() <= 128
        && user.bytes().enumerate().all(|(index, byte)| {
            byte.is_ascii_alphanumeric() || byte == b'_' || (index > 0 && matches!(byte, b'.' | b'-' | b'@' | b'\\' | b'+'))
        })
}

/// Percent-encoding undone.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        if first == b'%' {
            let digits = std::str::from_utf8(tail.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &tail[2..];
        } else {
            bytes.push(first);
            rest = tail;
        }
    }
    String::from_utf8(bytes).ok()
}

fn malformed(address: &str, why: &str) -> EndpointError {
    EndpointError::Malformed { address: redact::url(address), why: why.to_owned() }
}

fn unsupported(address: &str, why: &str, hint: &str) -> EndpointError {
    EndpointError::Unsupported { address: redact::url(address), why: why.to_owned(), hint: hint.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(address: &str) -> Result<String, EndpointError> {
        parse(address, None).map(|endpoint| endpoint.to_string())
    }

    #[test]
    fn addresses() {
        for (given, means) in [
            ("unix:///a", "unix:///a"),
            ("UNIX:///a", "unix:///a"),
            ("unix:///run/docker.sock/", "unix:///run/docker.sock"),
            ("unix://", "unix:///var/run/docker.sock"),
            ("/c", "unix:///c"),
            ("tcp://h:1", "tcp://h:1"),
            ("TCP://h:1", "tcp://h:1"),
            ("tcp://h", "tcp://h:2375"),
            ("tcp://h/", "tcp://h:2375"),
            ("tcp://h:", "tcp://h:2375"),
            ("tcp://", "tcp://127.0.0.1:2375"),
            ("tcp://:4000", "tcp://127.0.0.1:4000"),
            ("h:1", "tcp://h:1"),
            ("h", "tcp://h:2375"),
            ("tcp://[::1]:2376", "tcp://[::1]:2376"),
            ("tcp://[::1]", "tcp://[::1]:2375"),
            ("tcp://[fe80::1%eth0]:5", "tcp://[fe80::1%eth0]:5"),
            ("::1", "tcp://[::1]:2375"),
            ("tcp://h:1/docker/", "tcp://h:1/docker"),
            ("  tcp://h:1\n", "tcp://h:1"),
            ("ssh://h", "ssh://h"),
            ("ssh://me@h:22", "ssh://me@h:22"),
            ("ssh://me@[::1]:22/", "ssh://me@[::1]:22"),
            ("ssh://h/run/user/1000/docker.sock", "ssh://h/run/user/1000/docker.sock"),
            ("ssh://ann%40corp@h", "ssh://ann@corp@h"),
        ] {
            assert_eq!(shown(given).as_deref(), Ok(means), "{given}");
        }
        let with_tls = parse("tcp://h", Some(Tls::default())).unwrap();
        assert_eq!(with_tls.to_string(), "tcp://h:2376");
    }

    #[test]
    fn what_is_no_address() {
        for given in [
            "unix://relative",
            "unix:///",
            "unix://unix:///a",
            "tcp://tcp://h",
            "tcp://h:x",
            "tcp://h:0",
            "tcp://h:65536",
            "tcp://h:+1",
            "tcp://h:1:2",
            "tcp://[::1",
            "tcp://[nonsense]:1",
            "tcp://u:planted-secret@h:1",
            "tcp://h:1/?x",
            "tcp://a b",
            "tcp://h\u{1b}[31m",
            "ssh://",
            "ssh://u:planted-secret@h",
            "ssh://-oProxyCommand=planted@h",
            "ssh://-oProxyCommand=x",
            "ssh://h;reboot",
            "ssh://$(reboot)",
            "ssh://a`b`@h",
            "ssh://%2doProxyCommand=x@h",
            "ssh://h:-1",
            "ssh://h/a%0ab",
            "ssh://h?x=y",
            "ssh://@h",
            "fd://",
            "npipe:////./pipe/docker_engine",
            "http://h:1",
            "https://h:1",
            "gopher://h",
            "://",
        ] {
            let error = parse(given, None).expect_err(given);
            let text = error.to_string();
            assert!(text.contains("hint: ") && !text.contains("planted-secret") && !text.contains('\u{1b}'), "{given}: {text}");
        }
    }

    proptest! {
        /// What is understood is understood alike when it is written down again, and never holds what a shell or a terminal acts on.
        #[test]
        fn an_address_means_what_it_shows(text in "(unix|tcp|ssh|TCP|fd|)(://)?[ -~]{0,30}", wild in any::<String>()) {
            for text in [text, wild] {
                if let Ok(endpoint) = parse(&text, None) {
                    let shown = endpoint.to_string();
                    prop_assert!(!shown.chars().any(char::is_control));
                    // A `%` or `@` of a user's name or of a socket's path is written decoded.
                    if !text.contains('%') {
                        prop_assert_eq!(parse(&shown, None), Ok(endpoint.clone()), "{}", text);
                    }
                    if let Endpoint::Ssh(ssh) = endpoint {
                        prop_assert!(!ssh.host.starts_with('-') && !ssh.user.unwrap_or_default().starts_with('-'));
                    }
                }
            }
        }
    }
}
