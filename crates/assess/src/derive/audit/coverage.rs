//! Whether audit rules record every change of a path. The kernel asks the rules of a list in order and the first that matches decides,
//! so an earlier `never` hides what a later `always` would record.

use facts::Fact;

use super::rule::{Rule, Target};
use super::syscall::Arch;
use crate::derive::kleene;
use crate::derive::paths::{Paths, base_name, is_within};

/// What is judged: one file, or a folder with all below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    File,
    Folder,
}

/// The answer, with its reasons.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Coverage {
    pub(super) covered: Fact<bool>,
    pub(super) gaps: Vec<String>,
    pub(super) touching: Vec<String>,
}

/// Judges `rules` (in the kernel's order) for a canonical path.
pub(super) fn coverage(rules: &[Rule], path: &str, scope: Scope, paths: Paths<'_>) -> Coverage {
    let mut gaps = Vec::new();
    let mut note = |gap: String| {
        if !gaps.contains(&gap) {
            gaps.push(gap);
        }
    };
    let matched: Vec<(&Rule, Fact<bool>)> = rules
        .iter()
        .filter(|rule| rule.list == "exit")
        .map(|rule| (rule, reaches(rule, path, scope, paths, &mut note)))
        .filter(|(_, reached)| *reached != Fact::Known(false))
        .collect();

    let mut covered = Fact::Known(true);
    // A task rule decides whether a process is watched at all.
    if let Some(rule) = rules.iter().find(|rule| rule.list == "task" && !rule.always) {
        note(format!("`{}` keeps the kernel from recording the system calls of programs", rule.text));
        covered = Fact::Known(false);
    }
    let mut missing = Vec::new();
    for (arch, programs) in [(Arch::B64, "64-bit"), (Arch::B32, "32-bit")] {
        for (class, change) in [('w', "writes"), ('a', "attribute changes")] {
            let seen = first_that_decides(&matched, class, arch, &mut note);
            if seen == Fact::Known(false) {
                missing.push(format!("{change} by {programs} programs"));
            }
            covered = kleene::and(covered, seen);
        }
    }
    for (rule, _) in &matched {
        if rule.always && rule.target.is_some() && !rule.narrowing.is_empty() {
            note(format!("`{}` sees only what meets {}", rule.text, rule.narrowing.join(" and ")));
        }
    }
    match (missing.len(), gaps.is_empty()) {
        (0, _) => {}
        (4, true) => gaps.push("no loaded rule watches it".to_owned()),
        (4, false) => {}
        (_, _) => gaps.push(format!("{} are not recorded", missing.join(" and "))),
    }
    if covered == Fact::Known(true) {
        gaps.clear();
    }
    let touching = matched.iter().filter(|(rule, _)| rule.target.is_some() || !rule.always).map(|(rule, _)| rule.text.clone()).collect();
    Coverage { covered, gaps, touching }
}

fn first_that_decides(matched: &[(&Rule, Fact<bool>)], class: char, arch: Arch, note: &mut impl FnMut(String)) -> Fact<bool> {
    let mut unsure = None;
    for (rule, reached) in matched {
        let certain = *reached == Fact::Known(true);
        if !rule.always && rule.touches(class, arch) {
            if certain {
                note(format!("the earlier rule `{}` hides changes", rule.text));
                return Fact::Known(false);
            }
            unsure = reached.why().map(str::to_owned);
        } else if rule.always && rule.covers(class, arch) {
            match (certain, unsure) {
                (true, None) => return Fact::Known(true),
                (true, Some(why)) => return Fact::Unknown { why },
                (false, _) => unsure = reached.why().map(str::to_owned),
            }
        }
    }
    unsure.map_or(Fact::Known(false), Fact::unknown)
}

/// Whether a rule's target is the path, or a folder above it.
fn reaches(rule: &Rule, path: &str, scope: Scope, paths: Paths<'_>, note: &mut impl FnMut(String)) -> Fact<bool> {
    let Some(target) = &rule.target else { return Fact::Known(true) };
    let given = crate::derive::paths::trimmed(target.path());
    let hits = |place: &str| match target {
        Target::Dir(_) => is_within(path, place),
        Target::File(_) => place == path,
    };
    let found = if hits(given) {
        // The path is canonical, so no component of it is a link.
        Fact::Known(true)
    } else {
        through_links(given, target, path, paths, &hits, note)
    };
    if found == Fact::Known(true) && scope == Scope::Folder && matches!(target, Target::File(_)) {
        note(format!("`{}` watches the folder itself and not what is in it", rule.text));
        return Fact::Known(false);
    }
    found
}

/// The same for a target that is spelled otherwise: links above its last component are followed by the kernel, the last one is not.
fn through_links(
    given: &str,
    target: &Target,
    path: &str,
    paths: Paths<'_>,
    hits: &impl Fn(&str) -> bool,
    note: &mut impl FnMut(String),
) -> Fact<bool> {
    let place = paths.place(given);
    let same_name = match target {
        Target::File(_) => base_name(given) == base_name(path),
        Target::Dir(_) => path.split('/').any(|component| component == base_name(given)),
    };
    match paths.is_link(given) {
        Fact::Known(true) => {
            if paths.canonical(given).known().is_some_and(|real| hits(real)) {
                note(format!("a rule watches {given}, a symbolic link: it never fires"));
            }
            Fact::Known(false)
        }
        _ if hits(&place.path) && place.certain => Fact::Known(true),
        _ if place.certain => Fact::Known(false),
        _ if same_name || hits(&place.path) => Fact::unknown(format!("where the audited path {given} leads was not collected")),
        _ => Fact::Known(false),
    }
}
