//! Effective settings of the daemon: what is in force, and where it comes from.
//!
//! dockerd merges built-in defaults, its configuration file and its flags once, at start; a key in file and flag both is refused.
//! So the value in force is, in this order: what the API or the kernel shows of the running process; the flag; the file's value,
//! provided the file is provably the one that the process started with; the default.

mod at_start;
mod file;
mod flags;
mod in_use;
mod keys;
mod known;
mod setting;
#[cfg(test)]
pub(crate) mod tests;
mod version;

pub use setting::{FileValue, FlagValue, Setting, State};
pub(crate) use version::{EngineVersion, engine_version};

use std::collections::BTreeMap;

use facts::docker::{Argument, ConfigEntry, ConfigError, Engine, parse_config, read_config};
use facts::host::FileKind;
use facts::{Fact, Snapshot, SourceId};
use serde_json::Value;

use crate::derive::paths::Paths;
use crate::view::Listing;
use at_start::at_start;
pub(crate) use file::Problems;
use flags::{flag_value, flags};
use in_use::in_use;
use keys::{Default, KEYS, RELOADABLE};

/// All settings of one daemon that checks and plans speak of.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Path of the configuration file.
    pub path: Fact<String>,
    /// Why the file as it is now is not edited: two readers could take it for two things.
    pub file_error: Option<ConfigError>,
    /// Whether the file as it is now, or its absence, is understood.
    pub(crate) readable: Fact<()>,
    /// What is wrong with the file as it is now. Absent: there is none, and none is asked for.
    pub(crate) problems: Fact<Problems>,
    /// Keys that stand both in a flag and in the file.
    pub(crate) conflicts: Fact<Vec<String>>,
    /// By key.
    pub by_key: BTreeMap<&'static str, Setting>,
}

impl Settings {
    /// The setting of a key of [`KEYS`].
    ///
    /// # Panics
    /// If the key is not in the table: a mistake of the caller, found by its first test.
    pub fn get(&self, key: &str) -> &Setting {
        self.by_key.get(key).expect("the key is in the table of settings")
    }

    /// The value in force as a boolean.
    pub fn bool(&self, key: &str) -> Fact<bool> {
        self.get(key).effective.clone().and_then(|value| match value.as_bool() {
            Some(value) => Fact::Known(value),
            None => Fact::unknown(format!("{key} is set to {value}, which is no boolean")),
        })
    }

    /// The value in force as a text.
    pub fn text(&self, key: &str) -> Fact<String> {
        self.get(key).effective.clone().and_then(|value| match value.as_str() {
            Some(value) => Fact::Known(value.to_owned()),
            None => Fact::unknown(format!("{key} is set to {value}, which is no text")),
        })
    }
}

impl Settings {
    /// Why no key is written into the file beside those that it holds; none: nothing stands against it.
    pub fn unwritable(&self) -> Option<String> {
        let inner = self.problems.known().and_then(|problems| problems.inner_switch.as_ref());
        self.file_error.as_ref().map(|error| format!("is {error}")).or_else(|| inner.map(|switch| format!("holds a trap: {switch}")))
    }
}

/// Works the settings out from a Snapshot.
pub fn settings(snapshot: &Snapshot) -> Settings {
    let Some(engine) = snapshot.engine() else {
        let why = snapshot.docker.why().unwrap_or("no engine was looked at").to_owned();
        return Settings {
            path: Fact::unknown(&*why),
            file_error: None,
            readable: Fact::unknown(&*why),
            problems: Fact::unknown(&*why),
            conflicts: Fact::unknown(&*why),
            by_key: KEYS.iter().map(|row| (row.0, unseen(row, &why))).collect(),
        };
    };
    let version = engine_version(engine);
    let flags = flags(engine);
    let words = flags.as_ref().map(|(words, _)| words.clone());
    let now = engine.config_file.fact.as_ref().and_then(|file| file::entries(&file.text, &version)).absent_as(Vec::new());
    let file_error = engine.config_file.known().and_then(|file| parse_config(&file.text).err());
    let readable = now.as_ref().map(|_| ());
    let now = now.known().cloned();
    let problems = problems(snapshot, engine, &version, &words);
    let conflicts = conflicts(engine, &version, &words);
    let reader = Reader { snapshot, engine, now, start: at_start(snapshot, engine, &version), flags, version };
    Settings {
        path: engine.config_path.clone(),
        file_error,
        readable,
        problems,
        conflicts,
        by_key: KEYS.iter().map(|(key, flag, default)| (*key, reader.setting(key, flag, *default))).collect(),
    }
}

