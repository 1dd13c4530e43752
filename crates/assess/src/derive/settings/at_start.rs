//! Which configuration file the running process started with.

use facts::docker::{ConfigEntry, Engine};
use facts::{Fact, Snapshot};

use super::EngineVersion;
use super::file::{entries, started_with};

/// Seconds between a daemon's first writes into its configuration folder (key.json of old engines) and its pid file.
const START_SECONDS: i64 = 60;

/// The entries of the configuration file that the running process started with.
pub(super) fn at_start(snapshot: &Snapshot, engine: &Engine, version: &Fact<EngineVersion>) -> Fact<Vec<ConfigEntry>> {
    let parse = |text: &str| entries(text, version);
    // Every fact that could contradict must be seen: a record that can't be compared proves nothing either way.
    match &engine.startup.fact {
        Fact::Known(record) => {
            let same = engine.process.fact.as_ref().and_then(|process| {
                process.start_ticks.as_ref().and_then(|ticks| {
                    snapshot.host.boot_id.as_ref().and_then(|boot| {
                        engine.config_path.as_ref().map(|path| {
                            record.pid == process.pid
                                && record.start_ticks == *ticks
                                && record.boot_id == *boot
                                && record.config_path == *path
                        })
                    })
                })
            });
            match same {
                Fact::Known(true) => return record.config_text.as_deref().map_or_else(|| Fact::Known(Vec::new()), parse),
                Fact::Known(false) => {}
                Fact::Absent => return Fact::unknown("the daemon's process was not found"),
                Fact::Unknown { why } => return Fact::Unknown { why },
            }
        }
        Fact::Absent => {}
        Fact::Unknown { why } => return Fact::unknown(why.clone()),
    }
    let path = engine.config_path.known().map_or("the configuration file", String::as_str);
    let started = match &engine.pid_file.fact {
        Fact::Known(stat) => stat.ctime_ns,
        Fact::Absent => {
            return Fact::unknown("the daemon has no pid file, so it cannot be told whether it started before the file was changed");
        }
        Fact::Unknown { why } => return Fact::unknown(why.clone()),
    };
    match &engine.config_file.fact {
        Fact::Known(file) if started_with(file, &engine.pid_file) => parse(&file.text),
        Fact::Known(_) => Fact::unknown(format!(
            "{path} was changed after the daemon started, so what it says is not provably in force (restart or reload)"
        )),
        Fact::Absent => {
            let folder = path.rsplit_once('/').map_or("/", |(folder, _)| if folder.is_empty() { "/" } else { folder });
            let changed = snapshot.host.files.get(folder).map(|stat| stat.fact.as_ref().map(|stat| stat.mtime_ns));
            match changed {
                Some(Fact::Known(mtime)) if mtime > started + START_SECONDS * 1_000_000_000 => {
                    Fact::unknown(format!("there is no {path} now, and {folder} was changed after the daemon started"))
                }
                Some(Fact::Unknown { why }) => Fact::unknown(why),
                _ => Fact::Known(Vec::new()),
            }
        }
        Fact::Unknown { why } => Fact::unknown(why.clone()),
    }
}
