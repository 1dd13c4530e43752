//! The cases of `lab/cases` on real engines: each state is brought about, and every verdict is as it must be.
//!
//! `COFFERDAM_CASES=api,swarm` looks at these files only.
#![cfg(feature = "real")]

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use lab::{Daemon, DaemonOptions, Engine, Lab, State, Vm, World, states};
use serde_json::Value;

/// Certificates for loopback, good for a day.
const TLS: &str = r#"
mkdir -p "$FOLDER/tls"; cd "$FOLDER/tls"
openssl req -x509 -newkey rsa:2048 -nodes -days 1 -keyout ca.key -out ca.pem -subj /CN=lab-ca 2>/dev/null
openssl req -newkey rsa:2048 -nodes -keyout server.key -out server.csr -subj /CN=localhost 2>/dev/null
printf 'subjectAltName=IP:127.0.0.1,IP:::1,DNS:localhost' >ext
openssl x509 -req -days 1 -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -extfile ext -out server.pem 2>/dev/null
"#;

/// `/etc` as the daemon and its tools see it from now on: a copy that a state may change.
const OWN_ETC: &str = "cp -a /etc \"$FOLDER/etc-own\" && mount --bind \"$FOLDER/etc-own\" /etc";

/// Where the tested binary is: `cargo xtask test` builds it and says so.
fn binary() -> std::path::PathBuf {
    std::env::var_os("COFFERDAM_BIN").expect("COFFERDAM_BIN names the binary under test; run `cargo xtask test`").into()
}

#[expect(clippy::print_stderr, reason = "a long test says where it is")]
fn say(text: &str) {
    eprintln!("{text}");
}

fn chosen() -> Result<Vec<(&'static str, State)>> {
    let files = std::env::var("COFFERDAM_CASES").unwrap_or_default();
    let wanted: Vec<&str> = files.split(',').filter(|name| !name.is_empty()).collect();
    Ok(states()?.into_iter().filter(|(file, _)| wanted.is_empty() || wanted.contains(file)).collect())
}

/// Every expectation that the assessment does not meet.
fn wrong(state: &State, assessment: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    for case in &state.cases {
        for (question, right) in &case.expect {
            let (check, subject) = question.split_once('@').map_or((question.as_str(), None), |(check, name)| (check, Some(name)));
            let result = &assessment["results"][check];
            let judged = match subject {
                None => result,
                Some(name) => {
                    let subjects = result["subjects"].as_array().into_iter().flatten();
                    subjects.into_iter().find(|one| one["name"] == name).unwrap_or(&Value::Null)
                }
            };
            if judged["verdict"] != right.as_str() {
                let said =
                    if judged.is_null() { "nothing is said".to_owned() } else { format!("{} {}", judged["verdict"], reason(judged)) };
                wrong.push(format!("{}: {question} must be {right}: {said}", case.id));
            }
        }
    }
    wrong
}

fn reason(judged: &Value) -> String {
    match judged["reason"].as_str() {
        Some(reason) => format!("({reason})"),
        None => format!("({})", judged["subjects"][0]["reason"]),
    }
}

