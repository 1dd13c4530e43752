//! Power cuts in the middle of `harden apply`, and in the middle of what finishes it: two hosts at a time.
#![cfg(feature = "real")]

mod support;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use lab::{VmOptions, World};
use support::{Host, State, difference, say};

/// What is applied, and what passes after it.
#[derive(Clone, Copy)]
struct Kind {
    apply: &'static str,
    benchmark: &'static str,
    controls: &'static [&'static str],
}

/// Audit rules, a file, a reload and a restart of the daemon with containers that live on, and updates of every container. Rehearsed
/// elsewhere: a rehearsal writes nothing, so a cut in it proves little. Not 5.29 or 5.12 afterwards, say: containers that stay down
/// after a reboot are judged by what they were made with.
const LIVE: Kind = Kind {
    apply: "harden apply --fix docker.host.audit-dockerd-binary --fix docker.host.audit-run-containerd \
         --fix docker.daemon.live-restore --fix docker.daemon.userland-proxy-off --fix docker.container.memory-limit \
         --fix docker.container.restart-on-failure-5 --no-rehearsal --yes",
    benchmark: "cis-docker-1.6.0",
    controls: &["1.1.3", "1.1.4", "2.15", "2.16", "5.11", "5.15"],
};

/// Every container is stopped and started again around the restart.
const WINDOW: Kind = Kind {
    apply: "harden apply --fix cis-docker-1.2.0:1.2.3 --fix cis-docker-1.2.0:2.1 --fix cis-docker-1.2.0:2.2 --no-rehearsal --yes",
    benchmark: "cis-docker-1.2.0",
    controls: &["1.2.3", "2.1", "2.2"],
};

/// The journal of the newest run: there is one, since every cut begins with the world's first state.
const JOURNAL: &str = "/var/lib/cofferdam/runs/*/journal.jsonl";

#[test]
fn power_cuts() -> Result<()> {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u32>().ok());
    let cuts = number("COFFERDAM_CUTS").unwrap_or(3);
    // To go on with a series that was stopped.
    let next = AtomicU32::new(number("COFFERDAM_CUTS_FROM").unwrap_or(1).saturating_sub(1));
    let kinds = [Measured::new(LIVE), Measured::new(WINDOW)];
    std::thread::scope(|scope| {
        let hosts: Vec<_> = (0..cuts.min(2)).map(|_| scope.spawn(|| cuts_on_one_host(&next, cuts, &kinds))).collect();
        hosts.into_iter().try_for_each(|host| host.join().expect("no panic on the host's thread"))
    })
}

fn cuts_on_one_host(next: &AtomicU32, cuts: u32, [live, window]: &[Measured; 2]) -> Result<()> {
    let mut host = Host::resume(World::Weak, VmOptions::durable())?;
    loop {
        let cut = next.fetch_add(1, Ordering::Relaxed);
        if cut >= cuts {
            return Ok(());
        }
        let kind = if cut % 3 == 1 { window } else { live };
        kind.on(&mut host).and_then(|run| one_cut(&mut host, &run, cut, cuts)).with_context(|| format!("cut {} of {cuts}", cut + 1))?;
    }
}

/// A kind, measured by the first host that needs it while the others wait: the journal's length does not depend on the host.
struct Measured {
    kind: Kind,
    lengths: Mutex<Option<(u32, u32)>>,
}

impl Measured {
    fn new(kind: Kind) -> Self {
        Self { kind, lengths: Mutex::new(None) }
    }

    fn on(&self, host: &mut Host) -> Result<Whole> {
        let mut known = self.lengths.lock().expect("no panic while it is held");
        let (forward, back) = match *known {
            Some(lengths) => lengths,
            None => undisturbed(host, self.kind)?,
        };
        *known = Some((forward, back));
        Ok(Whole { kind: self.kind, forward, back })
    }
}

/// What is applied, and how many records an undisturbed run leaves in its journal.
struct Whole {
    kind: Kind,
    forward: u32,
    back: u32,
}

/// Records of an apply, and of its rollback.
fn undisturbed(host: &mut Host, kind: Kind) -> Result<(u32, u32)> {
    host.reset()?;
    host.cofferdam_exits(kind.apply, 0)?;
    let forward = records(host)?;
    host.cofferdam_exits("harden rollback --last --yes", 0)?;
    let back = records(host)? - forward;
    Ok((forward, back))
}

/// Records in the newest journal.
fn records(host: &Host) -> Result<u32> {
    Ok(host.run(&format!("cat {JOURNAL} 2>/dev/null | wc -l"))?.trim().parse()?)
}

