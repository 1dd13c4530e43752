//! The virtual hardware: everything of qemu's command line that a saved state depends on.

use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};

use crate::cache::key;
use crate::exec;

const QEMU: &str = "qemu-system-x86_64";
const KERNEL_LINE: &str = "root=/dev/vda rw console=ttyS0 quiet mitigations=off lsm=lockdown,capability,landlock,yama,apparmor,bpf";
const MEMORY: &str = "1024";

/// The one machine that all lab hosts are.
#[derive(Debug, Clone)]
pub(crate) struct Machine {
    kvm: bool,
    version: String,
}

impl Machine {
    /// Looks at what this computer can do.
    pub(crate) fn find() -> Result<Self> {
        let output = exec::run(Command::new(QEMU).arg("--version"), None, Duration::from_secs(20))?;
        let version = output.success()?.lines().next().context("qemu tells no version")?.to_owned();
        Ok(Self { kvm: kvm_works(), version })
    }

    /// Stands for all that must be equal between saving a state and loading it.
    pub(crate) fn fingerprint(&self) -> String {
        // A guest that knows this processor's features by heart can't wake up on another one.
        let processor = if self.kvm { std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default() } else { String::new() };
        let processor: String =
            processor.lines().filter(|line| line.starts_with("model name") || line.starts_with("flags")).take(2).collect();
        key(&[&self.arguments().join(" "), &self.version, &processor])
    }

    /// A command that has the hardware, without disk, boot files and connections.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(QEMU);
        command.args(self.arguments());
        command
    }

    fn arguments(&self) -> Vec<&'static str> {
        let mut arguments =
            if self.kvm { vec!["-accel", "kvm", "-cpu", "host"] } else { vec!["-accel", "tcg,thread=multi,tb-size=512", "-cpu", "max"] };
        arguments.extend(["-smp", "2", "-m", MEMORY, "-append", KERNEL_LINE, "-display", "none", "-nodefaults", "-no-user-config"]);
        arguments.extend(["-device", "virtio-net-pci,netdev=n", "-device", "virtio-rng-pci"]);
        arguments
    }
}

/// /dev/kvm is there on many machines that can't use it: only a machine that really starts proves it.
fn kvm_works() -> bool {
    let processor = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let virtual_flag = processor
        .lines()
        .find(|line| line.starts_with("flags"))
        .is_some_and(|line| line.split(' ').any(|flag| flag == "vmx" || flag == "svm"));
    if !virtual_flag || !std::path::Path::new("/dev/kvm").exists() {
        return false;
    }
    let mut probe = Command::new(QEMU);
    probe.args(["-accel", "kvm", "-cpu", "host", "-display", "none", "-nodefaults", "-S", "-qmp", "stdio"]).stdout(Stdio::null());
    let quit = b"{\"execute\":\"qmp_capabilities\"}{\"execute\":\"quit\"}";
    exec::run(&mut probe, Some(quit), Duration::from_secs(20)).is_ok_and(|output| output.ok())
}