fn shell(command: &mut Command, script: &str) -> Result<()> {
    let output = command.args(["-ec", script]).output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

/// The state on a lab daemon of that engine.
fn on_daemon(state: &State, engine: Engine) -> Result<Value> {
    let folder = tempfile::Builder::new().prefix("case-").tempdir_in("/tmp")?;
    let here = |text: &str| text.replace("@FOLDER@", &folder.path().display().to_string());
    if state.tls {
        shell(Command::new("sh").env("FOLDER", folder.path()), TLS).context("openssl")?;
    }
    shell(Command::new("sh").env("FOLDER", folder.path()), &state.before).context("before")?;
    let mut options = DaemonOptions::config(here(state.config.as_deref().unwrap_or("{}"))).engine(engine);
    for flag in &state.flags {
        options = options.flag(here(flag));
    }
    let daemon = Daemon::start(folder.path(), &options, &say)?;
    let image = daemon.import_busybox_image()?;
    let mut prepare = daemon.inside("env");
    prepare.arg(format!("DOCKER_HOST={}", daemon.host())).arg(format!("DOCKER_CONFIG={}/client", folder.path().display()));
    prepare.arg(format!("FOLDER={}", folder.path().display())).arg(format!("CONFIG={}", daemon.config().display()));
    prepare.arg(format!("IMAGE={image}")).arg("sh");
    shell(&mut prepare, &format!("{OWN_ETC}\n{}", state.prepare)).context("prepare")?;
    let mut look = daemon.inside(binary());
    look.args(["assess", "--format", "json", "--host", &daemon.host(), "--state"]).arg(folder.path().join("state"));
    let output = look.output()?;
    answer(&output.stdout, &String::from_utf8_lossy(&output.stderr))
}

fn answer(stdout: &[u8], stderr: &str) -> Result<Value> {
    serde_json::from_slice(stdout).with_context(|| format!("cofferdam's answer is no JSON; it said: {stderr}"))
}

/// The state on a lab host, which is put back first.
fn on_host(host: &mut Vm, state: &State) -> Result<Value> {
    host.reset()?;
    host.push(binary(), "/usr/local/bin/cofferdam")?;
    host.ssh(&format!("set -e\n{}", state.prepare))?.success().context("prepare")?;
    let output = host.ssh(&format!("{} cofferdam assess --format json", state.through))?;
    answer(output.stdout.as_bytes(), &output.stderr)
}

#[test]
fn every_case_is_judged_rightly_on_every_engine() -> Result<()> {
    let mut failures = Vec::new();
    let mut count = 0;
    for (file, state) in chosen()?.iter().filter(|(_, state)| state.world.is_none()) {
        for &engine in &state.engines {
            let place = format!("{} {file}: {}", engine.word(), state.state);
            say(&place);
            count += state.cases.len();
            match on_daemon(state, engine) {
                Ok(assessment) => failures.extend(wrong(state, &assessment).iter().map(|line| format!("{place}\n    {line}"))),
                Err(error) => failures.push(format!("{place}\n    {error:#}")),
            }
        }
    }
    finish(count, &failures)
}

#[test]
fn every_case_is_judged_rightly_on_a_host() -> Result<()> {
    let mut failures = Vec::new();
    let mut count = 0;
    let lab = Lab::open(&say)?;
    for world in World::ALL {
        let states: Vec<_> = chosen()?.into_iter().filter(|(_, state)| state.world == Some(world)).collect();
        if states.is_empty() {
            continue;
        }
        let mut host = lab.resume(world)?;
        for (file, state) in &states {
            let place = format!("{world} {file}: {}", state.state);
            say(&place);
            count += state.cases.len();
            match on_host(&mut host, state) {
                Ok(assessment) => failures.extend(wrong(state, &assessment).iter().map(|line| format!("{place}\n    {line}"))),
                Err(error) => failures.push(format!("{place}\n    {error:#}")),
            }
        }
    }
    finish(count, &failures)
}

fn finish(count: usize, failures: &[String]) -> Result<()> {
    ensure!(count > 0, "no case was looked at");
    if !failures.is_empty() {
        bail!("{} of {count} cases:\n{}", failures.len(), failures.join("\n"));
    }
    say(&format!("{count} cases"));
    Ok(())
}

/// A daemon that is away: nothing is judged.
#[test]
fn an_absent_engine_gives_no_verdict() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let socket = folder.path().join("nobody.sock");
    for arguments in [["bench", "docker"].as_slice(), &["assess"], &["bench", "--format", "json"]] {
        let output = Command::new(binary()).args(arguments).arg("--host").arg(format!("unix://{}", socket.display())).output()?;
        ensure!(output.status.code() == Some(2) && output.stdout.is_empty(), "{arguments:?}: {output:?}");
    }
    ensure!(!Path::new(&socket).exists());
    Ok(())
}
