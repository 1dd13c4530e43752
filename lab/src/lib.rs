//! Real hosts to test on: virtual machines with systemd, cgroup v2, AppArmor and auditd, and Docker daemons of their own on this machine.
//!
//! ```no_run
//! use lab::{Lab, World};
//!
//! # fn main() -> anyhow::Result<()> {
//! let lab = Lab::open(&|line| eprintln!("{line}"))?;
//! let vm = lab.resume(World::Weak)?;
//! println!("{}", vm.ssh("docker ps")?.success()?);
//! # Ok(())
//! # }
//! ```
//!
//! It knows how hosts are made, started and put back. It does not know what cofferdam looks for in them.

mod cache;
mod case;
mod daemon;

mod debian;
mod exec;
mod guard;
mod image;
mod machine;
mod monitor;
mod open;
mod output;

mod qemu;
mod ssh;
mod vm;
mod wait;
mod world;

pub use case::{Case, CaseElsewhere, State, cases_elsewhere, states};
pub use daemon::{Daemon, DaemonOptions, Engine};
pub use debian::{need as need_packages, packages};
pub use open::Lab;
pub use output::Output;
pub use vm::{Reboot, Vm, VmOptions};
pub use world::World;

/// Where the steps of something long are told; the library itself prints nothing.
pub type Progress<'p> = &'p dyn Fn(&str);
