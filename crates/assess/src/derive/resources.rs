//! What of the machine a container may use: processor time, devices, limits of its own.

use facts::Fact;
use facts::docker::{Container, CpuLimits, Ulimit};

use super::behind::{Behind, Volumes};
use super::paths::is_within;
use crate::view::Listing;

/// What bounds or weighs its processor time, in words; empty: nothing.
pub(crate) fn cpu(limits: &CpuLimits) -> Listing<String> {
    let mut words = Vec::new();
    if limits.nano_cpus > 0 {
        // Exact: more than fifteen digits of processors has no machine.
        words.push(format!("processors {}", limits.nano_cpus as f64 / 1e9));
    }
    if limits.quota > 0 {
        words.push(format!("quota {}", limits.quota));
    }
    if limits.shares > 0 {
        words.push(format!("shares {}", limits.shares));
    }
    if !limits.cpuset.is_empty() {
        words.push(format!("set {}", limits.cpuset));
    }
    words.into()
}

/// Resource limits of its own.
pub(crate) fn ulimits(ulimits: &[Ulimit]) -> Listing<String> {
    let number = |value: i64| if value < 0 { "unlimited".to_owned() } else { value.to_string() };
    ulimits.iter().map(|limit| format!("{} {}:{}", limit.name, number(limit.soft), number(limit.hard))).collect::<Vec<_>>().into()
}

/// Every way by which it holds a device of the host: device files, rules, requests, and mounts of or below /dev.
pub(crate) fn devices(container: &Container, volumes: &Volumes<'_>) -> Fact<Listing<String>> {
    let mut listing = Listing::default();
    let mut miss = |why: Option<&str>| {
        listing.unseen.get_or_insert_with(|| why.unwrap_or("the engine did not say").to_owned());
    };
    let mut found = Vec::new();
    match &container.devices {
        Fact::Known(devices) => found.extend(devices.iter().map(|device| format!("{} {}", device.host_path, device.permissions))),
        other => miss(other.why()),
    }
    match &container.device_rules {
        Fact::Known(rules) => found.extend(rules.iter().map(|rule| format!("rule {rule}"))),
        other => miss(other.why()),
    }
    match &container.device_requests {
        Fact::Known(drivers) => found.extend(drivers.iter().map(|driver| match driver.as_str() {
            "" => "a device of any driver".to_owned(),
            driver => format!("a device of {driver}"),
        })),
        other => miss(other.why()),
    }
    match &container.mounts {
        Fact::Known(mounts) => {
            for mount in mounts {
                let behind = Behind::of(mount, volumes);
                match behind.any(|path, _| Fact::Known(is_device(path))) {
                    Fact::Known(true) => {
                        let paths = behind.paths();
                        let path = paths.iter().find(|path| is_device(path)).unwrap_or(&mount.source);
                        found.push(format!("mount of {path}"));
                    }
                    Fact::Known(false) => {}
                    other => miss(other.why()),
                }
            }
        }
        other => miss(other.why()),
    }
    listing.members = found;
    Fact::Known(listing)
}

/// /dev/shm, /dev/mqueue, /dev/hugepages and /dev/log are no devices (only folders of memory and a socket).
fn is_device(path: &str) -> bool {
    const NO_DEVICES: [&str; 4] = ["/dev/shm", "/dev/mqueue", "/dev/hugepages", "/dev/log"];
    is_within(path, "/dev") && !NO_DEVICES.iter().any(|place| is_within(path, place))
}

#[cfg(test)]
mod tests {
    use super::*;
    use facts::Snapshot;
    use facts::docker::{Device, Mount};

    #[test]
    fn processors() {
        let limits = CpuLimits { nano_cpus: 500_000_000, quota: -1, shares: 512, cpuset: "0-1".to_owned() };
        assert_eq!(cpu(&limits).members, ["processors 0.5", "shares 512", "set 0-1"]);
        assert!(cpu(&CpuLimits::default()).members.is_empty());
    }

    #[test]
    fn every_way_to_a_device() {
        let bind = |source: &str| Mount {
            kind: "bind".to_owned(),
            source: source.to_owned(),
            resolved_source: Fact::Known(source.to_owned()),
            kernel_paths: Fact::Absent,
            ..Mount::default()
        };
        let link = Mount { resolved_source: Fact::Known("/dev/sda".to_owned()), ..bind("/srv/link") };
        let nothing = Snapshot::from_json(
            r#"{"schema": "cofferdam/snapshot/1", "tool": {"name": "t", "version": "0"}, "taken_at": "", "sources": [], "gaps": [], "host": {}, "docker": "absent"}"#,
        )
        .unwrap();
        let volumes = Volumes::of(&nothing);
        let mut container = Container {
            devices: Fact::Known(vec![Device { host_path: "/dev/sda".to_owned(), permissions: "r".to_owned(), ..Device::default() }]),
            device_rules: Fact::Known(vec!["c 189:* rwm".to_owned()]),
            device_requests: Fact::Known(vec!["nvidia".to_owned(), String::new()]),
            mounts: Fact::Known(vec![bind("/dev/shm"), bind("/dev"), bind("/dev/kvm"), bind("/srv"), link]),
            ..Container::default()
        };
        let found = devices(&container, &volumes).known().unwrap().clone();
        assert_eq!(
            found.members,
            [
                "/dev/sda r",
                "rule c 189:* rwm",
                "a device of nvidia",
                "a device of any driver",
                "mount of /dev",
                "mount of /dev/kvm",
                "mount of /dev/sda"
            ]
        );
        assert_eq!(found.unseen, None);
        let unseen = Mount { resolved_source: Fact::unknown("no right"), ..bind("/srv/link") };
        let hidden = Container { mounts: Fact::Known(vec![unseen]), ..container.clone() };
        assert!(devices(&hidden, &volumes).known().unwrap().unseen.as_ref().unwrap().contains("no right"));
        container.device_rules = Fact::unknown("no answer");
        assert_eq!(devices(&container, &volumes).known().unwrap().unseen.as_deref(), Some("no answer"));
    }
}
