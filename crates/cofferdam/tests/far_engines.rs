//! Engines of other hosts, as a user meets them: over ssh, with a program `ssh` that is this test itself under another name.
//!
//! Without the usual harness, since a process that is called `ssh` must be one.

#![allow(clippy::unwrap_used, clippy::exit, clippy::print_stdout, clippy::print_stderr, reason = "a test, and a fake program")]

#[path = "../../collect/tests/common/mod.rs"]
mod common;

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use common::{FakeEngine, Reply, usual};
use serde_json::Value;

fn main() {
    let called = std::env::args_os().next().unwrap_or_default();
    if Path::new(&called).file_name().is_some_and(|name| name == "ssh") {
        fake_ssh();
    }
    let tests: &[(&str, fn())] = &[
        ("assess_over_ssh", assess_over_ssh),
        ("where_the_address_comes_from", where_the_address_comes_from),
        ("ssh_that_fails", ssh_that_fails),
        ("hostile_addresses", hostile_addresses),
        ("nothing_of_this_host_is_judged", nothing_of_this_host_is_judged),
        ("podman_is_judged_by_its_objects_alone", podman_is_judged_by_its_objects_alone),
    ];
    for (name, test) in tests {
        eprintln!("test {name} ...");
        test();
    }
}

/// Notes its arguments, then does as the test wants.
fn fake_ssh() -> ! {
    let setting = |name: &str| std::env::var(name).unwrap();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let line = format!("{}\n", serde_json::json!({"pid": std::process::id(), "arguments": arguments}));
    std::fs::OpenOptions::new().append(true).create(true).open(setting("FAKE_SSH_LOG")).unwrap().write_all(line.as_bytes()).unwrap();
    match setting("FAKE_SSH_MODE").as_str() {
        "denied" => {
            eprintln!("Welcome\r\n\u{1b}[31mme@far: Permission denied (publickey).\u{7}\r");
            std::process::exit(255);
        }
        "no docker" => {
            eprintln!("sh: 1: docker: not found");
            std::process::exit(127);
        }
        "hang" => loop {
            std::thread::sleep(Duration::from_secs(60));
        },
        "garbage" => {
            println!("Last login: today");
            std::process::exit(0);
        }
        "noisy" => {
            // More than a pipe holds: whoever does not read it stands still.
            eprintln!("{}", "x".repeat(1 << 20));
            serve(&setting("FAKE_SSH_SOCKET"))
        }
        _ => serve(&setting("FAKE_SSH_SOCKET")),
    }
}

/// As `docker system dial-stdio`: the engine's socket on stdin and stdout.
fn serve(socket: &str) -> ! {
    let engine = UnixStream::connect(socket).unwrap();
    let mut to = engine.try_clone().unwrap();
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut std::io::stdin(), &mut to);
        let _ = to.shutdown(Shutdown::Write);
    });
    let mut from = engine;
    let mut buffer = [0; 8192];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        if std::io::stdout().write_all(&buffer[..read]).and_then(|()| std::io::stdout().flush()).is_err() {
            break;
        }
    }
    std::process::exit(0);
}

struct Far {
    folder: tempfile::TempDir,
    engine: FakeEngine,
}

impl Far {
    fn new() -> Self {
        Self::with(|path| match path {
            "/containers/json?all=1" => Reply::Json(r#"[{"Id":"abc"},{"Id":"def"}]"#.to_owned()),
            path if path.starts_with("/containers/") => Reply::Json(common::container(&path[12..15])),
            path => usual(path).unwrap_or(Reply::Status(404)),
        })
    }

    fn with(answer: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("bin")).unwrap();
        std::os::unix::fs::symlink(std::env::current_exe().unwrap(), folder.path().join("bin/ssh")).unwrap();
        Self { folder, engine: FakeEngine::new(answer) }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, mode: &str, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cofferdam"));
        command.args(words).env_clear().env("HOME", self.folder.path()).env("PATH", self.path("bin"));
        command.env("FAKE_SSH_LOG", self.path("log")).env("FAKE_SSH_MODE", mode).env("FAKE_SSH_SOCKET", self.engine.path("docker.sock"));
        command
    }

    fn cofferdam(&self, mode: &str, words: &[&str]) -> Output {
        self.command(mode, words).output().unwrap()
    }

