//! The view of the machine.

use facts::{Fact, Snapshot};

use super::settings::Settings;
use crate::view::{Host, Listing, Origin, Seen};

pub(crate) fn host(snapshot: &Snapshot, settings: &Settings) -> Host {
    let host = &snapshot.host;
    let has = |name: &str| {
        let active = host.lsms.fact.as_ref().map(|lsms| lsms.iter().any(|lsm| lsm == name));
        Seen::new(present(active, "the list of security modules is not there"), Origin::at(host.lsms.source, ""))
    };
    Host {
        name: Seen::new(host.name.clone(), Origin::words("/proc/sys/kernel/hostname")),
        lsms: Seen::new(host.lsms.fact.clone().map(Listing::from), Origin::at(host.lsms.source, "")),
        has_apparmor: has("apparmor"),
        has_selinux: has("selinux"),
        selinux_enforcing: Seen::new(host.selinux_enforcing.fact.clone().absent_as(false), Origin::at(host.selinux_enforcing.source, "")),
        memory_total: Seen::new(
            host.memory_total.fact.clone().map(|total| i64::try_from(total).unwrap_or(i64::MAX)),
            Origin::at(host.memory_total.source, "MemTotal"),
        ),
        kernel: super::kernel::kernel(snapshot).into(),
        sshd: super::sshd::ssh_server(snapshot).into(),
        audit: super::audit::audit(snapshot).into(),
        files: super::file::files(snapshot, settings).into(),
    }
}

fn present(fact: Fact<bool>, otherwise: &str) -> Fact<bool> {
    if fact.is_absent() { Fact::unknown(otherwise) } else { fact }
}
