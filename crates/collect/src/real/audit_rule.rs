//! One loaded audit rule: struct audit_rule_data of linux/audit.h.

use facts::host::{AuditField, AuditRule};

use super::audit::word;
use super::audit_text::{field_compare, rule_text};

const BITMASK_WORDS: usize = 64;
const MOST_FIELDS: usize = 64;

// Offsets in the structure.
const MASK: usize = 12;
const FIELDS: usize = MASK + 4 * BITMASK_WORDS;
const VALUES: usize = FIELDS + 4 * MOST_FIELDS;
const FIELD_FLAGS: usize = VALUES + 4 * MOST_FIELDS;
const TEXT_LENGTH: usize = FIELD_FLAGS + 4 * MOST_FIELDS;
const TEXT: usize = TEXT_LENGTH + 4;

/// Fields by number (linux/audit.h, names as auditctl has them).
const NAMES: &[(u32, &str)] = &[
    (0, "pid"),
    (1, "uid"),
    (2, "euid"),
    (3, "suid"),
    (4, "fsuid"),
    (5, "gid"),
    (6, "egid"),
    (7, "sgid"),
    (8, "fsgid"),
    (9, "auid"),
    (10, "pers"),
    (11, "arch"),
    (12, "msgtype"),
    (13, "subj_user"),
    (14, "subj_role"),
    (15, "subj_type"),
    (16, "subj_sen"),
    (17, "subj_clr"),
    (18, "ppid"),
    (19, "obj_user"),
    (20, "obj_role"),
    (21, "obj_type"),
    (22, "obj_lev_low"),
    (23, "obj_lev_high"),
    (24, "loginuid_set"),
    (25, "sessionid"),
    (26, "fstype"),
    (100, "devmajor"),
    (101, "devminor"),
    (102, "inode"),
    (103, "exit"),
    (104, "success"),
    (105, "path"),
    (106, "perm"),
    (107, "dir"),
    (108, "filetype"),
    (109, "obj_uid"),
    (110, "obj_gid"),
    (111, "field_compare"),
    (112, "exe"),
    (113, "saddr_fam"),
    (200, "a0"),
    (201, "a1"),
    (202, "a2"),
    (203, "a3"),
    (210, "key"),
];

/// Whether a field's value is the length of a text in the rule's buffer.
fn is_text(number: u32) -> bool {
    matches!(number, 13..=17 | 19..=23 | 105 | 107 | 112 | 210)
}

/// Decodes a rule. A field that is not known keeps its place as `fieldN`; `None`: the rule's own lengths do not agree, so nothing is sure.
pub(super) fn audit_rule(bytes: &[u8]) -> Option<AuditRule> {
    let list = word(bytes, 0)?;
    let action = word(bytes, 4)?;
    let count = usize::try_from(word(bytes, 8)?).ok().filter(|count| *count <= MOST_FIELDS)?;
    let mask: Vec<u32> = (0..BITMASK_WORDS).map(|index| word(bytes, MASK + 4 * index)).collect::<Option<_>>()?;
    let text_length = usize::try_from(word(bytes, TEXT_LENGTH)?).ok()?;
    let mut texts = bytes.get(TEXT..TEXT.checked_add(text_length)?)?;
    let mut fields = Vec::with_capacity(count);
    for index in 0..count {
        let number = word(bytes, FIELDS + 4 * index)?;
        let value = word(bytes, VALUES + 4 * index)?;
        let operator = word(bytes, FIELD_FLAGS + 4 * index)?;
        let value = if is_text(number) {
            let (text, rest) = texts.split_at_checked(usize::try_from(value).ok()?)?;
            texts = rest;
            String::from_utf8_lossy(text).into_owned()
        } else {
            field_value(number, value)
        };
        let name =
            NAMES.iter().find(|(known, _)| *known == number).map_or_else(|| format!("field{number}"), |(_, name)| (*name).to_owned());
        fields.push(AuditField { name, operator: operator_text(operator), value });
    }
    // Texts of fields that are not known would shift all later ones: then nothing read from the buffer can be trusted.
    if !texts.is_empty() {
        return None;
    }
    let list = list_name(list);
    // auditctl sets every bit but those of the last word for `-S all`; other lists have no system calls at all.
    let all_syscalls = mask[..BITMASK_WORDS - 1].iter().all(|word| *word == u32::MAX);
    let takes_syscalls = matches!(list.as_str(), "exit" | "entry" | "io_uring");
    let syscalls = if all_syscalls || !takes_syscalls { Vec::new() } else { bits(&mask) };
    let mut rule = AuditRule {
        list,
        action: action_name(action),
        all_syscalls: all_syscalls || !takes_syscalls,
        syscalls,
        fields,
        text: String::new(),
    };
    rule.text = rule_text(&rule);
    Some(rule)
}

fn bits(mask: &[u32]) -> Vec<u32> {
    (0..).zip(mask).flat_map(|(index, word)| (0..32).filter(move |bit| word & (1 << bit) != 0).map(move |bit| index * 32 + bit)).collect()
}

fn list_name(flags: u32) -> String {
    // 0x10 asks for the front of the list when a rule is added.
    match flags & !0x10 {
        0 => "user".to_owned(),
        1 => "task".to_owned(),
        2 => "entry".to_owned(),
        3 => "watch".to_owned(),
        4 => "exit".to_owned(),
        5 => "exclude".to_owned(),
        6 => "filesystem".to_owned(),
        7 => "io_uring".to_owned(),
        other => format!("list{other}"),
    }
}

