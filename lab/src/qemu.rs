//! One running qemu process.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::json;

use crate::image::Image;
use crate::machine::Machine;
use crate::monitor::Monitor;
use crate::wait;

/// How the disk file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DiskCache {
    /// Quick; a killed qemu loses what a real disk would have kept.
    Unsafe,
    /// What the guest has flushed is in the file.
    WriteThrough,
}

/// What differs between one start and the next.
pub(crate) struct Start<'s> {
    pub(crate) disk: &'s Path,
    pub(crate) cache: DiskCache,
    /// A saved state of the disk to go on from; none is a cold boot.
    pub(crate) state: Option<&'s str>,
    /// Folder of serial.log and qemu.pid.
    pub(crate) folder: &'s Path,
    /// Folder of the sockets, with a short name: a socket's path has at most 107 bytes.
    pub(crate) sockets: &'s Path,
}

/// A qemu that is killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Qemu {
    child: Child,
    pub(crate) monitor: Monitor,
    serial: PathBuf,
}

impl Qemu {
    pub(crate) fn start(machine: &Machine, image: &Image, start: &Start<'_>) -> Result<Self> {
        let serial = start.folder.join("serial.log");
        let socket = start.sockets.join("qmp");
        let cache = match start.cache {
            DiskCache::Unsafe => "unsafe",
            DiskCache::WriteThrough => "writethrough",
        };
        let errors = start.folder.join("qemu.log");
        let mut command = machine.command();
        command
            .args(["-kernel"])
            .arg(image.kernel())
            .args(["-initrd"])
            .arg(image.initrd())
            .args(["-drive", &format!("file={},if=virtio,format=qcow2,cache={cache}", start.disk.display())])
            // Port 0: the kernel gives one that is free, no other process can take it in between.
            .args(["-netdev", "user,id=n,restrict=on,ipv6=off,hostfwd=tcp:127.0.0.1:0-:22"])
            .args(["-serial", &format!("file:{}", serial.display())])
            .args(["-qmp", &format!("unix:{},server=on,wait=off", socket.display())])
            .arg("-pidfile")
            .arg(start.folder.join("qemu.pid"))
            // A guest's reboot ends qemu; Vm::reboot starts it again. A reset of a resumed machine was seen to hang.
            .arg("-no-reboot");
        if let Some(state) = start.state {
            command.args(["-loadvm", state]);
        }
        let _ = fs::remove_file(&socket);
        let child =
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(File::create(&errors)?).spawn().context("cannot start qemu")?;
        let mut qemu = Self { child, monitor: Monitor::new(socket), serial };
        wait::until("qemu's monitor", Duration::from_secs(120), || {
            if !qemu.running()? {
                bail!("qemu ended at its start: {}", fs::read_to_string(&errors).unwrap_or_default().trim_end());
            }
            Ok(qemu.monitor.execute("query-status", &json!({})).ok())
        })?;
        Ok(qemu)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn running(&mut self) -> Result<bool> {
        Ok(self.child.try_wait()?.is_none())
    }

    /// The port on 127.0.0.1 that leads to the guest's `port`.
    pub(crate) fn forwarded(&self, port: u16) -> Result<u16> {
        let table = self.monitor.human("info usernet")?;
        // TCP[HOST_FORWARD]  11       127.0.0.1 44735       10.0.2.15    22     0     0
        table
            .lines()
            .map(|line| line.split_whitespace().collect::<Vec<_>>())
            .find(|words| words.len() >= 6 && words[0] == "TCP[HOST_FORWARD]" && words[5] == port.to_string())
            .and_then(|words| words[3].parse().ok())
            .with_context(|| format!("no forward to port {port} in qemu's table:\n{table}"))
    }

    /// SIGKILL, as a power cut does it.
    pub(crate) fn kill(&mut self) {
        // Kills by the handle of our own child, so never another process of the same number.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Waits for qemu to end by itself, as it does after the guest's shutdown.
    pub(crate) fn ended(&mut self, limit: Duration) -> Result<()> {
        wait::until("the end of qemu", limit, || Ok((!self.running()?).then_some(())))
    }

    /// Ends qemu in order, so that all of the disk file is written.
    pub(crate) fn quit(&mut self) -> Result<()> {
        // The answer may be lost with the process.
        let _ = self.monitor.execute("quit", &json!({}));
        self.ended(Duration::from_secs(60))
    }

    /// The last lines of the guest's console, for error messages.
    pub(crate) fn console(&self) -> String {
        let bytes = fs::read(&self.serial).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        let lines: Vec<&str> = text.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
        lines[lines.len().saturating_sub(15)..].join("\n")
    }
}

impl Drop for Qemu {
    fn drop(&mut self) {
        self.kill();
    }
}
