//! What a mode and an access list let people do (acl(5)).

use facts::Fact;

/// Whether mode and access list (its entries in short form; Absent: none) give no right beyond `allowed`. Compared bit by bit: 0606 is a
/// smaller number than 0660 and lets everybody in. Setuid, setgid and sticky give nobody a right to read, write or search.
///
/// With an access list the group bits of the mode are its mask. A named user or group is neither owner nor owning group, so it may have
/// what everybody may have.
pub(crate) fn at_most(mode: u32, list: &Fact<Vec<String>>, uid: i64, gid: i64, allowed: u32) -> Fact<bool> {
    let exceeds = |given: u32, allowed: u32| given & !allowed & 0o7 != 0;
    let (for_group, for_others) = (allowed >> 3, allowed);
    if exceeds(mode >> 6, allowed >> 6) || exceeds(mode, for_others) {
        return Fact::Known(false);
    }
    match list {
        Fact::Absent => Fact::Known(!exceeds(mode >> 3, for_group)),
        Fact::Known(entries) if entries.is_empty() => Fact::Known(!exceeds(mode >> 3, for_group)),
        // If there is a list, its mask bounds it.
        Fact::Unknown { .. } if !exceeds(mode >> 3, for_group & for_others) => Fact::Known(true),
        Fact::Unknown { why } => Fact::unknown(why.clone()),
        Fact::Known(entries) => {
            let Some(entries) = entries.iter().map(|entry| Entry::read(entry)).collect::<Option<Vec<_>>>() else {
                return Fact::unknown("an access list of unknown form");
            };
            let mask = entries.iter().find(|entry| entry.tag == "mask").map_or(0o7, |entry| entry.bits);
            let too_much = |entry: &Entry<'_>| {
                let given = entry.bits & mask;
                match (entry.tag, entry.id) {
                    ("group", None) => exceeds(given, for_group),
                    ("group", Some(id)) if id == gid => exceeds(given, for_group),
                    // Root may do everything anyway, and the owner has an own entry.
                    ("user", Some(id)) if id == 0 || id == uid => false,
                    ("user" | "group", Some(_)) => exceeds(given, for_others),
                    _ => false,
                }
            };
            Fact::Known(!entries.iter().any(too_much))
        }
    }
}

/// Mode and access list in words: `0660 with user::rw-, user:1000:rw-`.
pub(crate) fn rights(mode: &str, list: Option<&Vec<String>>) -> String {
    match list {
        Some(entries) if !entries.is_empty() => format!("{mode} with {}", entries.join(", ")),
        _ => mode.to_owned(),
    }
}

/// One entry: `user:1000:rw-`.
pub(super) struct Entry<'e> {
    pub(super) tag: &'e str,
    pub(super) id: Option<i64>,
    pub(super) bits: u32,
}

impl<'e> Entry<'e> {
    pub(super) fn read(text: &'e str) -> Option<Self> {
        let [tag, id, rights] = text.split(':').collect::<Vec<_>>()[..] else { return None };
        let id = if id.is_empty() { None } else { Some(id.parse().ok()?) };
        let mut bits = 0;
        for (letter, bit) in ["r", "w", "x"].into_iter().zip([4, 2, 1]) {
            bits |= if rights.contains(letter) { bit } else { 0 };
        }
        (rights.len() == 3 && rights.bytes().all(|byte| b"rwx-".contains(&byte)) && matches!(tag, "user" | "group" | "mask" | "other"))
            .then_some(Self { tag, id, bits })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(entries: &[&str]) -> Fact<Vec<String>> {
        Fact::Known(entries.iter().map(|entry| (*entry).to_owned()).collect())
    }

    #[track_caller]
    fn check(mode: u32, entries: &Fact<Vec<String>>, allowed: u32, expect: Option<bool>) {
        assert_eq!(at_most(mode, entries, 0, 998, allowed).known().copied(), expect, "{mode:04o} {entries:?} {allowed:04o}");
    }

    #[test]
    fn bit_by_bit() {
        let none = Fact::Absent;
        for (mode, allowed, expect) in [
            (0o644, 0o644, true),
            (0o600, 0o644, true),
            (0o646, 0o644, false),
            (0o626, 0o644, false),
            (0o606, 0o660, false),
            (0o737, 0o755, false),
            (0o400, 0o444, true),
            (0o402, 0o444, false),
            (0o000, 0o400, true),
            // Sticky and setgid loosen nothing.
            (0o1750, 0o755, true),
            (0o2755, 0o755, true),
        ] {
            check(mode, &none, allowed, Some(expect));
        }
    }

    #[test]
    fn access_lists() {
        // A group digit that is only a mask: 0664, and nobody but the owner may write.
        check(0o664, &list(&["user::rw-", "user:1000:r--", "group::r--", "mask::rw-", "other::r--"]), 0o644, Some(true));
        check(0o664, &list(&["user::rw-", "user:1000:rw-", "group::r--", "mask::rw-", "other::r--"]), 0o644, Some(false));
        // The mask takes the right away.
        check(0o644, &list(&["user::rw-", "user:1000:rw-", "group::r--", "mask::r--", "other::r--"]), 0o644, Some(true));
        // A mode that fits, and a stranger on the list of a socket.
        check(0o660, &list(&["user::rw-", "user:1000:rw-", "group::rw-", "mask::rw-", "other::---"]), 0o660, Some(false));
        check(0o660, &list(&["user::rw-", "group::rw-", "group:998:rw-", "mask::rw-", "other::---"]), 0o660, Some(true));
        check(0o660, &list(&["user::rw-", "group::rw-", "group:7:rw-", "mask::rw-", "other::---"]), 0o660, Some(false));
        check(0o660, &list(&["user::rw-", "user:0:rw-", "group::rw-", "mask::rw-", "other::---"]), 0o660, Some(true));
        check(0o640, &list(&["nonsense"]), 0o644, None);
        check(0o646, &list(&["nonsense"]), 0o644, Some(false));
    }

    #[test]
    fn an_unseen_list() {
        let unseen = Fact::unknown("no right");
        check(0o644, &unseen, 0o644, Some(true));
        check(0o600, &unseen, 0o644, Some(true));
        check(0o660, &unseen, 0o660, None);
        check(0o664, &unseen, 0o644, None);
        check(0o646, &unseen, 0o644, Some(false));
    }
}
