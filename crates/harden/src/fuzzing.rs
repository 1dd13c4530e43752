//! Entry points of the fuzz targets (`fuzz/`): each takes any bytes and panics where a promise of an editor or parser is broken. No part of
//! the crate's interface: there only with the feature `fuzzing`.

use facts::docker::parse_config;
use serde_json::{Value, json};

use crate::edit::daemon_json::{self, Wish};
use crate::edit::{audit_rules, lines};
use crate::journal;
use crate::plan::Plan;

/// A name, and what takes the bytes.
pub type Target = (&'static str, fn(&[u8]));

/// The targets of this crate.
pub const TARGETS: &[Target] =
    &[("audit_rules_edit", audit_rules_edit), ("daemon_json_edit", daemon_json_edit), ("journal", journal_records), ("plan", plan)];

fn text(data: &[u8]) -> String {
    String::from_utf8_lossy(data).into_owned()
}

/// The editor of daemon.json: what it writes is read as it was meant, the keys of others stay, twice is once, and back by key is back.
///
/// The first byte chooses what is asked for.
pub fn daemon_json_edit(data: &[u8]) {
    let Some((choice, data)) = data.split_first() else { return };
    let text = text(data);
    let all: [(&str, Value); 5] = [
        ("icc", json!(false)),
        ("live-restore", json!(true)),
        ("log-level", json!("info")),
        ("a\"b", json!(1)),
        ("log-opts", json!({"x": "1"})),
    ];
    let chosen = all.into_iter().enumerate().filter(|(bit, _)| choice >> bit & 1 == 1);
    let wishes: Vec<Wish> = chosen.map(|(_, (key, value))| (key.to_owned(), Some(value))).collect();
    let before = parse_config(&text);
    let edited = match daemon_json::edit(Some(&text), &wishes) {
        Ok(edited) => edited,
        // Only what the reader refuses may be refused.
        Err(error) => return assert!(before.is_err() || text.contains("\\u"), "{error}: {text}"),
    };
    let before = before.expect("what was edited was readable");
    let after = parse_config(&edited).expect("what was written is readable");
    for (key, value) in &wishes {
        assert_eq!(after.iter().find(|entry| entry.key == *key).map(|entry| &entry.value), value.as_ref(), "{key}");
    }
    let others = |entries: &[facts::docker::ConfigEntry]| {
        let foreign = entries.iter().filter(|entry| !wishes.iter().any(|(key, _)| *key == entry.key));
        foreign.map(|entry| (entry.key.clone(), entry.value.clone())).collect::<Vec<_>>()
    };
    assert_eq!(others(&before), others(&after));
    assert_eq!(daemon_json::edit(Some(&edited), &wishes).expect("it was edited before"), edited, "twice is once");
    let back: Vec<Wish> = wishes.iter().map(|(key, _)| (key.clone(), daemon_json::value(&text, key))).collect();
    let restored = daemon_json::edit(Some(&edited), &back).expect("what was written can be taken back");
    let values = |text: &str| parse_config(text).expect("readable").into_iter().map(|entry| (entry.key, entry.value)).collect::<Vec<_>>();
    let same: Vec<_> = before.iter().map(|entry| (entry.key.clone(), entry.value.clone())).collect();
    assert_eq!(values(&restored), same, "back by key is back");
    let ours_were_new = wishes.iter().all(|(key, _)| before.iter().all(|entry| entry.key != *key));
    if ours_were_new && !before.is_empty() {
        assert_eq!(restored, text, "back is the bytes of before");
    }
}

/// Our lines in a rules file: what is added is found and goes without a trace.
pub fn audit_rules_edit(data: &[u8]) {
    let text = text(data);
    for rule in audit_rules::parse(&text) {
        assert_eq!(audit_rules::unspeakable(&rule), None);
        let ours = audit_rules::lines(&rule);
        assert!(audit_rules::parse(&ours.join("\n")).contains(&rule));
        let added = lines::add(Some(&text), audit_rules::HEADER, &ours);
        assert_eq!(lines::add(Some(&added), audit_rules::HEADER, &ours), added);
        let left = lines::remove(&added, &ours).unwrap_or_default();
        assert!(!audit_rules::parse(&left).contains(&rule));
    }
}

/// A journal: whatever stands there, what it adds up to can be said, and a prefix of it too.
pub fn journal_records(data: &[u8]) {
    journal::fuzzing::records(data);
}

/// A plan that someone else made.
pub fn plan(data: &[u8]) {
    let Ok(plan) = Plan::from_json(&text(data)) else { return };
    let again = plan.to_json();
    assert_eq!(Plan::from_json(&again).map(|plan| plan.to_json()).as_deref(), Ok(again.as_str()));
}