/// What is wrong with the file. A daemon that provably started with these bytes takes them, whatever a table says.
fn problems(snapshot: &Snapshot, engine: &Engine, version: &Fact<EngineVersion>, flags: &Fact<Vec<Argument>>) -> Fact<Problems> {
    let refused = |why: String| Fact::Known(Problems { refused: Listing::from(vec![why]), ..Problems::default() });
    match &engine.config_file.fact {
        Fact::Known(file) => {
            let name = engine.version.known().map_or("of this version", |version| version.version.as_str());
            let mut found = file::problems(file, version, name, flags);
            if let Some(why) = engine.pid_file.fact.why().filter(|_| !found.refused.members.is_empty()) {
                found.refused = Listing { members: Vec::new(), unseen: Some(format!("whether the daemon started with it: {why}")) };
            } else if file::started_with(file, &engine.pid_file) {
                found.refused = Listing::default();
            }
            Fact::Known(found)
        }
        // The file at the usual place may be missing, one that is named must be there.
        Fact::Absent => match flags {
            Fact::Known(flags) if flags.iter().any(|flag| flag.name == "config-file") => {
                refused("it does not exist, and --config-file asks for it".to_owned())
            }
            Fact::Unknown { why } => Fact::unknown(format!("there is no file, and whether --config-file asks for it: {why}")),
            _ => Fact::Absent,
        },
        Fact::Unknown { why } => match engine.config_path.known().and_then(|path| kind(snapshot, path)) {
            Some(FileKind::Directory) => refused("it is a folder".to_owned()),
            _ => Fact::unknown(why.clone()),
        },
    }
}

/// What kind of file the path leads to, where that was seen.
fn kind(snapshot: &Snapshot, path: &str) -> Option<FileKind> {
    let paths = Paths::of(&snapshot.host);
    let real = paths.canonical(path);
    Some(paths.stat(real.known()?)?.known()?.kind)
}

/// Keys that stand both in a flag and in the file, sorted.
fn conflicts(engine: &Engine, version: &Fact<EngineVersion>, flags: &Fact<Vec<Argument>>) -> Fact<Vec<String>> {
    let reading = match &engine.config_file.fact {
        Fact::Known(file) => match read_config(&file.text) {
            Ok(reading) => Some(reading),
            Err(error) => return Fact::unknown(format!("the configuration file is {error}")),
        },
        Fact::Absent => None,
        Fact::Unknown { why } => return Fact::unknown(why.clone()),
    };
    let flags = match flags {
        Fact::Known(flags) => flags,
        other => return Fact::unknown(other.why().unwrap_or("the daemon's command line was not found")),
    };
    // Which objects are taken apart depends on the version, and for well-known keys on none.
    let version = version.known().copied().unwrap_or(EngineVersion(29, 7));
    let found = reading.iter().flat_map(|reading| file::conflicts(reading, version, flags)).map(|(_, key)| key.key.clone());
    Fact::Known(found.collect::<std::collections::BTreeSet<String>>().into_iter().collect())
}

fn unseen(row: &(&'static str, &'static str, Option<Default>), why: &str) -> Setting {
    Setting {
        key: row.0,
        default: row.2.and_then(|default| default.value(&Fact::unknown(why)).known().cloned()),
        in_file: None,
        by_flag: None,
        at_start: Fact::unknown(why),
        in_use: Fact::unknown(why),
        effective: Fact::unknown(why),
        state: State::Unknown,
        source: String::new(),
    }
}

struct Reader<'s> {
    snapshot: &'s Snapshot,
    engine: &'s Engine,
    now: Option<Vec<ConfigEntry>>,
    start: Fact<Vec<ConfigEntry>>,
    flags: Fact<(Vec<Argument>, SourceId)>,
    version: Fact<EngineVersion>,
}

