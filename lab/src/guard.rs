//! A small process that cleans up after us when we are killed and can't do it ourselves.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};

/// Waits for the end of its input, which comes when this process is gone, however it ended. Then it kills the qemu of the
/// folder, if there still is one, and removes the folders.
const SCRIPT: &str = r#"
trap '' INT HUP TERM QUIT
cat >/dev/null
pid=$(cat "$1/qemu.pid" 2>/dev/null)
# The number may have gone to another process since: only a qemu that names our folder is ours.
if [ -n "$pid" ] && tr '\0' '\n' <"/proc/$pid/cmdline" 2>/dev/null | grep -qF -- "$1/"; then kill -9 "$pid"; fi
rm -rf -- "$1" "$2"
"#;

/// Removes a machine's folders and its qemu at the latest when this process ends.
#[derive(Debug)]
pub(crate) struct Guard {
    child: Child,
}

impl Guard {
    pub(crate) fn new(folder: &Path, sockets: &Path) -> Result<Self> {
        let child = Command::new("setsid")
            .args(["sh", "-c", SCRIPT, "lab-guard"])
            .arg(folder)
            .arg(sockets)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot start the lab's guard process")?;
        Ok(Self { child })
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // Closing its input is the sign to clean up.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}
