//! Which paths kernel audit covers, from the loaded rules and from the rule files.

mod boot;
mod coverage;
mod rule;
mod rules_file;
mod several;
mod syscall;

#[cfg(test)]
mod tests;

use facts::{Fact, Snapshot};

use super::file;
use super::kleene;
use super::paths::Paths;
use crate::view::{Audit, AuditedPath, Listing, Origin, Seen};
use coverage::{Coverage, Scope, coverage};
use file::Several;
use rule::Rule;

/// See [`crate::fuzzing`].
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing {
    /// Rule files.
    pub(crate) fn rules(text: &str) {
        super::rules_file::lines(text);
    }
}

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
    let files = &snapshot.host.engine_files;
    let shim = |name: &str| files.shims.get(name).cloned().unwrap_or_else(|| Fact::unknown(format!("{name} was not looked for")));
    let judge = Judge { snapshot, paths: Paths::of(&snapshot.host) };
    Audit {
        recording: Seen::new(kleene::and(on, heard), Origin::at(audit.status.source, "enabled, pid")),
        enabled,
        daemon_pid,
        lost: status("lost", |status| status.lost),
        dockerd: judge.path(exe(snapshot), Scope::File),
        run_containerd: judge.canonical("/run/containerd", Scope::Folder),
        containerd_sock: judge.path(file::containerd_socket(snapshot).and_then(|path| judge.paths.canonical(&path)), Scope::File),
        daemon_json: judge.path(file::config_path(snapshot).and_then(|path| judge.paths.canonical(&path)), Scope::File),
        etc_docker: judge.canonical("/etc/docker", Scope::Folder),
        data_root: judge.found(data_root(snapshot), Scope::Folder),
        docker_service: judge.several(&file::service_paths(snapshot)),
        docker_socket: judge.several(&sockets(snapshot)),
        etc_default_docker: judge.canonical("/etc/default/docker", Scope::File),
        etc_sysconfig_docker: judge.canonical("/etc/sysconfig/docker", Scope::File),
        containerd_config: judge.found(files.containerd_config.clone(), Scope::File),
        containerd: judge.found(files.containerd_exe.clone(), Scope::File),
        containerd_shim: judge.found(shim("containerd-shim"), Scope::File),
        containerd_shim_runc_v1: judge.found(shim("containerd-shim-runc-v1"), Scope::File),
        containerd_shim_runc_v2: judge.found(shim("containerd-shim-runc-v2"), Scope::File),
        runc: judge.several(&runtimes(snapshot)),
    }
}

/// The daemon's program file as the kernel names it.
fn exe(snapshot: &Snapshot) -> Fact<String> {
    let exe = snapshot.docker.as_ref().and_then(|engine| engine.process.fact.as_ref()).and_then(|process| process.exe.as_ref());
    // After an upgrade without a restart the kernel marks the old program.
    exe.map(|exe| exe.strip_suffix(" (deleted)").unwrap_or(exe).to_owned())
}

/// The data root by the engine's word.
fn data_root(snapshot: &Snapshot) -> Fact<String> {
    let root = snapshot.docker.as_ref().and_then(|engine| engine.info.fact.as_ref()).and_then(|info| info.root_dir.as_ref());
    root.map(String::clone)
}

/// The socket unit's files and the API sockets: earlier versions of the benchmark mean the one, later ones the other.
fn sockets(snapshot: &Snapshot) -> Several {
    let (mut both, sockets) = (file::socket_unit_paths(snapshot), file::api_sockets(snapshot));
    both.paths.extend(sockets.paths);
    both.unseen = both.unseen.or(sockets.unseen);
    both
}

/// Programs of the runtimes, each once. One that is nowhere is no path.
fn runtimes(snapshot: &Snapshot) -> Several {
    let mut programs = Several::default();
    match &snapshot.host.engine_files.runtimes {
        Fact::Known(runtimes) => {
            for runtime in runtimes {
                match &runtime.path {
                    Fact::Known(path) if !programs.paths.contains(path) => programs.paths.push(path.clone()),
                    Fact::Known(_) | Fact::Absent => {}
                    Fact::Unknown { why } => programs.unseen = Some(why.clone()),
                }
            }
        }
        Fact::Absent => {}
        Fact::Unknown { why } => programs.unseen = Some(why.clone()),
    }
    programs
}

struct Judge<'s> {
    snapshot: &'s Snapshot,
    paths: Paths<'s>,
}

impl Judge<'_> {
    fn canonical(&self, path: &str, scope: Scope) -> Seen<AuditedPath> {
        self.path(self.paths.canonical(path), scope)
    }

    /// A path that was looked for; Absent: there is no such file.
    fn found(&self, path: Fact<String>, scope: Scope) -> Seen<AuditedPath> {
        match path {
            Fact::Absent => several::nothing().into(),
            path => self.path(path.and_then(|path| self.paths.canonical(&path)), scope),
        }
    }

    fn path(&self, path: Fact<String>, scope: Scope) -> Seen<AuditedPath> {
        self.one(path, scope).into()
    }

    fn one(&self, path: Fact<String>, scope: Scope) -> AuditedPath {
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
    }
}
