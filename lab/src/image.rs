//! The disk that every lab host starts from: Debian with Docker, built once from packages.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, bail};

use crate::cache::{Cache, key};
use crate::{Progress, exec};

const RECIPE: &str = include_str!("../image/build.sh");
const PACKAGES: &str = include_str!("../image/packages.txt");
const RELEASE: &str = "bookworm";

/// A finished base image in the cache.
#[derive(Debug, Clone)]
pub(crate) struct Image {
    folder: PathBuf,
}

impl Image {
    /// Finds the image of this recipe, or builds it (about a minute).
    pub(crate) fn get(cache: &Cache, progress: Progress<'_>) -> Result<Self> {
        let name = format!("base-{}", key(&[RECIPE, PACKAGES, RELEASE]));
        let folder = cache.entry(&name, progress, |draft| build(draft, progress))?;
        Ok(Self { folder })
    }

    /// The entry's name in the cache: a change of anything in the image changes it.
    pub(crate) fn name(&self) -> &str {
        self.folder.file_name().and_then(|name| name.to_str()).unwrap_or_default()
    }

    pub(crate) fn kernel(&self) -> PathBuf {
        self.folder.join("vmlinuz")
    }

    pub(crate) fn initrd(&self) -> PathBuf {
        self.folder.join("initrd")
    }

    pub(crate) fn ssh_key(&self) -> PathBuf {
        self.folder.join("ssh_key")
    }
}

fn build(draft: &Path, progress: Progress<'_>) -> Result<()> {
    progress("building the base image of the lab (once, about a minute)");
    // Own namespaces that end with this thread: whoever kills us leaves neither mounts of the host's /dev nor a builder behind.
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]);
    command.args(["bash", "-c", RECIPE, "build.sh"]).arg(draft).arg(RELEASE).args(PACKAGES.split_whitespace());
    let output = exec::run_with(&mut command, None, Duration::from_secs(1800), Some(progress))?;
    if !output.ok() {
        bail!("build.sh ended with {}: {}", output.code, output.stderr.trim_end());
    }
    Ok(())
}
