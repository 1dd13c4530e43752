//! Resumes a world, runs a command line in it and leaves: `cargo run -p cofferdam-lab --example resume -- weak 'docker ps'`.

use std::time::Instant;

use anyhow::{Context, Result};
use lab::{Lab, World};

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for people")]
fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().context("which world?")?;
    let world = World::ALL.into_iter().find(|world| world.name() == name).context("no such world")?;
    let line = arguments.next().unwrap_or_else(|| "docker ps -a".to_owned());

    let began = Instant::now();
    let lab = Lab::open(&|line| eprintln!("{line}"))?;
    lab.prepare(world)?;
    eprintln!("prepared: {:.1} s", began.elapsed().as_secs_f64());
    let began = Instant::now();
    let vm = lab.resume(world)?;
    eprintln!("resumed: {:.1} s", began.elapsed().as_secs_f64());
    let began = Instant::now();
    println!("{}", vm.ssh(&line)?.success()?);
    eprintln!("answered: {:.1} s", began.elapsed().as_secs_f64());
    Ok(())
}
