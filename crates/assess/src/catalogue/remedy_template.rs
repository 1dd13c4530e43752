//! The parameters of a remedy, typed by its action; and the remedy bound to a subject.

use std::collections::BTreeMap;
use std::sync::Arc;

use facts::docker::RestartPolicy;
use serde_json::Value as Json;

use crate::expression::{Type, Value};
use crate::near_miss::hint;
use crate::template::{self, unquoted};
use crate::{Action, Event, Remedy, RemedyTemplate, Subject, SubjectKind, WatchKind};

const ACTIONS: [&str; 5] = ["daemon-setting", "audit-rule", "container-update", "container-recreate", "manual"];

/// Keys that a reload of the daemon applies (measured on 20.10 and 29.7).
const RELOADED: [&str; 6] = ["live-restore", "debug", "insecure-registries", "registry-mirrors", "labels", "default-shm-size"];

/// Checks a template. An error says whether the mistake is in `change` (or in `action`).
pub(super) fn check(remedy: &RemedyTemplate, subject: SubjectKind, variables: &[(&'static str, Type)]) -> Result<(), (bool, String)> {
    for value in remedy.change.values().filter_map(Json::as_str) {
        template::check(value, variables).map_err(|(_, message)| (true, message))?;
    }
    let keys = |known: &[&str]| match remedy.change.keys().find(|key| !known.contains(&key.as_str())) {
        Some(unknown) => Err((true, format!("{} has no `{unknown}`{}", remedy.action, hint(unknown, known.iter().copied())))),
        None => Ok(()),
    };
    match remedy.action.as_str() {
        "daemon-setting" if remedy.change.len() == 1 => Ok(()),
        "daemon-setting" => Err((true, "daemon-setting changes exactly one key: {KEY: value}".to_owned())),
        "audit-rule" => {
            keys(&["path", "kind", "perm", "key"])?;
            audit_rule(&remedy.change).map(|_| ()).map_err(|message| (true, message))
        }
        "container-update" if subject != SubjectKind::Container => Err((false, "container-update is for docker.containers".to_owned())),
        "container-update" => {
            keys(&["memory", "pids-limit", "restart"])?;
            container_update(&remedy.change).map(|_| ()).map_err(|message| (true, message))
        }
        "container-recreate" if subject != SubjectKind::Container => Err((false, "container-recreate is for docker.containers".to_owned())),
        "container-recreate" => Ok(()),
        "manual" => keys(&[]),
        unknown => Err((false, format!("unknown action `{unknown}`{}", hint(unknown, ACTIONS)))),
    }
}

fn text<'c>(change: &'c BTreeMap<String, Json>, key: &str) -> Result<&'c str, String> {
    change.get(key).and_then(Json::as_str).ok_or_else(|| format!("`{key}` is missing or no string"))
}

fn audit_rule(change: &BTreeMap<String, Json>) -> Result<Action, String> {
    let kind = match text(change, "kind")? {
        "file" => WatchKind::File,
        "dir" => WatchKind::Dir,
        other => return Err(format!("`kind` is `{other}`, it must be file or dir")),
    };
    let perm = text(change, "perm")?;
    if perm.is_empty() || !perm.chars().all(|letter| "rwxa".contains(letter)) {
        return Err(format!("`perm` is `{perm}`, it must be letters of rwxa"));
    }
    Ok(Action::AuditRule { path: text(change, "path")?.to_owned(), kind, perm: perm.to_owned(), key: text(change, "key")?.to_owned() })
}

fn container_update(change: &BTreeMap<String, Json>) -> Result<Action, String> {
    if change.is_empty() {
        return Err("container-update changes memory, pids-limit or restart".to_owned());
    }
    let memory = change.get("memory").map(bytes).transpose()?;
    let pids_limit = change
        .get("pids-limit")
        .map(|value| value.as_u64().filter(|limit| *limit > 0).ok_or("`pids-limit` must be a number above 0"))
        .transpose()?;
    let restart = change.get("restart").map(restart).transpose()?;
    Ok(Action::ContainerUpdate { memory, pids_limit, restart })
}

/// `512m` as Docker's command line reads it.
pub(crate) fn bytes(value: &Json) -> Result<u64, String> {
    let wrong = || format!("`memory` is {value}, it must be a size such as 512m");
    if let Some(number) = value.as_u64() {
        return Ok(number);
    }
    let text = value.as_str().ok_or_else(wrong)?.to_ascii_lowercase();
    let digits = text.len() - text.trim_start_matches(|character: char| character.is_ascii_digit()).len();
    let factor: u64 = match &text[digits..] {
        "" | "b" => 1,
        "k" | "kb" | "kib" => 1 << 10,
        "m" | "mb" | "mib" => 1 << 20,
        "g" | "gb" | "gib" => 1 << 30,
        _ => return Err(wrong()),
    };
    text[..digits].parse::<u64>().ok().and_then(|number| number.checked_mul(factor)).filter(|bytes| *bytes > 0).ok_or_else(wrong)
}

