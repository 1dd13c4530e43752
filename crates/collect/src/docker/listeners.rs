//! The daemon's listening TCP sockets, and what each one answers to a stranger.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use facts::Fact;
use facts::docker::{Info, Listener};
use serde_json::Value;

use super::daemon::Daemon;
use crate::gaps::{Gaps, TRACE};
use crate::obstacle::{Answer, Obstacle};
use crate::pooled::pooled;
use crate::source::{Namespace, Probe, ProcessId, TcpListening};
use crate::world::World;

/// What swarm listens on: cluster management, and gossip between nodes.
const SWARM_PORTS: [u16; 2] = [2377, 7946];

const WHAT: &str = "the daemon's listening TCP sockets";

/// Listening sockets among the daemon's open files, by the kernel's tables. Those are slow to read (milliseconds), which does not matter
/// while the engine is at work anyway.
pub(crate) fn listening(world: &World, daemon: &Daemon, gaps: &Gaps) -> Fact<Vec<TcpListening>> {
    let pid = daemon.pid;
    let process = ProcessId::from(pid);
    let held = daemon.sockets.clone().map_or_else(|| world.processes.socket_inodes(process), Ok);
    let found = held.and_then(|held| {
        let mut found = world.processes.tcp_listeners(process)?;
        found.retain(|socket| held.contains(&socket.inode));
        found.sort();
        Ok(found)
    });
    match found {
        Ok(found) => Fact::Known(found),
        Err(Obstacle::NotFound) => gaps.unknown(WHAT, &format!("/proc/{pid}"), &Obstacle::Other("the process has ended".to_owned()), TRACE),
        Err(obstacle) => gaps.unknown(WHAT, &format!("/proc/{pid}/fd"), &obstacle, TRACE),
    }
}

/// Addresses on which containers publish TCP ports now. Without a userland proxy dockerd itself holds a listening socket on each, and who
/// connects there speaks to the container.
pub(crate) fn published<'v>(containers: impl Iterator<Item = &'v Value>) -> BTreeSet<(IpAddr, u16)> {
    let mut published = BTreeSet::new();
    let ports = containers.filter_map(|container| container.get("NetworkSettings")?.get("Ports")?.as_object()).flatten();
    let bindings = ports.filter(|(port, _)| port.ends_with("/tcp")).filter_map(|(_, bindings)| bindings.as_array()).flatten();
    for binding in bindings {
        let text = |name: &str| binding.get(name).and_then(Value::as_str).unwrap_or_default();
        let Ok(port) = text("HostPort").parse::<u16>() else { continue };
        match text("HostIp") {
            "" => published.extend([(Ipv4Addr::UNSPECIFIED.into(), port), (Ipv6Addr::UNSPECIFIED.into(), port)]),
            address => published.extend(address.parse().ok().map(|address| (address, port))),
        }
    }
    published
}

/// What each of them answers to a stranger. `api_ports`: those of the `hosts` that the daemon was given, by flag or file.
pub(crate) async fn listeners(
    world: &World,
    pid: u32,
    found: Fact<Vec<TcpListening>>,
    published: &BTreeSet<(IpAddr, u16)>,
    api_ports: &[u16],
    info: Option<&Info>,
    gaps: &Gaps,
) -> Fact<Vec<Listener>> {
    let process = ProcessId::from(pid);
    let found = match found {
        Fact::Known(found) => found,
        Fact::Absent => return Fact::Absent,
        Fact::Unknown { why } => return Fact::Unknown { why },
    };
    let in_swarm = info.and_then(|info| info.swarm_state.known()).is_some_and(|state| state != "inactive");
    let out_of_reach = if found.is_empty() { None } else { out_of_reach(world, process) };
    let look = |socket: &TcpListening| {
        let (socket, out_of_reach) = (socket.clone(), out_of_reach.clone());
        let may_be_api = api_ports.contains(&socket.port);
        async move {
            if published.contains(&(socket.address, socket.port)) {
                return not_the_api(&socket, "not asked: a container publishes this port");
            }
            if in_swarm && SWARM_PORTS.contains(&socket.port) && !may_be_api {
                return not_the_api(&socket, "not asked: this is a port of swarm");
            }
            if let Some(why) = out_of_reach {
                gaps.note(WHAT, &why, "cofferdam in the engine's own network namespace");
                return Listener {
                    is_api: if may_be_api { Fact::Known(true) } else { Fact::unknown(&*why) },
                    ..all_unknown(&socket, &why)
                };
            }
            judge(&socket, world.sockets.probe(reachable(&socket)).await, may_be_api, gaps)
        }
    };
    Fact::Known(pooled(&found, 8, look).await)
}

