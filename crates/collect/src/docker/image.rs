//! GET /images/ID/json and /images/ID/history.

use facts::docker::{EnvVar, HistoryEntry, Image, Leak};
use facts::{Fact, Observed};
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
            labels: match config("Labels") {
                Some(None) => Fact::Known(Vec::new()),
                Some(Some(_)) => members.list("Config.Labels", variable).map(|mut labels| {
                    labels.sort();
                    labels
                }),
                None => members.missing("Config"),
            },
            exposed_ports: match config("ExposedPorts") {
                Some(None) => Fact::Known(Vec::new()),
                Some(Some(_)) => members.list("Config.ExposedPorts", port).map(|mut ports| {
                    ports.sort();
                    ports
                }),
                None => members.missing("Config"),
            },
            size: members.unsigned("Size"),
            layers: members.unsigned("RootFS.Layers"),
            history: Observed::default(),
        }
    })
}

/// Reads the lines of a history, newest first. The engine has an answer for every image; one without a history has an empty list.
pub(super) fn history(value: &Value, place: &str) -> Fact<Vec<HistoryEntry>> {
    let read = || value.as_array()?.iter().map(line).collect::<Option<Vec<_>>>();
    read().map_or_else(|| Fact::unknown(format!("{place}: no readable list of history lines")), Fact::Known)
}

fn line(value: &Value) -> Option<HistoryEntry> {
    let created_by = value.get("CreatedBy")?;
    Some(HistoryEntry {
        created_by: created_by.get("text")?.as_str()?.to_owned(),
        created: value.get("Created")?.as_i64()?,
        // Some engines give -1 where they do not know.
        size: value.get("Size")?.as_i64()?.try_into().unwrap_or_default(),
        leaks: created_by.get("leaks")?.as_array()?.iter().map(|leak| Leak::deserialize(leak).ok()).collect::<Option<_>>()?,
    })
}

/// `80/tcp`, `9000-9010/udp`; anything else is no port.
fn port(value: &Value) -> Option<String> {
    let text = value.as_str()?;
    let fits = text.len() <= 32 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-'));
    fits.then(|| text.to_owned())
}

pub(super) fn variable(value: &Value) -> Option<EnvVar> {
    EnvVar::deserialize(value).ok()
}

/// Whether Config holds a health check, of an image or a container. It is left out where there is none; an empty test inherits, `NONE`
/// switches off, and of other words the engine makes no probe.
pub(super) fn has_healthcheck(members: Members<'_>) -> Fact<bool> {
    let Some(config) = members.at("Config").filter(|config| config.is_object()) else { return members.missing("Config") };
    match config.get("Healthcheck") {
        None | Some(Value::Null) => Fact::Known(false),
        Some(check) if check.get("Test").is_none() => Fact::Known(false),
        Some(_) => members
            .texts("Config.Healthcheck.Test")
            .map(|test| test.first().is_some_and(|word| matches!(word.as_str(), "CMD" | "CMD-SHELL"))),
    }
}
