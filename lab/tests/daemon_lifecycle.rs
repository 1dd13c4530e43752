//! A daemon of the lab on this machine: it runs containers with limits, restarts by itself, and leaves nothing behind.

#![cfg(feature = "real")]
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a test may panic and talk")]

use std::fs;
use std::path::Path;
use std::process::Command;

use lab::{Daemon, DaemonOptions};

fn start(folder: &Path, options: &DaemonOptions) -> Daemon {
    Daemon::start(folder, options, &|line| eprintln!("{line}")).unwrap()
}

fn docker(daemon: &Daemon, line: &str) -> String {
    daemon.docker(line.split(' ')).unwrap().success().unwrap()
}

/// Processes that name the folder in their arguments, or run in a container of it, zombies left out.
fn processes(needle: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let Ok(pid) = entry.file_name().to_string_lossy().parse::<u32>() else { continue };
        if pid == std::process::id() {
            continue;
        }
        let read = |name: &str| String::from_utf8_lossy(&fs::read(entry.path().join(name)).unwrap_or_default()).replace('\0', " ");
        let (command, group) = (read("cmdline"), read("cgroup"));
        let zombie = read("status").contains("State:\tZ");
        if !zombie && (command.contains(needle) || group.contains(needle)) {
            found.push(format!("{pid} {command}"));
        }
    }
    found
}

fn mounts(folder: &Path) -> Vec<String> {
    let table = fs::read_to_string("/proc/self/mountinfo").unwrap();
    table.lines().filter(|line| line.contains(folder.to_str().unwrap())).map(str::to_owned).collect()
}

#[test]
fn a_daemon_runs_containers_with_limits_restarts_and_leaves_nothing() {
    let folder = tempfile::Builder::new().prefix("lab-").tempdir_in("/tmp").unwrap();
    let path = folder.path().canonicalize().unwrap();
    let firewall =
        || String::from_utf8(Command::new("sh").args(["-c", "iptables-save 2>/dev/null | grep -v '^#'"]).output().unwrap().stdout).unwrap();
    let firewall_before = firewall();
    let key_before = Path::new("/etc/docker/key.json").exists();

    let daemon = start(&path, &DaemonOptions::config("{\"icc\": false}").flag("--label=team=lab"));
    let image = daemon.import_busybox_image().unwrap();
    daemon.import_image("lab/app:1", &["USER 1000:1000", "ENV COLOUR=blue"]).unwrap();

    // Limits are the kernel's, not only the file's.
    let id = docker(&daemon, &format!("run -d --name limited --memory 64m --memory-swap 64m --pids-limit 50 --restart always {image}"));
    let limit =
        |group: &str, file: &str| fs::read_to_string(format!("/sys/fs/cgroup/{group}/docker/{id}/{file}")).unwrap().trim().to_owned();
    assert_eq!(limit("memory", "memory.limit_in_bytes"), (64 << 20).to_string());
    assert_eq!(limit("pids", "pids.max"), "50");
    assert_eq!(docker(&daemon, "run --rm lab/app:1 id"), "uid=1000(app) gid=1000 groups=1000");

    // Both the file and the flag are in force, and a port is answered in the daemon's own network only.
    assert!(docker(&daemon, "info").contains("team=lab"));
    assert!(docker(&daemon, "network inspect bridge").contains("\"com.docker.network.bridge.enable_icc\": \"false\""));
    docker(&daemon, &format!("run -d --name web -p 8080:8080 {image} serve"));
    let answer = daemon.inside("curl").args(["-s", "http://127.0.0.1:8080"]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&answer.stdout), "lab\n");

    // Live restore by a reload, then a restart by the script alone: the container keeps its process.
    let started = || docker(&daemon, "inspect --format {{.State.Pid}}:{{.State.StartedAt}} limited");
    let before = started();
    fs::write(daemon.config(), "{\"icc\": false, \"live-restore\": true}").unwrap();
    daemon.reload().unwrap();
    let old = daemon.pid().unwrap();
    let script = Command::new(daemon.restart_script()).output().unwrap();
    assert!(script.status.success() && script.stdout.is_empty() && script.stderr.is_empty(), "{script:?}");
    assert_ne!(daemon.pid().unwrap(), old);
    assert_eq!(started(), before);

    // A file that it can't take: a reload says so and changes nothing, a restart fails with the reason.
    fs::write(daemon.config(), "{\"no-such-key\": 1}").unwrap();
    assert!(daemon.reload().is_err());
    let refused = format!("{:#}", daemon.restart().unwrap_err());
    assert!(refused.contains("no-such-key"), "{refused}");
    assert_eq!(daemon.pid(), None);
    fs::write(daemon.config(), "{\"live-restore\": true}").unwrap();
    daemon.up().unwrap();
    assert_eq!(started(), before);

    // A crash, and a start right after it.
    daemon.crash().unwrap();
    daemon.up().unwrap();
    assert_eq!(started(), before);

    drop(daemon);
    assert_eq!(processes(path.to_str().unwrap()), Vec::<String>::new());
    assert_eq!(processes(&id), Vec::<String>::new());
    assert_eq!(mounts(&path), Vec::<String>::new());
    assert!(!Path::new(&format!("/sys/fs/cgroup/memory/docker/{id}")).exists());
    assert_eq!(firewall(), firewall_before);
    assert_eq!(Path::new("/etc/docker/key.json").exists(), key_before);
    folder.close().unwrap();
}

#[test]
fn two_daemons_live_side_by_side_and_an_orphan_can_be_ended() {
    let folders: Vec<_> = (0..2).map(|_| tempfile::Builder::new().prefix("lab-").tempdir_in("/tmp").unwrap()).collect();
    let first = start(folders[0].path(), &DaemonOptions::default());
    let second = start(folders[1].path(), &DaemonOptions::default());
    let image = first.import_busybox_image().unwrap();
    docker(&first, &format!("run -d --name only-here -p 8080:8080 {image} serve"));
    second.import_busybox_image().unwrap();
    docker(&second, &format!("run -d --name only-there -p 8080:8080 {image} serve"));
    assert_eq!(docker(&first, "ps --format {{.Names}}"), "only-here");
    assert_eq!(docker(&second, "ps --format {{.Names}}"), "only-there");

    // As if our process had been killed: nothing of the handle's end happens.
    std::mem::forget(second);
    drop(first);
    let path = folders[1].path().to_str().unwrap();
    assert!(!processes(path).is_empty());
    let script = Command::new(folders[1].path().join("restart.sh")).output().unwrap();
    assert!(script.status.success() && script.stdout.is_empty() && script.stderr.is_empty());
    Daemon::end(folders[1].path()).unwrap();
    assert_eq!(processes(path), Vec::<String>::new());
    Daemon::end(folders[1].path()).unwrap();
}