/// `on-failure:5`.
fn restart(value: &Json) -> Result<RestartPolicy, String> {
    let wrong = || format!("`restart` is {value}, it must be no, always, unless-stopped or on-failure:N");
    let text = value.as_str().ok_or_else(wrong)?;
    let (name, retries) = text.split_once(':').unwrap_or((text, "0"));
    let retries: i64 = retries.parse().map_err(|_| wrong())?;
    match name {
        "no" | "always" | "unless-stopped" if retries == 0 => {}
        "on-failure" if retries >= 0 => {}
        _ => return Err(wrong()),
    }
    Ok(RestartPolicy { name: name.to_owned(), retries })
}

/// The template bound to a subject. Where a fact that it needs was not seen, a person must act.
pub(crate) fn bind(
    check: &str,
    remedy: &RemedyTemplate,
    subject: &Subject,
    variables: &[(&'static str, Type)],
    values: &[Value],
) -> Remedy {
    let said = |text: &Arc<str>| template::fill_shared(text, variables, values, unquoted);
    let action = action(remedy, variables, values).unwrap_or(Action::Manual);
    Remedy {
        check: check.to_owned(),
        subject: subject.clone(),
        event: event(&action),
        action,
        text: said(&remedy.text),
        disrupts: said(&remedy.disrupts),
    }
}

fn action(remedy: &RemedyTemplate, variables: &[(&'static str, Type)], values: &[Value]) -> Option<Action> {
    let mut change = BTreeMap::new();
    for (key, value) in &remedy.change {
        let value = match value {
            Json::String(text) => {
                let (filled, missing) = template::fill(text, variables, values, unquoted);
                if missing > 0 {
                    return None;
                }
                Json::String(filled)
            }
            other => other.clone(),
        };
        change.insert(key.clone(), value);
    }
    match remedy.action.as_str() {
        "daemon-setting" => change.into_iter().next().map(|(key, value)| Action::DaemonSetting { key, value }),
        "audit-rule" => audit_rule(&change).ok(),
        "container-update" => container_update(&change).ok().map(|action| below_ceiling(action, variables, values)),
        "container-recreate" => Some(Action::ContainerRecreate),
        _ => Some(Action::Manual),
    }
}

/// No remedy gives a container more memory than the operator allows.
fn below_ceiling(action: Action, variables: &[(&'static str, Type)], values: &[Value]) -> Action {
    let ceiling = match crate::view::lookup("policy.memory_ceiling", variables, values) {
        Value::Int(ceiling) => u64::try_from(ceiling).ok(),
        _ => None,
    };
    match (action, ceiling) {
        (Action::ContainerUpdate { memory: Some(memory), pids_limit, restart }, Some(ceiling)) => {
            Action::ContainerUpdate { memory: Some(memory.min(ceiling)), pids_limit, restart }
        }
        (action, _) => action,
    }
}

fn event(action: &Action) -> Event {
    match action {
        Action::DaemonSetting { key, .. } if RELOADED.contains(&key.as_str()) => Event::Reload,
        Action::DaemonSetting { .. } => Event::Restart,
        Action::AuditRule { .. } | Action::ContainerUpdate { .. } => Event::None,
        Action::ContainerRecreate => Event::Recreate,
        Action::Manual => Event::People,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn checked(action: &str, change: Json) -> Result<(), (bool, String)> {
        let change = serde_json::from_value(change).unwrap();
        let remedy = RemedyTemplate { action: action.into(), change, text: "x".into(), disrupts: "x".into() };
        check(&remedy, SubjectKind::Container, &crate::view::variables(SubjectKind::Container))
    }

    #[test]
    fn typed_by_action() {
        assert_eq!(checked("daemon-setting", json!({"icc": false})), Ok(()));
        assert_eq!(checked("container-update", json!({"memory": "512m"})), Ok(()));
        assert_eq!(checked("container-update", json!({"restart": "on-failure:5"})), Ok(()));
        assert_eq!(
            checked("audit-rule", json!({"path": "${host.audit.dockerd.path}", "kind": "file", "perm": "wa", "key": "docker"})),
            Ok(())
        );
        assert_eq!(checked("manual", json!({})), Ok(()));
        for (action, change, part) in [
            ("daemon-setting", json!({}), "exactly one key"),
            ("container-update", json!({"memroy": "512m"}), "did you mean `memory`"),
            ("container-update", json!({"memory": "lots"}), "such as 512m"),
            ("container-update", json!({"restart": "on-failure:x"}), "on-failure:N"),
            ("container-update", json!({"pids-limit": 0}), "above 0"),
            ("audit-rule", json!({"path": "${host.audit.docker.path}", "kind": "file", "perm": "wa", "key": "k"}), "no field `docker`"),
            ("audit-rule", json!({"path": "/x", "kind": "tree", "perm": "wa", "key": "k"}), "file or dir"),
            ("manual", json!({"x": 1}), "has no `x`"),
            ("manul", json!({}), "did you mean `manual`"),
        ] {
            let (_, message) = checked(action, change).unwrap_err();
            assert!(message.contains(part), "{action}: {message}");
        }
    }

    #[test]
    fn sizes() {
        assert_eq!((bytes(&json!("512m")), bytes(&json!("1g")), bytes(&json!(5))), (Ok(512 << 20), Ok(1 << 30), Ok(5)));
        assert!(bytes(&json!("0")).is_err() && bytes(&json!("m")).is_err() && bytes(&json!("1x")).is_err());
    }
}