fn one_cut(host: &mut Host, run: &Whole, number: u32, of: u32) -> Result<()> {
    host.reset()?;
    let before = host.state()?;
    // Spread over the journal, and within what takes long: a restart of the daemon is one record.
    let at = Instant { records: 1 + number * (run.forward - 2) / of, then: Duration::from_millis(u64::from(number % 5) * 900) };
    let resumes = number.is_multiple_of(2);
    let finish = if resumes { "harden resume --last --yes" } else { "harden rollback --last --yes" };
    interrupt(host, run.kind.apply, 0, at)?;
    let say = |text: String| say(&format!("-- cut {} of {of}, {text}", number + 1));
    say(format!("{at} of {} into {}\n{}", run.forward, run.kind.apply, status(host)?));
    if newest_run(host)?.is_empty() {
        ensure!(before.files == host.state()?.files, "nothing was recorded, so nothing was changed");
        return Ok(());
    }
    // The lights go out again while it is being finished.
    if matches!(number % 5, 1 | 4) {
        let whole = if resumes { run.forward } else { run.back };
        let again = Instant { records: 1 + whole * (number % 7) / 10, then: at.then };
        let so_far = records(host)?;
        interrupt(host, finish, so_far, again)?;
        say(format!("once more {again} into `{finish}`\n{}", status(host)?));
    }
    let output = host.cofferdam(finish)?;
    ensure!(output.code == 0, "ends fully after or before: {output:?}");
    let after = host.state()?;
    if resumes { is_after(host, &run.kind, &before, &after) } else { is_before(&before, &after) }
}

/// When the power is cut: after so many records, and a moment more.
#[derive(Clone, Copy)]
struct Instant {
    records: u32,
    then: Duration,
}

impl std::fmt::Display for Instant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} records and {:.1} s", self.records, self.then.as_secs_f64())
    }
}

/// Starts a command, cuts the power while it runs, and switches on again.
fn interrupt(host: &mut Host, command: &str, so_far: u32, at: Instant) -> Result<()> {
    host.run(&format!(
        "(setsid cofferdam {command} >/root/interrupted.log 2>&1; touch /run/ended) </dev/null >/dev/null 2>&1 & \
         until [ -e /run/ended ] || [ $(cat {JOURNAL} 2>/dev/null | wc -l) -ge {} ]; do sleep 0.05; done",
        so_far + at.records
    ))?;
    std::thread::sleep(at.then);
    host.vm.power_cut()?;
    host.vm.boot()?;
    host.run(
        "for i in $(seq 60); do docker ps -q >/dev/null 2>&1 && break; sleep 2; done; systemctl is-active docker docker.socket || true",
    )
    .map(drop)
}

/// What `status` says: of an unfinished run, both ways out.
fn status(host: &Host) -> Result<String> {
    let text = host.cofferdam("harden status")?.stdout;
    if newest_run(host)? == "interrupted" {
        ensure!(text.contains("harden resume") && text.contains("harden rollback"), "status names the ways out:\n{text}");
    }
    Ok(text)
}

/// State of the newest run; empty: there is none, or it was cut before it changed anything.
fn newest_run(host: &Host) -> Result<String> {
    let runs = host.json("harden status --format json")?;
    let newest = runs.as_array().and_then(|runs| runs.last());
    let state = newest.and_then(|run| run["state"].as_str()).unwrap_or_default();
    Ok(if state == "empty" { "" } else { state }.to_owned())
}

fn is_after(host: &Host, kind: &Kind, before: &State, after: &State) -> Result<()> {
    let verdicts = host.verdicts(kind.benchmark)?;
    for control in kind.controls {
        ensure!(verdicts[*control] == "pass", "after resume {control} is {}\n{}", verdicts[*control], difference(before, after));
    }
    started_again(before, after)
}

fn is_before(before: &State, after: &State) -> Result<()> {
    ensure!(before.files == after.files, "files are those of before:\n{}", difference(before, after));
    ensure!(before.audit == after.audit, "rules are those of before:\n{}", difference(before, after));
    ensure!(before.daemon == after.daemon, "the daemon is that of before:\n{}", difference(before, after));
    for (name, container) in &before.containers {
        ensure!(container.restart == after.containers[name].restart, "restart policy of {name}:\n{}", difference(before, after));
    }
    started_again(before, after)
}

/// What ran and has a restart policy runs. (One with policy `no` stays down after any power cut: that is what it asks for.)
fn started_again(before: &State, after: &State) -> Result<()> {
    for (name, container) in before.containers.iter().filter(|(_, container)| container.running && !container.restart.starts_with("no")) {
        ensure!(after.containers[name].running, "{name} ({}) runs no more:\n{}", container.restart, difference(before, after));
    }
    Ok(())
}
