//! The folder with our journals: root's alone, since it holds the old bytes of files.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::FlockOperation;

use crate::error::Error;
use crate::system::file;

/// STATE, checked.
#[derive(Clone, Debug)]
pub(crate) struct StateDir {
    path: PathBuf,
}

/// Held while something is changed; released when dropped, or when the process dies.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl StateDir {
    /// The folder, made if it is not there. Refused where someone else could have put something into it.
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        if !path.exists() && path.symlink_metadata().is_err() {
            for folder in file::missing_directories(path) {
                file::make_directory(&folder)?;
            }
            match std::fs::DirBuilder::new().mode(0o700).create(path) {
                Ok(()) => {}
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(Error::io("make the state directory", path, error)),
            }
        }
        Self::existing(path)
    }

    /// The folder as it is; none is made.
    pub(crate) fn existing(path: &Path) -> Result<Self, Error> {
        let own = rustix::process::geteuid().as_raw();
        let stat = path.symlink_metadata().map_err(|error| Error::io("look at the state directory", path, error))?;
        if !stat.is_dir() {
            return Err(Error::State(format!("the state directory {} is a link or no directory", path.display())));
        }
        if stat.uid() != own || stat.mode() & 0o077 != 0 {
            return Err(Error::State(format!(
                "the state directory {} belongs to user {} with mode {:04o}: it holds old file contents and must be yours alone\nhint: chown root and chmod 700 it",
                path.display(),
                stat.uid(),
                stat.mode() & 0o7777
            )));
        }
        // Whoever may rename things above it could swap it.
        for folder in path.ancestors().skip(1).filter(|folder| !folder.as_os_str().is_empty()) {
            let stat = folder.metadata().map_err(|error| Error::io("look at", folder, error))?;
            let open = stat.mode() & 0o022 != 0 && stat.mode() & 0o1000 == 0;
            if open || (stat.uid() != 0 && stat.uid() != own) {
                return Err(Error::State(format!(
                    "{} can be changed by others, so the state directory below it is not safe",
                    folder.display()
                )));
            }
        }
        Ok(Self { path: path.to_path_buf() })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Takes the lock, or says who holds it.
    pub(crate) fn lock(&self) -> Result<Lock, Error> {
        let path = self.path.join("lock");
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(|error| Error::io("open", &path, error))?;
        if let Err(error) = rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            if error != rustix::io::Errno::WOULDBLOCK {
                return Err(Error::io("lock", &path, error));
            }
            let mut holder = String::new();
            let _ = file.read_to_string(&mut holder);
            return Err(Error::State(format!(
                "another cofferdam is changing this host (process {}, lock {})\nhint: wait for it to end",
                holder.trim(),
                path.display()
            )));
        }
        let written = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
        written.map_err(|error| Error::io("write", &path, error))?;
        Ok(Lock { _file: file })
    }

    /// The folders of all runs, oldest first.
    pub(crate) fn runs(&self) -> Result<Vec<String>, Error> {
        let folder = self.path.join("runs");
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(Error::io("list", &folder, error)),
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|error| Error::io("list", &folder, error))?;
            if let Ok(name) = entry.file_name().into_string()
                && number(&name).is_some()
            {
                names.push(name);
            }
        }
        names.sort_by_key(|name| number(name));
        Ok(names)
    }

    /// A new run's folder, on disk. Numbers give the order: clocks go back.
    pub(crate) fn new_run(&self, now: &str) -> Result<(String, PathBuf), Error> {
        let folder = self.path.join("runs");
        if !folder.exists() {
            private_directory(&folder)?;
            sync(&self.path)?;
        }
        let next = self.runs()?.last().and_then(|name| number(name)).unwrap_or(0) + 1;
        let stamp: String = now.chars().filter(char::is_ascii_alphanumeric).collect();
        let name = format!("{next:04}-{stamp}");
        let path = folder.join(&name);
        private_directory(&path)?;
        sync(&folder)?;
        Ok((name, path))
    }

    /// The folder of a run that was named by its id, its number, or `last`.
    pub(crate) fn find_run(&self, wanted: &str) -> Result<(String, PathBuf), Error> {
        let runs = self.runs()?;
        let found = match wanted {
            "last" => runs.last(),
            _ => runs.iter().find(|name| *name == wanted || (number(name).is_some() && number(name) == wanted.parse().ok())),
        };
        match found {
            Some(name) => Ok((name.clone(), self.path.join("runs").join(name))),
            None => Err(Error::State(format!(
                "there is no run `{wanted}` in {}\nhint: cofferdam harden status lists them",
                self.path.display()
            ))),
        }
    }
}

fn number(name: &str) -> Option<u64> {
    let (number, stamp) = name.split_once('-')?;
    (number.bytes().all(|byte| byte.is_ascii_digit()) && !stamp.is_empty()).then(|| number.parse().ok()).flatten()
}

fn private_directory(path: &Path) -> Result<(), Error> {
    std::fs::DirBuilder::new().mode(0o700).create(path).map_err(|error| Error::io("make the directory", path, error))
}

/// Puts a folder's entries on disk.
pub(crate) fn sync(path: &Path) -> Result<(), Error> {
    File::open(path).and_then(|folder| folder.sync_all()).map_err(|error| Error::io("sync", path, error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn order_lock_and_rights() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        let state = StateDir::open(&path).unwrap();
        let (first, _) = state.new_run("2026-11-21T10:15:00Z").unwrap();
        let (second, _) = state.new_run("2020-01-01T00:00:00Z").unwrap();
        assert_eq!(first, "0001-20261121T101500Z");
        assert_eq!(state.runs().unwrap(), [first.clone(), second.clone()]);
        assert_eq!(state.find_run("last").unwrap().0, second);
        assert_eq!(state.find_run("1").unwrap().0, first);
        assert!(state.find_run("7").is_err());
        let held = state.lock().unwrap();
        assert!(state.lock().unwrap_err().to_string().contains(&format!("process {}", std::process::id())));
        drop(held);
        state.lock().unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        assert!(StateDir::open(&path).is_err());
        std::os::unix::fs::symlink(&path, folder.path().join("link")).unwrap();
        assert!(StateDir::open(&folder.path().join("link")).is_err());
    }
}
