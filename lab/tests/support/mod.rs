//! A lab host with cofferdam on it, and what docker, auditctl, systemctl and /proc say of it: never cofferdam's own word.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};
use lab::{Lab, Output, Vm, VmOptions, World};
use serde_json::Value;

/// Where the tested binary is: `cargo xtask test` builds it and says so.
pub(crate) fn binary() -> PathBuf {
    PathBuf::from(std::env::var_os("COFFERDAM_BIN").expect("COFFERDAM_BIN names the binary under test; run `cargo xtask test`"))
}

/// One container as docker and the kernel have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Container {
    pub(crate) running: bool,
    pub(crate) pid: u64,
    pub(crate) started_at: String,
    pub(crate) restart: String,
    pub(crate) memory_max: String,
    pub(crate) swap_max: String,
    pub(crate) pids_max: String,
}

/// Everything that a rollback must bring back, as text that can be compared and read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) files: String,
    pub(crate) audit: String,
    pub(crate) daemon: String,
    pub(crate) containers: BTreeMap<String, Container>,
}

pub(crate) struct Host {
    pub(crate) vm: Vm,
}

/// Tells where a long test is, with the seconds since it began.
#[expect(clippy::print_stderr, reason = "a long test says where it is")]
pub(crate) fn say(text: &str) {
    static BEGAN: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    eprintln!("[{:>5} s] {text}", BEGAN.get_or_init(std::time::Instant::now).elapsed().as_secs());
}

impl Host {
    pub(crate) fn resume(world: World, options: VmOptions) -> Result<Self> {
        let lab = Lab::open(&say)?;
        let vm = lab.resume_with(world, options)?;
        let host = Self { vm };
        host.install()?;
        Ok(host)
    }

    pub(crate) fn install(&self) -> Result<()> {
        self.vm.push(binary(), "/usr/local/bin/cofferdam")
    }

    /// Back to the world's saved state.
    pub(crate) fn reset(&mut self) -> Result<()> {
        self.vm.reset()?;
        self.install()
    }

    pub(crate) fn run(&self, line: &str) -> Result<String> {
        self.vm.ssh(line)?.success()
    }

    /// cofferdam with these arguments; any exit code.
    pub(crate) fn cofferdam(&self, arguments: &str) -> Result<Output> {
        let output = self.vm.ssh(&format!("cofferdam {arguments}"))?;
        for text in [&output.stdout, &output.stderr] {
            ensure!(!text.contains("planted-secret"), "a secret of the lab in the output of `cofferdam {arguments}`:\n{text}");
        }
        Ok(output)
    }

    /// cofferdam with these arguments, which must end with this exit code.
    pub(crate) fn cofferdam_exits(&self, arguments: &str, code: i32) -> Result<String> {
        let output = self.cofferdam(arguments)?;
        ensure!(
            output.code == code,
            "`cofferdam {arguments}` ended with {}, not {code}\n{}\n{}",
            output.code,
            output.stdout,
            output.stderr
        );
        Ok(output.stdout)
    }

    pub(crate) fn json(&self, arguments: &str) -> Result<Value> {
        let text = self.cofferdam_exits(arguments, 0)?;
        serde_json::from_str(&text).with_context(|| format!("`cofferdam {arguments}` wrote no JSON:\n{text}"))
    }

    /// Verdict of each control of a benchmark.
    pub(crate) fn verdicts(&self, benchmark: &str) -> Result<BTreeMap<String, String>> {
        let run = self.json(&format!("bench docker --benchmark {benchmark} --format json"))?;
        let controls = run["controls"].as_array().context("controls")?;
        let word = |control: &Value, key: &str| control[key].as_str().unwrap_or_default().to_owned();
        Ok(controls.iter().map(|control| (word(control, "id"), word(control, "verdict"))).collect())
    }

    pub(crate) fn state(&self) -> Result<State> {
        let files = "for f in /etc/docker /etc/docker/* /etc/audit/rules.d /etc/audit/rules.d/* /etc/audit/audit.rules /etc/tmpfiles.d /etc/tmpfiles.d/*; do \
             [ -e $f ] || continue; stat -c '%n %F %a %u:%g' $f; getfacl -cps $f; [ -f $f ] && sha256sum $f; done; true";
        let daemon = "docker info -f 'live-restore={{.LiveRestoreEnabled}} debug={{.Debug}}'; \
             docker network inspect bridge -f '{{index .Options \"com.docker.network.bridge.enable_icc\"}}'; \
             tr '\\0' ' ' </proc/$(pidof dockerd)/cmdline; echo; systemctl is-active docker docker.socket auditd";
        Ok(State {
            files: self.run(files)?,
            audit: self.run("auditctl -l; auditctl -s | grep -E 'enabled|failure|backlog_limit'")?,
            daemon: self.run(daemon)?,
            containers: self.containers()?,
        })
    }

    pub(crate) fn containers(&self) -> Result<BTreeMap<String, Container>> {
        // One call for all: each start of the client takes most of a second here.
        let script = "docker inspect -f '{{.Name}} {{.State.Running}} {{.State.Pid}} {{.State.StartedAt}} {{.HostConfig.RestartPolicy.Name}}:{{.HostConfig.RestartPolicy.MaximumRetryCount}}' \
             $(docker ps -aq --no-trunc) | while read -r name running p rest; do \
             g=/sys/fs/cgroup$(cut -d: -f3 /proc/$p/cgroup 2>/dev/null); [ $p = 0 ] && g=/nowhere; \
             limits=; for f in memory.max memory.swap.max pids.max; do limits=\"$limits $(cat $g/$f 2>/dev/null || echo -)\"; done; \
             echo \"$name $running $p $rest$limits\"; done";
        let mut found = BTreeMap::new();
        for line in self.run(script)?.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            let [name, running, pid, started, restart, memory, swap, pids] = words[..] else { bail!("unexpected line: {line}") };
            let container = Container {
                running: running == "true",
                pid: pid.parse()?,
                started_at: started.to_owned(),
                restart: restart.to_owned(),
                memory_max: memory.to_owned(),
                swap_max: swap.to_owned(),
                pids_max: pids.to_owned(),
            };
            found.insert(name.trim_start_matches('/').to_owned(), container);
        }
        Ok(found)
    }
}

/// Says where two states differ, line by line.
pub(crate) fn difference(before: &State, after: &State) -> String {
    let mut text = String::new();
    for (part, left, right) in
        [("files", &before.files, &after.files), ("audit", &before.audit, &after.audit), ("daemon", &before.daemon, &after.daemon)]
    {
        for line in left.lines().filter(|line| !right.lines().any(|other| other == *line)) {
            text.push_str(&format!("{part}: - {line}\n"));
        }
        for line in right.lines().filter(|line| !left.lines().any(|other| other == *line)) {
            text.push_str(&format!("{part}: + {line}\n"));
        }
    }
    for name in before.containers.keys().chain(after.containers.keys()) {
        let (left, right) = (before.containers.get(name), after.containers.get(name));
        if left != right {
            text.push_str(&format!("container {name}:\n  - {left:?}\n  + {right:?}\n"));
        }
    }
    text
}
