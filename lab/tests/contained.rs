//! What the commands that look ask of the kernel, seen by strace from outside, on a daemon of the lab: they start nothing and write nothing
//! but the files that they were told to write. And the walls cost no fact: with and without them the same is seen.
#![cfg(feature = "real")]

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, Result, ensure};
use lab::{Daemon, DaemonOptions};
use serde_json::Value;

/// What no command that looks may so much as try.
const NEVER: &[&str] = &[
    "fork",
    "vfork",
    "execveat",
    "creat",
    "rename",
    "renameat",
    "renameat2",
    "unlink",
    "unlinkat",
    "rmdir",
    "mkdir",
    "mkdirat",
    "mknod",
    "mknodat",
    "link",
    "linkat",
    "symlink",
    "symlinkat",
    "truncate",
    "chmod",
    "fchmod",
    "fchmodat",
    "fchmodat2",
    "chown",
    "fchown",
    "lchown",
    "fchownat",
    "utimensat",
    "setxattr",
    "lsetxattr",
    "fsetxattr",
    "fallocate",
    "copy_file_range",
    "sendfile",
    "splice",
    "mount",
    "umount2",
    "unshare",
    "setns",
    "ptrace",
    "kill",
    "tkill",
    "bpf",
    "io_uring_setup",
    "init_module",
    "finit_module",
    "memfd_create",
    "bind",
    "listen",
];

/// Where the tested binary is: `cargo xtask test` builds it and says so.
fn binary() -> PathBuf {
    std::env::var_os("COFFERDAM_BIN").expect("COFFERDAM_BIN names the binary under test; run `cargo xtask test`").into()
}

#[expect(clippy::print_stderr, reason = "a long test says where it is")]
fn say(text: &str) {
    eprintln!("{text}");
}

/// cofferdam below strace, with these options of it.
fn traced(strace: &[&str], log: &Path, words: &[&str], host: &str) -> Result<Output> {
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-s", "4096", "-o"]).arg(log).args(strace).arg(binary()).args(words);
    command.env("DOCKER_HOST", host).env("SOURCE_DATE_EPOCH", "1790000000").output().context("strace")
}

/// One call as strace wrote it: name and the rest of the line.
fn calls(log: &Path) -> Result<Vec<(String, String)>> {
    let text = String::from_utf8_lossy(&std::fs::read(log)?).into_owned();
    let call = |line: &str| {
        // 4711 openat(AT_FDCWD, "/x", O_RDONLY) = 3
        let (_, call) = line.split_once(' ')?;
        let (name, rest) = call.trim_start().split_once('(')?;
        name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_').then(|| (name.to_owned(), rest.to_owned()))
    };
    Ok(text.lines().filter_map(call).collect())
}

/// The first text among the arguments.
fn path_of(rest: &str) -> &str {
    rest.split('"').nth(1).unwrap_or_default()
}

/// libc reads this before it gives a thread's memory back, and keeps the memory where it gets no answer.
fn libc_asks(rest: &str) -> bool {
    path_of(rest) == "/proc/sys/vm/overcommit_memory"
}

/// Checks the calls of one run; `written`: the files that it was told to write.
fn only_looks(words: &[&str], calls: &[(String, String)], written: &[&Path]) -> Result<()> {
    let execs = calls.iter().filter(|(name, _)| name == "execve").count();
    ensure!(execs == 1, "{words:?}: {execs} programs started");
    for (name, rest) in calls {
        ensure!(!NEVER.contains(&name.as_str()), "{words:?}: {name}({rest}");
        let process = matches!(name.as_str(), "clone" | "clone3") && !rest.contains("CLONE_THREAD");
        ensure!(!process, "{words:?}: a process: {name}({rest}");
        // Not a single call was refused by our own filter: a fact would be missing, or a fallback would be tried.
        ensure!(libc_asks(rest) || !rest.contains("EPERM"), "{words:?}: refused: {name}({rest}");
    }
    let opens = || calls.iter().enumerate().filter(|(_, (name, _))| matches!(name.as_str(), "open" | "openat" | "openat2"));
    let for_writing =
        |rest: &str| ["O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC", "O_APPEND", "O_TMPFILE"].iter().any(|flag| rest.contains(flag));
    let filtered = calls.iter().position(|(name, rest)| name == "seccomp" && rest.contains("SECCOMP_FILTER_FLAG_TSYNC"));
    let filtered = filtered.with_context(|| format!("{words:?}: no filter"))?;
    let mut seen = BTreeSet::new();
    for (at, (_, rest)) in opens().filter(|(_, (_, rest))| for_writing(rest)) {
        let path = Path::new(path_of(rest));
        ensure!(written.contains(&path), "{words:?}: opened for writing: {rest}");
        ensure!(at < filtered, "{words:?}: opened late: {rest}");
        seen.insert(path.to_owned());
    }
    ensure!(seen.len() == written.len(), "{words:?}: wrote {seen:?}");
    let filters =
        calls.iter().filter(|(name, rest)| name == "seccomp" && rest.contains("SECCOMP_SET_MODE_FILTER") && rest.ends_with("= 0")).count();
    ensure!(filters >= 2, "{words:?}: {filters} filters");
    // After the last input nothing is opened any more.
    if let Some(sealed) = calls.iter().position(|(name, rest)| name == "landlock_restrict_self" && rest.ends_with("= 0")) {
        for (name, rest) in &calls[sealed..] {
            let opens = matches!(name.as_str(), "open" | "openat" | "socket" | "connect");
            ensure!(!opens || (libc_asks(rest) && rest.contains("EPERM")), "{words:?}: after the last input: {name}({rest}");
        }
    } else {
        // These two have no input but their own words.
        ensure!(["explain", "catalogue"].contains(&words[0]), "{words:?}: no Landlock");
    }
    Ok(())
}

