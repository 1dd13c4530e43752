//! Reading JSON through an allow-list: what is not on it is skipped by the parser and never held in memory.

use std::fmt;

use facts::docker::SeccompProfile;
use facts::redact::{history_line, leaks, looks_like_credential};
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value, json};

use super::certificate::validity;
use super::volume::volume;
use super::{MARK, daemon_argv, scrub};

/// No list that an engine sends is longer: a bound on what a hostile one can make this process hold.
const MOST_MEMBERS: usize = 100_000;

/// What may be kept of one JSON value.
#[derive(Debug)]
pub(crate) enum Keep {
    /// A string, number or boolean; a string that looks like a credential is replaced.
    Plain,
    /// A URL: scheme, host and port; what comes before and behind them may be a credential.
    Url,
    /// A certificate in PEM: the beginning and end of its validity.
    Validity,
    /// A list, each member by the same rule.
    Each(&'static Self),
    /// An object whose keys are names: all of them stay, each value by the same rule.
    Entries(&'static Self),
    /// An object: these members, each by its rule, and no other.
    Members(&'static [(&'static str, Self)]),
    /// `["NAME=value"]`: name, length of the value, and whether it looks like a credential.
    Environment,
    /// An object or list of labels: the names.
    Names,
    /// An object of labels: name, length of the value, and whether it looks like a credential.
    Labels,
    /// A list: how many members it has.
    Count,
    /// A line of an image's history: its well-known words, and what in it looks like a credential.
    HistoryLine,
    /// A dockerd command line.
    DaemonArgv,
    /// A health check's command: whether it is NONE.
    HealthTest,
    /// Network driver options: the values of those that Docker's own drivers have.
    NetworkOptions,
    /// Security options: without an inlined profile.
    SecurityOptions,
    /// A volume: its options by its driver.
    Volume,
}

/// Stands in the place of a list or object whose type was not what the list of members expects: a reader takes it for unknown.
pub(super) fn unexpected() -> Value {
    json!({ "unexpected": true })
}

