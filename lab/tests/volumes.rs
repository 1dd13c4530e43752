//! A daemon of the lab on this machine: what of the host volumes bring into a container, judged by the binary.
//!
//! The daemon has a `/run` of its own, which is no file of this machine: sockets are looked for where volumes name them, in containers that
//! were created and don't run.
#![cfg(feature = "real")]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use lab::{Daemon, DaemonOptions};
use serde_json::Value;

const SENSITIVE: &str = "docker.container.no-sensitive-mounts";
const SOCKET: &str = "docker.container.no-docker-socket-mount";
const DEVICES: &str = "docker.container.no-host-devices";
const SHARED: &str = "docker.container.no-shared-propagation";

/// Volumes: name, options of `docker volume create`.
const VOLUMES: &[(&str, &[&str])] = &[
    ("own", &[]),
    ("etc", &["type=none", "o=bind", "device=/etc"]),
    ("etc-ro", &["type=none", "o=ro,bind", "device=/etc"]),
    ("etc-rbind", &["type=none", "o=rbind", "device=/etc"]),
    ("root", &["type=none", "o=bind", "device=/"]),
    ("run", &["type=none", "o=bind", "device=/var/run"]),
    ("sock", &["type=none", "o=bind", "device=/var/run/docker.sock"]),
    ("link", &["type=none", "o=bind", "device=@FOLDER@/link"]),
    ("dots", &["type=none", "o=bind", "device=/srv/../etc"]),
    ("relative", &["type=none", "o=bind", "device=etc"]),
    ("plain", &["type=none", "o=bind", "device=@FOLDER@/plain"]),
    ("laid", &["type=overlay", "o=lowerdir=/etc:@FOLDER@/plain", "device=overlay"]),
    ("laid-own", &["type=overlay", "o=lowerdir=@FOLDER@/plain:@FOLDER@/other", "device=overlay"]),
    ("proc", &["type=proc", "o=ro", "device=proc"]),
    ("devices", &["type=none", "o=bind", "device=/dev"]),
    ("memory", &["type=tmpfs", "o=size=1m", "device=tmpfs"]),
    ("server", &["type=nfs", "o=addr=192.0.2.1,ro", "device=:/export"]),
    ("server-here", &["type=nfs", "o=addr=127.0.0.1,ro", "device=:/etc"]),
    ("share", &["type=cifs", "o=addr=192.0.2.1,username=planted-secret,password=planted-secret", "device=//files/share"]),
    ("odd", &["type=zfs", "device=tank/data"]),
    ("disk", &["type=ext4", "device=@ROOT@"]),
];

/// Verdicts: volume of a created container, sensitive folder, socket.
const CREATED: &[(&str, &str, &str)] = &[
    ("own", "pass", "pass"),
    ("etc", "fail", "pass"),
    ("etc-ro", "fail", "pass"),
    ("etc-rbind", "fail", "pass"),
    ("root", "fail", "fail"),
    ("run", "fail", "fail"),
    ("sock", "fail", "fail"),
    ("link", "fail", "pass"),
    ("dots", "fail", "pass"),
    ("relative", "unknown", "unknown"),
    ("plain", "pass", "pass"),
    ("laid", "fail", "pass"),
    ("laid-own", "pass", "pass"),
    ("proc", "fail", "pass"),
    ("devices", "fail", "pass"),
    ("memory", "pass", "pass"),
    ("server", "pass", "pass"),
    ("server-here", "unknown", "unknown"),
    ("share", "pass", "pass"),
    ("odd", "unknown", "unknown"),
    ("disk", "fail", "fail"),
];

fn binary() -> PathBuf {
    std::env::var_os("COFFERDAM_BIN").expect("COFFERDAM_BIN names the binary under test; run `cargo xtask test`").into()
}

