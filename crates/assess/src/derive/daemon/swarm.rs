//! The swarm that the engine belongs to, and the products that were built upon it.

use std::net::IpAddr;

use facts::docker::{Listener, SwarmCluster, SwarmMember};
use facts::{Fact, Observed};

use super::Reader;
use crate::view::{Listing, Origin, Seen, Swarm};

/// Ports of swarm: management between managers (another one may be chosen), and gossip between all nodes.
const MANAGEMENT: u16 = 2377;
const GOSSIP: u16 = 7946;

const NANOSECONDS_OF_AN_HOUR: u64 = 3_600_000_000_000;

impl Reader<'_> {
    pub(super) fn swarm(&self) -> Seen<Swarm> {
        let info = &self.engine.info;
        let member = info.fact.as_ref().and_then(|info| info.swarm.as_ref());
        Seen::new(member.map(|member| self.of_member(member)), Origin::at(info.source, "Swarm"))
    }

    fn of_member(&self, member: &SwarmMember) -> Swarm {
        let at = |pointer: &'static str| Origin::at(self.engine.info.source, pointer);
        let number =
            |fact: Fact<u64>| fact.and_then(|number| i64::try_from(number).map_or_else(|_| Fact::unknown("too large"), Fact::Known));
        let cluster = member.cluster.as_ref();
        let of = |pick: fn(&SwarmCluster) -> Fact<String>| cluster.clone().and_then(pick);
        let services = &self.engine.swarm_services;
        Swarm {
            manager: Seen::new(member.manager.clone(), at("Swarm.ControlAvailable")),
            node_address: Seen::new(member.node_address.clone(), at("Swarm.NodeAddr")),
            wildcard_listeners: self
                .process("listening sockets", |process| process.listeners.as_ref().map(|all| wildcard(all, &member.manager_address))),
            unencrypted_overlays: self.unencrypted_overlays(),
            data_path_port: Seen::new(
                number(cluster.clone().and_then(|cluster| cluster.data_path_port.clone())),
                at("Swarm.Cluster.DataPathPort"),
            ),
            nodes: Seen::new(number(member.nodes.clone()), at("Swarm.Nodes")),
            managers: Seen::new(number(member.managers.clone()), at("Swarm.Managers")),
            autolock: Seen::new(
                cluster.clone().and_then(|cluster| cluster.autolock.clone()),
                at("Swarm.Cluster.Spec.EncryptionConfig.AutoLockManagers"),
            ),
            created: Seen::new(of(|cluster| cluster.created.clone()), at("Swarm.Cluster.CreatedAt")),
            // Rounded up, so that a lifetime just above a bound does not pass below it.
            node_certificate_hours: Seen::new(
                number(
                    cluster
                        .clone()
                        .and_then(|cluster| cluster.node_certificate_lifetime.clone())
                        .map(|nanoseconds| nanoseconds.div_ceil(NANOSECONDS_OF_AN_HOUR)),
                ),
                at("Swarm.Cluster.Spec.CAConfig.NodeCertExpiry"),
            ),
            ca_since: Seen::new(of(|cluster| cluster.ca_not_before.clone()), at("Swarm.Cluster.TLSInfo.TrustRoot")),
            ca_until: Seen::new(of(|cluster| cluster.ca_not_after.clone()), at("Swarm.Cluster.TLSInfo.TrustRoot")),
            secrets: Seen::new(number(self.engine.swarm_secrets.fact.clone()), Origin::at(self.engine.swarm_secrets.source, "")),
            exposed_credentials: Seen::new(
                services.fact.as_ref().map(|services| {
                    let credentials = services.iter().flat_map(|service| {
                        let exposed = service.env.iter().filter(|variable| variable.looks_like_credential);
                        exposed.map(|variable| format!("{} {}", service.name, variable.name))
                    });
                    Listing::from(credentials.collect::<Vec<_>>())
                }),
                Origin::at(services.source, "Spec.TaskTemplate.ContainerSpec.Env"),
            ),
        }
    }

    /// The driver looks whether the option is there, whatever its value (libnetwork/drivers/overlay/ov_network.go).
    fn unencrypted_overlays(&self) -> Seen<Listing<String>> {
        let networks = &self.engine.networks;
        let fact = networks.fact.as_ref().map(|networks| {
            let mut listing = Listing::default();
            for network in networks {
                match &network.fact {
                    Fact::Known(network) if network.driver != "overlay" => {}
                    Fact::Known(network) => match &network.options {
                        Fact::Known(options) if options.contains_key("encrypted") => {}
                        Fact::Known(_) | Fact::Absent => listing.members.push(network.name.clone()),
                        Fact::Unknown { why } => listing.unseen = Some(why.clone()),
                    },
                    Fact::Absent => {}
                    Fact::Unknown { why } => listing.unseen = Some(why.clone()),
                }
            }
            listing.members.sort();
            listing
        });
        Seen::new(fact, Origin::at(networks.source, "Options encrypted"))
    }

    /// Docker Enterprise is known by the images of its parts. The engine below it looks like any other.
    pub(super) fn enterprise_parts(&self) -> Seen<Listing<String>> {
        let containers = &self.engine.containers;
        let fact = containers.fact.as_ref().map(|containers| {
            let mut listing = Listing::default();
            for container in containers.iter().map(|container: &Observed<_>| &container.fact) {
                match container {
                    Fact::Known(container) => match &container.image {
                        Fact::Known(image) if is_enterprise(image) => listing.members.push(container.name.clone()),
                        Fact::Known(_) | Fact::Absent => {}
                        Fact::Unknown { why } => listing.unseen = Some(why.clone()),
                    },
                    Fact::Absent => {}
                    Fact::Unknown { why } => listing.unseen = Some(why.clone()),
                }
            }
            listing.members.sort();
            listing
        });
        Seen::new(fact, Origin::at(containers.source, "Config.Image"))
    }
}

