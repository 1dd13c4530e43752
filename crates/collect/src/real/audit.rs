//! Kernel audit over netlink (linux/audit.h), spoken directly: two requests, two kinds of answers.
//!
//! The crate `audit` was tried and is not used here: its codec logs a rule that it cannot decode and goes on without it, so that a list
//! with one rule on `saddr_fam` comes back shorter, and it takes the `exe` field for a number, so that every text after it is read
//! from the wrong place. A reader that loses a `never` rule would say "audited" of a path that is not.

use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use facts::host::{AuditRule, AuditStatus};
use rustix::io::Errno;
use rustix::net::netlink::{self, SocketAddrNetlink};
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recvfrom, sendto, socket_with};

use super::audit_rule::audit_rule;
use crate::obstacle::{Answer, Obstacle};
use crate::source::KernelAudit;

const GET: u16 = 1000;
const LIST_RULES: u16 = 1013;
const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
const NLM_F_REQUEST: u16 = 1;
const HEADER: usize = 16;

/// The kernel answers at once; it may have to wait for a lock that auditd's rule loading holds.
const PATIENCE: Duration = Duration::from_secs(3);

/// More rules than anyone loads: a bound on what is kept.
const MOST_RULES: usize = 100_000;

/// The kernel's audit.
pub(crate) struct NetlinkAudit;

impl KernelAudit for NetlinkAudit {
    fn status(&self) -> Answer<AuditStatus> {
        let conversation = Conversation::begin(GET)?;
        loop {
            let (kind, payload) = conversation.next()?;
            match kind {
                GET => return decode_status(&payload),
                NLMSG_DONE => return Err(Obstacle::Malformed("no status in the kernel's answer".to_owned())),
                _ => {}
            }
        }
    }

    fn rules(&self) -> Answer<Vec<AuditRule>> {
        let conversation = Conversation::begin(LIST_RULES)?;
        let mut rules = Vec::new();
        loop {
            let (kind, payload) = conversation.next()?;
            match kind {
                // One rule that cannot be read makes the list unknown: a shorter list would be another list.
                LIST_RULES => rules.push(
                    audit_rule(&payload)
                        .ok_or_else(|| Obstacle::Malformed(format!("rule {} of the kernel's list cannot be decoded", rules.len() + 1)))?,
                ),
                NLMSG_DONE => return Ok(rules),
                _ => {}
            }
            if rules.len() > MOST_RULES {
                return Err(Obstacle::Malformed(format!("more than {MOST_RULES} rules")));
            }
        }
    }
}

/// One request and the messages that answer it.
struct Conversation {
    socket: OwnedFd,
    until: Instant,
}

impl Conversation {
    const SEQUENCE: u32 = 1;

    fn begin(request: u16) -> Answer<Self> {
        let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, Some(netlink::AUDIT)).map_err(obstacle)?;
        set_socket_timeout(&socket, Timeout::Recv, Some(PATIENCE)).map_err(obstacle)?;
        let mut message = [0; HEADER];
        message[0..4].copy_from_slice(&u32::to_ne_bytes(HEADER as u32));
        message[4..6].copy_from_slice(&request.to_ne_bytes());
        message[6..8].copy_from_slice(&NLM_F_REQUEST.to_ne_bytes());
        message[8..12].copy_from_slice(&Self::SEQUENCE.to_ne_bytes());
        sendto(&socket, &message, SendFlags::empty(), &SocketAddrNetlink::new(0, 0)).map_err(obstacle)?;
        Ok(Self { socket, until: Instant::now() + PATIENCE })
    }

    /// The next message of the kernel to this conversation. The kernel sends one a datagram, and its length field is not to be
    /// trusted: for some audit messages it leaves out the header (linux-audit/audit-userspace#78), so the datagram's length counts.
    fn next(&self) -> Answer<(u16, Vec<u8>)> {
        loop {
            let mut buffer = [0_u8; 16 << 10];
            let (length, _, sender) = match recvfrom(&self.socket, &mut buffer[..], RecvFlags::TRUNC) {
                Ok((_, length, sender)) => (length, (), sender),
                Err(Errno::INTR) => continue,
                Err(Errno::AGAIN) => return Err(Obstacle::timed_out(PATIENCE)),
                Err(errno) => return Err(obstacle(errno)),
            };
            if length > buffer.len() {
                return Err(Obstacle::Malformed("a message of the kernel is larger than any rule can be".to_owned()));
            }
            if Instant::now() > self.until {
                return Err(Obstacle::timed_out(PATIENCE));
            }
            // Port 0 is the kernel; another process may send here too.
            let from_kernel = sender.is_some_and(|sender| SocketAddrNetlink::try_from(sender).is_ok_and(|sender| sender.pid() == 0));
            let message = &buffer[..length];
            if !from_kernel || message.len() < HEADER || word(message, 8) != Some(Self::SEQUENCE) {
                continue;
            }
            let kind = u16::from_ne_bytes([message[4], message[5]]);
            let payload = message[HEADER..].to_vec();
            if kind == NLMSG_ERROR {
                match word(&payload, 0).map(u32::cast_signed) {
                    // An acknowledgement.
                    Some(0) => continue,
                    Some(code) => return Err(obstacle(Errno::from_raw_os_error(code.saturating_neg()))),
                    None => return Err(Obstacle::Malformed("an error message without a number".to_owned())),
                }
            }
            return Ok((kind, payload));
        }
    }
}

/// What an error means here, which differs from its usual words.
fn obstacle(errno: Errno) -> Obstacle {
    match errno {
        Errno::PERM | Errno::ACCESS => Obstacle::Denied,
        // audit_netlink_ok() says so to every process of another user namespace; auditctl then prints "the audit system is disabled".
        // The same number comes back where the kernel was booted with audit=0, and nobody listens.
        Errno::CONNREFUSED if in_initial_user_namespace() => {
            Obstacle::Other("the kernel's audit is off: it was booted with audit=0".to_owned())
        }
        Errno::CONNREFUSED => Obstacle::Other("the kernel does not answer processes of another user namespace".to_owned()),
        Errno::PROTONOSUPPORT | Errno::AFNOSUPPORT => Obstacle::Other("this kernel has no audit support".to_owned()),
        errno => errno.into(),
    }
}

/// The initial user namespace maps every id to itself.
fn in_initial_user_namespace() -> bool {
    std::fs::read_to_string("/proc/self/uid_map").is_ok_and(|map| map.split_whitespace().eq(["0", "0", "4294967295"]))
}

/// A 32-bit word of the machine's order.
pub(super) fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

/// struct audit_status; its end grew over time.
pub(super) fn decode_status(payload: &[u8]) -> Answer<AuditStatus> {
    let decode = || -> Option<AuditStatus> {
        Some(AuditStatus {
            enabled: word(payload, 4)?,
            failure: word(payload, 8)?,
            pid: word(payload, 12)?,
            backlog_limit: word(payload, 20)?,
            lost: word(payload, 24)?,
        })
    };
    decode().ok_or_else(|| Obstacle::Malformed("the kernel's audit status is too short".to_owned()))
}
