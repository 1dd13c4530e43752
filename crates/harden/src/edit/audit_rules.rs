//! Our rules in auditctl's spelling: what the persistent file holds, and what comes back from it.

use assess::WatchKind;

use crate::plan::AuditRuleSpec;

/// Where augenrules finds our rules at the next boot.
pub(crate) const RULES_FILE: &str = "/etc/audit/rules.d/cofferdam.rules";

/// The first lines of that file.
pub(crate) const HEADER: &str = "\
# Written by cofferdam (`cofferdam harden`): one line for each architecture of each rule.
# `cofferdam harden rollback` takes its lines out again; other lines in this file stay.
";

/// Architectures that a rule is written for: a 64-bit kernel also runs 32-bit programs, whose calls have other numbers.
pub(crate) const ARCHES: &[&str] = &["b64", "b32"];

/// The rule's lines, one for each architecture.
pub(crate) fn lines(rule: &AuditRuleSpec) -> Vec<String> {
    ARCHES.iter().map(|arch| line(rule, arch)).collect()
}

fn line(rule: &AuditRuleSpec, arch: &str) -> String {
    let field = match rule.kind {
        WatchKind::File => "path",
        WatchKind::Dir => "dir",
    };
    format!("-a always,exit -F arch={arch} -F {field}={} -F perm={} -F key={}", rule.path, rule.perm, rule.key)
}

/// The rules of our lines in a text; lines of another form are none of ours.
pub(crate) fn parse(text: &str) -> Vec<AuditRuleSpec> {
    let mut rules: Vec<AuditRuleSpec> = Vec::new();
    for rule in text.lines().filter_map(parse_line) {
        if !rules.contains(&rule) {
            rules.push(rule);
        }
    }
    rules
}

fn parse_line(line: &str) -> Option<AuditRuleSpec> {
    let rest = line.trim_end().strip_prefix("-a always,exit -F arch=")?;
    let (arch, rest) = rest.split_once(" -F ")?;
    if !ARCHES.contains(&arch) {
        return None;
    }
    let (place, rest) = rest.split_once(" -F perm=")?;
    let (perm, key) = rest.split_once(" -F key=")?;
    let (kind, path) = match place.split_once('=')? {
        ("path", path) => (WatchKind::File, path),
        ("dir", path) => (WatchKind::Dir, path),
        _ => return None,
    };
    let rule = AuditRuleSpec { path: path.to_owned(), kind, perm: perm.to_owned(), key: key.to_owned() };
    unspeakable(&rule).is_none().then_some(rule)
}

/// Why auditctl's line format cannot say this rule; none: it can. auditctl splits at spaces and knows no quoting.
pub(crate) fn unspeakable(rule: &AuditRuleSpec) -> Option<&'static str> {
    let plain = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    if !rule.path.starts_with('/') {
        Some("the path is not absolute")
    } else if !plain(&rule.path) {
        Some("the path holds characters that an audit rule file cannot express")
    } else if !plain(&rule.key) || rule.key.len() > 31 {
        Some("the key is not a word of 1 to 31 printable characters")
    } else if rule.perm.is_empty() || !rule.perm.bytes().all(|byte| b"rwxa".contains(&byte)) {
        Some("the permissions are not made of r, w, x and a")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn spelling() {
        let rule = AuditRuleSpec { path: "/usr/sbin/dockerd".into(), kind: WatchKind::File, perm: "wa".into(), key: "docker".into() };
        assert_eq!(
            lines(&rule),
            [
                "-a always,exit -F arch=b64 -F path=/usr/sbin/dockerd -F perm=wa -F key=docker",
                "-a always,exit -F arch=b32 -F path=/usr/sbin/dockerd -F perm=wa -F key=docker"
            ]
        );
        assert_eq!(parse(&lines(&rule).join("\n")), [rule]);
        assert_eq!(parse("# -a always,exit -F arch=b64 -F path=/x -F perm=wa -F key=k\n-w /x -p wa\n"), []);
    }

    #[test]
    fn what_a_line_cannot_say() {
        let rule = |path: &str, key: &str| AuditRuleSpec { path: path.into(), kind: WatchKind::Dir, perm: "wa".into(), key: key.into() };
        assert!(unspeakable(&rule("/a b", "k")).is_some());
        assert!(unspeakable(&rule("/a\n-D", "k")).is_some());
        assert!(unspeakable(&rule("a", "k")).is_some());
        assert!(unspeakable(&rule("/a", "")).is_some());
        assert!(unspeakable(&rule("/a", "k")).is_none());
    }

    proptest! {
        #[test]
        fn parse_reads_what_lines_write(path in "/[a-z/.=-]{0,20}", dir in any::<bool>(), perm in "[rwxa]{1,4}", key in "[a-z-]{1,31}") {
            let kind = if dir { WatchKind::Dir } else { WatchKind::File };
            let rule = AuditRuleSpec { path, kind, perm, key };
            prop_assert_eq!(parse(&lines(&rule).join("\n")), vec![rule]);
        }

        #[test]
        fn garbage_never_panics(text in "(?s).{0,80}") {
            parse(&text);
        }
    }
}