pub(crate) struct KeepSeed(pub(crate) &'static Keep);

impl<'de> DeserializeSeed<'de> for KeepSeed {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for KeepSeed {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "any JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(self.plain(|| value.into()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(self.plain(|| value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(self.plain(|| value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(self.plain(|| value.into()))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(match self.0 {
            Keep::Url => origin(value).into(),
            Keep::Validity => validity(value).map_or_else(unexpected, |(from, to)| json!({ "not_before": from, "not_after": to })),
            Keep::HistoryLine => json!({ "text": history_line(value), "leaks": leaks(value) }),
            _ => self.plain(|| scrub(value).into()),
        })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut kept = Vec::new();
        match self.0 {
            Keep::Each(rule) => {
                while let Some(value) = list.next_element_seed(Self(rule))? {
                    kept.push(value);
                    if kept.len() > MOST_MEMBERS {
                        return Err(A::Error::custom(format_args!("a list of more than {MOST_MEMBERS} members")));
                    }
                }
            }
            Keep::Environment => {
                while let Some(text) = list.next_element::<String>()? {
                    kept.push(variable(&text));
                }
            }
            Keep::Names => {
                while let Some(text) = list.next_element::<String>()? {
                    kept.push(scrub(text.split_once('=').map_or(text.as_str(), |(name, _)| name)).into());
                }
            }
            Keep::SecurityOptions => {
                while let Some(text) = list.next_element::<String>()? {
                    kept.push(security_option(&text).into());
                }
            }
            Keep::DaemonArgv => {
                let mut words = Vec::new();
                while let Some(word) = list.next_element::<String>()? {
                    words.push(word);
                }
                kept = daemon_argv(&words).into_iter().map(Value::from).collect();
            }
            Keep::HealthTest => {
                // Only the first word tells whether there is a check at all; the rest is a command of somebody else's.
                if let Some(word) = list.next_element::<String>()? {
                    kept.push(if matches!(word.as_str(), "NONE" | "CMD" | "CMD-SHELL") { word.into() } else { MARK.into() });
                }
                while list.next_element::<IgnoredAny>()?.is_some() {}
            }
            Keep::Count => {
                let mut count = 0_u64;
                while list.next_element::<IgnoredAny>()?.is_some() {
                    count += 1;
                }
                return Ok(count.into());
            }
            Keep::Plain
            | Keep::Url
            | Keep::Validity
            | Keep::Entries(_)
            | Keep::Members(_)
            | Keep::NetworkOptions
            | Keep::Labels
            | Keep::Volume
            | Keep::HistoryLine => {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                return Ok(unexpected());
            }
        }
        Ok(Value::Array(kept))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut kept = Map::new();
        match self.0 {
            Keep::Members(rules) => {
                while let Some(key) = map.next_key::<String>()? {
                    match rules.iter().find(|(name, _)| *name == key) {
                        Some((_, rule)) => {
                            let value = map.next_value_seed(Self(rule))?;
                            kept.insert(key, value);
                        }
                        None => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
            }
            Keep::Entries(rule) => {
                while let Some(key) = map.next_key::<String>()? {
                    let value = map.next_value_seed(Self(rule))?;
                    kept.insert(scrub(&key), value);
                    if kept.len() > MOST_MEMBERS {
                        return Err(A::Error::custom(format_args!("an object of more than {MOST_MEMBERS} members")));
                    }
                }
            }
            Keep::Names => {
                let mut names = Vec::new();
                while let Some(key) = map.next_key::<String>()? {
                    map.next_value::<IgnoredAny>()?;
                    names.push(Value::from(scrub(&key)));
                }
                return Ok(Value::Array(names));
            }
            Keep::Labels => {
                let mut labels = Vec::new();
                while let Some(key) = map.next_key::<String>()? {
                    let value = map.next_value::<Value>()?;
                    let value = value.as_str().unwrap_or_default();
                    labels.push(json!({
                        "name": scrub(&key),
                        "length": value.len(),
                        "looks_like_credential": looks_like_credential(&key, value),
                    }));
                }
                return Ok(Value::Array(labels));
            }
            Keep::Volume => {
                let mut whole = Map::new();
                while let Some((key, value)) = map.next_entry::<String, Value>()? {
                    whole.insert(key, value);
                }
                return Ok(volume(&whole));
            }
            Keep::NetworkOptions => {
                while let Some(key) = map.next_key::<String>()? {
                    let value = map.next_value::<Value>()?;
                    let text = value.as_str().map_or_else(|| MARK.to_owned(), |value| network_option(&key, value));
                    kept.insert(scrub(&key), text.into());
                }
            }
            Keep::Plain
            | Keep::Url
            | Keep::Validity
            | Keep::Each(_)
            | Keep::Environment
            | Keep::SecurityOptions
            | Keep::DaemonArgv
            | Keep::HealthTest
            | Keep::Count
            | Keep::HistoryLine => {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                return Ok(unexpected());
            }
        }
        Ok(Value::Object(kept))
    }
}

impl KeepSeed {
    fn plain(self, value: impl FnOnce() -> Value) -> Value {
        if matches!(self.0, Keep::Plain) { value() } else { unexpected() }
    }
}

/// `https://mirror:5000` of `https://user:password@mirror:5000/path?token=x`.
fn origin(text: &str) -> String {
    let (scheme, rest) = text.split_once("://").map_or((None, text), |(scheme, rest)| (Some(scheme), rest));
    let authority = &rest[..rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len())];
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let fits = |part: &str, more: &[char]| part.chars().all(|character| character.is_ascii_alphanumeric() || more.contains(&character));
    match scheme {
        Some(scheme) if fits(scheme, &['+', '-', '.']) && fits(host, &['.', '-', '_', ':', '[', ']', '%']) => format!("{scheme}://{host}"),
        None if fits(host, &['.', '-', '_', ':', '[', ']', '%']) => host.to_owned(),
        _ => MARK.to_owned(),
    }
}

fn variable(text: &str) -> Value {
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    json!({ "name": scrub(name), "length": value.len(), "looks_like_credential": looks_like_credential(name, value) })
}

/// The Docker command line puts the whole text of a seccomp profile or a credential spec into the option: of a profile its brief form stays.
fn security_option(text: &str) -> String {
    const KNOWN: &[&str] = &["no-new-privileges", "apparmor", "seccomp", "label", "disable", "systempaths", "writable-cgroups"];
    let at = text.find(['=', ':']);
    let (name, value) = at.map_or((text, None), |at| (&text[..at], Some(&text[at..])));
    match value {
        _ if !KNOWN.contains(&name) => format!("{}={MARK}", scrub(name)),
        Some(value) if value[1..].trim_start().starts_with('{') => {
            let brief = (name == "seccomp").then(|| SeccompProfile::from_text(&value[1..])).flatten();
            format!("{name}{}{}", &value[..1], brief.map_or_else(|| MARK.to_owned(), |profile| profile.to_text()))
        }
        _ => scrub(text),
    }
}

