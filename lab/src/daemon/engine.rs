//! Which dockerd a lab daemon runs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::cache::{Cache, key};
use crate::{Progress, exec};

const MODULE: &str = include_str!("../../engines/docker-29/go.mod");
const SUMS: &str = include_str!("../../engines/docker-29/go.sum");
/// What the module calls itself when Docker builds it.
const VERSION: &str = "29.7.2";
const TO_BUILD: Duration = Duration::from_secs(1800);

/// A dockerd. Each runs with Debian's containerd and runc.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Deserialize)]
pub enum Engine {
    /// Docker 20.10, Debian's package docker.io.
    #[default]
    #[serde(rename = "docker-20")]
    Docker20,
    /// Docker 29, built once from the public Go module (`lab/engines/docker-29`): some minutes, needs Go 1.26.
    #[serde(rename = "docker-29")]
    Docker29,
}

/// Where an engine's programs are, and what it needs to run here.
pub(super) struct Programs {
    /// The folder of `dockerd`, and of the `docker-proxy` that fits it.
    pub(super) folder: PathBuf,
    /// Flags without which it doesn't work with Debian's runc.
    pub(super) flags: &'static [&'static str],
}

impl Engine {
    /// The word for it in files and messages.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Docker20 => "docker-20",
            Self::Docker29 => "docker-29",
        }
    }

    /// All of them, oldest first.
    pub const ALL: [Self; 2] = [Self::Docker20, Self::Docker29];

    pub(super) fn programs(self, progress: Progress<'_>) -> Result<Programs> {
        match self {
            Self::Docker20 => Ok(Programs { folder: "/usr/sbin".into(), flags: &[] }),
            // runc 1.1 knows no time namespaces, which this engine asks for.
            Self::Docker29 => Ok(Programs { folder: docker_29(progress)?, flags: &["--feature=time-namespaces=false"] }),
        }
    }
}

/// The folder of the built engine.
fn docker_29(progress: Progress<'_>) -> Result<PathBuf> {
    let name = format!("docker-29-{}", key(&[MODULE, SUMS, VERSION]));
    Cache::open()?.entry(&name, progress, |draft| {
        progress("building Docker 29 from its Go module (once, some minutes)");
        build(draft)
    })
}

fn build(draft: &Path) -> Result<()> {
    let source = tempfile::tempdir()?;
    fs::write(source.path().join("go.mod"), MODULE)?;
    fs::write(source.path().join("go.sum"), SUMS)?;
    let mut go = Command::new("go");
    go.current_dir(source.path()).env("CGO_ENABLED", "0").env("GOFLAGS", "-mod=readonly").env("GOWORK", "off");
    go.args(["build", "-trimpath", "-ldflags", &format!("-s -w -X github.com/moby/moby/v2/dockerversion.Version={VERSION}"), "-o"]);
    go.arg(format!("{}/", draft.display()));
    go.args(["github.com/moby/moby/v2/cmd/dockerd", "github.com/moby/moby/v2/cmd/docker-proxy"]);
    let output = exec::run(&mut go, None, TO_BUILD).context("the lab's Docker 29 needs Go 1.26 in PATH")?;
    if !output.ok() {
        bail!("go build ended with {}: {}", output.code, output.stderr.trim_end());
    }
    Ok(())
}
