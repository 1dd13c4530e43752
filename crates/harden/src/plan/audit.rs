//! Audit rules: which are missing, in the kernel and in the file that loads them at the next boot.

use assess::{Action, Event, Remedy, WatchKind};
use facts::host::{Audit, AuditRule, FileKind};
use facts::{Fact, Snapshot};

use super::build::{Draft, obstacle};
use super::{AuditChange, AuditRuleSpec, Change, Obstacle, Step};
use crate::edit::audit_rules::{ARCHES, HEADER, RULES_FILE, lines, unspeakable};
use crate::edit::tmpfiles::{self, Directory, TMPFILES_FILE};
use crate::edit::{diff, lines as file_lines};

/// Below this, a busy host drops records or worse (hardening.md 4); Debian's own rules ask for 8192.
const FEW_BACKLOG: u32 = 64;

/// Adds the one step that loads and keeps what is missing.
pub(super) fn draft(snapshot: &Snapshot, remedies: &[&Remedy], draft: &mut Draft) {
    let mut own: Vec<&Remedy> = Vec::new();
    let mut rules: Vec<AuditRuleSpec> = Vec::new();
    for remedy in remedies {
        let Action::AuditRule { path, kind, perm, key } = &remedy.action else { continue };
        let rule = AuditRuleSpec { path: resolved(snapshot, path), kind: *kind, perm: perm.clone(), key: key.clone() };
        if let Some(why) = unspeakable(&rule) {
            draft.against.push(obstacle(
                &[remedy],
                &rule.path,
                format!("audit rule for {:?}: {why}", rule.path),
                "write this rule by hand",
            ));
            continue;
        }
        own.push(remedy);
        if !rules.contains(&rule) {
            rules.push(rule);
        }
    }
    if rules.is_empty() {
        return;
    }
    let audit = &snapshot.host.audit;
    match obstacles(audit, &own) {
        Ok(()) => {}
        Err(obstacle) => return draft.against.push(obstacle),
    }
    let Some(step) = step(snapshot, rules, &own) else { return };
    let loads = matches!(&step.change, Change::AuditRules(change) if change.load);
    draft.steps.push(step);
    // Locked until the next boot: nothing will be measurable before.
    if loads {
        draft.effective.extend(own.into_iter().cloned());
    }
}

/// A watch whose last component is a symbolic link never fires: the rule is for what it leads to.
fn resolved(snapshot: &Snapshot, path: &str) -> String {
    match snapshot.host.resolved_paths.get(path) {
        Some(Fact::Known(target)) => target.clone(),
        _ => path.to_owned(),
    }
}

fn obstacles(audit: &Audit, remedies: &[&Remedy]) -> Result<(), Obstacle> {
    let against = |reason: String, hint: &str| Err(obstacle(remedies, "", reason, hint));
    let status = match &audit.status.fact {
        Fact::Known(status) => status,
        Fact::Absent => return against("this kernel has no auditing".to_owned(), "boot a kernel with CONFIG_AUDIT"),
        Fact::Unknown { why } => return against(format!("the kernel's audit status could not be seen: {why}"), "run as root on the host"),
    };
    if status.failure == 2 {
        return against(
            "auditing is set to panic: the kernel stops the machine when it cannot write a record, and more rules make that likelier"
                .to_owned(),
            "set failure mode 1 (`auditctl -f 1`, and `-f 1` in /etc/audit/rules.d) first",
        );
    }
    if let Fact::Unknown { why } = &audit.rules.fact {
        return against(format!("the loaded audit rules could not be seen: {why}"), "run as root on the host");
    }
    Ok(())
}

fn step(snapshot: &Snapshot, rules: Vec<AuditRuleSpec>, remedies: &[&Remedy]) -> Option<Step> {
    let audit = &snapshot.host.audit;
    let status = audit.status.known()?;
    let loaded = audit.rules.known().map(Vec::as_slice).unwrap_or_default();
    let has_systemd = snapshot.host.service_manager.known().is_some_and(|manager| manager == "systemd");
    let before = own_file(audit);
    let mut change = AuditChange {
        rules: Vec::new(),
        load: status.enabled != 2,
        rules_file: RULES_FILE.to_owned(),
        rules_lines: Vec::new(),
        tmpfiles_file: TMPFILES_FILE.to_owned(),
        tmpfiles_lines: Vec::new(),
    };
    let mut notes = Vec::new();
    let mut kernel = Vec::new();
    for rule in rules {
        let below_run = rule.path.starts_with("/run/");
        let keeps = !below_run || has_systemd;
        let lost: Vec<String> = if keeps {
            lines(&rule)
                .into_iter()
                .filter(|line| !before.as_deref().unwrap_or_default().lines().any(|present| present.trim_end() == line))
                .collect()
        } else {
            Vec::new()
        };
        let unloaded: Vec<&str> = ARCHES.iter().copied().filter(|arch| !loaded.iter().any(|known| is_loaded(known, &rule, arch))).collect();
        if lost.is_empty() && unloaded.is_empty() {
            continue;
        }
        if !keeps {
            notes.push(format!(
                "the rule for {} is not kept for the next boot: /run is empty then, without systemd nothing makes its directory in time, and a \
                 rule that fails stops the loading of every later one",
                rule.path
            ));
        } else if below_run {
            for directory in tmpfiles::directories(&rule) {
                let line = tmpfiles::line(&directory, directory_now(snapshot, &directory));
                if !change.tmpfiles_lines.contains(&line) {
                    change.tmpfiles_lines.push(line);
                }
            }
        }
        if change.load {
            let arches = lines(&rule).into_iter().zip(ARCHES).filter(|(_, arch)| unloaded.contains(arch));
            kernel.extend(arches.map(|(line, _)| line));
        }
        change.rules_lines.extend(lost);
        change.rules.push(rule);
    }
    if change.rules.is_empty() {
        return None;
    }
    let paths: Vec<&str> = change.rules.iter().map(|rule| rule.path.as_str()).collect();
    let title = format!("audit {}", paths.join(", "));
    let texts: Vec<String> = loaded.iter().map(|rule| rule.text.clone()).collect();
    let after_texts: Vec<String> = texts.iter().cloned().chain(kernel).collect();
    let text_of = |lines: &[String]| lines.iter().map(|line| format!("{line}\n")).collect::<String>();
    let after = file_lines::add(before.as_deref(), HEADER, &change.rules_lines);
    let mut diffs = vec![diff::unified("loaded audit rules (auditctl -l)", Some(&text_of(&texts)), Some(&text_of(&after_texts)))];
    if !change.rules_lines.is_empty() {
        diffs.push(diff::unified(RULES_FILE, before.as_deref(), Some(&after)));
    }
    if !change.tmpfiles_lines.is_empty() {
        diffs.push(tmpfiles_diff(&change.tmpfiles_lines));
    }
    notes.extend(status_notes(audit, &change));
    let mut step = Step::draft(title, remedies, Event::None, Change::AuditRules(change));
    step.diff = diffs.concat();
    step.undo = format!("exactly these rules are deleted from the kernel and their lines from {RULES_FILE}; rules of others stay");
    step.preconditions = vec!["the loaded audit rules are the same".to_owned()];
    step.notes = notes;
    Some(step)
}

