//! `cargo xtask bench docker`: what cofferdam costs beside a bare listing and inspection of the same objects, and beside other tools.
//!
//! All of it in one run and in turns, so that a busy machine slows everybody; the least of several runs is what the code costs. It says
//! nothing of absolute time and fails only where a process is started that should not be.

mod engine;
mod measure;
mod table;
mod world;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use clap::{Args, Subcommand};
use serde::Serialize;

use crate::process;
use measure::{Measured, Started};
use world::World;

/// Milliseconds that `assess` may take beside 1.3 times the bare listing (design.md, section 9).
const ALLOWED_MS: f64 = 30.0;
const ALLOWED_TIMES: f64 = 1.3;
/// Megabytes that it may take at 1,000 containers.
const ALLOWED_MB: f64 = 60.0;

#[derive(Subcommand)]
pub(crate) enum Bench {
    /// A Docker host with no, 10 and 100 running containers, and one with 1,000 that are only created
    Docker(Docker),
    /// (internal) Runs one command and writes what it took to stdout
    #[command(hide = true)]
    Measure {
        /// The command
        #[arg(trailing_var_arg = true, required = true)]
        command: Vec<String>,
    },
}

#[derive(Args)]
pub(crate) struct Docker {
    /// Another tool to time on the same daemon, as NAME=COMMAND; a shell runs it with DOCKER_HOST set; may be repeated
    #[arg(long, value_name = "NAME=COMMAND", value_parser = peer)]
    peer: Vec<(String, String)>,
    /// Runs of each command
    #[arg(long, default_value_t = 9, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// Runs of each other tool
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    peer_runs: u32,
    /// Only these worlds, by number of containers
    #[arg(long, value_delimiter = ',', default_values_t = [0, 10, 100, 1000])]
    sizes: Vec<usize>,
    /// Where the figures go as JSON
    #[arg(long, value_name = "FILE", default_value = "out/bench-docker.json")]
    output: PathBuf,
}

fn peer(word: &str) -> Result<(String, String), String> {
    match word.split_once('=') {
        Some((name, command)) if !name.trim().is_empty() && !command.trim().is_empty() => Ok((name.to_owned(), command.to_owned())),
        _ => Err("not NAME=COMMAND".to_owned()),
    }
}

/// All that was measured.
#[derive(Serialize)]
struct Report {
    schema: &'static str,
    commit: String,
    kernel: String,
    processors: usize,
    engine: String,
    worlds: Vec<WorldReport>,
}

#[derive(Serialize)]
struct WorldReport {
    world: String,
    /// Requests that the bare listing made: one an object and one a list.
    requests: usize,
    tools: Vec<Tool>,
    /// What `assess` may take by design.md, section 9, in milliseconds: 30 and 1.3 times the bare listing's least.
    limit_ms: f64,
}

#[derive(Serialize)]
struct Tool {
    name: String,
    command: String,
    runs: Vec<Measured>,
    /// Programs and processes, counted in a run of their own. `None`: not a program, or strace is not installed.
    started: Option<Started>,
}

pub(crate) fn run(bench: Bench) -> Result<()> {
    match bench {
        Bench::Docker(docker) => run_docker(&docker),
        Bench::Measure { command } => measure::child(&command),
    }
}

fn run_docker(options: &Docker) -> Result<()> {
    let binary = process::binary()?;
    let folder = tempfile::Builder::new().prefix("lab-").tempdir_in("/tmp")?;
    let mut worlds = Vec::new();
    let mut engine = String::new();
    for size in &options.sizes {
        let place = folder.path().join(size.to_string());
        std::fs::create_dir(&place)?;
        let world = World::make(&place, *size)?;
        engine = world.engine_version()?;
        let report = bench(&world, &binary, options).with_context(|| world.name())?;
        say(&table::of(&report));
        worlds.push(report);
    }
    let report = Report {
        schema: "cofferdam/bench-docker/1",
        commit: process::read(std::process::Command::new("git").args(["describe", "--always", "--dirty"]).current_dir(process::root()))?
            .trim()
            .to_owned(),
        kernel: std::fs::read_to_string("/proc/sys/kernel/osrelease")?.trim().to_owned(),
        processors: std::thread::available_parallelism()?.get(),
        engine,
        worlds,
    };
    if let Some(folder) = options.output.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(&options.output, serde_json::to_string_pretty(&report)? + "\n")?;
    say(&format!("written to {}", options.output.display()));
    for tool in report.worlds.iter().flat_map(|world| &world.tools).filter(|tool| tool.name.starts_with("cofferdam")) {
        ensure!(tool.runs.iter().all(|run| run.exit == Some(0)), "`{}` failed", tool.command);
        ensure!(
            tool.started.as_ref().is_none_or(|started| started.processes == 0 && started.programs == 1),
            "`{}` started something",
            tool.command
        );
    }
    Ok(())
}

fn bench(world: &World, binary: &Path, options: &Docker) -> Result<WorldReport> {
    let own = |name: &str, words: &[&str]| {
        let command: Vec<String> =
            std::iter::once(binary.display().to_string()).chain(words.iter().map(|word| (*word).to_owned())).collect();
        (name.to_owned(), command, options.runs)
    };
    let others = options.peer.iter().map(|(name, line)| (name.clone(), ["sh", "-c", line].map(str::to_owned).to_vec(), options.peer_runs));
    let commands: Vec<_> =
        [own("cofferdam assess", &["assess"]), own("cofferdam bench", &["bench", "docker"])].into_iter().chain(others).collect();

    // The daemon's caches are as warm for the first as for the last.
    let mut requests = engine::listing(&world.socket())?;
    let mut bare = Vec::new();
    let mut runs: Vec<Vec<Measured>> = commands.iter().map(|_| Vec::new()).collect();
    for round in 0..options.runs.max(options.peer_runs) {
        if round < options.runs {
            let (count, measured) = measure::here(|| engine::listing(&world.socket()))?;
            requests = count;
            bare.push(measured);
        }
        for ((_, command, wanted), runs) in commands.iter().zip(&mut runs) {
            if round < *wanted {
                runs.push(measure::process(command, &world.host())?);
            }
        }
    }
    let limit_ms = ALLOWED_MS + ALLOWED_TIMES * measure::least(&bare);
    let mut tools = vec![Tool {
        name: "bare listing".to_owned(),
        command: "(8 connections, inside this program)".to_owned(),
        runs: bare,
        started: None,
    }];
    for ((name, command, _), runs) in commands.into_iter().zip(runs) {
        let started = measure::started(&command, &world.host())?;
        tools.push(Tool { name, command: command.join(" "), runs, started });
    }
    Ok(WorldReport { world: world.name(), requests, tools, limit_ms })
}

fn say(text: &str) {
    use std::io::Write;
    // Nobody may be listening; that is no reason to stop.
    let _ = writeln!(std::io::stdout(), "{text}");
}
