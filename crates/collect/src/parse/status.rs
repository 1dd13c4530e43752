//! /proc/PID/status and /proc/PID/stat.

use facts::docker::ProcStatus;

/// The members of `status` that checks speak of. `None`: one of them is missing, so the text is not a whole status file.
pub(crate) fn status(text: &str) -> Option<ProcStatus> {
    // The first line holds the process's own name, which it may choose; the kernel escapes line feeds in it.
    let value = |name: &str| text.lines().skip(1).find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim);
    let ids = |name: &str| -> Option<[u32; 4]> {
        let ids: Vec<u32> = value(name)?.split_whitespace().map(|word| word.parse().ok()).collect::<Option<_>>()?;
        ids.try_into().ok()
    };
    let mask = |name: &str| value(name).filter(|hex| !hex.is_empty() && u64::from_str_radix(hex, 16).is_ok()).map(str::to_owned);
    Some(ProcStatus {
        uids: ids("Uid")?,
        gids: ids("Gid")?,
        cap_bounding: mask("CapBnd")?,
        cap_effective: mask("CapEff")?,
        no_new_privileges: value("NoNewPrivs")? == "1",
        // A kernel without CONFIG_SECCOMP has no such line: then nothing is filtered.
        seccomp: value("Seccomp").map_or(Some(0), |mode| mode.parse().ok())?,
    })
}

/// Supplementary groups of `status`.
pub(crate) fn supplementary_groups(text: &str) -> Option<Vec<u32>> {
    let line = text.lines().skip(1).find_map(|line| line.strip_prefix("Groups:"))?;
    line.split_whitespace().map(|word| word.parse().ok()).collect()
}

/// Some members of /proc/PID/stat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stat {
    /// Name, at most 15 bytes, chosen by the process.
    pub(crate) name: String,
    /// R running, S sleeping, T stopped, Z zombie, ...
    pub(crate) state: char,
    /// Parent's process id.
    pub(crate) parent: u32,
    /// Start time in clock ticks since boot.
    pub(crate) start_ticks: u64,
}

/// The name stands in parentheses and may itself hold blanks and parentheses: the last one closes it.
pub(crate) fn stat(text: &str) -> Option<Stat> {
    let (_pid, rest) = text.split_once(" (")?;
    let (name, fields) = rest.rsplit_once(") ")?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    Some(Stat {
        name: name.to_owned(),
        state: fields.first()?.chars().next()?,
        parent: fields.get(1)?.parse().ok()?,
        start_ticks: fields.get(19)?.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_members() {
        let text = "Name:\tsleep\nUmask:\t0022\nUid:\t100000\t100000\t100000\t100000\nGid:\t0\t0\t0\t0\nNoNewPrivs:\t1\nSeccomp:\t2\n\
                    CapEff:\t00000000a80425fb\nCapBnd:\t00000000a80425fb\n";
        let found = status(text).unwrap();
        assert_eq!((found.uids, found.no_new_privileges, found.seccomp), ([100_000; 4], true, 2));
        assert_eq!(found.cap_bounding, "00000000a80425fb");
        assert_eq!(status("Name:\tx\n"), None);
        assert_eq!(status(&text.replace("CapBnd:\t00000000a80425fb", "CapBnd:\tzz")), None);
    }

    #[test]
    fn groups_of_a_status() {
        assert_eq!(supplementary_groups("Name:\tx\nGroups:\t4 998 \n"), Some(vec![4, 998]));
        assert_eq!(supplementary_groups("Name:\tx\nGroups:\t \n"), Some(Vec::new()));
        assert_eq!(supplementary_groups("Groups:\t0\nUid:\t0\n"), None);
    }

    #[test]
    fn stat_with_a_hostile_name() {
        let mut text = String::from("42 (a) R 1 (b) S 7");
        for number in 0..20 {
            text.push_str(&format!(" {number}"));
        }
        let found = stat(&text).unwrap();
        assert_eq!((found.name.as_str(), found.parent, found.start_ticks), ("a) R 1 (b", 7, 17));
        assert_eq!(stat("42 (a"), None);
        assert_eq!(stat("42 (a) S 7"), None);
    }
}
