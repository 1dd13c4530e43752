//! A lab host: resumed, broken, put back, switched off and on again. One host for all of it.

#![cfg(feature = "real")]
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a test may panic and talk")]

use std::fs;
use std::time::Instant;

use lab::{Lab, Reboot, Vm, VmOptions, World};

const CONTAINERS: [&str; 11] = ["api", "backup", "batch", "cache", "ci", "db", "logger", "old", "queue", "web", "worker"];
const RULES: &str = "-w /etc/passwd -p wa -k identity\n-a always,exit -F arch=b64 -S sethostname -F key=site-hostname";

fn run(vm: &Vm, line: &str) -> String {
    vm.ssh(line).unwrap().success().unwrap()
}

/// Runs a step and tells how long it took.
fn timed<T>(what: &str, step: impl FnOnce() -> T) -> T {
    let began = Instant::now();
    let result = step();
    eprintln!("{what}: {:.1} s", began.elapsed().as_secs_f64());
    result
}

fn looks_weak(vm: &Vm) {
    assert_eq!(run(vm, "docker ps -a --format '{{.Names}}' | sort").lines().collect::<Vec<_>>(), CONTAINERS);
    assert_eq!(run(vm, "auditctl -l"), RULES);
    assert_eq!(run(vm, "auditctl -s | grep -c 'enabled 1'"), "1");
}

#[test]
fn a_weak_host_from_resume_to_power_cut() {
    let folder = tempfile::tempdir().unwrap();
    let lab = Lab::open(&|line| eprintln!("{line}")).unwrap();
    timed("prepare", || lab.prepare(World::Weak)).unwrap();
    let mut vm = timed("resume", || lab.resume_with(World::Weak, VmOptions::durable())).unwrap();

    // What the world holds.
    timed("first look", || looks_weak(&vm));
    assert_eq!(run(&vm, "docker ps -q | wc -l"), "10");
    assert_eq!(run(&vm, "curl -s http://127.0.0.1:8080"), "lab");
    let skew = run(&vm, "date +%s").parse::<i64>().unwrap()
        - i64::try_from(std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs()).unwrap();
    assert!(skew.abs() <= 3, "the clock is {skew} s off");
    let port = vm.forward(8080).unwrap();
    let mut web = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
    std::io::Write::write_all(&mut web, b"GET / HTTP/1.0\r\n\r\n").unwrap();
    assert!(std::io::read_to_string(&web).unwrap().ends_with("lab\n"));

    let secrets = run(&vm, "docker inspect $(docker ps -aq) | grep -o 'planted-secret-[a-z]*' | sort -u | tr '\\n' ' '");
    assert_eq!(secrets, "planted-secret-cmd planted-secret-env planted-secret-health planted-secret-image planted-secret-label ");
    assert!(run(&vm, "systemctl show docker --property Environment").contains("planted-secret-proxy"));
    let config = "{\n      \"log-level\":\"debug\",\n  \"labels\" : [ \"team=lab\" ],   \n\n\t\"max-concurrent-downloads\": 3 }";
    assert_eq!(vm.ssh("cat /etc/docker/daemon.json").unwrap().stdout, config);

    // Commands: exit codes, ssh's own 255 among them, both streams, input.
    let output = vm.ssh("echo out; echo err >&2; exit 255").unwrap();
    assert_eq!((output.stdout.as_str(), output.stderr.as_str(), output.code), ("out\n", "err\n", 255));
    assert_eq!(vm.ssh_with_input("wc -c", &[b'x'; 300_000]).unwrap().stdout.trim(), "300000");
    assert_ne!(vm.ssh("if").unwrap().code, 0);

    // Files in both directions.
    let file = folder.path().join("file");
    fs::write(&file, vec![7_u8; 8 << 20]).unwrap();
    timed("push of 8 MiB", || vm.push(&file, "/root/file")).unwrap();
    timed("pull of 8 MiB", || vm.pull("/root/file", folder.path().join("back"))).unwrap();
    assert_eq!(fs::read(folder.path().join("back")).unwrap(), fs::read(&file).unwrap());

    // A state of our own, and the world's.
    vm.pause().unwrap();
    vm.cont().unwrap();
    timed("save", || vm.save("pushed")).unwrap();
    run(&vm, "rm /root/file /etc/docker/daemon.json; docker rm -f web; auditctl -D");
    timed("load", || vm.load("pushed")).unwrap();
    run(&vm, "ls /root/file && rm /etc/docker/daemon.json && docker rm -f web && auditctl -D");
    timed("reset", || vm.reset()).unwrap();
    assert_eq!(vm.ssh("ls /root/file").unwrap().code, 2);
    assert!(run(&vm, "cat /etc/docker/daemon.json").contains("\"log-level\":\"debug\""));
    looks_weak(&vm);

    // Power: what was flushed is there after a cut, rules and containers come back by themselves.
    let boot = run(&vm, "cat /proc/sys/kernel/random/boot_id");
    run(&vm, "echo flushed >/root/flushed && sync /root/flushed /root");
    vm.power_cut().unwrap();
    assert!(vm.ssh("true").is_err());
    timed("cold boot", || vm.boot()).unwrap();
    assert_ne!(run(&vm, "cat /proc/sys/kernel/random/boot_id"), boot);
    assert_eq!(run(&vm, "cat /root/flushed"), "flushed");
    looks_weak(&vm);
    let running = run(&vm, "docker ps --format '{{.Names}}' | sort | tr '\\n' ' '");
    assert_eq!(running, "api backup cache ci db queue web worker ");

    let boot = run(&vm, "cat /proc/sys/kernel/random/boot_id");
    assert_eq!(timed("reboot", || vm.reboot()).unwrap(), Reboot::Clean);
    assert_ne!(run(&vm, "cat /proc/sys/kernel/random/boot_id"), boot);
    timed("reset after a boot", || vm.reset()).unwrap();
    looks_weak(&vm);
    assert_eq!(run(&vm, "docker ps -q | wc -l"), "10");

    let pid = vm.pid().unwrap();
    let open = run(&vm, "docker ps -q").len();
    assert!(open > 0);
    drop(vm);
    assert!(!std::path::Path::new(&format!("/proc/{pid}")).exists());
}

#[test]
fn a_power_cut_of_a_host_that_would_lose_data_is_refused() {
    let lab = Lab::open(&|line| eprintln!("{line}")).unwrap();
    let mut vm = lab.resume(World::Sound).unwrap();
    assert!(vm.power_cut().is_err());
    assert_eq!(run(&vm, "docker ps --format '{{.Names}}' | sort").lines().collect::<Vec<_>>(), ["api", "db", "web", "worker"]);
    assert_eq!(run(&vm, "auditctl -l | grep -c key=docker"), "10");
    // The rules below /run are there after a boot as well.
    assert_eq!(vm.reboot().unwrap(), Reboot::Clean);
    assert_eq!(run(&vm, "auditctl -l | grep -c key=docker"), "10");
    assert_eq!(run(&vm, "docker ps -q | wc -l"), "4");
    assert_eq!(run(&vm, "docker info --format '{{.LiveRestoreEnabled}}'"), "true");
}
