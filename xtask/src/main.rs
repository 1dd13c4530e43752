//! Tasks of the project: `cargo xtask test`, `demo`, `fuzz`, `lab`, `bench`, `docs`, `dist`.

mod bench;
mod demo;
mod dist;
mod docs;
mod fuzz;
mod lab_command;
mod process;
mod record;
mod test;

use std::io::Write;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Tasks of the project", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Everything that must hold before a change lands: format, lints, generated files, tests, real hosts
    Test {
        /// Also what is too long for every run: thirty power cuts and the whole demo; figures go to docs/measured.md
        #[arg(long)]
        long: bool,
        /// Only what needs no real engine and no virtual machine
        #[arg(long, conflicts_with = "long")]
        quick: bool,
        /// (internal) One of the two lanes that run side by side
        #[arg(long, hide = true, value_enum)]
        lane: Option<test::Lane>,
    },
    /// The main job on a real host, weak on purpose: assess, advise, harden, verify, report, roll back
    Demo {
        /// Folder for the reports; default: a new one below out/
        #[arg(long, value_name = "DIR")]
        output: Option<std::path::PathBuf>,
    },
    /// Fuzz the parsers and editors: all targets, or one
    Fuzz {
        /// A target, one of fuzz/fuzz_targets; default: all
        target: Option<String>,
        /// How long each target runs
        #[arg(long, value_name = "N", default_value_t = 60)]
        seconds: u32,
        /// How many run at a time
        #[arg(long, value_name = "N", default_value_t = 2)]
        jobs: usize,
    },
    /// Real hosts to try things on
    #[command(subcommand)]
    Lab(lab_command::Lab),
    /// What it costs, beside a bare listing and beside other tools
    #[command(subcommand)]
    Bench(bench::Bench),
    /// Write the generated documents; with --check: fail if they differ
    Docs {
        /// Write nothing, fail on a difference
        #[arg(long)]
        check: bool,
    },
    /// The static binary, target/dist/cofferdam
    Dist,
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Its words alone: a backtrace through this program tells nobody anything.
            let _ = writeln!(std::io::stderr(), "error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    match Arguments::parse().task {
        Task::Test { long, quick, lane } => test::run(long, quick, lane),
        Task::Demo { output } => demo::run(output),
        Task::Fuzz { target, seconds, jobs } => fuzz::run(target.as_deref(), seconds, jobs),
        Task::Lab(command) => lab_command::run(command),
        Task::Bench(bench) => bench::run(bench),
        Task::Docs { check } => docs::run(check),
        Task::Dist => dist::run(),
    }
}