/// Whether an image is a part of the control plane or the registry: `docker/ucp-agent:3.2.5`, `registry:5000/mirantis/dtr-api`.
fn is_enterprise(image: &str) -> bool {
    let mut parts = image.rsplit('/');
    let (name, owner) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let is_part = name == "ucp"
        || name == "dtr"
        || ["ucp-", "ucp:", "ucp@", "dtr-", "dtr:", "dtr@", "msr-"].iter().any(|start| name.starts_with(start));
    matches!(owner, "docker" | "mirantis" | "msr") && is_part
}

/// Sockets of swarm that listen on all addresses. A member of a swarm always listens for gossip: where nothing is found, not all was seen.
fn wildcard(listeners: &[Listener], manager_address: &Fact<String>) -> Listing<String> {
    let own = manager_address.known().and_then(|address| address.rsplit_once(':')?.1.parse::<u16>().ok());
    let of_swarm = |listener: &&Listener| [Some(MANAGEMENT), Some(GOSSIP), own].contains(&Some(listener.port));
    let ours: Vec<&Listener> = listeners.iter().filter(of_swarm).collect();
    let found: Vec<&Listener> = ours.iter().copied().filter(|listener| listener.is_api == Fact::Known(false)).collect();
    let is_wildcard = |address: &str| {
        let bare = address.trim_start_matches('[').trim_end_matches(']');
        bare.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_unspecified())
    };
    let mut members: Vec<String> = found
        .iter()
        .filter(|listener| is_wildcard(&listener.address))
        .map(|listener| match listener.address.contains(':') {
            true => format!("[{}]:{}", listener.address.trim_matches(['[', ']']), listener.port),
            false => format!("{}:{}", listener.address, listener.port),
        })
        .collect();
    members.sort();
    let unseen = match manager_address {
        Fact::Unknown { why } => Some(format!("where this manager listens could not be seen: {why}")),
        Fact::Known(_) if own.is_none() => Some("the address of this manager has no port".to_owned()),
        _ if ours.iter().any(|listener| listener.is_api.known().is_none()) => {
            Some("whether a socket is swarm's or the API's was not found out".to_owned())
        }
        _ if !found.iter().any(|listener| listener.port == GOSSIP) => Some(format!("no socket on swarm's port {GOSSIP} was found")),
        _ => None,
    };
    Listing { members, unseen }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(sockets: &[(&str, u16)], manager: Fact<String>) -> (Vec<String>, bool) {
        let listener = |(address, port): &(&str, u16)| Listener {
            address: (*address).to_owned(),
            port: *port,
            is_api: Fact::Known(false),
            ..Listener::default()
        };
        let listing = wildcard(&sockets.iter().map(listener).collect::<Vec<_>>(), &manager);
        (listing.members, listing.unseen.is_some())
    }

    #[test]
    fn sockets_of_swarm() {
        let manager = |address: &str| Fact::Known(address.to_owned());
        let both = [("10.0.0.1", 2377), ("10.0.0.1", 7946)];
        assert_eq!(found(&both, manager("10.0.0.1:2377")), (vec![], false));
        // A port of one's own, IPv6, IPv4 in IPv6's clothes.
        assert_eq!(found(&[("::", 2400), ("10.0.0.1", 7946)], manager("10.0.0.1:2400")), (vec!["[::]:2400".to_owned()], false));
        assert_eq!(found(&[("::ffff:0.0.0.0", 7946)], Fact::Absent), (vec!["[::ffff:0.0.0.0]:7946".to_owned()], false));
        assert_eq!(found(&[("0.0.0.0", 7946), ("0.0.0.0", 8080)], Fact::Absent), (vec!["0.0.0.0:7946".to_owned()], false));
        // Nothing found proves nothing, and a port that is not known may be any.
        assert_eq!(found(&[], Fact::Absent), (vec![], true));
        assert_eq!(found(&both, Fact::unknown("no right")), (vec![], true));
    }

    #[test]
    fn parts_of_enterprise() {
        for image in ["docker/ucp-agent:3.2.5", "mirantis/ucp:3.5", "reg:5000/docker/dtr-api", "msr/msr-api:3", "mirantis/dtr@sha256:aa"] {
            assert!(is_enterprise(image), "{image}");
        }
        for image in ["ucp-agent", "me/ucp-agent", "docker/ucptool", "docker/getting-started", "docker", ""] {
            assert!(!is_enterprise(image), "{image}");
        }
    }
}
