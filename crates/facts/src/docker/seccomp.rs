//! A profile of system calls in brief.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a seccomp profile lets everyone do: of its JSON (profiles/seccomp in moby/profiles; runtime-spec, config-linux, seccomp) only
/// the default and the calls named without a condition. Names that are no system call's are left out, so nothing secret can hide here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct SeccompProfile {
    /// `SCMP_ACT_ERRNO`, `SCMP_ACT_ALLOW`, ...: what happens to a call that no rule names.
    pub default_action: String,
    /// Calls that a rule lets everyone make, sorted.
    pub allowed: Vec<String>,
    /// Calls that a rule refuses to everyone, sorted.
    pub refused: Vec<String>,
}

/// Whether an action lets the call through (seccomp_rule_add(3)).
fn lets_through(action: &str) -> bool {
    matches!(action, "SCMP_ACT_ALLOW" | "SCMP_ACT_LOG")
}

impl SeccompProfile {
    /// Reads a profile's text, or what [`Self::to_text`] wrote. None: it is no profile.
    pub fn from_text(text: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(text).ok()?;
        let default_action = action(value.get("defaultAction")?)?;
        if let Some(brief) = value.get("allowed").and(value.get("refused")) {
            debug_assert!(brief.is_array());
            return serde_json::from_value(value).ok();
        }
        let mut profile = Self { default_action, ..Self::default() };
        let rules = value.get("syscalls").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        for rule in rules {
            let action = action(rule.get("action")?)?;
            // Bound to an argument, a capability, an architecture or a kernel: not for everyone.
            let conditional = ["args", "includes", "excludes"].iter().any(|key| rule.get(key).is_some_and(is_filled));
            if conditional {
                continue;
            }
            let names = rule.get("names").and_then(Value::as_array).into_iter().flatten().chain(rule.get("name"));
            let list = if lets_through(&action) { &mut profile.allowed } else { &mut profile.refused };
            list.extend(names.filter_map(Value::as_str).filter(|name| is_call(name)).map(str::to_owned));
        }
        for list in [&mut profile.allowed, &mut profile.refused] {
            list.sort();
            list.dedup();
        }
        Some(profile)
    }

    /// A short text for it, which [`Self::from_text`] reads.
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Whether everyone may make this call, whatever its arguments.
    pub fn opens(&self, call: &str) -> bool {
        let named = |list: &[String]| list.iter().any(|name| name == call);
        named(&self.allowed) || (lets_through(&self.default_action) && !named(&self.refused))
    }

    /// Whether calls that no rule names are let through.
    pub fn opens_by_default(&self) -> bool {
        lets_through(&self.default_action)
    }
}

fn action(value: &Value) -> Option<String> {
    let action = value.as_str()?;
    let known =
        action.strip_prefix("SCMP_ACT_").is_some_and(|word| word.len() <= 24 && word.bytes().all(|b| b.is_ascii_uppercase() || b == b'_'));
    known.then(|| action.to_owned())
}

fn is_filled(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Array(members) => !members.is_empty(),
        Value::Object(members) => members.values().any(is_filled),
        _ => true,
    }
}

/// System calls are short lower-case words.
fn is_call(name: &str) -> bool {
    (1..=32).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_for_everyone() {
        let text = r#"{"defaultAction":"SCMP_ACT_ERRNO","note":"planted-secret","syscalls":[
            {"names":["read","Planted-Secret","write"],"action":"SCMP_ACT_ALLOW","args":[],"includes":{},"excludes":{}},
            {"name":"getpid","action":"SCMP_ACT_LOG","args":null},
            {"names":["mount"],"action":"SCMP_ACT_ALLOW","includes":{"caps":["CAP_SYS_ADMIN"]}},
            {"names":["clone"],"action":"SCMP_ACT_ALLOW","args":[{"index":0,"value":2114060288,"op":"SCMP_CMP_MASKED_EQ"}]},
            {"names":["bpf"],"action":"SCMP_ACT_KILL_PROCESS"}]}"#;
        let profile = SeccompProfile::from_text(text).unwrap();
        assert_eq!((profile.allowed.join(" ").as_str(), profile.refused.join(" ").as_str()), ("getpid read write", "bpf"));
        assert!(profile.opens("read") && !profile.opens("mount") && !profile.opens("clone") && !profile.opens_by_default());
        assert!(!profile.to_text().contains("lanted"));
        assert_eq!(SeccompProfile::from_text(&profile.to_text()), Some(profile));
    }

    #[test]
    fn a_default_that_allows() {
        let profile =
            SeccompProfile::from_text(r#"{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mount"],"action":"SCMP_ACT_ERRNO"}]}"#);
        let profile = profile.unwrap();
        assert!(profile.opens("bpf") && !profile.opens("mount") && profile.opens_by_default());
    }

    #[test]
    fn what_is_no_profile() {
        for text in [
            "",
            "{}",
            "[]",
            "{\"defaultAction\":1}",
            "{\"defaultAction\":\"planted\"}",
            "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{}]}",
        ] {
            assert_eq!(SeccompProfile::from_text(text), None, "{text}");
        }
    }
}
