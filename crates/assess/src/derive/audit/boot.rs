//! What the rule files load at the next boot. /run is empty when auditd loads its rules (measured): a rule below it whose folder is not
//! made by systemd-tmpfiles fails, and loading stops there unless the files say `-i` or `-c`.

use facts::host::TextFile;
use facts::{Fact, Observed};

use super::coverage::{Scope, coverage};
use super::rule::{Rule, Target};
use super::rules_file::{Line, lines};
use crate::derive::paths::{Paths, base_name, is_within, parent};

const RULES_FOLDER: &str = "/etc/audit/rules.d";
const RULES_FILE: &str = "/etc/audit/audit.rules";
/// Written by `harden` beside a rule below /run.
const TMPFILES: &str = "/etc/tmpfiles.d/cofferdam.conf";

/// Whether the rule files will cover the path at the next boot.
pub(super) fn persisted(files: &Fact<Vec<Observed<TextFile>>>, path: &str, scope: Scope, paths: Paths<'_>) -> Fact<bool> {
    let files = match files {
        Fact::Known(files) => files,
        Fact::Absent => return Fact::Known(false),
        Fact::Unknown { why } => return Fact::unknown(why.clone()),
    };
    let lines = match lines_of(files, paths) {
        Ok(lines) => lines,
        Err(why) => return Fact::Unknown { why },
    };
    // Where it can't be told whether a line loads, both ways are tried: only an answer that does not depend on it counts.
    let answers = [true, false].map(|hopeful| coverage(&load(&lines, path, scope, paths, hopeful), path, scope, paths).covered);
    match answers {
        [a, b] if a == b => a,
        [Fact::Unknown { why }, _] | [_, Fact::Unknown { why }] => Fact::Unknown { why },
        _ => Fact::unknown("whether the folder of an audit rule exists at boot was not collected"),
    }
}

/// The lines that augenrules would hand to the kernel; an error names what could not be read.
fn lines_of(files: &[Observed<TextFile>], paths: Paths<'_>) -> Result<Vec<Line>, String> {
    let (mut in_folder, mut alone, mut unread) = (Vec::new(), None, None);
    for file in files {
        match &file.fact {
            Fact::Known(file) if parent(&file.path) == RULES_FOLDER && file.path.ends_with(".rules") => in_folder.extend(lines(&file.text)),
            Fact::Known(file) if file.path == RULES_FILE => alone = Some(lines(&file.text)),
            Fact::Known(_) | Fact::Absent => {}
            Fact::Unknown { why } => unread = Some(why.clone()),
        }
    }
    if let Some(why) = unread {
        return Err(why);
    }
    let folder_is_used =
        files.iter().any(|file| file.known().is_some_and(|file| parent(&file.path) == RULES_FOLDER && file.path.ends_with(".rules")));
    match (folder_is_used, alone, paths.exists(RULES_FOLDER)) {
        // augenrules puts a plain -D first, wherever it stands.
        (true, ..) => Ok(in_folder.into_iter().filter(|line| *line != Line::DeleteAll { key: None }).collect()),
        (false, Some(lines), Fact::Known(false)) => Ok(lines),
        (false, Some(lines), _) if lines.iter().all(|line| !matches!(line, Line::Add { .. })) => Ok(lines),
        (false, Some(_), _) => Err(format!("{RULES_FOLDER} holds no rules, so whether {RULES_FILE} survives the next boot can't be told")),
        (false, None, _) => Ok(Vec::new()),
    }
}

/// The rules in the kernel's order after loading.
fn load(lines: &[Line], path: &str, scope: Scope, paths: Paths<'_>, hopeful: bool) -> Vec<Rule> {
    let mut rules: Vec<Rule> = Vec::new();
    let goes_on = lines.contains(&Line::IgnoreErrors);
    let same = |a: &Rule, b: &Rule| Rule { text: String::new(), ..a.clone() } == Rule { text: String::new(), ..b.clone() };
    for line in lines {
        match line {
            Line::Add { rule, is_watch, in_front } => {
                let mut rule = rule.clone();
                if *is_watch {
                    rule.target = rule.target.map(|target| watch(target.path(), path, scope, paths, hopeful));
                }
                match loads(&rule, paths) {
                    Fact::Known(true) => {}
                    Fact::Known(false) if goes_on => continue,
                    Fact::Known(false) => break,
                    _ if hopeful => {}
                    _ if goes_on => continue,
                    _ => break,
                }
                if *in_front { rules.insert(0, rule) } else { rules.push(rule) }
            }
            Line::Delete(rule) => rules.retain(|loaded| !same(loaded, rule)),
            Line::DeleteAll { key: None } => rules.clear(),
            Line::DeleteAll { key: Some(key) } => rules.retain(|rule| !has_key(rule, key)),
            Line::IgnoreErrors => {}
            Line::Broken(_) if goes_on => {}
            Line::Broken(_) => break,
        }
    }
    rules
}

fn has_key(rule: &Rule, key: &str) -> bool {
    rule.text.split(' ').any(|word| word == key || word.strip_prefix("key=") == Some(key))
}

/// `-w` watches a folder where one is there when the rule is loaded, and else a file of that name.
fn watch(given: &str, path: &str, scope: Scope, paths: Paths<'_>, hopeful: bool) -> Target {
    let place = paths.place(given);
    let above = is_within(path, &place.path) && path != place.path;
    let itself = path == place.path && scope == Scope::Folder && at_boot(path, paths).known().copied().unwrap_or(hopeful);
    let perhaps = hopeful && !place.certain && path.split('/').any(|component| component == base_name(given));
    if above || itself || perhaps { Target::Dir(given.to_owned()) } else { Target::File(given.to_owned()) }
}

/// Whether the kernel takes the rule at boot: a watched file may be missing, its folder may not, nor may a watched folder.
fn loads(rule: &Rule, paths: Paths<'_>) -> Fact<bool> {
    match &rule.target {
        None => Fact::Known(true),
        Some(Target::File(path)) => at_boot(parent(path), paths),
        Some(Target::Dir(path)) => at_boot(path, paths),
    }
}

/// Whether a folder is there when auditd loads its rules.
fn at_boot(folder: &str, paths: Paths<'_>) -> Fact<bool> {
    let place = paths.place(folder);
    if let Some(why) = place.why {
        return Fact::Unknown { why };
    }
    let place = place.path.strip_prefix("/var").filter(|rest| is_within(rest, "/run")).unwrap_or(&place.path);
    match place {
        "/run" => Fact::Known(true),
        "/run/containerd" => paths.exists(TMPFILES),
        _ if is_within(place, "/run") => Fact::Known(false),
        // A folder elsewhere that nobody looked at is taken as there: its absence would break every start of auditd.
        _ if paths.is_listed(folder) => paths.exists(folder),
        _ => Fact::Known(true),
    }
}
