//! GET /images/ID/json.

use facts::Fact;
use facts::docker::{EnvVar, Image};
use serde::Deserialize;
use serde_json::Value;

use super::members::Members;

/// Reads one image. The configuration inside an image leaves empty members out (OCI image format), so missing ones are absent there.
pub(super) fn image(value: &Value, place: &str) -> Fact<Image> {
    let members = Members { value, place };
    members.text("Id").map(|id| {
        let sorted = |path: &str| {
            let mut texts = members.texts(path).known().cloned().unwrap_or_default();
            texts.sort();
            texts
        };
        let config = |name: &str| members.at("Config").filter(|config| config.is_object()).map(|config| config.get(name));
        Image {
            id,
            tags: sorted("RepoTags"),
            digests: sorted("RepoDigests"),
            created: if members.at("Created").is_none() { Fact::Absent } else { members.set_text("Created") },
            user: match config("User") {
                Some(None) => Fact::Absent,
                Some(Some(_)) => members.set_text("Config.User"),
                None => members.missing("Config"),
            },
            env: match config("Env") {
                Some(None) => Fact::Known(Vec::new()),
                Some(Some(_)) => members.list("Config.Env", variable),
                None => members.missing("Config"),
            },
            has_healthcheck: has_healthcheck(members),
        }
    })
}

pub(super) fn variable(value: &Value) -> Option<EnvVar> {
    EnvVar::deserialize(value).ok()
}

/// Whether Config holds a health check, of an image or a container. It is left out where there is none; an empty test inherits, `NONE`
/// switches off.
pub(super) fn has_healthcheck(members: Members<'_>) -> Fact<bool> {
    let Some(config) = members.at("Config").filter(|config| config.is_object()) else { return members.missing("Config") };
    match config.get("Healthcheck") {
        None | Some(Value::Null) => Fact::Known(false),
        Some(check) if check.get("Test").is_none() => Fact::Known(false),
        Some(_) => members.texts("Config.Healthcheck.Test").map(|test| test.first().is_some_and(|word| word != "NONE")),
    }
}
