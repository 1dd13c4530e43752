//! The engine's daemon, as checks speak of it.

use super::inventory::Inventory;
use super::record::{Sound, view};
use super::seen::Listing;

view! {
    /// The engine's daemon: the process, and the settings that are in force in it.
    pub struct Daemon {
        /// Its program file.
        exe: String;
        /// Engine version.
        version: String;
        /// Newest API version that it speaks.
        api_version: String;
        /// The engine is a member of a swarm.
        swarm_active: bool => "the engine is a member of a swarm" / "the engine is in no swarm";
        /// The daemon runs without root.
        rootless: bool => "the daemon runs rootless" / "the daemon runs as root";
        /// Containers get an own user namespace by default (userns-remap).
        userns_remap: bool => "user namespaces are remapped" / "user namespaces are not remapped";
        /// Containers on the default bridge may speak to each other. Absent: there is no default bridge.
        icc: bool, maybe => "containers on the default bridge may speak to each other" / "containers on the default bridge may not speak to each other";
        /// Log level in force.
        log_level: String;
        /// Debug mode is on.
        debug: bool => "debug mode is on" / "debug mode is off";
        /// Containers survive a restart of the daemon.
        live_restore: bool => "live restore is on" / "live restore is off";
        /// A userland proxy process serves each published port.
        userland_proxy: bool => "the userland proxy is on" / "the userland proxy is off";
        /// Containers created from now on get no_new_privs unless they opt out.
        no_new_privileges: bool => "no-new-privileges is the default of new containers" / "no-new-privileges is not the default of new containers";
        /// The engine labels containers for SELinux.
        selinux_enabled: bool => "the engine uses SELinux" / "the engine does not use SELinux";
        /// The engine confines containers with AppArmor.
        apparmor_enabled: bool => "the engine uses AppArmor" / "the engine does not use AppArmor";
        /// Keys that stand both in a flag and in the configuration file: the daemon refuses its next start.
        conflicts: Listing<String>;
        /// Insecure registries beyond the built-in loopback ranges.
        insecure_registries: Listing<String>;
        /// TCP addresses on which the API listens.
        tcp_listeners: Listing<TcpListener>;
        /// The CA certificate of the TLS API. Absent: none is in force.
        tls_ca: TlsFile, maybe;
        /// Images and containers that nothing uses.
        inventory: Inventory;
    }
}

view! {
    /// A TCP address on which the API listens.
    pub struct TcpListener {
        /// Local address.
        address: String;
        /// Port.
        port: i64;
        /// Only programs of this machine reach it.
        loopback: bool => "it listens on loopback" / "it listens beyond loopback";
        /// A request without a client certificate was answered.
        answers_without_certificate: bool => "it answers without a client certificate" / "it answers only with a client certificate";
    }
}

view! {
    /// A file of TLS material.
    pub struct TlsFile {
        /// Path as configured.
        path: String;
        /// Whether it is there.
        exists: bool => "{path} exists" / "{path} does not exist";
        /// Owning user id.
        uid: i64;
        /// Owning group id.
        gid: i64;
        /// Mode in octal: `0444`.
        mode: String;
        /// User and group are root.
        owner_is_root: bool => "{path} belongs to root:root" / "{path} belongs to {uid}:{gid}";
        /// No bit beyond 0444 is set; where there is an ACL, its mask is among these bits and bounds it.
        mode_at_most_0444: bool => "{path} has mode {mode}, at most 0444" / "{path} has mode {mode}, more than 0444";
    }
}

impl Sound for Daemon {
    fn sound() -> Self {
        Self {
            exe: "/usr/sbin/dockerd".to_owned().into(),
            version: "28.5.2".to_owned().into(),
            api_version: "1.51".to_owned().into(),
            swarm_active: false.into(),
            rootless: false.into(),
            userns_remap: false.into(),
            icc: false.into(),
            log_level: "info".to_owned().into(),
            debug: false.into(),
            live_restore: true.into(),
            userland_proxy: false.into(),
            no_new_privileges: true.into(),
            selinux_enabled: false.into(),
            apparmor_enabled: true.into(),
            conflicts: Listing::default().into(),
            insecure_registries: Listing::default().into(),
            tcp_listeners: Listing::default().into(),
            tls_ca: facts::Fact::Absent.into(),
            inventory: Inventory::sound().into(),
        }
    }
}

impl Sound for TcpListener {
    fn sound() -> Self {
        Self { address: "127.0.0.1".to_owned().into(), port: 2376.into(), loopback: true.into(), answers_without_certificate: false.into() }
    }

    fn settle(&mut self, given: &[&str]) {
        if given.contains(&"address") && !given.contains(&"loopback") {
            self.loopback = self.address.fact.clone().map(|address| crate::derive::is_loopback(&address)).into();
        }
    }
}

impl Sound for TlsFile {
    fn sound() -> Self {
        Self {
            path: "/etc/docker/tls/ca.pem".to_owned().into(),
            exists: true.into(),
            uid: 0.into(),
            gid: 0.into(),
            mode: "0444".to_owned().into(),
            owner_is_root: true.into(),
            mode_at_most_0444: true.into(),
        }
    }

    fn settle(&mut self, given: &[&str]) {
        use crate::derive::kleene::and;
        if !given.contains(&"owner_is_root") && (given.contains(&"uid") || given.contains(&"gid")) {
            let zero = |id: &facts::Fact<i64>| id.clone().map(|id| id == 0);
            self.owner_is_root = and(zero(&self.uid.fact), zero(&self.gid.fact)).into();
        }
        if given.contains(&"mode") && !given.contains(&"mode_at_most_0444") {
            self.mode_at_most_0444 = self
                .mode
                .fact
                .clone()
                .and_then(|mode| match u32::from_str_radix(&mode, 8) {
                    Ok(mode) => facts::Fact::Known(mode & !0o444 == 0),
                    Err(_) => facts::Fact::unknown("the mode is not octal"),
                })
                .into();
        }
    }
}
