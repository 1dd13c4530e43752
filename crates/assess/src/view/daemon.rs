//! The engine's daemon, as checks speak of it.

use super::file::PlacedFile;
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
        tls_ca: PlacedFile, maybe;
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
