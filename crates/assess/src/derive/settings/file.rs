//! The configuration file as the running version of dockerd takes it: what it refuses, and what means something else than it seems to.

use facts::docker::json::{Member, Part};
use facts::docker::{Argument, ConfigEntry, ConfigError, ConfigReading, read_config};
use facts::host::TextFile;
use facts::{Fact, Observed};
use serde_json::Value;

use super::EngineVersion;
use super::known::{Passes, Shape, is_flat, key_of_flag, near_miss, passes, shape};
use crate::view::Listing;

/// The first version that decodes byte order marks, refuses what follows the document and takes an empty file for `{}`.
const STRICT: EngineVersion = EngineVersion(23, 0);

/// More mistakes of one kind are not listed.
const MOST: usize = 20;

/// What is wrong with the file, as sentences that name line and key.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Problems {
    /// Why the daemon does not start with it.
    pub(crate) refused: Listing<String>,
    /// What means something else to the daemon than to a reader.
    pub(crate) misleading: Listing<String>,
    /// A switch within an object that is none of dockerd's. With the same key outside, chance would decide.
    pub(crate) inner_switch: Option<String>,
}

/// The entries that are in force with this text: those of the reading, and booleans within objects that are none of dockerd's, which it
/// takes as if they stood outside.
pub(super) fn entries(text: &str, version: &Fact<EngineVersion>) -> Fact<Vec<ConfigEntry>> {
    let reading = match read_config(text) {
        Ok(reading) => reading,
        Err(error) => return Fact::unknown(format!("the configuration file is {error}")),
    };
    let mut entries = reading.entries.clone();
    for key in keys(&reading, version.known().copied().unwrap_or(STRICT)) {
        let (Some(_), Some(Shape::Bool), Part::Bool(value)) = (key.within, shape(&key.member.key), &key.member.node.part) else { continue };
        match entries.iter().find(|entry| entry.key == key.member.key) {
            None => entries.push(ConfigEntry { key: key.member.key.clone(), value: Value::Bool(*value), line: key.member.line }),
            Some(entry) if entry.value == Value::Bool(*value) || entry.value == Value::Bool(true) => {}
            Some(entry) => {
                return Fact::unknown(format!(
                    "`{}` stands in line {} and, within `{}`, in line {}: the daemon takes either, by chance",
                    entry.key,
                    entry.line,
                    key.within.unwrap_or_default(),
                    key.member.line
                ));
            }
        }
    }
    Fact::Known(entries)
}

/// A name that dockerd checks against its flags.
struct Key<'r> {
    member: &'r Member,
    /// The object that it stands in, where that is not the outermost one.
    within: Option<&'r str>,
}

/// All names that dockerd checks: the members of objects that it does not take as a whole count as names.
fn keys(reading: &ConfigReading, version: EngineVersion) -> Vec<Key<'_>> {
    let mut keys = Vec::new();
    for member in &reading.members {
        match &member.node.part {
            Part::Object(inner) if !is_flat(&member.key, version) => {
                keys.extend(inner.iter().map(|inner| Key { member: inner, within: Some(&member.key) }));
            }
            _ => keys.push(Key { member, within: None }),
        }
    }
    keys
}

/// Judges the text. `flags`: the command line, where it is known.
pub(super) fn problems(file: &TextFile, version: &Fact<EngineVersion>, name: &str, flags: &Fact<Vec<Argument>>) -> Problems {
    let mut judge = Judge { version, name, found: Problems::default() };
    judge.encoding(file);
    match read_config(&file.text) {
        Ok(reading) => {
            judge.text(&reading);
            judge.members(&reading);
            judge.conflicts(&reading, flags);
        }
        Err(ConfigError::TooDeep) => {
            judge.unsure(ConfigError::TooDeep.to_string());
            judge.found.misleading.unseen.clone_from(&judge.found.refused.unseen);
        }
        Err(ConfigError::Syntax(own)) => {
            // Redaction has replaced the text, so the place in it was kept beside.
            let place = file.form.known().map(|form| form.json_error.clone());
            judge.refuse(match place {
                Some(Some(place)) => format!("it is not valid JSON: {place}"),
                Some(None) => format!("it is not valid JSON: {own}"),
                None => "it is not valid JSON".to_owned(),
            });
        }
        Err(error) => judge.refuse(format!("it is {error}")),
    }
    judge.found
}

