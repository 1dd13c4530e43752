//! `cargo xtask test`: the README's test command and the gate.

use std::io::Seek;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};

use crate::docs;
use crate::process::{binary, cargo, root, run as start};

/// One stage: its name and what it does.
type Stage = (&'static str, fn() -> Result<()>);

const QUICK: &[Stage] = &[
    ("format", || start(cargo().args(["fmt", "--all", "--check"]))),
    ("lints", || start(cargo().args(["clippy", "--quiet", "--workspace", "--all-targets", "--all-features", "--", "--deny", "warnings"]))),
    ("generated files", || docs::run(true)),
    ("unit, property and snapshot tests", || start(cargo().args(["test", "--quiet", "--workspace"]))),
];

/// What the machine gets for the rest, before two lanes would ask for it at once.
const PACKAGES: &[Stage] =
    &[("Debian packages of the tests", || lab::need_packages(&[lab::packages(), vec!["strace", "g++"]].concat(), &say))];

/// Two lanes that run side by side: a daemon waits more than it works, and an emulated host takes one processor at most.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Lane {
    /// Parsers, and engines on the machine itself
    Engines,
    /// Virtual machines
    Hosts,
}

const ENGINES: &[Stage] = &[
    ("release build", || binary().map(drop)),
    ("the lab's own daemon", || lab_test("daemon_lifecycle", &[])),
    ("commands that look start and write nothing", || lab_test("contained", &[])),
    ("the writer on a real daemon", || real("cofferdam-harden", "real_daemon", &[])),
    ("an engine over TCP, in the clear and with TLS", || lab_test("endpoints", &[])),
    ("daemon.json as a real daemon reads it", || real("cofferdam-harden", "real_config", &[])),
    ("a daemon of our own: kill at every journal boundary", || lab_test("daemon", &[])),
    ("a daemon of our own: what volumes bring along", || lab_test("volumes", &[])),
    ("cases: every verdict right, on both engines and on a host", || lab_test("cases", &[])),
    ("fuzz targets, five seconds each", || crate::fuzz::run(None, 5, 2)),
];

const HOSTS: &[Stage] = &[
    ("the worlds: hosts from Debian packages, where the cache has none", || crate::lab_command::build()),
    ("real hosts: verdicts, five stories, reboot", || lab_test("hosts", &[])),
    ("real hosts: three power cuts", || lab_test("power", &[("COFFERDAM_CUTS", "3")])),
];

const LONG: &[Stage] = &[
    ("the lab's own hosts", || lab_test("vm_lifecycle", &[])),
    ("real hosts: what each verdict shows, by the command that it names", || lab_test("reproduce", &[])),
    ("thirty power cuts", || lab_test("power", &[("COFFERDAM_CUTS", "30")])),
    ("fuzz targets, ten minutes each", || crate::fuzz::run(None, 600, 2)),
    ("the whole demo", || crate::demo::run(None)),
];

/// Runs the stages in order; the first failure ends the run.
pub(crate) fn run_stages(stages: &[&[Stage]]) -> Result<()> {
    let began = Instant::now();
    let mut done = Vec::new();
    for (name, stage) in stages.iter().copied().flatten() {
        say(&format!("== {name}"));
        let start = Instant::now();
        stage()?;
        say(&format!("== {name}: {} s", start.elapsed().as_secs()));
        done.push((name, start.elapsed().as_secs()));
    }
    say("== all passed");
    for (name, seconds) in done {
        say(&format!("{seconds:>6} s  {name}"));
    }
    say(&format!("{:>6} s  together", began.elapsed().as_secs()));
    Ok(())
}

/// `cargo xtask test`.
pub(crate) fn run(long: bool, quick: bool, lane: Option<Lane>) -> Result<()> {
    match lane {
        Some(Lane::Engines) => return run_stages(&[ENGINES]),
        Some(Lane::Hosts) => return run_stages(&[HOSTS]),
        None => {}
    }
    run_stages(&[QUICK])?;
    if quick {
        return Ok(());
    }
    run_stages(&[PACKAGES])?;
    lanes()?;
    if long { run_stages(&[LONG]) } else { Ok(()) }
}

/// Runs both lanes. What the second one says is kept until the first one has ended.
fn lanes() -> Result<()> {
    let lane = |name: &str| -> Result<Command> {
        let mut command = Command::new(std::env::current_exe().context("which program is this?")?);
        command.args(["test", "--lane", name]).current_dir(root());
        Ok(command)
    };
    say("== two lanes: engines on this machine and, shown afterwards, virtual machines");
    let kept = tempfile::tempfile().context("a file for what the lane of the hosts says")?;
    let mut hosts = lane("hosts")?;
    let mut hosts =
        hosts.stdin(Stdio::null()).stdout(kept.try_clone()?).stderr(kept.try_clone()?).spawn().context("the lane of the hosts")?;
    let engines = start(&mut lane("engines")?);
    let ended = hosts.wait().context("the lane of the hosts")?;
    let mut kept = kept;
    kept.rewind()?;
    std::io::copy(&mut kept, &mut std::io::stderr())?;
    engines?;
    ensure!(ended.success(), "the lane of the hosts failed: {ended}");
    Ok(())
}

/// A test of the lab: see [`real`].
fn lab_test(test: &str, variables: &[(&str, &str)]) -> Result<()> {
    real("cofferdam-lab", test, variables)
}

/// Tests that need real engines: one at a time, since each has the machine to itself.
fn real(package: &str, test: &str, variables: &[(&str, &str)]) -> Result<()> {
    let mut command = cargo();
    command.args(["test", "--quiet", "--package", package, "--features", "real", "--test", test]);
    command.args(["--", "--nocapture", "--test-threads=1"]);
    command.env("COFFERDAM_BIN", binary()?);
    command.envs(variables.iter().copied());
    start(&mut command)
}

fn say(text: &str) {
    use std::io::Write;
    // Nobody may be listening; that is no reason to stop.
    let _ = writeln!(std::io::stderr(), "{text}");
}