struct Bench {
    daemon: Daemon,
    folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("vol").tempdir_in("/tmp")?;
        std::fs::create_dir(folder.path().join("d"))?;
        for name in ["plain", "other", "inner"] {
            std::fs::create_dir(folder.path().join(name))?;
        }
        std::os::unix::fs::symlink("/etc", folder.path().join("link"))?;
        let daemon = Daemon::start(folder.path().join("d"), &DaemonOptions::default(), &|_| {})?;
        daemon.import_busybox_image()?;
        Ok(Self { daemon, folder })
    }

    fn docker(&self, words: &[&str]) -> Result<String> {
        self.daemon.docker(words).and_then(|output| output.success()).with_context(|| words.join(" "))
    }

    fn volume(&self, name: &str, options: &[&str]) -> Result<()> {
        let options: Vec<String> = options.iter().map(|option| self.filled(option)).collect::<Result<_>>()?;
        let mut words = vec!["volume", "create"];
        words.extend(options.iter().flat_map(|option| ["--opt", option]));
        words.push(name);
        self.docker(&words).map(drop)
    }

    /// The device that this machine's root lies on stands for @ROOT@.
    fn filled(&self, text: &str) -> Result<String> {
        let root = if text.contains("@ROOT@") { root_device()? } else { String::new() };
        Ok(text.replace("@FOLDER@", &self.folder.path().display().to_string()).replace("@ROOT@", &root))
    }

    fn report(&self, words: &[&str]) -> Result<String> {
        let output = Command::new(binary()).args(words).args(["--host", &self.daemon.host()]).output()?;
        ensure!(output.status.code().is_some_and(|code| code < 2), "{words:?}: {output:?}");
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Verdict and reason by check and container.
    fn verdicts(&self) -> Result<BTreeMap<(String, String), (String, String)>> {
        let report = self.report(&["assess", "--format", "json"])?;
        ensure!(!report.contains("planted-secret"), "a password came through");
        let report: Value = serde_json::from_str(&report)?;
        let mut verdicts = BTreeMap::new();
        for (check, result) in report["results"].as_object().context("results")? {
            for one in result["subjects"].as_array().context("subjects")? {
                let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                verdicts.insert((check.clone(), text(&one["name"])), (text(&one["verdict"]), text(&one["reason"])));
            }
        }
        Ok(verdicts)
    }

    fn expect(&self, rows: &[(&str, &str, &str)]) -> Result<()> {
        let verdicts = self.verdicts()?;
        let wrong: Vec<String> = rows
            .iter()
            .filter_map(|(check, container, expect)| {
                let found = verdicts.get(&((*check).to_owned(), (*container).to_owned()));
                let right = found.is_some_and(|(verdict, _)| verdict == expect);
                (!right).then(|| format!("{check} on {container} is {found:?} and must be {expect}"))
            })
            .collect();
        ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
        Ok(())
    }
}

/// The block device below this machine's root directory.
fn root_device() -> Result<String> {
    let mounts = std::fs::read_to_string("/proc/self/mountinfo")?;
    let line = mounts.lines().rfind(|line| line.split(' ').nth(4) == Some("/")).context("no root in mountinfo")?;
    let number = line.split(' ').nth(2).context("no device")?;
    let link = std::fs::read_link(format!("/sys/dev/block/{number}")).context("the root lies on no block device")?;
    Ok(format!("/dev/{}", link.file_name().context("no name")?.to_string_lossy()))
}

