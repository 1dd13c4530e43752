//! STATE/daemon-start.json: which configuration the running daemon started with. Without it a file that is younger than the process
//! proves nothing of what is in force.

use std::path::Path;

use assess::derive::settings::settings;
use facts::docker::{Engine, StartupRecord};
use facts::{Fact, Snapshot, redact};

use crate::error::Error;
use crate::journal::StateDir;
use crate::system::file::{self, Attributes};

/// What the collector looks for in the state directory.
const NAME: &str = "daemon-start.json";

/// Before the file of a running daemon changes: keeps what it started with, if that can be proved.
pub(super) fn keep(state: &StateDir, snapshot: &Snapshot) -> Result<(), Error> {
    let Some(engine) = snapshot.engine() else { return Ok(()) };
    let Some(config_text) = proved(snapshot, engine) else { return Ok(()) };
    match identity(snapshot, engine, config_text) {
        // The one that is there speaks of this process: it knows better than the file's times.
        Some(record) if engine.startup.known().is_some_and(|known| same_process(known, &record)) => Ok(()),
        Some(record) => put(state, &record),
        None => Ok(()),
    }
}

/// After a restart of ours: the daemon started with this text.
pub(super) fn started_with(state: &StateDir, snapshot: &Snapshot, text: Option<&str>) -> Result<(), Error> {
    let Some(engine) = snapshot.engine() else { return Ok(()) };
    match identity(snapshot, engine, text.map(redact::daemon_json)) {
        Some(record) => put(state, &record),
        None => Ok(()),
    }
}

/// The text that the process provably started with.
fn proved(snapshot: &Snapshot, engine: &Engine) -> Option<Option<String>> {
    let started = engine.pid_file.known()?.ctime_ns;
    match &engine.config_file.fact {
        Fact::Known(file) => (file.stat.ctime_ns <= started).then(|| Some(file.text.clone())),
        // A file that is missing now may have been there then: `settings` looks at the folder's times.
        Fact::Absent => settings(snapshot).get("icc").at_start.known().map(|_| None),
        Fact::Unknown { .. } => None,
    }
}

fn identity(snapshot: &Snapshot, engine: &Engine, config_text: Option<String>) -> Option<StartupRecord> {
    let process = engine.process.known()?;
    Some(StartupRecord {
        config_path: engine.config_path.known()?.clone(),
        config_text,
        pid: process.pid,
        start_ticks: *process.start_ticks.known()?,
        boot_id: snapshot.host.boot_id.known()?.clone(),
    })
}

fn same_process(a: &StartupRecord, b: &StartupRecord) -> bool {
    a.pid == b.pid && a.start_ticks == b.start_ticks && a.boot_id == b.boot_id && a.config_path == b.config_path
}

fn put(state: &StateDir, record: &StartupRecord) -> Result<(), Error> {
    let path = state.path().join(NAME);
    let uid = rustix::process::geteuid().as_raw();
    let gid = rustix::process::getegid().as_raw();
    file::write(Path::new(&path), facts::canonical_json(record).as_bytes(), &Attributes { uid, gid, ..Attributes::new(0o600) })
}
