//! Facts worked out from observations: pure functions over a Snapshot, so that an old one can be judged anew and a plan can ask "what if".
//!
//! The law of every function here: replacing an observation by Unknown may turn a result into Unknown and never into another value.

mod age;
mod audit;
mod behind;
mod build;
pub(crate) mod capability;
mod command;
mod container;
mod daemon;
pub(crate) mod file;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;
mod history;
mod host;
mod image;
mod inventory;
mod kernel;
pub(crate) mod kleene;
mod limits;
mod mac;
pub(crate) mod mount;
mod namespaces;
mod network;
mod paths;
pub(crate) mod port;
mod resources;
mod seccomp;
mod security_opt;
pub mod settings;
pub(crate) mod sockets;
mod sshd;
pub(crate) mod user;
mod views;

pub(crate) use container::container as container_view;
pub(crate) use image::{registries, repositories};
pub(crate) use views::{Common, networks as network_views};
pub use views::{Member, Views, views};

use facts::Fact;

use crate::view::Listing;

/// Whether an address is one of this machine alone.
pub(crate) fn is_loopback(address: &str) -> bool {
    let bare = address.trim_start_matches('[').trim_end_matches(']');
    let bare = bare.strip_prefix("::ffff:").unwrap_or(bare);
    bare == "localhost" || bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Whether an image reference can't move: it names a digest.
pub(crate) fn is_by_digest(reference: &str) -> bool {
    reference.contains("@sha256:") || reference.contains("@sha512:") || reference.starts_with("sha256:")
}

/// Whether the default bridge is among a container's networks.
pub(crate) fn on_default_bridge(networks: Listing<String>) -> Fact<bool> {
    match (networks.members.iter().any(|name| name == "bridge"), networks.unseen) {
        (true, _) => Fact::Known(true),
        (false, None) => Fact::Known(false),
        (false, Some(why)) => Fact::Unknown { why },
    }
}

/// Whether a list has two members or more.
pub(crate) fn at_least_two(list: &Listing<String>) -> Fact<bool> {
    match (list.members.len() >= 2, &list.unseen) {
        (true, _) => Fact::Known(true),
        (false, None) => Fact::Known(false),
        (false, Some(why)) => Fact::unknown(why.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_and_digests() {
        for address in ["127.0.0.1", "127.9.9.9", "::1", "[::1]", "::ffff:127.0.0.1", "localhost"] {
            assert!(is_loopback(address), "{address}");
        }
        for address in ["0.0.0.0", "::", "10.0.0.1", ""] {
            assert!(!is_loopback(address), "{address}");
        }
        assert!(is_by_digest("web@sha256:abc") && is_by_digest("sha256:abc") && !is_by_digest("web:1") && !is_by_digest("sha256/web"));
    }
}
