//! Which paths kernel audit covers, from the loaded rules and from the rule files.

mod boot;
mod coverage;
mod rule;
mod rules_file;
mod syscall;

#[cfg(test)]
mod tests;

use facts::{Fact, Snapshot};

use super::kleene;
use super::paths::Paths;
use crate::view::{Audit, AuditedPath, Listing, Origin, Seen};
use coverage::{Coverage, Scope, coverage};
use rule::Rule;

/// Kernel audit of the host.
pub(crate) fn audit(snapshot: &Snapshot) -> Audit {
    let audit = &snapshot.host.audit;
    let status = |pointer: &'static str, pick: fn(&facts::host::AuditStatus) -> u32| {
        Seen::new(audit.status.fact.as_ref().map(|status| i64::from(pick(status))), Origin::at(audit.status.source, pointer))
    };
    let enabled = status("enabled", |status| status.enabled);
    let daemon_pid = status("pid", |status| status.pid);
    let on = enabled.fact.clone().map(|enabled| enabled >= 1);
    let heard = daemon_pid.fact.clone().map(|pid| pid != 0);
    let judge = Judge { snapshot, paths: Paths::of(&snapshot.host) };
    Audit {
        recording: Seen::new(kleene::and(on, heard), Origin::at(audit.status.source, "enabled, pid")),
        enabled,
        daemon_pid,
        lost: status("lost", |status| status.lost),
        dockerd: judge.path(exe(snapshot), Scope::File),
        run_containerd: judge.canonical("/run/containerd", Scope::Folder),
        containerd_sock: judge.path(containerd_socket(snapshot).and_then(|path| judge.paths.canonical(&path)), Scope::File),
        daemon_json: judge.path(config_path(snapshot).and_then(|path| judge.paths.canonical(&path)), Scope::File),
        etc_docker: judge.canonical("/etc/docker", Scope::Folder),
    }
}

/// The daemon's program file as the kernel names it.
fn exe(snapshot: &Snapshot) -> Fact<String> {
    let exe = snapshot.docker.as_ref().and_then(|engine| engine.process.fact.as_ref()).and_then(|process| process.exe.as_ref());
    // After an upgrade without a restart the kernel marks the old program.
    exe.map(|exe| exe.strip_suffix(" (deleted)").unwrap_or(exe).to_owned())
}

fn containerd_socket(snapshot: &Snapshot) -> Fact<String> {
    let socket =
        snapshot.docker.as_ref().and_then(|engine| engine.process.fact.as_ref()).and_then(|process| process.containerd_socket.as_ref());
    socket.map(|socket| socket.strip_prefix("unix://").unwrap_or(socket).to_owned()).absent_as("/run/containerd/containerd.sock".to_owned())
}

fn config_path(snapshot: &Snapshot) -> Fact<String> {
    snapshot.docker.as_ref().and_then(|engine| engine.config_path.as_ref()).map(String::clone)
}

struct Judge<'s> {
    snapshot: &'s Snapshot,
    paths: Paths<'s>,
}

impl Judge<'_> {
    fn canonical(&self, path: &str, scope: Scope) -> Seen<AuditedPath> {
        self.path(self.paths.canonical(path), scope)
    }

    fn path(&self, path: Fact<String>, scope: Scope) -> Seen<AuditedPath> {
        let audit = &self.snapshot.host.audit;
        let path = if path.is_absent() { Fact::unknown("no daemon was found that would tell the path") } else { path };
        let judged = path.as_ref().and_then(|path| {
            audit.rules.fact.as_ref().map(|rules| {
                let rules: Vec<Rule> = rules.iter().map(Rule::loaded).collect();
                coverage(&rules, path, scope, self.paths)
            })
        });
        // A kernel without audit has no rules.
        let judged = judged.absent_as(Coverage {
            covered: Fact::Known(false),
            gaps: vec!["the kernel has no audit".to_owned()],
            touching: Vec::new(),
        });
        let rules = Origin::at(audit.rules.source, "");
        let files = Origin::words("/etc/audit/rules.d");
        let covered = judged.as_ref().and_then(|judged| judged.covered.clone());
        let persisted = path.as_ref().and_then(|path| boot::persisted(&audit.rule_files, path, scope, self.paths));
        let fleeting = covered == Fact::Known(true) && persisted == Fact::Known(false);
        let note = fleeting.then(|| "the rule files do not load that at the next boot".into());
        AuditedPath {
            exists: path.as_ref().and_then(|path| self.paths.exists(path)).into(),
            covered: Seen::new(covered, Origin { note, ..rules.clone() }),
            persisted: Seen::new(persisted, files),
            rules: Seen::new(judged.as_ref().map(|judged| Listing::from(judged.touching.clone())), rules.clone()),
            gaps: Seen::new(judged.map(|judged| Listing::from(judged.gaps)), rules),
            path: path.into(),
        }
        .into()
    }
}