fn action_name(action: u32) -> String {
    match action {
        0 => "never".to_owned(),
        1 => "possible".to_owned(),
        2 => "always".to_owned(),
        other => format!("action{other}"),
    }
}

fn operator_text(operator: u32) -> String {
    match operator & 0x7800_0000 {
        // Rules of old programs have no operator; the kernel takes that for equality.
        0 | 0x4000_0000 => "=".to_owned(),
        0x3000_0000 => "!=".to_owned(),
        0x2000_0000 => ">".to_owned(),
        0x6000_0000 => ">=".to_owned(),
        0x1000_0000 => "<".to_owned(),
        0x5000_0000 => "<=".to_owned(),
        0x0800_0000 => "&".to_owned(),
        0x4800_0000 => "&=".to_owned(),
        other => format!("operator{other:x}"),
    }
}

/// A number in auditctl's spelling.
fn field_value(number: u32, value: u32) -> String {
    match number {
        11 if matches!(value & 0x8000_0000, 0) => "b32".to_owned(),
        11 => "b64".to_owned(),
        106 => [(4, 'r'), (2, 'w'), (1, 'x'), (8, 'a')].iter().filter(|(bit, _)| value & bit != 0).map(|(_, letter)| letter).collect(),
        111 => field_compare(value),
        // Arguments are shown in hexadecimal, inodes without a sign, everything else as a signed number (auditctl-listing.c).
        200..=203 => format!("0x{value:X}"),
        102 => value.to_string(),
        _ => value.cast_signed().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bytes that the kernel sends: list, action, mask, fields, texts.
    fn bytes(list: u32, action: u32, mask: u32, fields: &[(u32, u32, u32)], text: &str) -> Vec<u8> {
        let mut words = vec![list, action, u32::try_from(fields.len()).unwrap()];
        words.extend([mask; BITMASK_WORDS]);
        let column = |pick: fn(&(u32, u32, u32)) -> u32| {
            let mut column: Vec<u32> = fields.iter().map(pick).collect();
            column.resize(MOST_FIELDS, 0);
            column
        };
        words.extend(column(|field| field.0));
        words.extend(column(|field| field.2));
        words.extend(column(|field| field.1));
        words.push(u32::try_from(text.len()).unwrap());
        let mut bytes: Vec<u8> = words.into_iter().flat_map(u32::to_ne_bytes).collect();
        bytes.extend(text.as_bytes());
        bytes
    }

    const EQUAL: u32 = 0x4000_0000;

    #[test]
    fn texts_are_read_in_order() {
        // Where `exe` is taken for a number, the key would read "/usr/s".
        let rule = audit_rule(&bytes(4, 2, u32::MAX, &[(112, EQUAL, 17), (210, EQUAL, 6)], "/usr/sbin/dockerddocker")).unwrap();
        let fields: Vec<_> = rule.fields.iter().map(|field| (field.name.as_str(), field.value.as_str())).collect();
        assert_eq!(fields, [("exe", "/usr/sbin/dockerd"), ("key", "docker")]);
        assert_eq!((rule.list.as_str(), rule.action.as_str(), rule.all_syscalls), ("exit", "always", true));
    }

    #[test]
    fn fields_of_the_future_keep_their_place() {
        let rule = audit_rule(&bytes(4, 2, u32::MAX, &[(113, EQUAL, 2), (999, 0x3000_0000, 7), (106, EQUAL, 10)], "")).unwrap();
        let fields: Vec<_> = rule.fields.iter().map(|field| format!("{}{}{}", field.name, field.operator, field.value)).collect();
        assert_eq!(fields, ["saddr_fam=2", "field999!=7", "perm=wa"]);
    }

    #[test]
    fn lengths_that_do_not_agree_are_refused() {
        assert_eq!(audit_rule(&bytes(4, 2, 0, &[(105, EQUAL, 9)], "/etc")), None);
        assert_eq!(audit_rule(&bytes(4, 2, 0, &[(999, EQUAL, 4)], "/etc")), None);
        assert_eq!(audit_rule(&bytes(4, 2, 0, &[(105, EQUAL, u32::MAX)], "/etc")), None);
        assert_eq!(audit_rule(&[]), None);
        let whole = bytes(4, 2, 0, &[(105, EQUAL, 4)], "/etc");
        for length in 0..whole.len() {
            assert_eq!(audit_rule(&whole[..length]), None, "{length}");
        }
    }

    #[test]
    fn system_calls() {
        let mut execve = bytes(4, 2, 0, &[(11, EQUAL, 0xc000_003e)], "");
        execve[MASK + 4..MASK + 8].copy_from_slice(&(1_u32 << (59 - 32)).to_ne_bytes());
        let rule = audit_rule(&execve).unwrap();
        assert_eq!((rule.all_syscalls, rule.syscalls), (false, vec![59]));
        assert_eq!(rule.fields[0].value, "b64");
        // Lists that have no system calls.
        assert!(audit_rule(&bytes(5, 0, 0, &[], "")).unwrap().all_syscalls);
    }

    proptest::proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..2000)) {
            let _ = audit_rule(&bytes);
        }
    }
}
