//! Linux capabilities by name: from the kernel's mask, or worked out as Docker does from what was asked for.

use facts::Fact;

use crate::view::Listing;

/// Names in the order of their numbers (linux/capability.h), without CAP_.
const NAMES: [&str; 41] = [
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
    "SETPCAP",
    "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_ADMIN",
    "NET_RAW",
    "IPC_LOCK",
    "IPC_OWNER",
    "SYS_MODULE",
    "SYS_RAWIO",
    "SYS_CHROOT",
    "SYS_PTRACE",
    "SYS_PACCT",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_NICE",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "MKNOD",
    "LEASE",
    "AUDIT_WRITE",
    "AUDIT_CONTROL",
    "SETFCAP",
    "MAC_OVERRIDE",
    "MAC_ADMIN",
    "SYSLOG",
    "WAKE_ALARM",
    "BLOCK_SUSPEND",
    "AUDIT_READ",
    "PERFMON",
    "BPF",
    "CHECKPOINT_RESTORE",
];

/// What Docker gives a container that asks for nothing.
const DOCKER_DEFAULT: [&str; 14] = [
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "NET_RAW",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

/// The capabilities of a mask as /proc/PID/status prints it.
pub(crate) fn from_mask(hex: &str) -> Fact<Listing<String>> {
    let Ok(mask) = u64::from_str_radix(hex.trim(), 16) else { return Fact::unknown(format!("`{hex}` is no capability mask")) };
    let named = |bit: usize| NAMES.get(bit).map_or_else(|| format!("CAPABILITY_{bit}"), |name| (*name).to_owned());
    Fact::Known(sorted((0..64).filter(|bit| mask >> bit & 1 == 1).map(named)))
}

/// What Docker would give: privileged wins; `ALL` added means all but the dropped; `ALL` dropped means the added alone.
pub(crate) fn asked_for(privileged: bool, add: &[String], drop: &[String]) -> Listing<String> {
    let (add, drop): (Vec<String>, Vec<String>) =
        (add.iter().map(|name| normal(name)).collect(), drop.iter().map(|name| normal(name)).collect());
    let has = |list: &[String], name: &str| list.iter().any(|given| given == name);
    let all = NAMES.iter().map(|name| (*name).to_owned());
    if privileged {
        sorted(all)
    } else if has(&add, "ALL") {
        sorted(all.filter(|name| !has(&drop, name)))
    } else if has(&drop, "ALL") {
        sorted(add.into_iter())
    } else {
        sorted(DOCKER_DEFAULT.iter().map(|name| (*name).to_owned()).filter(|name| !has(&drop, name)).chain(add.iter().cloned()))
    }
}

/// Those beyond Docker's default set.
pub(crate) fn beyond_default(held: Listing<String>) -> Listing<String> {
    let members = held.members.into_iter().filter(|name| !DOCKER_DEFAULT.contains(&name.as_str())).collect();
    Listing { members, unseen: held.unseen }
}

/// `cap_net_raw`, `CAP_NET_RAW` and `NET_RAW` are one.
fn normal(name: &str) -> String {
    let upper = name.trim().to_ascii_uppercase();
    upper.strip_prefix("CAP_").map_or_else(|| upper.clone(), str::to_owned)
}

fn sorted(names: impl Iterator<Item = String>) -> Listing<String> {
    let mut names: Vec<String> = names.collect();
    names.sort();
    names.dedup();
    Listing::from(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(privileged: bool, add: &str, drop: &str) -> Vec<String> {
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        asked_for(privileged, &words(add), &words(drop)).members
    }

    #[test]
    fn masks() {
        // CapBnd of a container that asks for nothing, and of a privileged one.
        assert_eq!(from_mask("00000000a80425fb").known().unwrap().members, asked(false, "", ""));
        assert_eq!(from_mask("000001ffffffffff").known().unwrap().members, asked(true, "", ""));
        assert_eq!(from_mask("0000000000000000").known().unwrap().members, asked(false, "", "ALL"));
        assert!(from_mask("x").is_unknown());
        assert_eq!(from_mask("0000020000000000").known().unwrap().members, ["CAPABILITY_41"]);
    }

    #[test]
    fn arithmetic_is_dockers() {
        assert_eq!(asked(false, "", "").len(), 14);
        assert_eq!(asked(false, "cap_net_admin", "all"), ["NET_ADMIN"]);
        assert_eq!(asked(false, "NET_RAW", "CAP_NET_RAW NET_RAW").iter().filter(|name| *name == "NET_RAW").count(), 1);
        assert!(!asked(false, "", "net_raw").contains(&"NET_RAW".to_owned()));
        assert_eq!(asked(false, "ALL", "SYS_ADMIN").len(), 40);
        assert_eq!(asked(false, "ALL", "ALL").len(), 41);
        assert_eq!(asked(true, "", "ALL").len(), 41);
        assert_eq!(beyond_default(Listing::from(asked(false, "SYS_ADMIN", ""))).members, ["SYS_ADMIN"]);
    }
}