struct Judge<'j> {
    version: &'j Fact<EngineVersion>,
    /// The version by the engine's word.
    name: &'j str,
    found: Problems,
}

impl Judge<'_> {
    fn refuse(&mut self, why: String) {
        if self.found.refused.members.len() < MOST {
            self.found.refused.members.push(why);
        }
    }

    fn mislead(&mut self, why: String) {
        if self.found.misleading.members.len() < MOST {
            self.found.misleading.members.push(why);
        }
    }

    fn unsure(&mut self, why: String) {
        self.found.refused.unseen.get_or_insert(why);
    }

    /// The version; where it is not known, neither list is complete.
    fn version(&mut self) -> Option<EngineVersion> {
        if let Fact::Known(version) = self.version {
            return Some(*version);
        }
        let why = self.version.why().unwrap_or("the engine's version is not known").to_owned();
        self.found.misleading.unseen.get_or_insert_with(|| why.clone());
        self.unsure(why);
        None
    }

    /// Whether the version is one of those that read strictly.
    fn is_strict(&mut self) -> Option<bool> {
        self.version().map(|version| version >= STRICT)
    }

    fn encoding(&mut self, file: &TextFile) {
        let doubtful = match &file.form {
            Fact::Known(form) => !form.sound_encoding,
            _ => file.text.contains('\u{fffd}'),
        };
        if !doubtful || self.is_strict() != Some(true) {
            return;
        }
        match file.form.why() {
            None => self.refuse("it holds bytes that are not UTF-8".to_owned()),
            Some(why) => self.unsure(format!("whether it is UTF-8: {why}")),
        }
    }

    fn text(&mut self, reading: &ConfigReading) {
        if reading.byte_order_mark && self.is_strict() == Some(false) {
            self.refuse("it begins with a byte order mark".to_owned());
        }
        if reading.blank && self.is_strict() == Some(false) {
            self.refuse("it is empty; an empty object {} is the least".to_owned());
        }
        if let Some(line) = reading.trailing {
            match self.is_strict() {
                Some(true) => self.refuse(format!("line {line}: other text follows the object")),
                Some(false) => self.mislead(format!("line {line}: text behind the object is not read")),
                None => {}
            }
        }
        for twice in &reading.duplicates {
            let top = reading.members.iter().filter(|member| member.key == twice.pointer);
            let adds_up = top.clone().count() > 1 && top.clone().all(|member| matches!(member.node.part, Part::Object(_)));
            let counts = if adds_up { "the members of both count" } else { "the last one counts" };
            self.mislead(format!("line {}: `{}` stands in line {} too, {counts}", twice.line, twice.pointer, twice.first));
        }
    }

    fn members(&mut self, reading: &ConfigReading) {
        let Some(version) = self.version() else { return };
        for member in &reading.members {
            let is_object = matches!(member.node.part, Part::Object(_));
            if is_object && !is_flat(&member.key, version) {
                // The structure has a place of another kind for it.
                let wanted = (passes(&member.key, version) == Passes::Yes).then(|| shape(&member.key)).flatten();
                if let Some(wanted) = wanted.and_then(|wanted| wanted.refuses(&member.node)) {
                    self.refuse(format!("line {}: `{}` must be {wanted}", member.line, member.key));
                }
            }
        }
        for key in keys(reading, version) {
            self.key(&key, version);
        }
    }

    fn key(&mut self, key: &Key<'_>, version: EngineVersion) {
        let (name, line) = (&key.member.key, key.member.line);
        match passes(name, version) {
            Passes::No => {
                let place = key.within.map(|within| format!(", which stands within `{within}`")).unwrap_or_default();
                let meant = near_miss(name).map(|near| format!("; `{near}` is one")).unwrap_or_default();
                return self.refuse(format!("line {line}: `{name}`{place} is no key of dockerd {}{meant}", self.name));
            }
            Passes::Unsure => {
                self.unsure(format!("line {line}: whether dockerd {} knows `{name}` is not known to this version", self.name))
            }
            Passes::Yes => {}
        }
        let Some(shape) = shape(name) else { return };
        match key.within {
            None => {
                if let Some(wanted) = shape.refuses(&key.member.node) {
                    return self.refuse(format!("line {line}: `{name}` must be {wanted}"));
                }
                match (shape, &key.member.node.part) {
                    (Shape::Flag("proxies"), _) => {
                        self.mislead(format!("line {line}: `{name}` sets nothing here, it belongs into `proxies`"))
                    }
                    (Shape::Flag(real), _) => {
                        self.mislead(format!("line {line}: `{name}` is the name of a flag and sets nothing, the key is `{real}`"));
                    }
                    (Shape::Nothing, _) => self.mislead(format!("line {line}: `{name}` sets nothing in the file")),
                    (Shape::Bool, Part::Null) => self.mislead(format!("line {line}: `{name}` is null, which the daemon takes for false")),
                    _ => {}
                }
            }
            Some("proxies") if shape == Shape::Flag("proxies") => {}
            Some(within) => match (shape, &key.member.node.part) {
                (Shape::Bool, Part::Bool(value)) => {
                    let switch = format!("line {line}: `{name}`: {value} within `{within}` counts as if it stood outside");
                    self.mislead(switch.clone());
                    self.found.inner_switch.get_or_insert(switch);
                }
                (Shape::Validate, _) => {}
                _ => self.mislead(format!("line {line}: `{name}` within `{within}` sets nothing")),
            },
        }
        if shape == Shape::Validate && key.member.node.part == Part::Bool(true) {
            self.refuse(format!("line {line}: with `validate` the daemon checks the file and ends"));
        }
    }

    /// dockerd refuses a key that a flag sets too, whatever the values.
    fn conflicts(&mut self, reading: &ConfigReading, flags: &Fact<Vec<Argument>>) {
        let flags = match flags {
            Fact::Known(flags) => flags,
            other => return self.unsure(other.why().unwrap_or("the daemon's command line was not found").to_owned()),
        };
        for (flag, key) in conflicts(reading, self.version.known().copied().unwrap_or(STRICT), flags) {
            self.refuse(format!("line {}: `{}` is set by the flag --{} too (argv[{}])", key.line, key.key, flag.name, flag.index));
        }
    }
}

/// Flags of the command line with the key of the file that says the same.
pub(super) fn conflicts<'c>(reading: &'c ConfigReading, version: EngineVersion, flags: &'c [Argument]) -> Vec<(&'c Argument, &'c Member)> {
    let keys = keys(reading, version);
    let mut found: Vec<(&Argument, &Member)> = Vec::new();
    for flag in flags {
        let name = key_of_flag(&flag.name);
        // Runtimes of file and flags are put together.
        let key = keys.iter().find(|key| key.member.key == name && name != "runtimes");
        if let Some(key) = key
            && !found.iter().any(|(known, _)| known.name == flag.name)
        {
            found.push((flag, key.member));
        }
    }
    found
}

/// Whether the file's own observation says that the daemon started with these very bytes.
pub(super) fn started_with(file: &TextFile, pid_file: &Observed<facts::host::FileStat>) -> bool {
    pid_file.known().is_some_and(|pid_file| file.stat.ctime_ns <= pid_file.ctime_ns)
}