/// What the operator should know of the state of auditing.
fn status_notes(audit: &Audit, change: &AuditChange) -> Vec<String> {
    let mut notes = Vec::new();
    let Some(status) = audit.status.known() else { return notes };
    if !change.load {
        notes.push("auditing is locked until the next boot (enabled 2): the rules are kept in the file and take effect then".to_owned());
    } else if status.enabled == 0 {
        notes.push(
            "auditing is switched off (enabled 0): the rules are loaded, but no record is made until it is on (`auditctl -e 1`, auditd)"
                .to_owned(),
        );
    } else if status.pid == 0 {
        notes.push("no audit daemon listens: the rules are loaded, and recorded to the kernel log only (install auditd)".to_owned());
    }
    if change.load && status.backlog_limit <= FEW_BACKLOG {
        notes.push(format!(
            "the kernel keeps only {} audit records waiting: raise it (`auditctl -b 8192`, and `-b 8192` in /etc/audit/rules.d)",
            status.backlog_limit
        ));
    }
    if matches!(&audit.rule_files, Fact::Absent) || audit.rule_files.known().is_some_and(Vec::is_empty) {
        notes.push(
            "there is no rule file in /etc/audit/rules.d: until auditd is installed nothing loads the rules at the next boot".to_owned(),
        );
    }
    notes.push(
        "the rules are loaded at once, so auditd need not be restarted; audit.rules is made from rules.d at the next boot (augenrules)"
            .to_owned(),
    );
    notes
}

/// Our file as the Snapshot saw it; none: it is not there.
fn own_file(audit: &Audit) -> Option<String> {
    audit
        .rule_files
        .known()
        .into_iter()
        .flatten()
        .filter_map(|file| file.known())
        .find(|file| file.path == RULES_FILE)
        .map(|file| file.text.clone())
}

/// Whether a loaded rule is this rule for that architecture, field by field; the order of fields does not matter to the kernel.
fn is_loaded(loaded: &AuditRule, rule: &AuditRuleSpec, arch: &str) -> bool {
    let place = match rule.kind {
        WatchKind::File => "path",
        WatchKind::Dir => "dir",
    };
    let wanted = [("arch", arch), (place, rule.path.as_str()), ("perm", rule.perm.as_str()), ("key", rule.key.as_str())];
    loaded.list == "exit"
        && loaded.action == "always"
        && loaded.all_syscalls
        && loaded.fields.len() == wanted.len()
        && wanted.iter().all(|(name, value)| {
            loaded.fields.iter().any(|field| field.name == *name && field.operator == "=" && same(name, &field.value, value))
        })
}

/// Permission classes have no order.
fn same(name: &str, a: &str, b: &str) -> bool {
    let sorted = |text: &str| {
        let mut bytes = text.as_bytes().to_vec();
        bytes.sort_unstable();
        bytes.dedup();
        bytes
    };
    if name == "perm" { sorted(a) == sorted(b) } else { a == b }
}

/// Mode and owner of a directory below /run as it is now, or as Debian's packages make it.
fn directory_now(snapshot: &Snapshot, path: &str) -> Directory {
    match snapshot.host.files.get(path).and_then(|stat| stat.known()).filter(|stat| stat.kind == FileKind::Directory) {
        Some(stat) => Directory { mode: stat.mode, uid: stat.uid, gid: stat.gid },
        None if path == "/run/containerd" => Directory { mode: 0o711, uid: 0, gid: 0 },
        None => Directory { mode: 0o755, uid: 0, gid: 0 },
    }
}

/// The Snapshot does not hold our tmpfiles.d file, so only the lines that it gains are shown.
fn tmpfiles_diff(added: &[String]) -> String {
    let text: String = added.iter().map(|line| format!("+{line}\n")).collect();
    format!("--- a{TMPFILES_FILE}\n+++ b{TMPFILES_FILE}\n@@ lines added if they are not there @@\n{text}")
}
