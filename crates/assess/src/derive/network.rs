//! The view of a network.

use std::collections::BTreeMap;

use facts::docker::Network;
use facts::{Fact, SourceId};

use crate::view::{self, Listing, Origin, Seen};

const ICC: &str = "com.docker.network.bridge.enable_icc";
const DEFAULT_BRIDGE: &str = "com.docker.network.bridge.default_bridge";

/// `names` are those of the containers that could be inspected, by id.
pub(crate) fn network(network: &Network, source: SourceId, names: &BTreeMap<&str, &str>) -> view::Network {
    let at = |pointer: &'static str| Origin::at(source, pointer);
    let containers = network.containers.as_ref().map(|ids| {
        let name = |id: &String| names.get(id.as_str()).map_or_else(|| id.chars().take(12).collect(), |name| (*name).to_owned());
        let mut names: Vec<String> = ids.iter().map(name).collect();
        names.sort();
        Listing::from(names)
    });
    view::Network {
        name: network.name.clone().into(),
        id: network.id.clone().into(),
        driver: Seen::new(Fact::Known(network.driver.clone()), at("Driver")),
        icc: Seen::new(icc(network), at("Options com.docker.network.bridge.enable_icc")),
        default_bridge: Seen::new(default_bridge(network), at("Options com.docker.network.bridge.default_bridge")),
        shared: Seen::new(containers.clone().and_then(|containers| super::at_least_two(&containers)), at("Containers")),
        containers: Seen::new(containers, at("Containers")),
    }
}

/// A bridge lets its containers speak unless told otherwise.
fn icc(network: &Network) -> Fact<bool> {
    if network.driver != "bridge" {
        return Fact::Absent;
    }
    network.options.clone().absent_as(BTreeMap::new()).and_then(|options| match options.get(ICC).map(String::as_str) {
        None | Some("true" | "1" | "t" | "T" | "TRUE" | "True") => Fact::Known(true),
        Some("false" | "0" | "f" | "F" | "FALSE" | "False") => Fact::Known(false),
        Some(other) => Fact::unknown(format!("{ICC} is `{other}`")),
    })
}

fn default_bridge(network: &Network) -> Fact<bool> {
    if network.name == "bridge" {
        return Fact::Known(true);
    }
    network.options.clone().absent_as(BTreeMap::new()).map(|options| options.get(DEFAULT_BRIDGE).is_some_and(|value| value == "true"))
}
