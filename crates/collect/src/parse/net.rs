//! /proc/PID/net/unix, tcp and tcp6: listening sockets only. Connections, with the addresses of peers, are nobody's business, but for the one
//! that this process made itself.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::source::{TcpListening, UnixListening};

/// Listening Unix sockets whose path ends in this file name; all that have a path where it is empty.
pub(crate) fn unix_listeners(text: &str, file_name: &str) -> Vec<UnixListening> {
    let fits = |socket: &UnixListening| file_name.is_empty() || socket.path.rsplit('/').next() == Some(file_name);
    text.lines().skip(1).filter_map(unix_listener).filter(fits).collect()
}

fn unix_listener(line: &str) -> Option<UnixListening> {
    // Num RefCount Protocol Flags Type St Inode Path; an accepted connection shows the same path without this flag.
    const ACCEPTS: u32 = 1 << 16;
    let mut rest = line;
    let mut next = || -> Option<&str> {
        let trimmed = rest.trim_start_matches(' ');
        let end = trimmed.find(' ').unwrap_or(trimmed.len());
        rest = trimmed.get(end + 1..).unwrap_or_default();
        (end > 0).then(|| &trimmed[..end])
    };
    let (_number, _references, _protocol) = (next()?, next()?, next()?);
    let flags = u32::from_str_radix(next()?, 16).ok()?;
    let (_kind, _state) = (next()?, next()?);
    let inode = next()?.parse().ok()?;
    // The path runs to the end of the line, blanks included. One with a line feed is cut short, so it will not match.
    (flags & ACCEPTS != 0 && rest.starts_with('/')).then(|| UnixListening { path: rest.to_owned(), inode })
}

/// Listening TCP sockets of /proc/PID/net/tcp or tcp6.
pub(crate) fn tcp_listeners(text: &str) -> Vec<TcpListening> {
    text.lines().skip(1).filter_map(tcp_listener).collect()
}

fn tcp_listener(line: &str) -> Option<TcpListening> {
    const LISTEN: &str = "0A";
    let fields: Vec<&str> = line.split_whitespace().take(10).collect();
    let &[_, local, _, LISTEN, _, _, _, _, _, inode] = fields.as_slice() else { return None };
    let (address, port) = local.split_once(':')?;
    Some(TcpListening { address: ip_address(address)?, port: u16::from_str_radix(port, 16).ok()?, inode: inode.parse().ok()? })
}

/// The inode of the connection with these two ends, as the socket at `local` sees it.
pub(crate) fn tcp_connection(text: &str, local: SocketAddr, remote: SocketAddr) -> Option<u64> {
    let same = |text: &str, wanted: SocketAddr| {
        let (address, port) = text.split_once(':')?;
        let same =
            ip_address(address)?.to_canonical() == wanted.ip().to_canonical() && u16::from_str_radix(port, 16).ok()? == wanted.port();
        same.then_some(())
    };
    let inode = |line: &str| -> Option<u64> {
        let fields: Vec<&str> = line.split_whitespace().take(10).collect();
        let &[_, here, there, _, _, _, _, _, _, inode] = fields.as_slice() else { return None };
        same(here, local)?;
        same(there, remote)?;
        // A connection that is over has none.
        inode.parse().ok().filter(|inode| *inode != 0)
    };
    text.lines().skip(1).find_map(inode)
}

/// Each group of eight hexadecimal digits is a 32-bit word of the address (network order) printed in the machine's order.
fn ip_address(hex: &str) -> Option<IpAddr> {
    if !hex.is_ascii() {
        return None;
    }
    let word = |at: usize| -> Option<[u8; 4]> { Some(u32::from_str_radix(hex.get(at..at + 8)?, 16).ok()?.to_ne_bytes()) };
    match hex.len() {
        8 => Some(Ipv4Addr::from(word(0)?).into()),
        32 => {
            let mut bytes = [0; 16];
            for (index, chunk) in bytes.chunks_exact_mut(4).enumerate() {
                chunk.copy_from_slice(&word(index * 8)?);
            }
            Some(Ipv6Addr::from(bytes).into())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unix() {
        let text = "Num       RefCount Protocol Flags    Type St Inode Path\n\
                    0000000000000000: 00000002 00000000 00010000 0001 01 24681 /run/docker.sock\n\
                    0000000000000000: 00000003 00000000 00000000 0001 03 99999 /run/docker.sock\n\
                    0000000000000000: 00000002 00000000 00010000 0001 01 11111 @docker.sock\n\
                    0000000000000000: 00000002 00000000 00010000 0001 01     7 /a b/docker.sock\n\
                    0000000000000000: 00000002 00000000 00010000 0001 01 5\n\
                    0000000000000000: 00000002 00000000 00010000 0001 01 24682 /run/other.sock\n";
        let found = unix_listeners(text, "docker.sock");
        let got: Vec<_> = found.iter().map(|socket| (socket.path.as_str(), socket.inode)).collect();
        assert_eq!(got, [("/run/docker.sock", 24681), ("/a b/docker.sock", 7)]);
    }

    #[cfg(target_endian = "little")]
    #[test]
    fn tcp() {
        let text = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
                    0: 0100007F:0947 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4242 1 0 100 0 0 10 0\n\
                    1: 0100007F:0947 0100007F:ABCD 01 00000000:00000000 00:00000000 00000000     0        0 4243 1 0 100 0 0 10 0\n";
        assert_eq!(tcp_listeners(text), [TcpListening { address: "127.0.0.1".parse().unwrap(), port: 2375, inode: 4242 }]);
        let six = "head\n0: 00000000000000000000000001000000:0947 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 77 1\n";
        assert_eq!(tcp_listeners(six), [TcpListening { address: "::1".parse().unwrap(), port: 2375, inode: 77 }]);
        assert!(tcp_listeners("head\n0: xyz:1 a 0A\n").is_empty());
        let (local, remote) = ("127.0.0.1:2375".parse().unwrap(), "127.0.0.1:43981".parse().unwrap());
        assert_eq!(tcp_connection(text, local, remote), Some(4243));
        assert_eq!(tcp_connection(text, remote, local), None);
        assert_eq!(tcp_connection("head\n0: xyz:1 a 01\n", local, remote), None);
    }
}
