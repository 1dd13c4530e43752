//! `cargo xtask test`: the README's test command and the gate.

use std::process::Command;
use std::time::Instant;

use anyhow::Result;

use crate::docs;
use crate::process::{binary, cargo, run as start};

/// One stage: its name and what it does.
type Stage = (&'static str, fn() -> Result<()>);

const QUICK: &[Stage] = &[
    ("format", || start(cargo().args(["fmt", "--all", "--check"]))),
    ("lints", || start(cargo().args(["clippy", "--quiet", "--workspace", "--all-targets", "--all-features", "--", "--deny", "warnings"]))),
    ("generated files", || docs::run(true)),
    ("unit, property and snapshot tests", || start(cargo().args(["test", "--quiet", "--workspace"]))),
];

const REAL: &[Stage] = &[
    ("Debian packages of the tests", packages),
    ("fuzz targets, five seconds each", || crate::fuzz::run(None, 5, 2)),
    ("release build", || binary().map(drop)),
    ("the lab's own daemon", || lab_test("daemon_lifecycle", &[])),
    ("cases: every verdict right, on both engines and on a host", || lab_test("cases", &[])),
    ("commands that look start and write nothing", || lab_test("contained", &[])),
    ("the writer on a real daemon", || real("cofferdam-harden", "real_daemon", &[])),
    ("an engine over TCP, in the clear and with TLS", || lab_test("endpoints", &[])),
    ("daemon.json as a real daemon reads it", || real("cofferdam-harden", "real_config", &[])),
    ("a daemon of our own: kill at every journal boundary", || lab_test("daemon", &[])),
    ("a daemon of our own: what volumes bring along", || lab_test("volumes", &[])),
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
pub(crate) fn run(long: bool, quick: bool) -> Result<()> {
    match (long, quick) {
        (_, true) => run_stages(&[QUICK]),
        (false, false) => run_stages(&[QUICK, REAL]),
        (true, false) => run_stages(&[QUICK, REAL, LONG]),
    }
}

/// The lab installs what it needs itself; the kill test needs strace beside it.
fn packages() -> Result<()> {
    if Command::new("strace").arg("-V").output().is_ok_and(|output| output.status.success()) {
        return Ok(());
    }
    start(Command::new("apt-get").args(["update", "-qq"]))?;
    start(Command::new("apt-get").args(["install", "-y", "-qq", "--no-install-recommends", "strace"]))
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
