//! What the parent tells the rehearsing child, in files of one folder.

use std::path::Path;

use rustix::process::Pid;
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// The program to start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Spec {
    /// The running daemon's own binary.
    pub(super) exe: String,
    /// Its arguments.
    pub(super) arguments: Vec<String>,
    /// PATH of the running daemon: where it finds runc, containerd and iptables.
    pub(super) path: String,
}

impl Spec {
    pub(super) fn save(&self, folder: &Path) -> Result<(), Error> {
        let path = folder.join("spec.json");
        let text = serde_json::to_string(self).map_err(|error| Error::State(error.to_string()))?;
        std::fs::write(&path, text).map_err(|error| Error::io("write", &path, error))
    }

    pub(super) fn load(folder: &Path) -> Result<Self, String> {
        let path = folder.join("spec.json");
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))
    }

    /// Why the child did not get as far as dockerd.
    pub(super) fn failure(folder: &Path) -> Option<String> {
        std::fs::read_to_string(folder.join("failed")).ok()
    }

    pub(super) fn save_failure(folder: &Path, why: &str) {
        // Without this file the parent takes the end for dockerd's own; the exit code still tells.
        let _ = std::fs::write(folder.join("failed"), why);
    }

    /// The first process of the namespace, as the parent numbers it.
    pub(super) fn first_process(folder: &Path) -> Option<Pid> {
        Pid::from_raw(std::fs::read_to_string(folder.join("first")).ok()?.trim().parse().ok()?)
    }

    pub(super) fn save_first_process(folder: &Path, pid: u32) -> Result<(), String> {
        std::fs::write(folder.join("first"), pid.to_string()).map_err(|error| error.to_string())
    }
}
