//! A rule in the words of `auditctl -l` (auditctl 3.0.9, src/auditctl-listing.c).

use std::collections::HashMap;
use std::fmt::Write;

use facts::host::AuditRule;

/// What AUDIT_COMPARE_* compares, by number from 1: `-C uid=obj_uid`.
const COMPARED: &[&str] = &[
    "uid obj_uid",
    "gid obj_gid",
    "euid obj_uid",
    "egid obj_gid",
    "auid obj_uid",
    "suid obj_uid",
    "sgid obj_gid",
    "fsuid obj_uid",
    "fsgid obj_gid",
    "uid auid",
    "uid euid",
    "uid fsuid",
    "uid suid",
    "auid fsuid",
    "auid suid",
    "auid euid",
    "euid suid",
    "euid fsuid",
    "suid fsuid",
    "gid egid",
    "gid fsgid",
    "gid sgid",
    "egid fsgid",
    "egid sgid",
    "sgid fsgid",
];

/// The two things that a field comparison compares.
pub(super) fn field_compare(value: u32) -> String {
    let index = usize::try_from(value).ok().and_then(|value| value.checked_sub(1));
    index.and_then(|index| COMPARED.get(index)).map_or_else(|| value.to_string(), |pair| (*pair).to_owned())
}

/// System calls by number, one a line (linux: unistd_64.h, unistd_32.h and asm-generic/unistd.h of Linux 6.1).
const X86_64: &str = include_str!("syscalls/x86_64.txt");
const I386: &str = include_str!("syscalls/i386.txt");
const AARCH64: &str = include_str!("syscalls/aarch64.txt");

/// The names of the system calls of an architecture, as far as they are known; for others the number stays, which auditctl takes too.
fn syscall_names(arch: &str) -> HashMap<u32, &'static str> {
    let table = match (std::env::consts::ARCH, arch) {
        ("x86_64", "b32") => I386,
        ("x86_64", _) => X86_64,
        ("aarch64", "b32") => "",
        ("aarch64", _) => AARCH64,
        _ => "",
    };
    table.lines().filter_map(|line| line.split_once(' ')).filter_map(|(number, name)| Some((number.parse().ok()?, name))).collect()
}

/// `-w PATH -p PERM -k KEY` for what auditctl takes for a watch, else the rule with all its fields.
///
/// One difference: auditctl shows `never` rules on a path as watches too, as if they recorded anything. Here they show what they are.
pub(super) fn rule_text(rule: &AuditRule) -> String {
    let mut text = String::new();
    let watch = is_watch(rule);
    if !watch {
        text = format!("-a {},{}", rule.action, rule.list);
        for arch in rule.fields.iter().filter(|field| field.name == "arch") {
            push(&mut text, format_args!(" -F arch{}{}", arch.operator, arch.value));
        }
        if !matches!(rule.list.as_str(), "user" | "task" | "exclude" | "filesystem") {
            let arch = rule.fields.iter().find(|field| field.name == "arch").map_or("", |arch| arch.value.as_str());
            let known = if rule.syscalls.is_empty() { HashMap::new() } else { syscall_names(arch) };
            let name = |number: &u32| known.get(number).map_or_else(|| number.to_string(), |name| (*name).to_owned());
            let names: Vec<String> = rule.syscalls.iter().map(name).collect();
            match (rule.all_syscalls, names.is_empty()) {
                (true, _) => text.push_str(" -S all"),
                (false, false) => push(&mut text, format_args!(" -S {}", names.join(","))),
                (false, true) => {}
            }
        }
    }
    for field in &rule.fields {
        let (operator, value) = (field.operator.as_str(), field.value.as_str());
        match field.name.as_str() {
            "arch" => {}
            "path" | "dir" if watch => push(&mut text, format_args!("-w {value}")),
            "perm" if watch => push(&mut text, format_args!(" -p {value}")),
            "perm" => push(&mut text, format_args!(" -F perm={value}")),
            // Several keys are one text with a separator of byte 1.
            "key" => value.split('\u{1}').filter(|key| !key.is_empty()).for_each(|key| {
                push(&mut text, format_args!(" {}{key}", if watch { "-k " } else { "-F key=" }));
            }),
            "field_compare" => match value.split_once(' ') {
                Some((left, right)) => push(&mut text, format_args!(" -C {left}{operator}{right}")),
                None => push(&mut text, format_args!(" -F field_compare{operator}{value}")),
            },
            name => push(&mut text, format_args!(" -F {name}{operator}{value}")),
        }
    }
    text
}

fn push(text: &mut String, words: std::fmt::Arguments<'_>) {
    text.write_fmt(words).expect("writing to a String cannot fail");
}

/// A rule on all system calls with a perm field and nothing but path, dir and key besides.
fn is_watch(rule: &AuditRule) -> bool {
    rule.all_syscalls
        && rule.action == "always"
        && rule.fields.iter().any(|field| field.name == "perm")
        && rule.fields.iter().all(|field| matches!(field.name.as_str(), "perm" | "key" | "dir" | "path"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use facts::host::AuditField;

    fn rule(action: &str, syscalls: Option<&[u32]>, fields: &[(&str, &str, &str)]) -> String {
        let field = |(name, operator, value): &(&str, &str, &str)| AuditField {
            name: (*name).to_owned(),
            operator: (*operator).to_owned(),
            value: (*value).to_owned(),
        };
        rule_text(&AuditRule {
            list: "exit".to_owned(),
            action: action.to_owned(),
            all_syscalls: syscalls.is_none(),
            syscalls: syscalls.unwrap_or_default().to_vec(),
            fields: fields.iter().map(field).collect(),
            text: String::new(),
        })
    }

    #[test]
    fn spellings() {
        let watch = [("path", "=", "/p"), ("perm", "=", "wa"), ("key", "=", "a\u{1}b")];
        assert_eq!(rule("always", None, &watch), "-w /p -p wa -k a -k b");
        assert_eq!(rule("never", None, &watch), "-a never,exit -S all -F path=/p -F perm=wa -F key=a -F key=b");
        let narrow =
            [("arch", "=", "b64"), ("dir", "=", "/d"), ("auid", "!=", "-1"), ("field_compare", "=", "uid obj_uid"), ("field250", ">", "7")];
        assert_eq!(rule("always", None, &narrow), "-a always,exit -F arch=b64 -S all -F dir=/d -F auid!=-1 -C uid=obj_uid -F field250>7");
    }

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn system_calls_by_name() {
        assert_eq!(rule("always", Some(&[59, 257, 999]), &[("arch", "=", "b64")]), "-a always,exit -F arch=b64 -S execve,openat,999");
        assert_eq!(rule("always", Some(&[11]), &[("arch", "=", "b32")]), "-a always,exit -F arch=b32 -S execve");
    }
}
