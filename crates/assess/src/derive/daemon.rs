//! The view of the daemon.

mod options;
mod registries;
mod swarm;
#[cfg(test)]
mod tests;

use facts::docker::{Engine, Info, Listener};
use facts::{Fact, Observed, Snapshot};

use super::settings::{Setting, Settings, State};
use crate::view::{ConfigFile, Daemon, Listing, Origin, PlacedFile, Seen, TcpListener};

/// See [`crate::fuzzing`].
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing {
    /// Names of registries.
    pub(crate) fn registry(name: &str) {
        super::registries::is_loopback(name);
    }
}

pub(crate) fn daemon(snapshot: &Snapshot, settings: &Settings) -> Daemon {
    let engine = match &snapshot.docker {
        Fact::Known(engine) => engine,
        Fact::Absent => return Daemon::unseen("no engine was asked for"),
        Fact::Unknown { why } => return Daemon::unseen(why),
    };
    let reader = Reader { snapshot, engine, settings };
    Daemon {
        exe: reader.process("exe", |process| process.exe.clone()),
        version: reader.version("Version", |version| version.version.clone()),
        api_version: reader.version("ApiVersion", |version| version.api_version.clone()),
        swarm_active: reader.info("Swarm.LocalNodeState", |info| {
            info.swarm_state.clone().absent_as("inactive".to_owned()).map(|state| !matches!(state.as_str(), "inactive" | ""))
        }),
        rootless: reader.security_option("rootless"),
        userns_remap: reader.security_option("userns"),
        icc: reader.icc(),
        log_level: reader.text("log-level"),
        debug: reader.bool("debug"),
        live_restore: reader.bool("live-restore"),
        userland_proxy: reader.bool("userland-proxy"),
        no_new_privileges: reader.bool("no-new-privileges"),
        selinux_enabled: reader.security_option("selinux"),
        apparmor_enabled: reader.security_option("apparmor"),
        conflicts: reader.conflicts(),
        config_file: reader.config_file(),
        insecure_registries: reader.insecure_registries(),
        tcp_listeners: reader.process("listening sockets", |process| process.listeners.clone().map(|all| listeners(&all))),
        tls_ca: reader.tls_ca(),
        uid: reader.process("Uid", |process| process.uid.clone().map(i64::from)),
        iptables: reader.bool("iptables"),
        ip6tables: reader.ip6tables(),
        storage_driver: reader.text("storage-driver"),
        base_device_size: reader.base_device_size(),
        default_ulimits: reader.default_ulimits(),
        cgroup_driver: reader.info("CgroupDriver", |info| info.cgroup_driver.clone()),
        cgroup_parent: reader.cgroup_parent(),
        authorization_plugins: reader.authorization_plugins(),
        log_driver: reader.text("log-driver"),
        unverified_registries: reader.unverified_registries(),
        legacy_registry: reader.legacy_registry(),
        seccomp_profile: reader.seccomp_profile(),
        experimental: reader.bool("experimental"),
        containerd_version: reader.component("containerd"),
        runc_version: reader.component("runc"),
        kernel: reader.kernel(),
        enterprise_parts: reader.enterprise_parts(),
        swarm: reader.swarm(),
        inventory: super::inventory::inventory(engine, &snapshot.taken_at).into(),
    }
}

struct Reader<'s> {
    snapshot: &'s Snapshot,
    engine: &'s Engine,
    settings: &'s Settings,
}

fn read<O, T>(observed: &Observed<O>, pointer: &'static str, pick: impl FnOnce(&O) -> Fact<T>) -> Seen<T> {
    Seen::new(observed.fact.as_ref().and_then(pick), Origin::at(observed.source, pointer))
}

