//! `cargo xtask demo`: the main job on a real host, weak on purpose.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use indicatif::{ProgressBar, ProgressStyle};
use lab::{Lab, Vm, World};

use crate::lab_command::tell;
use crate::process::{binary, root};

/// Story D's findings: live restore, userland proxy, no new privileges; and an audit rule and a limit beside them.
const FIXES: &str = "--fix cis-docker-1.6.0:2.15 --fix cis-docker-1.6.0:2.16 --fix cis-docker-1.6.0:2.14 --fix cis-docker-1.6.0:1.1.3 --fix cis-docker-1.6.0:5.11";

/// One step: what is said, the command on the host, the file for its output, the exit code that is right.
type Step = (&'static str, String, Option<&'static str>);

/// Runs the demo and leaves the reports in a folder.
pub(crate) fn run(output: Option<PathBuf>) -> Result<()> {
    let folder = match output {
        Some(folder) => folder,
        None => root().join("out/demo"),
    };
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    tell("building cofferdam");
    let binary = binary()?;
    let lab = Lab::open(&tell)?;
    tell("a real Docker host, weak on purpose (the first time it is built from Debian packages: some minutes)");
    let vm = lab.resume(World::Weak)?;
    vm.push(binary, "/usr/local/bin/cofferdam")?;

    let steps = steps();
    let bar = ProgressBar::new(steps.len() as u64).with_style(ProgressStyle::with_template("[{bar:24}] {pos}/{len} {msg}")?);
    for (what, command, file) in &steps {
        bar.set_message(*what);
        let text = on_host(&vm, command)?;
        if let Some(file) = file {
            std::fs::write(folder.join(file), &text)?;
        }
        bar.suspend(|| tell(&format!("\n== {what}\n$ {command}\n{text}")));
        bar.inc(1);
    }
    bar.finish_and_clear();
    fetch(&vm, &folder)?;
    tell(&format!("the reports are in {}: open report.html", folder.display()));
    Ok(())
}

fn steps() -> Vec<Step> {
    vec![
        ("what an attacker could do here", "cofferdam assess --save /root/before.json".to_owned(), Some("assess-before.txt")),
        ("the classic benchmark", "cofferdam bench docker --benchmark cis-docker-1.6.0".to_owned(), Some("bench-before.txt")),
        ("the fixes that matter", "cofferdam advise --top 3".to_owned(), Some("advice.txt")),
        ("what would be changed", format!("cofferdam harden plan {FIXES} && cofferdam harden plan --snapshot /root/before.json --format json -o /root/plan.json {FIXES}"), Some("plan.txt")),
        ("hardening", "cofferdam harden apply --plan /root/plan.json --yes".to_owned(), Some("apply.txt")),
        ("measuring again", "cofferdam harden verify --last --yes".to_owned(), Some("verify.txt")),
        ("the benchmark once more", "cofferdam bench docker --benchmark cis-docker-1.6.0 && cofferdam snapshot -o /root/after.json".to_owned(), Some("bench-after.txt")),
        (
            "the report",
            "for f in markdown:md html:html svg:svg; do cofferdam report --before /root/before.json --after /root/after.json --plan /root/plan.json \
             --format ${f%:*} --output /root/report.${f#*:} || exit; done"
                .to_owned(),
            None,
        ),
        ("back again", "cofferdam harden rollback --last --yes".to_owned(), Some("rollback.txt")),
        ("as it was before", "cofferdam harden status; cat /etc/docker/daemon.json; echo; docker ps --format '{{.Names}}: {{.Status}}'".to_owned(), Some("after-rollback.txt")),
    ]
}

fn on_host(vm: &Vm, command: &str) -> Result<String> {
    let output = vm.ssh(command)?;
    ensure!(output.ok(), "`{command}` ended with {}\n{}\n{}", output.code, output.stdout, output.stderr);
    Ok(output.stdout)
}

fn fetch(vm: &Vm, folder: &Path) -> Result<()> {
    for file in ["before.json", "after.json", "plan.json", "report.md", "report.html", "report.svg"] {
        vm.pull(&format!("/root/{file}"), folder.join(file))?;
    }
    Ok(())
}
