//! Rehearsal: the daemon's own binary is started with the candidate configuration beside the running daemon, where it can touch
//! nothing of the host, and is asked what it made of it.
//!
//! Only dockerd knows what dockerd refuses: unknown log options, missing profiles, flags that clash with keys (hardening.md 1.2).
//! A configuration that dockerd refuses is never applied. One that could not be rehearsed (no right to make namespaces, no answer in
//! time) is applied only when the operator says so (`--no-rehearsal`): a daemon that does not come up again is put back by `apply`
//! itself, but with an outage. What a rehearsal cannot show: user namespaces, swarm, real storage, the log level, and no-new-privileges before 24.0.

mod candidate;
mod child;
mod spec;

pub use child::rehearse_child;

use std::fs::OpenOptions;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use facts::Snapshot;
use serde::Serialize;
use serde_json::Value;

use crate::error::Error;
use crate::plan::{DaemonChange, Plan};
use crate::system::engine::Engine;
use crate::system::{file, process};
use spec::Spec;

/// Folders of rehearsals in the state directory.
const PREFIX: &str = "rehearsal-";

/// 15 s were measured under emulation.
const PATIENCE: Duration = Duration::from_secs(60);

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rehearsal {
    /// The plan does not touch the daemon's configuration.
    NotNeeded,
    /// A daemon started with it and shows what it should.
    Accepted {
        /// How long it took.
        milliseconds: u64,
        /// What it showed: `live-restore true`.
        shown: Vec<String>,
    },
    /// dockerd itself refused it.
    Refused {
        /// Its own words, without secrets.
        line: String,
    },
    /// A daemon started with it and shows something else.
    Differs {
        /// What, in words.
        differences: Vec<String>,
    },
    /// It could not be held.
    NotHeld {
        /// Why.
        why: String,
    },
}

/// Longer than any rehearsal: what is older was left by a run that was killed.
const STALE: Duration = Duration::from_secs(15 * 60);

/// Removes the folders of rehearsals whose process was killed. Nothing of them runs: they die with their parent.
pub(crate) fn sweep(state: &Path) {
    let Ok(entries) = std::fs::read_dir(state) else { return };
    for entry in entries.flatten() {
        let is_ours = entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX));
        let age = entry.metadata().and_then(|stat| stat.modified()).ok().and_then(|time| time.elapsed().ok());
        if is_ours && age.is_some_and(|age| age > STALE) {
            // Waste, not harm: the next sweep tries again.
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

/// Rehearses the daemon step of a plan.
pub(crate) async fn rehearse(plan: &Plan, snapshot: &Snapshot, state: &Path, program: &Path) -> Rehearsal {
    let Some(change) = plan.daemon() else { return Rehearsal::NotNeeded };
    let folder = match tempfile::Builder::new().prefix(PREFIX).rand_bytes(4).tempdir_in(state) {
        Ok(folder) => folder,
        Err(error) => return not_held(format!("no folder for it in {}: {error}", state.display())),
    };
    let outcome = hold(change, snapshot, folder.path(), program).await;
    // The daemon's layers and sockets go with the folder; nothing is mounted in this mount namespace.
    if let Err(error) = folder.close() {
        return match outcome {
            Ok(Rehearsal::Accepted { .. }) => not_held(format!("its folder could not be removed: {error}")),
            other => other.unwrap_or_else(|error| not_held(error.to_string())),
        };
    }
    outcome.unwrap_or_else(|error| not_held(error.to_string()))
}

fn not_held(why: String) -> Rehearsal {
    Rehearsal::NotHeld { why }
}

async fn hold(change: &DaemonChange, snapshot: &Snapshot, folder: &Path, program: &Path) -> Result<Rehearsal, Error> {
    let begun = Instant::now();
    let spec = match prepare(change, snapshot, folder)? {
        Ok(spec) => spec,
        Err(why) => return Ok(not_held(why)),
    };
    let socket = folder.join("s");
    // sun_path of unix(7) holds 108 bytes.
    if socket.as_os_str().len() > 100 {
        return Ok(not_held(format!("the path {} is too long for a socket", socket.display())));
    }
    spec.save(folder)?;
    let log = folder.join("log");
    let mut child = spawn(program, folder, &log)?;
    let engine = Engine::at(&format!("unix://{}", socket.display()))?;
    let ended = loop {
        match child.try_wait() {
            Ok(Some(_)) => break true,
            Ok(None) if socket.exists() && engine.answers().await => break false,
            Ok(None) if begun.elapsed() > PATIENCE => {
                end(&mut child, folder).await;
                return Ok(not_held(format!("the rehearsing daemon did not answer within {} s", PATIENCE.as_secs())));
            }
            Ok(None) => tokio::time::sleep(Duration::from_millis(50)).await,
            Err(error) => {
                end(&mut child, folder).await;
                return Ok(not_held(format!("cannot wait for the rehearsing daemon: {error}")));
            }
        }
    };
    if ended {
        return Ok(match Spec::failure(folder) {
            Some(why) => not_held(why),
            None => Rehearsal::Refused { line: last_words(&log) },
        });
    }
    let compared = compare(&engine, change).await;
    end(&mut child, folder).await;
    let (shown, differences) = compared?;
    if !differences.is_empty() {
        return Ok(Rehearsal::Differs { differences });
    }
    let milliseconds = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(Rehearsal::Accepted { milliseconds, shown })
}

/// The candidate and the command line; or why there can be none.
fn prepare(change: &DaemonChange, snapshot: &Snapshot, folder: &Path) -> Result<Result<Spec, String>, Error> {
    let Some(daemon) = snapshot.engine().and_then(|engine| engine.process.known()) else {
        return Ok(Err("the daemon's process was not found".to_owned()));
    };
    let Some(exe) = daemon.exe.known() else {
        return Ok(Err(format!("the daemon's binary is not known: {}", daemon.exe.why().unwrap_or("it has none"))));
    };
    if daemon.start_ticks.known() != process::start_ticks(daemon.pid).as_ref() {
        return Ok(Err("the daemon was restarted meanwhile".to_owned()));
    }
    let content = file::read(Path::new(&change.write_path))?;
    let text = content.map(|content| String::from_utf8_lossy(&content.bytes).into_owned());
    let candidate = match candidate::candidate(text.as_deref(), &change.edits) {
        Ok(candidate) => candidate,
        Err(why) => return Ok(Err(format!("{}: {why}", change.write_path))),
    };
    for name in ["root", "exec", "tmp"] {
        let path = folder.join(name);
        std::fs::DirBuilder::new().mode(0o700).create(&path).map_err(|error| Error::io("make", &path, error))?;
    }
    let path = folder.join("candidate.json");
    let mut options = OpenOptions::new();
    let written = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)
        .and_then(|mut file| std::io::Write::write_all(&mut file, candidate.as_bytes()));
    written.map_err(|error| Error::io("write", &path, error))?;
    let arguments = candidate::arguments(&process::command_line(daemon.pid)?, folder);
    Ok(Ok(Spec { exe: exe.clone(), arguments, path: process::search_path(daemon.pid) }))
}