impl Reader<'_> {
    fn process<T>(&self, pointer: &'static str, pick: impl FnOnce(&facts::docker::DaemonProcess) -> Fact<T>) -> Seen<T> {
        read(&self.engine.process, pointer, pick)
    }

    fn version<T>(&self, pointer: &'static str, pick: impl FnOnce(&facts::docker::Version) -> T) -> Seen<T> {
        read(&self.engine.version, pointer, |version| Fact::Known(pick(version)))
    }

    fn info<T>(&self, pointer: &'static str, pick: impl FnOnce(&Info) -> Fact<T>) -> Seen<T> {
        read(&self.engine.info, pointer, pick)
    }

    fn security_option(&self, name: &str) -> Seen<bool> {
        let is = |option: &String| option.strip_prefix("name=").is_some_and(|rest| rest.split(',').next() == Some(name));
        self.info("SecurityOptions", |info| info.security_options.as_ref().map(|options| options.iter().any(is)))
    }

    fn bool(&self, key: &str) -> Seen<bool> {
        Seen::new(self.settings.bool(key), self.origin(key))
    }

    fn text(&self, key: &str) -> Seen<String> {
        Seen::new(self.settings.text(key), self.origin(key))
    }

    fn origin(&self, key: &str) -> Origin {
        let setting = self.settings.get(key);
        let path = self.settings.path.known().map_or("daemon.json", String::as_str);
        Origin { note: note(setting, path).map(Into::into), ..Origin::words(setting.source.clone()) }
    }

    /// Without a default bridge the setting has no meaning.
    fn icc(&self) -> Seen<bool> {
        let networks = &self.engine.networks;
        if let Fact::Known(members) = &networks.fact {
            let names: Vec<Option<&str>> = members.iter().map(|network| network.known().map(|network| network.name.as_str())).collect();
            if !names.contains(&Some("bridge")) && names.iter().all(Option::is_some) {
                return Seen::new(Fact::Absent, Origin::at(networks.source, "no network named bridge"));
            }
            if !names.contains(&Some("bridge")) {
                let why = members.iter().find_map(|network| network.fact.why()).unwrap_or("a network could not be inspected").to_owned();
                return Seen::new(Fact::Unknown { why }, Origin::at(networks.source, ""));
            }
        }
        self.bool("icc")
    }

    fn conflicts(&self) -> Seen<Listing<String>> {
        Seen::new(self.settings.conflicts.clone().map(Listing::from), Origin::words("flags and configuration file"))
    }

    fn config_file(&self) -> Seen<ConfigFile> {
        let place = || Origin::at(self.engine.config_file.source, "");
        let fact = self.settings.problems.as_ref().map(|problems| ConfigFile {
            path: Seen::new(self.settings.path.clone(), Origin::words("the daemon's command line")),
            refused: Seen::new(Fact::Known(problems.refused.clone()), place()),
            misleading: Seen::new(Fact::Known(problems.misleading.clone()), place()),
        });
        Seen::new(fact, place())
    }

    fn tls_ca(&self) -> Seen<PlacedFile> {
        Seen::new(super::file::tls_file(self.snapshot, self.settings, "tlscacert"), self.origin("tlscacert"))
    }
}

/// What a reader must know beside the value in force.
fn note(setting: &Setting, path: &str) -> Option<String> {
    let in_file = setting.in_file.as_ref().map(|value| format!("{path}:{} says {}", value.line, value.value));
    match setting.state {
        State::Conflict => Some(format!("{} stands in a flag and in {path} both: the daemon refuses its next start", setting.key)),
        State::PendingRestart => {
            Some(format!("{}, which is not in force yet", in_file.unwrap_or_else(|| format!("{path} no longer sets it"))))
        }
        State::NotInForce => Some(format!("{}, which is not in force", in_file.unwrap_or_else(|| format!("{path} does not set it")))),
        State::Effective | State::Unknown => None,
    }
}

fn listeners(all: &[Listener]) -> Listing<TcpListener> {
    let mut listing = Listing::default();
    for listener in all {
        match &listener.is_api {
            Fact::Known(true) => listing.members.push(TcpListener {
                loopback: super::is_loopback(&listener.address).into(),
                address: listener.address.clone().into(),
                port: i64::from(listener.port).into(),
                answers_without_certificate: listener.answers_without_certificate.clone().into(),
            }),
            Fact::Known(false) => {}
            Fact::Absent => listing.unseen = Some(format!("whether {}:{} is the API was not found out", listener.address, listener.port)),
            Fact::Unknown { why } => listing.unseen = Some(why.clone()),
        }
    }
    listing
}