    /// The calls of ssh so far, each with what it was given. None of them is still there.
    fn calls(&self) -> Vec<Vec<String>> {
        let text = std::fs::read_to_string(self.path("log")).unwrap_or_default();
        let calls: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        for call in &calls {
            let name = std::fs::read_to_string(format!("/proc/{}/comm", call["pid"])).unwrap_or_default();
            assert_ne!(name.trim(), "ssh", "a program is left over");
        }
        calls.iter().map(|call| serde_json::from_value(call["arguments"].clone()).unwrap()).collect()
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn snapshot(output: &Output) -> Value {
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn assess_over_ssh() {
    let far = Far::new();
    for mode in ["serve", "noisy"] {
        let snapshot = snapshot(&far.cofferdam(mode, &["snapshot", "--host", "ssh://me@far:2222/run/user/1000/docker.sock"]));
        let engine = &snapshot["docker"]["known"];
        assert_eq!(engine["endpoint"], "ssh://me@far:2222/run/user/1000/docker.sock");
        assert_eq!(engine["local"], false);
        assert_eq!(engine["containers"]["fact"]["known"].as_array().unwrap().len(), 2);
        let why = snapshot["host"]["kernel"]["unknown"]["why"].as_str().unwrap();
        assert!(why.contains("another machine"), "{why}");
    }
    let calls = far.calls();
    assert!((2..=8).contains(&calls.len()), "few logins: {}", calls.len());
    for call in calls {
        let words = ["-oConnectTimeout=10", "-oBatchMode=yes", "-T", "-l", "me", "-p", "2222", "--", "far"];
        assert_eq!(call[..9], words);
        assert_eq!(call[9..], ["docker --host=unix:///run/user/1000/docker.sock system dial-stdio"]);
    }
    let output = far.cofferdam("serve", &["assess", "--host", "ssh://far"]);
    assert!(output.status.success() && text(&output.stdout).contains("another machine"), "{output:?}");
}

fn where_the_address_comes_from() {
    let far = Far::new();
    let by_variable = far.command("serve", &["snapshot"]).env("DOCKER_HOST", "ssh://by-variable").output().unwrap();
    assert_eq!(snapshot(&by_variable)["docker"]["known"]["endpoint"], "ssh://by-variable");
    // `printf %s far | sha256sum`: where the docker client keeps the context of that name.
    let meta = far.path(".docker/contexts/meta/512eea46ceb3921dff4363c7069d89d4964d1d9fccaa0f411851a7aa60a5c868");
    std::fs::create_dir_all(&meta).unwrap();
    std::fs::write(meta.join("meta.json"), r#"{"Name":"far","Endpoints":{"docker":{"Host":"ssh://by-context"}}}"#).unwrap();
    for (words, variable) in [(&["snapshot", "--context", "far"][..], ""), (&["snapshot"], "far")] {
        let output = far.command("serve", words).env("DOCKER_CONTEXT", variable).output().unwrap();
        assert_eq!(snapshot(&output)["docker"]["known"]["endpoint"], "ssh://by-context");
    }
    std::fs::write(far.path(".docker/config.json"), r#"{"currentContext":"far"}"#).unwrap();
    assert_eq!(snapshot(&far.cofferdam("serve", &["snapshot"]))["docker"]["known"]["endpoint"], "ssh://by-context");
    let both = far.cofferdam("serve", &["snapshot", "--context", "far", "-H", "ssh://x"]);
    assert_eq!(both.status.code(), Some(2));
    assert!(text(&both.stderr).contains("both --host and --context"), "{both:?}");
}

fn ssh_that_fails() {
    let far = Far::new();
    for (mode, words) in [
        ("denied", &["ssh says: ", "me@far: Permission denied (publickey).", "ssh -o BatchMode=yes far docker version"][..]),
        ("no docker", &["docker: not found"]),
        ("garbage", &["not a Docker engine"]),
        ("hang", &["does not answer", "10000 ms"]),
    ] {
        let begun = Instant::now();
        let output = far.cofferdam(mode, &["assess", "--host", "ssh://me@far"]);
        assert!(begun.elapsed() < Duration::from_secs(20), "{mode} took {:?}", begun.elapsed());
        let error = text(&output.stderr);
        assert!(output.status.code() == Some(2) && output.stdout.is_empty(), "{mode}: {output:?}");
        assert!(words.iter().all(|word| error.contains(word)) && error.contains("hint: "), "{mode}: {error}");
        assert!(!error.contains(['\u{1b}', '\u{7}', '\r']), "{mode}: {error:?}");
        assert_eq!(far.calls().len(), 1, "{mode}: nothing is tried again");
        std::fs::remove_file(far.path("log")).unwrap();
    }
    let none = far.command("serve", &["assess", "--host", "ssh://far"]).env("PATH", far.folder.path()).output().unwrap();
    assert!(none.status.code() == Some(2) && text(&none.stderr).contains("ssh cannot be started"), "{none:?}");
}

fn hostile_addresses() {
    let far = Far::new();
    for address in [
        "ssh://-oProxyCommand=touch",
        "ssh://-oProxyCommand=x@far",
        "ssh://far;reboot",
        "ssh://$(reboot)",
        "ssh://a b",
        "ssh://me:secret@far",
    ] {
        let output = far.cofferdam("serve", &["assess", "--host", address]);
        assert!(output.status.code() == Some(2) && text(&output.stderr).contains("hint: "), "{address}: {output:?}");
        assert!(!text(&output.stderr).contains("secret"), "{output:?}");
    }
    assert!(far.calls().is_empty(), "ssh is not even started");
    // What a shell over there could read as more than a path is one word.
    let output = far.cofferdam("serve", &["snapshot", "--host", "ssh://far/run/$(reboot);'x"]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(far.calls()[0].last().unwrap(), r"docker '--host=unix:///run/$(reboot);'\''x' system dial-stdio");
}

/// Verdicts by check.
fn verdicts(output: &Output) -> Vec<(String, String)> {
    assert!(output.status.success(), "{output:?}");
    let run: Value = serde_json::from_slice(&output.stdout).unwrap();
    let word = |row: &Value, member: &str| row[member].as_str().unwrap().to_owned();
    run["controls"].as_array().unwrap().iter().map(|row| (word(row, "check"), word(row, "verdict"))).collect()
}

const SAYS_NOTHING: [&str; 3] = ["unknown", "manual", "not-applicable"];

fn nothing_of_this_host_is_judged() {
    let far = Far::new();
    let rows = verdicts(&far.cofferdam("serve", &["bench", "docker", "--format", "json", "--host", "ssh://far"]));
    let of_the_host = |check: &str| check.starts_with("docker.files.") || check.starts_with("docker.host.");
    let judged: Vec<_> = rows.iter().filter(|(check, verdict)| of_the_host(check) && !SAYS_NOTHING.contains(&verdict.as_str())).collect();
    // The engine itself says its version.
    assert!(judged.iter().all(|(check, _)| check == "docker.host.engine-up-to-date"), "{judged:?}");
    assert!(rows.iter().any(|(check, verdict)| check == "docker.container.no-privileged" && verdict == "pass"), "{rows:?}");
}

fn podman_is_judged_by_its_objects_alone() {
    let podman = Far::with(|path| match path {
        "/version" => {
            Reply::Json(r#"{"Version":"4.3.1","ApiVersion":"1.41","Components":[{"Name":"Podman Engine","Version":"4.3.1"}]}"#.to_owned())
        }
        "/debug/vars" => Reply::Status(404),
        "/containers/json?all=1" => Reply::Json(r#"[{"Id":"abc"}]"#.to_owned()),
        "/containers/abc/json" => Reply::Json(common::container("abc")),
        path => usual(path).unwrap_or(Reply::Status(404)),
    });
    let host = podman.engine.endpoint.to_string();
    let output = podman.cofferdam("serve", &["bench", "docker", "--format", "json", "--host", &host]);
    assert!(text(&output.stderr).contains("note: this engine is Podman"), "{output:?}");
    let rows = verdicts(&output);
    let told: Vec<_> =
        rows.iter().filter(|(_, verdict)| !SAYS_NOTHING.contains(&verdict.as_str())).map(|(check, _)| check.as_str()).collect();
    let presumes = |check: &&&str| {
        !check.starts_with("docker.container.") && !check.starts_with("docker.images.") && !check.starts_with("docker.operations.")
    };
    assert_eq!(told.iter().filter(presumes).collect::<Vec<_>>(), Vec::<&&str>::new());
    assert!(told.contains(&"docker.container.no-privileged"), "{told:?}");
    for default in
        ["caps-minimal", "seccomp-enabled", "pids-limit", "no-new-privileges", "apparmor-profile", "no-default-bridge", "no-host-userns"]
    {
        assert!(!told.contains(&format!("docker.container.{default}").as_str()), "{default}");
    }
}