fn spawn(program: &Path, folder: &Path, log: &Path) -> Result<Child, Error> {
    let output = OpenOptions::new().create(true).append(true).mode(0o600).open(log).map_err(|error| Error::io("create", log, error))?;
    let errors = output.try_clone().map_err(|error| Error::io("create", log, error))?;
    Command::new(program)
        .arg("__rehearse")
        .arg(folder)
        .env_clear()
        .stdin(Stdio::null())
        .stdout(output)
        .stderr(errors)
        .spawn()
        .map_err(|error| Error::io("run", program, error))
}

/// Ends the rehearsing daemon with everything that it started: it is the first process of a process namespace of its own, so the kernel
/// ends the rest with it, and our child is done when nothing is left.
async fn end(child: &mut Child, folder: &Path) {
    if let Some(pid) = Spec::first_process(folder) {
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
    }
    for _ in 0..100 {
        if !matches!(child.try_wait(), Ok(None)) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // Its own end takes the namespace along (PR_SET_PDEATHSIG).
    let _ = child.kill();
    let _ = child.wait();
}

/// What the rehearsing daemon shows of the keys, and where that differs from what is wanted.
async fn compare(engine: &Engine, change: &DaemonChange) -> Result<(Vec<String>, Vec<String>), Error> {
    let info = engine.info().await?;
    let (mut shown, mut differences) = (Vec::new(), Vec::new());
    for edit in change.edits.iter().chain(&change.pending) {
        let found = match edit.key.as_str() {
            "live-restore" => info.live_restore,
            "debug" => info.debug,
            "icc" => engine.bridge_icc().await?,
            "userland-proxy" => info.userland_proxy,
            // Absent in engines before 24.0, where it proves nothing.
            "no-new-privileges" if info.no_new_privileges => Some(true),
            _ => None,
        };
        match (found, &edit.value) {
            (None, _) => {}
            (Some(found), Value::Bool(wanted)) if found == *wanted => shown.push(format!("{} {found}", edit.key)),
            (Some(found), wanted) => differences.push(format!("`{}` is {found}, not {wanted}", edit.key)),
        }
    }
    Ok((shown, differences))
}

/// The line with which dockerd gave up.
fn last_words(log: &Path) -> String {
    let text = std::fs::read(log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let says =
        |line: &&str| line.contains("level=fatal") || line.contains("failed to start daemon") || line.contains("unable to configure");
    let line = text.lines().rev().find(says).or_else(|| text.lines().rev().find(|line| !line.trim().is_empty()));
    crate::text::one_line(line.unwrap_or("it ended without a word"))
}
