//! `cargo xtask fuzz`: builds the fuzz targets of `fuzz/` on the stable compiler and runs them for a bounded time.
//!
//! libFuzzer needs the compiler's coverage counters and nothing that only a nightly compiler has; the address sanitizer would, and finds
//! little where `unsafe` is forbidden. What is found is replayed for ever after by crates/cofferdam/tests/fuzz.rs, without libFuzzer.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::Mutex;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};

use crate::process::{cargo, read, root, run as start};

/// Counters for libFuzzer, as cargo-fuzz asks for them.
const COVERAGE: &[&str] = &[
    "--cfg",
    "fuzzing",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
];

/// Most bytes of one input: what parsers do with more is bounded by their own limits, and short inputs try more.
const LONGEST: usize = 8 << 10;

/// One input may take so many seconds, and so many MiB.
const PATIENCE: u32 = 10;
const MEMORY: u32 = 1024;

/// How a target's run went.
struct Outcome {
    target: String,
    status: ExitStatus,
    log: PathBuf,
    /// Inputs tried and edges reached, by libFuzzer's word.
    tried: String,
    edges: String,
}

/// Runs one target, or all of them, for `seconds` each, `jobs` at a time.
pub(crate) fn run(target: Option<&str>, seconds: u32, jobs: usize) -> Result<()> {
    ensure!(jobs > 0 && seconds > 0, "at least one second and one job");
    let all = targets()?;
    let chosen: Vec<String> = match target {
        Some(name) if all.iter().any(|known| known == name) => vec![name.to_owned()],
        Some(name) => bail!("there is no fuzz target `{name}`; there are {}", all.join(", ")),
        None => all,
    };
    // libFuzzer is C++.
    lab::need_packages(&["g++"], &say)?;
    let began = Instant::now();
    let program = build()?;
    say(&format!("{} targets, built in {} s; {seconds} s each, {jobs} at a time", chosen.len(), began.elapsed().as_secs()));
    let queue = Mutex::new(VecDeque::from(chosen));
    let outcomes = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| {
                loop {
                    let next = queue.lock().expect("no job panics while it holds the queue").pop_front();
                    let Some(target) = next else { return };
                    let outcome = fuzz(&target, seconds, &program);
                    outcomes.lock().expect("no job panics while it holds the results").push(outcome);
                }
            });
        }
    });
    let mut outcomes = outcomes.into_inner().expect("no job panicked").into_iter().collect::<Result<Vec<Outcome>>>()?;
    outcomes.sort_by(|a, b| a.target.cmp(&b.target));
    for one in &outcomes {
        let word = if one.status.success() { "ok" } else { "FAILED" };
        say(&format!("{:<18} {word:<7} {:>12} inputs {:>7} edges", one.target, one.tried, one.edges));
    }
    let failed: Vec<&Outcome> = outcomes.iter().filter(|one| !one.status.success()).collect();
    for one in &failed {
        say(&format!("\n== {} ({})", one.target, one.log.display()));
        let log = fs::read_to_string(&one.log).unwrap_or_default();
        let told: Vec<&str> = log.lines().filter(|line| !line.starts_with('#') && !line.starts_with("\tNEW")).collect();
        say(&told[told.len().saturating_sub(40)..].join("\n"));
        say(&format!("hint: fix it and keep the input that it names: cp INPUT fuzz/regressions/{}/WHAT-IT-WAS", one.target));
    }
    ensure!(failed.is_empty(), "{} of {} fuzz targets failed", failed.len(), outcomes.len());
    say(&format!("all {} targets: no crash, {} s together", outcomes.len(), began.elapsed().as_secs()));
    Ok(())
}

/// The names of the targets: each has a folder of seeds (crates/cofferdam/tests/fuzz.rs holds that none is left out).
fn targets() -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(root().join("fuzz/seeds")).context("cannot list fuzz/seeds")? {
        names.extend(entry?.file_name().into_string());
    }
    names.sort();
    Ok(names)
}

/// Builds the program of all targets.
fn build() -> Result<PathBuf> {
    let about = read(Command::new("rustc").arg("-vV"))?;
    let host = about.lines().find_map(|line| line.strip_prefix("host: ")).context("rustc does not name its host")?.to_owned();
    let target_dir = target_dir();
    same_versions()?;
    let mut command = cargo();
    command.args(["build", "--quiet", "--manifest-path", "fuzz/Cargo.toml"]);
    // With an explicit target the flags do not reach build scripts and procedural macros, which have no libFuzzer to report to.
    command.args(["--target", &host]).arg("--target-dir").arg(&target_dir);
    command.env("CARGO_ENCODED_RUSTFLAGS", COVERAGE.join("\u{1f}")).env_remove("RUSTFLAGS");
    start(&mut command)?;
    Ok(target_dir.join(host).join("debug/parsers"))
}

/// The fuzzers build the crates with the versions that the product has: their lock file begins as a copy of its own, and is not kept.
fn same_versions() -> Result<()> {
    let (own, copy) = (root().join("Cargo.lock"), root().join("fuzz/Cargo.lock"));
    let changed = |path: &Path| fs::metadata(path).and_then(|file| file.modified());
    if !copy.exists() || changed(&own)? > changed(&copy)? {
        fs::copy(&own, &copy).with_context(|| format!("cannot write {}", copy.display()))?;
    }
    Ok(())
}

/// Beside the ordinary build's folder, whose products it must not replace.
fn target_dir() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from).join("fuzz")
}

fn fuzz(target: &str, seconds: u32, program: &Path) -> Result<Outcome> {
    let work = target_dir().join("runs").join(target);
    let (corpus, found) = (work.join("corpus"), work.join("found"));
    for folder in [&corpus, &found] {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    let log = work.join("log");
    let file = fs::File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
    let mut prefix = OsString::from("-artifact_prefix=");
    prefix.push(&found);
    prefix.push("/");
    let mut command = Command::new(program);
    command.env("COFFERDAM_FUZZ_TARGET", target);
    command.arg(format!("-max_total_time={seconds}")).arg(format!("-max_len={LONGEST}"));
    command.arg(format!("-timeout={PATIENCE}")).arg(format!("-rss_limit_mb={MEMORY}"));
    command.args(["-print_final_stats=1", "-reload=0"]).arg(prefix);
    // New inputs go into the first folder; the others are read.
    command.arg(&corpus);
    for given in ["seeds", "regressions"] {
        let folder = root().join("fuzz").join(given).join(target);
        if folder.is_dir() {
            command.arg(folder);
        }
    }
    let status = command.stdout(file.try_clone()?).stderr(file).status().with_context(|| format!("cannot start {target}"))?;
    let text = fs::read_to_string(&log).unwrap_or_default();
    let tried = text.lines().find_map(|line| line.strip_prefix("stat::number_of_executed_units:")).unwrap_or("?").trim().to_owned();
    let words = text.lines().rev().find_map(|line| line.split_once("cov: ")).map_or("?", |(_, rest)| rest);
    let edges = words.split(' ').next().unwrap_or("?").to_owned();
    Ok(Outcome { target: target.to_owned(), status, log, tried, edges })
}

fn say(text: &str) {
    use std::io::Write;
    // Nobody may be listening; that is no reason to stop.
    let _ = writeln!(std::io::stderr(), "{text}");
}
