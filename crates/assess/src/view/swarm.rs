//! The swarm that the engine belongs to, as checks speak of it.

use super::record::{Sound, view};
use super::seen::Listing;

view! {
    /// The swarm that the engine belongs to. Of a worker only the first five facts are known.
    pub struct Swarm {
        /// This node is a manager that works: it answers about the whole swarm.
        manager: bool => "this node manages the swarm" / "this node is a worker of the swarm";
        /// Address under which the other nodes know this one. Absent: none yet.
        node_address: String, maybe;
        /// Sockets of management (2377, or where this manager has it) and gossip (7946) that listen on every address of the host.
        wildcard_listeners: Listing<String>;
        /// Overlay networks without encryption; a worker knows only those that it uses.
        unencrypted_overlays: Listing<String>;
        /// UDP port of the traffic between containers.
        data_path_port: i64;
        /// Number of nodes.
        nodes: i64;
        /// Number of managers.
        managers: i64;
        /// Managers must be unlocked by hand after a restart.
        autolock: bool => "managers are locked after a restart" / "managers start without an unlock key";
        /// When the swarm was made, RFC 3339.
        created: String;
        /// Hours for which a node's certificate is valid.
        node_certificate_hours: i64;
        /// Beginning of validity of the root certificate, RFC 3339.
        ca_since: String;
        /// End of validity of the root certificate, RFC 3339.
        ca_until: String;
        /// Number of secrets.
        secrets: i64;
        /// Environment variables of services that look like credentials: `web DB_PASSWORD`.
        exposed_credentials: Listing<String>;
    }
}

impl Sound for Swarm {
    fn sound() -> Self {
        Self {
            manager: true.into(),
            node_address: "10.0.0.1".to_owned().into(),
            wildcard_listeners: Listing::default().into(),
            unencrypted_overlays: Listing::default().into(),
            data_path_port: 4789.into(),
            nodes: 3.into(),
            managers: 3.into(),
            autolock: true.into(),
            created: "2026-01-01T00:00:00Z".to_owned().into(),
            node_certificate_hours: 2160.into(),
            ca_since: "2026-01-01T00:00:00Z".to_owned().into(),
            ca_until: "2046-01-01T00:00:00Z".to_owned().into(),
            secrets: 1.into(),
            exposed_credentials: Listing::default().into(),
        }
    }
}
