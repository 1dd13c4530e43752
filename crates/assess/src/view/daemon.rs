//! The engine's daemon, as checks speak of it.

use super::file::PlacedFile;
use super::inventory::Inventory;
use super::record::{Sound, view};
use super::seen::Listing;
use super::swarm::Swarm;

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
        /// The configuration file as its next start would find it. Absent: there is none, and none is asked for.
        config_file: ConfigFile, maybe;
        /// Insecure registries and networks of registries beyond loopback.
        insecure_registries: Listing<String>;
        /// TCP addresses on which the API listens.
        tcp_listeners: Listing<TcpListener>;
        /// The CA certificate of the TLS API. Absent: none is in force.
        tls_ca: PlacedFile, maybe;
        /// User id that the process has on the host.
        uid: i64;
        /// The daemon writes packet filter rules for IPv4.
        iptables: bool => "the daemon manages packet filter rules" / "the daemon leaves the packet filter alone";
        /// The daemon writes packet filter rules for IPv6. Absent: it does not, as engines before 27.0 do unless told otherwise.
        ip6tables: bool, maybe => "the daemon manages packet filter rules for IPv6" / "the daemon leaves the packet filter of IPv6 alone";
        /// Storage driver in use, or the snapshotter where images are stored by containerd.
        storage_driver: String;
        /// Base size that the options of the devicemapper driver ask for. Absent: none, the driver's own default.
        base_device_size: String, maybe;
        /// Limits that containers get where they set none of their own: `nofile=1024:2048` (soft:hard).
        default_ulimits: Listing<String>;
        /// Cgroup driver: `cgroupfs`, `systemd` or `none`.
        cgroup_driver: String;
        /// Cgroup below which containers without one of their own are put. Absent: not set, the engine takes `/docker` or, with systemd, `system.slice`.
        cgroup_parent: String, maybe;
        /// Plugins that are asked before an API request is carried out.
        authorization_plugins: Listing<String>;
        /// Log driver of containers that name none.
        log_driver: String;
        /// Registries, networks of registries and mirrors of Docker Hub (`http://...`) beyond loopback that need not prove who they are.
        unverified_registries: Listing<String>;
        /// The old v1 protocol of registries is spoken. Absent: this engine (17.12 and later) does not know it.
        legacy_registry: bool, maybe => "registries of the v1 protocol are used" / "registries of the v1 protocol are refused";
        /// System call filter of containers that name none: `builtin`, `unconfined` or the path of a profile. Absent: the kernel has no such filters.
        seccomp_profile: String, maybe;
        /// Experimental features are on.
        experimental: bool => "experimental features are on" / "experimental features are off";
        /// Version of containerd by the engine's word. Absent: this engine does not say it.
        containerd_version: String, maybe;
        /// Version of runc by the engine's word. Absent: this engine does not say it.
        runc_version: String, maybe;
        /// Kernel release by the engine's word. Absent: this engine does not say it.
        kernel: String, maybe;
        /// Containers of Docker Enterprise's control plane (UCP, MKE) and registry (DTR, MSR).
        enterprise_parts: Listing<String>;
        /// The swarm that the engine belongs to. Absent: none.
        swarm: Swarm, maybe;
        /// Images and containers that nothing uses.
        inventory: Inventory;
    }
}

view! {
    /// The daemon's configuration file, as the running version reads it.
    pub struct ConfigFile {
        /// Its path.
        path: String;
        /// Why the daemon would not start with it: mistakes, with their lines. None where the daemon provably started with these bytes.
        refused: Listing<String>;
        /// What the daemon takes for something else than a reader would, or passes over in silence, with the lines.
        misleading: Listing<String>;
    }
}

impl Sound for ConfigFile {
    fn sound() -> Self {
        Self {
            path: "/etc/docker/daemon.json".to_owned().into(),
            refused: Listing::default().into(),
            misleading: Listing::default().into(),
        }
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
            config_file: ConfigFile::sound().into(),
            insecure_registries: Listing::default().into(),
            tcp_listeners: Listing::default().into(),
            tls_ca: facts::Fact::Absent.into(),
            uid: 0.into(),
            iptables: true.into(),
            ip6tables: true.into(),
            storage_driver: "overlay2".to_owned().into(),
            base_device_size: facts::Fact::Absent.into(),
            default_ulimits: Listing::default().into(),
            cgroup_driver: "systemd".to_owned().into(),
            cgroup_parent: facts::Fact::Absent.into(),
            authorization_plugins: Listing::default().into(),
            log_driver: "json-file".to_owned().into(),
            unverified_registries: Listing::default().into(),
            legacy_registry: facts::Fact::Absent.into(),
            seccomp_profile: "builtin".to_owned().into(),
            experimental: false.into(),
            containerd_version: "1.7.29".to_owned().into(),
            runc_version: "1.3.3".to_owned().into(),
            kernel: "6.12.57".to_owned().into(),
            enterprise_parts: Listing::default().into(),
            swarm: facts::Fact::Absent.into(),
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
