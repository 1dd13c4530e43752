//! One run's folder: its plan, its journal, and the old bytes of files.

use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::state_dir::sync;
use super::{Before, Ledger, Op, OpState, Record, StateDir, record};
use crate::error::Error;
use crate::plan::Plan;
use crate::system::file;

/// A run's journal, open for writing.
#[derive(Debug)]
pub(crate) struct RunLog {
    /// Id of the run.
    pub(crate) id: String,
    folder: PathBuf,
    journal: File,
    /// What the records add up to so far.
    pub(crate) ledger: Ledger,
    blobs: usize,
}

/// An earlier run, taken up again.
pub(crate) enum Reopened {
    /// Its journal and its plan.
    Run(Box<(RunLog, Plan)>),
    /// It ended before its plan was on disk: nothing was changed.
    Empty(String),
}

impl RunLog {
    /// A new run: its folder with the plan, and an empty journal.
    pub(crate) fn create(state: &StateDir, plan: &Plan, now: &str) -> Result<Self, Error> {
        let (id, folder) = state.new_run(now)?;
        private_file(&folder.join("plan.json"), plan.to_json().as_bytes())?;
        let path = folder.join("journal.jsonl");
        let journal =
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path).map_err(|error| Error::io("create", &path, error))?;
        sync(&folder)?;
        Ok(Self { id, folder, journal, ledger: Ledger::default(), blobs: 0 })
    }

    /// An earlier run, to be taken up again: what a crash tore off is cut.
    pub(crate) fn reopen(state: &StateDir, wanted: &str) -> Result<Reopened, Error> {
        let (id, folder) = state.find_run(wanted)?;
        let (plan, records, good) = load(&folder)?;
        let Some(plan) = plan else { return Ok(Reopened::Empty(id)) };
        let path = folder.join("journal.jsonl");
        let mut journal = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(|error| Error::io("open", &path, error))?;
        let end = u64::try_from(good).unwrap_or(u64::MAX);
        journal.set_len(end).and_then(|()| journal.seek(SeekFrom::Start(end))).map_err(|error| Error::io("repair", &path, error))?;
        let ledger = Ledger::of(&records);
        let blobs = ledger.files.len();
        Ok(Reopened::Run(Box::new((Self { id, folder, journal, ledger, blobs }, plan))))
    }

    /// An earlier run, to look at; no plan: it ended before it began.
    pub(crate) fn read(state: &StateDir, id: &str) -> Result<(Option<Plan>, Ledger), Error> {
        let (_, folder) = state.find_run(id)?;
        let (plan, records, _) = load(&folder)?;
        Ok((plan, Ledger::of(&records)))
    }

    /// Where the output of service commands goes.
    pub(crate) fn service_log(&self) -> PathBuf {
        self.folder.join("service.log")
    }

    /// Appends a record; it is on disk when this returns.
    pub(crate) fn append(&mut self, record: &Record) -> Result<(), Error> {
        let path = self.folder.join("journal.jsonl");
        let mut line = serde_json::to_string(record).map_err(|error| Error::State(format!("cannot write {}: {error}", path.display())))?;
        line.push('\n');
        self.journal.write_all(line.as_bytes()).and_then(|()| self.journal.sync_all()).map_err(|error| Error::io("write", &path, error))?;
        self.ledger.add(record);
        Ok(())
    }

    /// Records that an action begins; its number.
    pub(crate) fn begin(&mut self, step: &str, op: &Op) -> Result<u64, Error> {
        let n = self.ledger.last_n + 1;
        self.append(&Record::Op { n, step: step.to_owned(), op: op.clone(), state: OpState::Doing, why: String::new() })?;
        Ok(n)
    }

    /// Records how an action ended.
    pub(crate) fn end(&mut self, n: u64, step: &str, op: &Op, failure: Option<&Error>) -> Result<(), Error> {
        let state = if failure.is_some() { OpState::Failed } else { OpState::Done };
        let why = failure.map(|error| error.to_string()).unwrap_or_default();
        self.append(&Record::Op { n, step: step.to_owned(), op: op.clone(), state, why })
    }

    /// Keeps a file as it is, before it is first touched by this run.
    pub(crate) fn keep_file(&mut self, step: &str, path: &Path) -> Result<(), Error> {
        if self.ledger.files.contains_key(path) {
            return Ok(());
        }
        let content = file::read(path)?;
        let (blob, attributes) = match content {
            Some(content) => {
                self.blobs += 1;
                let name = format!("before-{}", self.blobs);
                private_file(&self.folder.join(&name), &content.bytes)?;
                sync(&self.folder)?;
                (Some(name), Some(content.attributes))
            }
            None => (None, None),
        };
        let missing = file::missing_directories(path).iter().map(|folder| folder.display().to_string()).collect();
        let before = Before::File { path: path.display().to_string(), blob, attributes, missing };
        self.append(&Record::Before { step: step.to_owned(), before })
    }

    /// The old bytes of a file that was kept.
    pub(crate) fn kept_bytes(&self, blob: &str) -> Result<Vec<u8>, Error> {
        let path = self.folder.join(blob);
        file::read(&path)?
            .map(|content| content.bytes)
            .ok_or_else(|| Error::State(format!("{} is gone: the old bytes cannot be put back", path.display())))
    }
}

type Loaded = (Option<Plan>, Vec<Record>, usize);

fn load(folder: &Path) -> Result<Loaded, Error> {
    let read = |name: &str| match std::fs::read(folder.join(name)) {
        Ok(bytes) => Ok(bytes),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(Error::io("read", folder.join(name), error)),
    };
    let (records, good) = record::parse(&read("journal.jsonl")?)
        .map_err(|line| Error::State(format!("{}/journal.jsonl is damaged in line {line}", folder.display())))?;
    let text = String::from_utf8_lossy(&read("plan.json")?).into_owned();
    let plan = match Plan::from_json(&text) {
        Ok(plan) => Some(plan),
        // Nothing is done before the plan is on disk whole.
        Err(_) if records.is_empty() => None,
        Err(why) => return Err(Error::State(format!("{}/plan.json: {why}", folder.display()))),
    };
    Ok((plan, records, good))
}

fn private_file(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .map_err(|error| Error::io("create", path, error))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(|error| Error::io("write", path, error))
}