#[test]
fn created() -> Result<()> {
    let bench = Bench::new()?;
    for (name, options) in VOLUMES {
        bench.volume(name, options)?;
    }
    let mut rows = Vec::new();
    for (name, sensitive, socket) in CREATED {
        // Without nocopy the engine mounts the volume at once, and most of these can't be mounted here.
        bench.docker(&["create", "--name", name, "-v", &format!("{name}:/data:nocopy"), "lab/busybox:1"])?;
        rows.extend([(SENSITIVE, *name, *sensitive), (SOCKET, *name, *socket)]);
    }
    bench.docker(&["create", "--name", "from", "--volumes-from", "etc", "lab/busybox:1"])?;
    bench.docker(&["create", "--name", "second", "-v", "own:/a", "-v", "sock:/b:ro,nocopy", "lab/busybox:1"])?;
    bench.docker(&["create", "--name", "anonymous", "-v", "/data", "lab/busybox:1"])?;
    bench.docker(&["create", "--name", "tmpfs", "--mount", "type=tmpfs,destination=/t", "--tmpfs", "/u", "lab/busybox:1"])?;
    let inline =
        "type=volume,source=made,destination=/data,volume-driver=local,volume-opt=type=none,volume-opt=o=bind,volume-opt=device=/etc";
    bench.docker(&["create", "--name", "inline", "--mount", inline, "lab/busybox:1"])?;
    bench.docker(&["create", "--name", "propagated", "-v", "/srv:/srv:rshared", "lab/busybox:1"])?;
    rows.extend([
        (SENSITIVE, "from", "fail"),
        (SENSITIVE, "second", "fail"),
        (SOCKET, "second", "fail"),
        (SENSITIVE, "anonymous", "pass"),
        (SENSITIVE, "tmpfs", "pass"),
        (SOCKET, "tmpfs", "pass"),
        (SENSITIVE, "inline", "fail"),
        (SHARED, "propagated", "fail"),
        (SHARED, "own", "pass"),
        (DEVICES, "devices", "fail"),
        (DEVICES, "etc", "pass"),
        (DEVICES, "relative", "unknown"),
    ]);
    bench.expect(&rows)?;
    let reason = &bench.verdicts()?[&(SENSITIVE.to_owned(), "etc".to_owned())].1;
    ensure!(reason.contains("volume etc of /etc -> /data"), "{reason}");
    let snapshot = bench.report(&["snapshot"])?;
    ensure!(!snapshot.contains("planted-secret") && snapshot.contains("username=[redacted],password=[redacted]"), "redaction of options");
    Ok(())
}

/// The kernel's table of mounts against the engine's word.
#[test]
fn running() -> Result<()> {
    let bench = Bench::new()?;
    for name in ["own", "etc", "plain", "link", "laid", "memory"] {
        let (name, options) = VOLUMES.iter().find(|(known, _)| *known == name).context("a volume of the list")?;
        bench.volume(name, options)?;
    }
    let folder = bench.folder.path().display().to_string();
    let run = |name: &str, volume: &str| bench.docker(&["run", "-d", "--name", name, "-v", volume, "lab/busybox:1"]).map(drop);
    for name in ["own", "etc", "plain", "link", "laid", "memory"] {
        run(name, &format!("{name}:/data"))?;
    }
    // On the daemon's side something of the host is mounted into a folder before it is handed on, and over a volume's own.
    let mount = |from: &str, to: &str| -> Result<()> {
        let status = bench.daemon.inside("mount").args(["--bind", from, to]).status()?;
        ensure!(status.success(), "mount --bind {from} {to}");
        Ok(())
    };
    std::fs::create_dir(bench.folder.path().join("inner/below"))?;
    mount("/usr", &format!("{folder}/inner/below"))?;
    run("below", &format!("{folder}/inner:/data"))?;
    bench.volume("over", &[])?;
    let place = bench.docker(&["volume", "inspect", "--format", "{{.Mountpoint}}", "over"])?;
    mount("/etc", place.trim())?;
    run("over", "over:/data")?;
    // A folder of the volume's that is a link elsewhere.
    bench.volume("replaced", &[])?;
    let place = bench.docker(&["volume", "inspect", "--format", "{{.Mountpoint}}", "replaced"])?;
    std::fs::remove_dir(place.trim())?;
    std::os::unix::fs::symlink("/etc", place.trim())?;
    bench.docker(&["create", "--name", "replaced", "-v", "replaced:/data", "lab/busybox:1"])?;
    bench.expect(&[
        (SENSITIVE, "own", "pass"),
        (SENSITIVE, "etc", "fail"),
        (SENSITIVE, "plain", "pass"),
        (SENSITIVE, "link", "fail"),
        (SENSITIVE, "laid", "fail"),
        (SENSITIVE, "memory", "pass"),
        (SENSITIVE, "below", "fail"),
        (SENSITIVE, "over", "fail"),
        (SENSITIVE, "replaced", "fail"),
        (SOCKET, "own", "pass"),
        (SOCKET, "plain", "pass"),
    ])
}