#[test]
fn nothing_is_started_and_nothing_else_written() -> Result<()> {
    let folder = tempfile::Builder::new().prefix("lab-").tempdir_in("/tmp")?;
    let path = folder.path().canonicalize()?;
    let daemon = Daemon::start(&path, &DaemonOptions::default(), &say)?;
    let image = daemon.import_busybox_image()?;
    for words in
        [vec!["run", "-d", "--name", "web", "-p", "8080:8080", &image, "serve"], vec!["create", "--name", "parked", "--pid=host", &image]]
    {
        daemon.docker(words)?.success()?;
    }
    let host = daemon.host();
    let at = |name: &str| path.join(name);
    let (answer, saved, recording, snapshot, log) = (at("answer"), at("saved"), at("recording"), at("snapshot"), at("trace"));
    let word = |path: &Path| path.display().to_string();
    let (answer_, saved_, recording_, snapshot_) = (word(&answer), word(&saved), word(&recording), word(&snapshot));
    let runs: &[(&[&str], &[&Path])] = &[
        (&["assess", "--output", &answer_, "--save", &saved_, "--record", &recording_], &[&answer, &saved, &recording]),
        (&["assess", "--format", "json"], &[]),
        (&["bench", "docker", "--output", &answer_], &[&answer]),
        (&["bench", "docker", "--benchmark", "cis-docker-1.6.0", "--format", "json"], &[]),
        (&["snapshot", "--output", &snapshot_], &[&snapshot]),
        (&["snapshot"], &[]),
        (&["advise"], &[]),
        (&["diff", &saved_], &[]),
        (&["diff", &saved_, &snapshot_, "--output", &answer_], &[&answer]),
        (&["report", "--before", &saved_, "--after", &snapshot_, "--output", &answer_], &[&answer]),
        (&["assess", "--snapshot", &saved_], &[]),
        (&["assess", "--replay", &recording_], &[]),
        (&["harden", "plan", "--fix", "docker.daemon.live-restore"], &[]),
        (&["explain", "docker.daemon.live-restore"], &[]),
        (&["catalogue", "list"], &[]),
    ];
    for (words, written) in runs {
        let output = traced(&[], &log, words, &host)?;
        ensure!(output.status.success() && output.stderr.is_empty(), "{words:?}: {output:?}");
        only_looks(words, &calls(&log)?, written)?;
        for path in *written {
            let mode = std::fs::metadata(path)?.permissions().mode() & 0o777;
            let facts = [&saved, &recording, &snapshot].contains(&&path.to_path_buf());
            ensure!(std::fs::metadata(path)?.len() > 0 && (mode == 0o600) == facts, "{words:?}: {} has mode {mode:o}", path.display());
        }
    }
    Ok(())
}

#[test]
fn the_walls_cost_no_fact_and_their_absence_is_said() -> Result<()> {
    let folder = tempfile::Builder::new().prefix("lab-").tempdir_in("/tmp")?;
    let path = folder.path().canonicalize()?;
    let daemon = Daemon::start(&path, &DaemonOptions::config("{\"log-level\": \"debug\"}"), &say)?;
    let image = daemon.import_busybox_image()?;
    daemon.docker(["run", "-d", "--name", "web", "-p", "8080:8080", "-v", "/etc:/host/etc:ro", &image, "serve"])?.success()?;
    let (host, log) = (daemon.host(), path.join("trace"));
    let look = |strace: &[&str]| -> Result<(Value, String)> {
        let output = traced(&[&["-e", "trace=seccomp,landlock_create_ruleset"], strace].concat(), &log, &["snapshot"], &host)?;
        ensure!(output.status.success(), "{strace:?}: {output:?}");
        Ok((serde_json::from_slice(&output.stdout)?, String::from_utf8(output.stderr)?))
    };
    let (held_back, quiet) = look(&[])?;
    ensure!(quiet.is_empty(), "{quiet}");
    // Kernels of old, as far as this program can tell.
    let no_seccomp = "inject=seccomp:error=ENOSYS";
    let no_landlock = "inject=landlock_create_ruleset:error=ENOSYS";
    for (strace, said) in [
        (&["-e", no_seccomp, "-e", no_landlock][..], &["while it reads: seccomp", "while it judges: Landlock"][..]),
        (&["-e", no_landlock], &["while it judges: Landlock"]),
        (&["-e", "inject=seccomp:error=EINVAL"], &["while it reads: seccomp: this kernel has no filters"]),
        (&["-e", "inject=landlock_create_ruleset:error=EOPNOTSUPP"], &["while it judges: Landlock"]),
    ] {
        let (free, warnings) = look(strace)?;
        ensure!(warnings.lines().count() == said.len() && said.iter().all(|said| warnings.contains(said)), "{strace:?}: {warnings}");
        let mut differences = Vec::new();
        compare(&held_back, &free, "", &mut differences);
        ensure!(differences.is_empty(), "{strace:?}: with and without the walls: {differences:#?}");
    }
    Ok(())
}

/// Where two looks differ, as JSON pointers with both values.
fn compare(left: &Value, right: &Value, at: &str, differences: &mut Vec<String>) {
    match (left, right) {
        (Value::Object(left), Value::Object(right)) if left.keys().eq(right.keys()) => {
            for (key, value) in left {
                compare(value, &right[key], &format!("{at}/{key}"), differences);
            }
        }
        (Value::Array(left), Value::Array(right)) if left.len() == right.len() => {
            for (index, (left, right)) in left.iter().zip(right).enumerate() {
                compare(left, right, &format!("{at}/{index}"), differences);
            }
        }
        _ if left == right => {}
        _ => differences.push(format!("{at}: {left} / {right}")),
    }
}
