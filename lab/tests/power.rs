//! Power cuts in the middle of `harden apply`, and in the middle of what finishes it: two hosts at a time.
#![cfg(feature = "real")]

mod support;

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use lab::{VmOptions, World};
use support::{Host, State, difference, say};

/// Audit rules, a file, a reload and a restart of the daemon, and updates of every container. Rehearsed elsewhere: a rehearsal
/// writes nothing, so a cut in it proves little.
const APPLY: &str = "harden apply --fix docker.host.audit-dockerd-binary --fix docker.host.audit-run-containerd \
     --fix docker.daemon.live-restore --fix docker.daemon.userland-proxy-off --fix docker.container.memory-limit \
     --fix docker.container.restart-on-failure-5 --no-rehearsal --yes";

/// What passes after it. Not 5.29 or 5.12, say: containers that stay down after a reboot are judged by what they were made with.
const CONTROLS: [&str; 6] = ["1.1.3", "1.1.4", "2.15", "2.16", "5.11", "5.15"];

#[test]
fn power_cuts() -> Result<()> {
    let cuts: u32 = std::env::var("COFFERDAM_CUTS").ok().and_then(|cuts| cuts.parse().ok()).unwrap_or(3);
    let next = AtomicU32::new(0);
    std::thread::scope(|scope| {
        let hosts: Vec<_> = (0..cuts.min(2)).map(|_| scope.spawn(|| cuts_on_one_host(&next, cuts))).collect();
        hosts.into_iter().try_for_each(|host| host.join().expect("no panic on the host's thread"))
    })
}

fn cuts_on_one_host(next: &AtomicU32, cuts: u32) -> Result<()> {
    let mut host = Host::resume(World::Weak, VmOptions::durable())?;
    let began = Instant::now();
    host.cofferdam_exits(APPLY, 0)?;
    let forward = began.elapsed();
    let began = Instant::now();
    host.cofferdam_exits("harden rollback --last --yes", 0)?;
    let back = began.elapsed();
    loop {
        let cut = next.fetch_add(1, Ordering::Relaxed);
        if cut >= cuts {
            return Ok(());
        }
        one_cut(&mut host, Cut { number: cut, of: cuts, forward, back }).with_context(|| format!("cut {} of {cuts}", cut + 1))?;
    }
}

struct Cut {
    number: u32,
    of: u32,
    /// How long the whole of an undisturbed apply takes.
    forward: Duration,
    /// How long the whole of an undisturbed rollback takes.
    back: Duration,
}

fn one_cut(host: &mut Host, cut: Cut) -> Result<()> {
    host.reset()?;
    let before = host.state()?;
    let at = cut.forward.mul_f64(f64::from(cut.number + 1) / f64::from(cut.of + 1));
    let resumes = cut.number.is_multiple_of(2);
    let finish = if resumes { "harden resume --last --yes" } else { "harden rollback --last --yes" };
    interrupt(host, APPLY, at)?;
    say(&format!("-- cut {} of {}, {:.1} s of {:.1} s into apply", cut.number + 1, cut.of, at.as_secs_f64(), cut.forward.as_secs_f64()));
    if explained(host)?.is_empty() {
        ensure!(before.files == host.state()?.files, "nothing was recorded, so nothing was changed");
        return Ok(());
    }
    // The lights go out again while it is being finished.
    if cut.number % 3 == 2 {
        let whole = if resumes { cut.forward } else { cut.back };
        let again = whole.mul_f64(f64::from(cut.number % 7 + 1) / 10.0);
        interrupt(host, finish, again)?;
        say(&format!("-- cut {} of {}, once more {:.1} s into `{finish}`", cut.number + 1, cut.of, again.as_secs_f64()));
        explained(host)?;
    }
    let output = host.cofferdam(finish)?;
    ensure!(output.code == 0, "ends fully after or before: {output:?}");
    let after = host.state()?;
    if resumes { is_after(host, &before, &after) } else { is_before(&before, &after) }
}

/// Starts a command, cuts the power while it runs, and switches on again.
fn interrupt(host: &mut Host, command: &str, at: Duration) -> Result<()> {
    host.run(&format!("(setsid cofferdam {command} >/root/interrupted.log 2>&1 &) </dev/null"))?;
    std::thread::sleep(at);
    host.vm.power_cut()?;
    host.vm.boot()?;
    host.run(
        "for i in $(seq 60); do docker ps -q >/dev/null 2>&1 && break; sleep 2; done; systemctl is-active docker docker.socket || true",
    )
    .map(drop)
}

/// What `status` says: the state of the newest run, empty when there is none; an unfinished one names both ways out.
fn explained(host: &Host) -> Result<String> {
    let text = host.cofferdam("harden status")?.stdout;
    say(&text);
    let state = host.newest_run()?;
    match state.as_str() {
        "" | "empty" => return Ok(String::new()),
        "interrupted" => ensure!(text.contains("harden resume") && text.contains("harden rollback"), "status names the ways out:\n{text}"),
        _ => {}
    }
    Ok(state)
}

fn is_after(host: &Host, before: &State, after: &State) -> Result<()> {
    let verdicts = host.verdicts("cis-docker-1.6.0")?;
    for control in CONTROLS {
        ensure!(verdicts[control] == "pass", "after resume {control} is {}\n{}", verdicts[control], difference(before, after));
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
