//! Measures resume, reset, copy and answer of each world: `cargo run -p cofferdam-lab --example measure`.

use std::fs;
use std::time::Instant;

use anyhow::Result;
use lab::{Lab, World};

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for people")]
fn main() -> Result<()> {
    let lab = Lab::open(&|line| eprintln!("{line}"))?;
    for world in World::ALL {
        let timed = |what: &str, began: Instant| println!("{world}: {what}: {:.1} s", began.elapsed().as_secs_f64());
        let began = Instant::now();
        lab.prepare(world)?;
        timed("prepare", began);
        let began = Instant::now();
        let mut vm = lab.resume(world)?;
        timed("resume", began);
        for what in ["first docker ps", "second docker ps"] {
            let began = Instant::now();
            vm.ssh("docker ps")?.success()?;
            timed(what, began);
        }
        let began = Instant::now();
        vm.ssh("true")?.success()?;
        timed("ssh true", began);
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("file");
        fs::write(&file, vec![7_u8; 30 << 20])?;
        let began = Instant::now();
        vm.push(&file, "/root/file")?;
        timed("push of 30 MiB", began);
        let began = Instant::now();
        vm.reset()?;
        timed("reset", began);
        let began = Instant::now();
        vm.ssh("systemctl restart docker")?.success()?;
        timed("systemctl restart docker", began);
        let _ = vm.reset();
        let began = Instant::now();
        let _ = vm.reboot()?;
        timed("reboot", began);
    }
    Ok(())
}
