//! GET /networks/ID.

use facts::Fact;
use facts::docker::Network;
use serde_json::Value;

use super::members::Members;

/// Reads one network. Without id, name and driver it cannot be spoken of.
pub(super) fn network(value: &Value, place: &str) -> Fact<Network> {
    let members = Members { value, place };
    members.text("Id").and_then(|id| {
        members.text("Name").and_then(|name| {
            members.text("Driver").map(|driver| Network {
                id,
                name,
                driver,
                scope: members.text("Scope").known().cloned().unwrap_or_default(),
                internal: members.boolean("Internal"),
                options: members
                    .entries("Options", |name, value| Some((name.to_owned(), value.as_str()?.to_owned())))
                    .map(|options| options.into_iter().collect()),
                containers: members.entries("Containers", |id, _| Some(id.to_owned())).map(|mut ids| {
                    ids.sort();
                    ids
                }),
            })
        })
    })
}