/// A port of another network namespace may be another program's here.
fn out_of_reach(world: &World, process: ProcessId) -> Option<String> {
    let (ours, theirs) = (world.processes.namespace(ProcessId::Own, Namespace::Net), world.processes.namespace(process, Namespace::Net));
    match (ours, theirs) {
        (Ok(ours), Ok(theirs)) if ours == theirs => None,
        (Ok(_), Ok(_)) => Some("not asked: the daemon listens in another network namespace".to_owned()),
        (Err(obstacle), _) | (_, Err(obstacle)) => Some(format!("not asked: cannot tell the daemon's network namespace: {obstacle}")),
    }
}

/// The address to connect to: every address of this machine includes loopback.
fn reachable(socket: &TcpListening) -> SocketAddr {
    let address = match socket.address {
        IpAddr::V4(address) if address.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(address) if address.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        address => address,
    };
    SocketAddr::new(address, socket.port)
}

fn all_unknown(socket: &TcpListening, why: &str) -> Listener {
    Listener {
        address: socket.address.to_string(),
        port: socket.port,
        is_api: Fact::unknown(why),
        tls: Fact::unknown(why),
        answers_without_certificate: Fact::unknown(why),
    }
}

/// Not asked at all: a container is none of our business, and swarm's gossip logs every stranger.
fn not_the_api(socket: &TcpListening, why: &str) -> Listener {
    Listener { is_api: Fact::Known(false), ..all_unknown(socket, why) }
}

fn judge(socket: &TcpListening, probe: Answer<Probe>, may_be_api: bool, gaps: &Gaps) -> Listener {
    let listener = |is_api: Fact<bool>, tls: Fact<bool>, answers: Fact<bool>| Listener {
        address: socket.address.to_string(),
        port: socket.port,
        is_api,
        tls,
        answers_without_certificate: answers,
    };
    // An answer is one that lets in: a refusal by an authorization plugin is none.
    let lets_in = |status: u16| (200..300).contains(&status);
    match probe {
        Ok(Probe::Http { status, engine }) => listener(Fact::Known(engine), Fact::Known(false), Fact::Known(lets_in(status))),
        Ok(Probe::Https { status, engine }) => listener(Fact::Known(engine), Fact::Known(true), Fact::Known(lets_in(status))),
        // Swarm's port asks for certificates too; only the configured hosts tell them apart.
        Ok(Probe::CertificateWanted) => {
            let is_api = if may_be_api {
                Fact::Known(true)
            } else {
                Fact::unknown("it wants a client certificate, and `hosts` does not name its port")
            };
            listener(is_api, Fact::Known(true), Fact::Known(false))
        }
        Ok(Probe::TlsFailed { why }) => {
            let is_api = if may_be_api { Fact::Known(true) } else { Fact::unknown(format!("TLS failed: {why}")) };
            listener(is_api, Fact::Known(true), Fact::unknown(format!("TLS failed: {why}")))
        }
        Ok(Probe::Neither) if may_be_api => {
            let why = "the API's port answers neither HTTP nor TLS";
            listener(Fact::Known(true), Fact::unknown(why), Fact::unknown(why))
        }
        Ok(Probe::Neither) => listener(Fact::Known(false), Fact::Known(false), Fact::Known(false)),
        Err(obstacle) => {
            let why = format!("probe of {}: {obstacle}", reachable(socket));
            gaps.note(WHAT, &why, &crate::gaps::needs(&obstacle, "a way to the port"));
            Listener { is_api: if may_be_api { Fact::Known(true) } else { Fact::unknown(&*why) }, ..all_unknown(socket, &why) }
        }
    }
}
