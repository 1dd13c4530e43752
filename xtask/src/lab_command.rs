//! `cargo xtask lab`: real hosts to try things on.

use std::io::{BufRead, Write};

use anyhow::{Result, bail};
use clap::Subcommand;
use lab::{Lab as Hosts, World};

use crate::process::binary;
use crate::record;

#[derive(Subcommand)]
pub(crate) enum Lab {
    /// Resume a host with cofferdam on it and run the lines of stdin there, until its end
    Up {
        /// weak or sound
        world: String,
    },
    /// Build every world now, so that later commands resume in seconds
    Build,
    /// Make the recordings of real hosts and engines in crates/collect/tests anew
    Record,
    /// Remove images that this version has no use for
    Prune,
}

/// Runs a lab command.
pub(crate) fn run(command: Lab) -> Result<()> {
    let lab = Hosts::open(&tell)?;
    match command {
        Lab::Up { world } => up(&lab, find(&world)?),
        Lab::Build => build_worlds(&lab),
        Lab::Record => record::run(&lab),
        Lab::Prune => {
            for path in lab.prune()? {
                tell(&format!("removed {}", path.display()));
            }
            Ok(())
        }
    }
}

/// Builds what the cache lacks.
pub(crate) fn build() -> Result<()> {
    build_worlds(&Hosts::open(&tell)?)
}

fn build_worlds(lab: &Hosts<'_>) -> Result<()> {
    World::ALL.into_iter().try_for_each(|world| lab.prepare(world))
}

fn find(name: &str) -> Result<World> {
    match World::ALL.into_iter().find(|world| world.name() == name) {
        Some(world) => Ok(world),
        None => bail!("no world is called {name}; there are: {}", World::ALL.map(World::name).join(", ")),
    }
}

/// A small shell: each line of stdin runs on the host. The host is gone with the last line.
fn up(lab: &Hosts<'_>, world: World) -> Result<()> {
    let vm = lab.resume(world)?;
    vm.push(binary()?, "/usr/local/bin/cofferdam")?;
    tell(&format!("the {world} host is up; try: cofferdam assess (end with Ctrl-D)"));
    let mut out = std::io::stdout();
    write!(out, "{world}# ")?;
    out.flush()?;
    for line in std::io::stdin().lock().lines() {
        let output = vm.ssh(&line?)?;
        out.write_all(output.stdout.as_bytes())?;
        std::io::stderr().write_all(output.stderr.as_bytes())?;
        write!(out, "{world}# ")?;
        out.flush()?;
    }
    Ok(())
}

/// Says on stderr what goes on.
pub(crate) fn tell(text: &str) {
    // Nobody may be listening; that is no reason to stop.
    let _ = writeln!(std::io::stderr(), "{text}");
}