impl Reader<'_> {
    fn setting(&self, key: &'static str, flag: &str, default: Option<Default>) -> Setting {
        let default_kind = default;
        let by_default = default.map_or(Fact::Absent, |default| default.value(&self.version));
        let default = by_default.known().cloned();
        let in_file = self
            .now
            .as_deref()
            .and_then(|entries| entry(entries, key))
            .map(|entry| FileValue { value: entry.value.clone(), line: entry.line });
        let by_flag = self.flags.known().and_then(|(flags, _)| flag_value(flags, flag));
        let at_start = self.start.as_ref().map(|entries| entry(entries, key).map(|entry| entry.value.clone()));
        let (in_use, proof) = in_use(self.engine, key);
        let conflict = in_file.is_some() && by_flag.is_some();

        let (effective, source) = if let Fact::Known(value) = &in_use {
            (Fact::Known(value.clone()), self.explain(key, value, &by_flag, &in_file, &proof))
        } else if let Some(why) = in_use.why() {
            // What the process shows could contradict flag and file, so without it nothing is certain.
            (Fact::unknown(why), String::new())
        } else if let Some(given) = &by_flag {
            (Fact::Known(given.value.clone()), self.flag_source(given))
        } else if let Some(why) = self.flags.why() {
            (Fact::unknown(why), String::new())
        } else {
            match &at_start {
                Fact::Known(value) => match value.as_ref().and_then(|value| taken(value, default_kind)) {
                    Some(taken) => (Fact::Known(taken), self.file_source(key, value.as_ref().unwrap_or(&Value::Null), &in_file)),
                    None => (by_default, "built-in default".to_owned()),
                },
                Fact::Absent => (by_default, "built-in default".to_owned()),
                // A reload applies these keys, but no version shows them: neither value is certain.
                Fact::Unknown { why } => (Fact::unknown(why.clone()), String::new()),
            }
        };

        // What nobody asked for and has no default was the daemon's own choice: the storage driver.
        let own_choice = in_use.known().is_some() && in_file.is_none() && default.is_none() && !matches!(at_start, Fact::Known(Some(_)));
        let wanted = in_file.as_ref().and_then(|given| taken(&given.value, default_kind));
        let state = self.state(key, &effective, wanted.as_ref(), conflict, default.as_ref(), by_flag.is_some() || own_choice);
        Setting { key, default, in_file, by_flag, at_start, in_use, effective, state, source }
    }

    fn state(
        &self,
        key: &str,
        effective: &Fact<Value>,
        wanted: Option<&Value>,
        conflict: bool,
        default: Option<&Value>,
        flagged: bool,
    ) -> State {
        if conflict {
            return State::Conflict;
        }
        match effective {
            Fact::Unknown { .. } => State::Unknown,
            _ if flagged || self.now.is_none() => State::Effective,
            Fact::Known(value) if wanted.or(default) == Some(value) => State::Effective,
            Fact::Absent if wanted.is_none() => State::Effective,
            // The file is the one that the daemon started with, and yet another value rules: icc after a restart with live restore.
            _ if self.start.known().is_some_and(|entries| asked(entries, key) == self.now.as_deref().and_then(|now| asked(now, key)))
                && !RELOADABLE.contains(&key) =>
            {
                State::NotInForce
            }
            _ => State::PendingRestart,
        }
    }

    /// Names the setting's cause beside the proof, where they agree.
    fn explain(&self, key: &str, value: &Value, flag: &Option<FlagValue>, file: &Option<FileValue>, proof: &str) -> String {
        match (flag, file) {
            (Some(given), _) if given.value == *value => format!("{proof}, by {}", self.flag_source(given)),
            (None, Some(given)) if given.value == *value => format!("{proof}, by {}", self.file_source(key, value, file)),
            _ => proof.to_owned(),
        }
    }

    fn flag_source(&self, given: &FlagValue) -> String {
        let place = self
            .flags
            .known()
            .and_then(|(_, source)| self.snapshot.sources.get(*source))
            .map_or_else(|| "the daemon's command line".to_owned(), ToString::to_string);
        format!("{place} argv[{}] --{}", given.index, given.flag)
    }

    fn file_source(&self, key: &str, value: &Value, now: &Option<FileValue>) -> String {
        let path = self.engine.config_path.known().map_or("daemon.json", String::as_str);
        match now {
            Some(now) if now.value == *value => format!("{path}:{} {key}", now.line),
            _ => format!("{path} as it was when the daemon started, {key}"),
        }
    }
}

fn entry<'e>(entries: &'e [ConfigEntry], key: &str) -> Option<&'e ConfigEntry> {
    entries.iter().find(|entry| entry.key == key)
}

fn asked<'e>(entries: &'e [ConfigEntry], key: &str) -> Option<&'e Value> {
    entry(entries, key).map(|entry| &entry.value)
}

/// What dockerd makes of a value of its file (measured on 20.10 and 29): `null` is false for a boolean, and elsewhere, as an empty text is,
/// what is not set.
fn taken(value: &Value, default: Option<Default>) -> Option<Value> {
    match value {
        Value::Null if default.is_some_and(Default::is_boolean) => Some(Value::Bool(false)),
        Value::Null => None,
        Value::String(text) if text.is_empty() => None,
        value => Some(value.clone()),
    }
}
