//! Podman, which serves Docker's API for compatibility (podman-system-service(1)).
//!
//! It has no dockerd, so nothing that speaks of one may be believed: its answers to /version and /info carry values that mean something else
//! (an engine version, "live restore" false, a swarm that is inactive). What it says of objects by their own settings is kept; what would be read
//! with dockerd's defaults in mind is not.

use facts::docker::{Container, Network};
use facts::{Fact, Observed};
use serde_json::Value;

/// Podman's version, where the engine is one: the API documents this component's name.
pub(crate) fn podman(version: &Value) -> Option<String> {
    let components = version.get("Components")?.as_array()?;
    let named = components.iter().find(|component| component.get("Name").and_then(Value::as_str) == Some("Podman Engine"))?;
    let text = |value: &Value| value.get("Version").and_then(Value::as_str).map(str::to_owned);
    Some(text(named).or_else(|| text(version)).unwrap_or_default())
}

/// Leaves of each container what it was told itself.
pub(crate) fn of_podman(containers: &mut Observed<Vec<Observed<Container>>>, why: &str) {
    for container in containers.fact.known_mut().into_iter().flatten().filter_map(|container| container.fact.known_mut()) {
        // Podman's own defaults and containers.conf stand behind these, and other names: its network for all is not called bridge.
        for fact in [&mut container.cap_add, &mut container.cap_drop, &mut container.security_opt] {
            *fact = Fact::unknown(why);
        }
        for fact in [
            &mut container.apparmor_profile,
            &mut container.process_label,
            &mut container.userns_mode,
            &mut container.cgroup_parent,
            &mut container.image_id,
        ] {
            *fact = Fact::unknown(why);
        }
        container.pids_limit = Fact::unknown(why);
        container.ulimits = Fact::unknown(why);
        container.networks = Fact::unknown(why);
        container.process = Fact::unknown(why);
    }
}

/// Images are the same thing to both engines; networks are not.
pub(crate) fn networks_of_podman(networks: &mut Observed<Vec<Observed<Network>>>, why: &str) {
    networks.fact = Fact::unknown(why);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn recognised_by_its_component() {
        let named = |name: &str| json!({"Version": "4.3.1", "Components": [{"Name": name, "Version": "4.3.1"}, {"Name": "Conmon"}]});
        assert_eq!(podman(&named("Podman Engine")).as_deref(), Some("4.3.1"));
        assert_eq!(podman(&named("Engine")), None);
        assert_eq!(podman(&json!({"Version": "4.3.1", "Components": "Podman Engine"})), None);
        assert_eq!(podman(&json!({"Version": "4.3.1", "Components": [{"Name": "Podman Engine", "Version": 3}]})).as_deref(), Some("4.3.1"));
        assert_eq!(podman(&json!(null)), None);
    }
}
