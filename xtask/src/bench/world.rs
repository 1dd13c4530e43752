//! Daemons of the lab with so many containers.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result};
use lab::{Daemon, DaemonOptions};
use serde_json::{Value, json};

use super::engine::Connection;
use super::say;

/// More than this many are only created: a thousand real starts take too long for every run.
const MOST_RUNNING: usize = 100;

/// Containers that are made at a time.
const WIDTH: usize = 4;

/// A daemon with its containers.
pub(super) struct World {
    daemon: Daemon,
    containers: usize,
}

impl World {
    /// Starts a daemon in that folder and fills it.
    pub(super) fn make(folder: &Path, containers: usize) -> Result<Self> {
        let daemon = Daemon::start(folder, &DaemonOptions::default(), &say)?;
        let image = daemon.import_busybox_image()?;
        let world = Self { daemon, containers };
        say(&format!("making a host with {}", world.name()));
        let next = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..WIDTH).map(|_| scope.spawn(|| world.fill(&next, &image))).collect();
            workers.into_iter().try_for_each(|worker| worker.join().map_err(|_| anyhow::anyhow!("a worker panicked"))?)
        })?;
        Ok(world)
    }

    /// As different from each other as those of a real host, a little: ports are not published, since a proxy each would be what is measured.
    fn fill(&self, next: &AtomicUsize, image: &str) -> Result<()> {
        let mut engine = Connection::open(&self.daemon.socket())?;
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= self.containers {
                return Ok(());
            }
            let body = json!({
                "Image": image,
                "Env": [format!("INDEX={index}"), "A_TOKEN=planted-secret"],
                "Labels": {"com.docker.compose.project": format!("project{}", index % 7), "team": "lab"},
                "HostConfig": {
                    "Binds": ["/etc/hostname:/etc/lab-hostname:ro"],
                    "RestartPolicy": {"Name": if index.is_multiple_of(3) { "always" } else { "no" }},
                    "Memory": if index.is_multiple_of(2) { 64 << 20 } else { 0 },
                },
            });
            let made = engine.post(&format!("/containers/create?name=c{index}"), &body.to_string())?;
            let made: Value = serde_json::from_slice(&made)?;
            if self.containers <= MOST_RUNNING {
                let id = made["Id"].as_str().context("a container without an id")?;
                engine.post(&format!("/containers/{id}/start"), "")?;
            }
        }
    }

    pub(super) fn name(&self) -> String {
        match self.containers {
            0 => "no container".to_owned(),
            count if count <= MOST_RUNNING => format!("{count} running containers"),
            count => format!("{count} created containers"),
        }
    }

    pub(super) fn engine_version(&self) -> Result<String> {
        Ok(self.daemon.docker(["version", "--format", "{{.Server.Version}}"])?.success()?.trim().to_owned())
    }

    pub(super) fn socket(&self) -> PathBuf {
        self.daemon.socket()
    }

    pub(super) fn host(&self) -> String {
        self.daemon.host()
    }
}
