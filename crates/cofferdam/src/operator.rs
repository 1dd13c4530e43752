//! cofferdam.yaml: what only the operator can say.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;

/// Looked for when no file is named.
const DEFAULT: &str = "/etc/cofferdam.yaml";

/// The operator's settings.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Operator {
    /// How the daemon is restarted on a host without systemd.
    pub(crate) service: Option<harden::plan::ServiceCommands>,
}

impl Operator {
    /// Reads the named file, which must exist, or the default one, which may.
    pub(crate) fn load(named: Option<&Path>) -> Result<Self> {
        let path = named.map_or_else(|| PathBuf::from(DEFAULT), Path::to_path_buf);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
        };
        serde_saphyr::from_str(&text).with_context(|| format!("{} is not understood", path.display()))
    }
}