fn network_option(name: &str, value: &str) -> String {
    let known = name.starts_with("com.docker.network.")
        || matches!(name, "parent" | "macvlan_mode" | "ipvlan_mode" | "ipvlan_flag" | "encrypted" | "mtu" | "internal");
    if known && !looks_like_credential(name, "x") { scrub(value) } else { MARK.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keep(rule: &'static Keep, text: &str) -> Value {
        KeepSeed(rule).deserialize(&mut serde_json::Deserializer::from_str(text)).unwrap()
    }

    #[test]
    fn only_named_members_stay() {
        static RULE: Keep = Keep::Members(&[("Id", Keep::Plain), ("Tags", Keep::Each(&Keep::Plain))]);
        let kept = keep(&RULE, r#"{"Id":"a","Tags":["t",{"x":"planted-secret"}],"New":{"deep":["planted-secret"]},"Id2":1}"#);
        assert_eq!(kept, json!({"Id": "a", "Tags": ["t", {"unexpected": true}]}));
        assert_eq!(keep(&RULE, "[1,2]"), unexpected());
        assert_eq!(keep(&RULE, r#"{"Id":null,"Tags":"x"}"#), json!({"Id": null, "Tags": {"unexpected": true}}));
    }

    #[test]
    fn of_a_url_the_host_stays() {
        for (url, kept) in [
            ("https://u:planted-secret@mirror:5000/v2?t=planted-secret", "https://mirror:5000"),
            ("http://[::1]:5000/", "http://[::1]:5000"),
            ("mirror", "mirror"),
            ("planted-secret@mirror", "mirror"),
            ("a planted-secret", MARK),
            ("https://a b/planted-secret", MARK),
        ] {
            assert_eq!(origin(url), kept, "{url}");
        }
        assert_eq!(keep(&Keep::Url, "[1]"), unexpected());
        assert_eq!(keep(&Keep::Url, "1"), unexpected());
    }

    #[test]
    fn special_rules() {
        let kept = keep(&Keep::Environment, r#"["DB_PASSWORD=planted-secret","PATH=/bin","X"]"#);
        assert_eq!(kept[0], json!({"name": "DB_PASSWORD", "length": 14, "looks_like_credential": true}));
        assert_eq!(kept[2], json!({"name": "X", "length": 0, "looks_like_credential": false}));
        assert_eq!(keep(&Keep::Names, r#"{"b":"planted-secret","a":1}"#), json!(["b", "a"]));
        let labels = keep(&Keep::Labels, r#"{"team":"planted-secret","deploy-token":"planted-secret"}"#);
        assert_eq!(labels[0], json!({"name": "team", "length": 14, "looks_like_credential": false}));
        assert_eq!(labels[1], json!({"name": "deploy-token", "length": 14, "looks_like_credential": true}));
        assert_eq!(keep(&Keep::Count, r#"["planted-secret", 2]"#), json!(2));
        let line = keep(&Keep::HistoryLine, r#""RUN |1 NPM_TOKEN=planted-secret /bin/sh -c npm ci # buildkit""#);
        assert_eq!(line["leaks"], json!([{"kind": "build argument", "name": "NPM_TOKEN"}]));
        assert!(!line.to_string().contains("planted") && line["text"].as_str().unwrap().starts_with("RUN |1 "), "{line}");
        assert_eq!(keep(&Keep::HealthTest, r#"["CMD-SHELL","curl planted-secret"]"#), json!(["CMD-SHELL"]));
        assert_eq!(keep(&Keep::HealthTest, r#"["planted-secret"]"#), json!([MARK]));
        assert_eq!(
            keep(
                &Keep::SecurityOptions,
                r#"["no-new-privileges","seccomp={\"planted-secret\":1}","credentialspec=raw://planted-secret","label:disable","apparmor=x"]"#
            ),
            json!(["no-new-privileges", format!("seccomp={MARK}"), format!("credentialspec={MARK}"), "label:disable", "apparmor=x"])
        );
        assert_eq!(
            keep(&Keep::NetworkOptions, r#"{"com.docker.network.bridge.enable_icc":"false","token":"planted-secret","parent":5}"#),
            json!({"com.docker.network.bridge.enable_icc": "false", "token": MARK, "parent": MARK})
        );
        assert_eq!(keep(&Keep::Plain, r#""http://u:planted-secret@h""#), json!(MARK));
    }
}
