//! Where the daemon step is going: what the file says in the end, and which values rule.

use std::collections::BTreeMap;
use std::path::Path;

use assess::derive::settings::Settings;
use serde_json::Value;

use super::files::utf8;
use super::run::Run;
use crate::edit::daemon_json::{self, EditError, Wish};
use crate::error::Error;
use crate::journal::Direction;
use crate::plan::DaemonChange;
use crate::system::file::{self, Attributes};

/// The aim of the daemon step in one direction.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Target {
    /// The file's text in the end; none: there is no file.
    pub(super) text: Option<String>,
    /// Its mode, owner and attributes.
    pub(super) attributes: Attributes,
    /// What rules in the end, by key; keys that nobody can tell are left out.
    pub(super) in_force: BTreeMap<String, Value>,
    /// Whether others wrote the file since we did: then only our keys move.
    pub(super) by_key: bool,
    /// Keys that were left because others changed them.
    pub(super) left: Vec<String>,
}

impl Target {
    /// The aim, from the journal and the file as it is.
    pub(super) fn of(run: &Run<'_>, change: &DaemonChange, direction: Direction, settings: &Settings) -> Result<Self, Error> {
        let path = Path::new(&change.write_path);
        let now = file::read(path)?;
        let kept = run.log.ledger.files.get(path);
        let before = match kept.and_then(|kept| kept.before.as_ref()) {
            Some((blob, attributes)) => Some((run.log.kept_bytes(blob)?, attributes.clone())),
            None if kept.is_some() => None,
            None => now.as_ref().map(|content| (content.bytes.clone(), content.attributes.clone())),
        };
        let written = |bytes: &[u8]| kept.is_some_and(|kept| kept.written.contains(&file::digest(bytes)));
        let untouched = match (&before, &now) {
            (None, None) => true,
            (Some((bytes, _)), Some(now)) if *bytes == now.bytes => true,
            (_, Some(now)) => written(&now.bytes),
            // Removed by others, or by our own way back.
            (Some(_), None) => false,
        };
        let old = before.as_ref().map(|(bytes, _)| utf8(path, bytes)).transpose()?.map(str::to_owned);
        let present = now.as_ref().map(|content| utf8(path, &content.bytes)).transpose()?.map(str::to_owned);
        let attributes = match (&before, &now) {
            (Some((_, attributes)), _) if untouched => attributes.clone(),
            (_, Some(now)) if !untouched => now.attributes.clone(),
            _ => Attributes::new(0o644),
        };
        let base = if untouched { old.clone() } else { present };
        let mut target = Self { text: base, attributes, in_force: BTreeMap::new(), by_key: !untouched, left: Vec::new() };
        match direction {
            Direction::Forward => target.forward(change)?,
            Direction::Back => target.back(change, untouched, settings)?,
        }
        Ok(target)
    }

    fn forward(&mut self, change: &DaemonChange) -> Result<(), Error> {
        let wishes: Vec<Wish> = change.edits.iter().map(|edit| (edit.key.clone(), Some(edit.value.clone()))).collect();
        self.text = Some(daemon_json::edit(self.text.as_deref(), &wishes).map_err(|error| unusable(change, &error))?);
        for edit in change.edits.iter().chain(&change.pending) {
            self.in_force.insert(edit.key.clone(), edit.value.clone());
        }
        if change.live_restore_now.is_some() {
            self.in_force.entry("live-restore".to_owned()).or_insert(Value::from(change.live_restore_after));
        }
        Ok(())
    }

    fn back(&mut self, change: &DaemonChange, untouched: bool, settings: &Settings) -> Result<(), Error> {
        let mut wishes: Vec<Wish> = Vec::new();
        for edit in change.edits.iter().chain(&change.pending) {
            let is_edit = change.edits.contains(edit);
            if is_edit && !untouched {
                let present = self.text.as_deref().and_then(|text| daemon_json::value(text, &edit.key));
                let ours = [Some(&edit.value), edit.in_force.as_ref(), edit.before.as_ref()];
                if present.is_some() && !ours.contains(&present.as_ref()) {
                    self.left.push(edit.key.clone());
                    continue;
                }
                wishes.push((edit.key.clone(), edit.before.clone()));
            }
            let implied = edit.before.clone().or_else(|| default(settings, &edit.key));
            if let Some(value) = edit.in_force.clone().or(implied) {
                self.in_force.insert(edit.key.clone(), value);
            }
        }
        if let Some(now) = change.live_restore_now.filter(|_| !self.left.iter().any(|key| key == "live-restore")) {
            self.in_force.entry("live-restore".to_owned()).or_insert(Value::from(now));
        }
        if !wishes.is_empty() && self.text.is_some() {
            let text = daemon_json::edit(self.text.as_deref(), &wishes).map_err(|error| unusable(change, &error))?;
            // A file that this run made, and in which nothing is left.
            let empty = change.creates && text.trim().trim_start_matches('{').trim_start() == "}";
            self.text = (!empty).then_some(text);
        }
        Ok(())
    }

    /// The text with which the daemon is started or reloaded on the way: the final one, with the ruling values spelled out where the
    /// final text does not imply them (a key that is only removed keeps its old value in a running daemon), and with `extra` on top.
    pub(super) fn start_text(&self, change: &DaemonChange, settings: &Settings, extra: &[(&str, bool)]) -> Result<Option<String>, Error> {
        let flagged = |key: &String| change.flags.contains(key);
        let implied = |key: &str| self.text.as_deref().and_then(|text| daemon_json::value(text, key)).or_else(|| default(settings, key));
        let mut wanted = self.in_force.clone();
        for (key, value) in extra {
            wanted.insert((*key).to_owned(), Value::from(*value));
        }
        let wishes: Vec<Wish> = wanted
            .into_iter()
            .filter(|(key, value)| !flagged(key) && implied(key).as_ref() != Some(value))
            .map(|(key, value)| (key, Some(value)))
            .collect();
        if wishes.is_empty() {
            return Ok(self.text.clone());
        }
        daemon_json::edit(self.text.as_deref(), &wishes).map(Some).map_err(|error| unusable(change, &error))
    }
}

fn default(settings: &Settings, key: &str) -> Option<Value> {
    settings.by_key.get(key)?.default.clone()
}

fn unusable(change: &DaemonChange, error: &EditError) -> Error {
    Error::State(format!("{} is {error}\nhint: repair it by hand, then resume or roll back", change.write_path))
}
