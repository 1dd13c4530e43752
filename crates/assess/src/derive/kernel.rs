//! The running kernel: whether it is the newest one installed, and which of its settings are left open.

use std::cmp::Ordering;

use facts::host::Host;
use facts::{Fact, Snapshot};

use crate::view::{Kernel, Listing, Origin, Seen};

pub(crate) fn kernel(snapshot: &Snapshot) -> Kernel {
    let host = &snapshot.host;
    let newest = host.kernels_installed.as_ref().and_then(|releases| releases.iter().max_by(|a, b| by_version(a, b)).cloned().into());
    let is_newest = host.kernel.as_ref().and_then(|running| {
        host.kernels_installed.as_ref().and_then(|releases| {
            // One that is started from elsewhere says nothing about those that are installed.
            if !releases.contains(running) {
                return Fact::unknown(format!("the running kernel {running} is not among the installed ones"));
            }
            Fact::Known(releases.iter().all(|release| by_version(release, running).is_le()))
        })
    });
    let is_newest =
        if is_newest.is_absent() { Fact::unknown("no installed kernel was found in /boot or /usr/lib/modules") } else { is_newest };
    Kernel {
        release: Seen::new(host.kernel.clone(), Origin::words("/proc/sys/kernel/osrelease")),
        newest_installed: Seen::new(newest, Origin::words("/boot, /usr/lib/modules")),
        is_newest: Seen::new(is_newest, Origin::words("/proc/sys/kernel/osrelease, /boot")),
        open_settings: Seen::new(Fact::Known(open_settings(host)), Origin::words("/proc/sys")),
    }
}

/// Digits by value, and all else by its bytes: `6.1.0-9-amd64` is older than `6.1.0-31-amd64`.
fn by_version(a: &str, b: &str) -> Ordering {
    let parts = |text: &str| -> Vec<(bool, String)> {
        let mut parts: Vec<(bool, String)> = Vec::new();
        for character in text.chars() {
            let digit = character.is_ascii_digit();
            match parts.last_mut() {
                Some((is_number, part)) if *is_number == digit => part.push(character),
                _ => parts.push((digit, character.to_string())),
            }
        }
        parts
    };
    let (a, b) = (parts(a), parts(b));
    for (one, other) in a.iter().zip(&b) {
        let order = match (one, other) {
            ((true, one), (true, other)) => {
                let (one, other) = (one.trim_start_matches('0'), other.trim_start_matches('0'));
                one.len().cmp(&other.len()).then_with(|| one.cmp(other))
            }
            // A release candidate is older than its release.
            ((_, one), (_, other)) => one.starts_with("-rc").cmp(&other.starts_with("-rc")).reverse().then_with(|| one.cmp(other)),
        };
        if order.is_ne() {
            return order;
        }
    }
    a.len().cmp(&b.len())
}

/// Settings that give more than a host of containers needs, `kernel.dmesg_restrict = 0`.
fn open_settings(host: &Host) -> Listing<String> {
    let value = |name: &str| match host.sysctls.get(name) {
        Some(setting) => setting.fact.clone(),
        None => Fact::default(),
    };
    let mut listing = Listing::default();
    let mut judge = |name: &str, is_open: fn(&str) -> bool, absent_is_open: bool| match value(name) {
        Fact::Known(value) if is_open(&value) => listing.members.push(format!("{name} = {value}")),
        Fact::Known(_) => {}
        Fact::Absent if absent_is_open => listing.members.push(format!("{name} is not there")),
        Fact::Absent => {}
        Fact::Unknown { why } => _ = listing.unseen.get_or_insert(why),
    };
    judge("kernel.kptr_restrict", |value| value == "0", true);
    judge("kernel.dmesg_restrict", |value| value == "0", true);
    // Absent: the kernel can't load another one at all.
    judge("kernel.kexec_load_disabled", |value| value == "0", false);
    match unprivileged_namespaces(value) {
        Fact::Known(None) | Fact::Absent => {}
        Fact::Known(Some(what)) => listing.members.push(what),
        Fact::Unknown { why } => _ = listing.unseen.get_or_insert(why),
    }
    listing
}

/// Any of three settings keeps ordinary users from making user namespaces. `None`: one of them does.
fn unprivileged_namespaces(value: impl Fn(&str) -> Fact<String>) -> Fact<Option<String>> {
    const CLOSED: [(&str, &str); 3] = [
        ("kernel.unprivileged_userns_clone", "0"),
        ("kernel.apparmor_restrict_unprivileged_userns", "1"),
        ("user.max_user_namespaces", "0"),
    ];
    let mut unseen = None;
    let mut open = Vec::new();
    for (name, closed) in CLOSED {
        match value(name) {
            Fact::Known(value) if value == closed => return Fact::Known(None),
            Fact::Known(value) => open.push(format!("{name} = {value}")),
            Fact::Absent => {}
            Fact::Unknown { why } => unseen = Some(why),
        }
    }
    match unseen {
        Some(why) => Fact::Unknown { why },
        // A kernel without user namespaces has none of the three.
        None if open.is_empty() => Fact::Known(None),
        None => Fact::Known(Some(open.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use facts::{Observed, SourceId};

    #[test]
    fn versions() {
        let mut releases =
            ["6.1.0-31-amd64", "6.1.0-9-amd64", "5.15.0-1", "6.12.1+deb13-amd64", "6.12-rc3", "6.12.0", "6.1.0-31-cloud-amd64"];
        releases.sort_by(|a, b| by_version(a, b));
        assert_eq!(releases[0], "5.15.0-1");
        assert_eq!(releases[1], "6.1.0-9-amd64");
        assert_eq!(releases.last(), Some(&"6.12.1+deb13-amd64"));
        assert_eq!(by_version("6.1", "6.1"), Ordering::Equal);
    }

    fn with(settings: &[(&str, &str)]) -> Listing<String> {
        let mut host = Host::default();
        for name in [
            "kernel.kptr_restrict",
            "kernel.dmesg_restrict",
            "kernel.kexec_load_disabled",
            "kernel.unprivileged_userns_clone",
            "kernel.apparmor_restrict_unprivileged_userns",
            "user.max_user_namespaces",
        ] {
            let fact = settings.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()).into();
            host.sysctls.insert(name.to_owned(), Observed::new(SourceId(0), fact));
        }
        open_settings(&host)
    }

    #[test]
    fn settings() {
        let tight = [("kernel.kptr_restrict", "2"), ("kernel.dmesg_restrict", "1"), ("kernel.kexec_load_disabled", "1")];
        let namespaces = |name, value| with(&[&tight[..], &[(name, value), ("user.max_user_namespaces", "1000")]].concat()).members;
        assert!(namespaces("kernel.unprivileged_userns_clone", "0").is_empty());
        assert!(namespaces("kernel.apparmor_restrict_unprivileged_userns", "1").is_empty());
        assert_eq!(namespaces("kernel.unprivileged_userns_clone", "1").len(), 1);
        assert_eq!(namespaces("x", "1"), ["user.max_user_namespaces = 1000"]);
        assert_eq!(with(&[]).members, ["kernel.kptr_restrict is not there", "kernel.dmesg_restrict is not there"]);
        assert_eq!(with(&[("kernel.dmesg_restrict", "0"), ("kernel.kptr_restrict", "1")]).members, ["kernel.dmesg_restrict = 0"]);
        assert!(open_settings(&Host::default()).unseen.is_some());
    }
}
