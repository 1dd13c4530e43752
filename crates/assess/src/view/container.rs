//! A container, as checks speak of it.

use facts::Fact;

use super::record::{Sound, view};
use super::seen::Listing;

view! {
    /// One container, running or not. What the kernel holds counts where it runs, what was asked for where it doesn't.
    pub struct Container {
        /// Name.
        name: String;
        /// Full id.
        id: String;
        /// The image reference that it was created from.
        image: String;
        /// It runs (paused included).
        running: bool => "it runs" / "it does not run";
        /// It was started with --privileged.
        privileged: bool => "it is privileged" / "it is not privileged";
        /// The configured user; empty: none.
        configured_user: String;
        /// Running: its first process is root of the host, user namespaces seen through. Not running: it would be.
        runs_as_root: bool => "it runs as root of the host" / "it does not run as root of the host";
        /// Capabilities of the bounding set, without CAP_.
        capabilities: Listing<String>;
        /// Capabilities beyond Docker's default set.
        extra_capabilities: Listing<String>;
        /// Running: NoNewPrivs of its first process. Not running: what its security options say.
        no_new_privileges: bool => "it can't gain new privileges" / "it can gain new privileges";
        /// Seccomp mode of its first process: 0 off, 1 strict, 2 filter. Absent: it does not run.
        seccomp_mode: i64, maybe;
        /// A seccomp filter confines it: there is one, and its profile refuses the calls that take the kernel over. Not running: what
        /// its options say; the daemon's default shows only while it runs.
        seccomp_confined: bool => "a seccomp filter confines it" / "it has no seccomp filter, or one that refuses too little";
        /// AppArmor profile; empty: none.
        apparmor_profile: String;
        /// An AppArmor profile is enforced on it.
        apparmor_confined: bool => "an AppArmor profile is enforced on it" / "no AppArmor profile is enforced on it";
        /// SELinux label; empty: none.
        selinux_label: String;
        /// SELinux enforces a confined type on it.
        selinux_confined: bool => "SELinux confines it" / "SELinux does not confine it";
        /// Memory limit in bytes. Absent: unlimited.
        memory_limit: i64, maybe;
        /// A memory limit below the host's memory is in force.
        memory_bounded: bool => "its memory is limited" / "its memory is not limited below the host's";
        /// Limit of processes. Absent: unlimited.
        pids_limit: i64, maybe;
        /// A limit of processes is in force.
        pids_bounded: bool => "its number of processes is limited" / "its number of processes is not limited";
        /// Shares, quota, number of processors or a set of processors are given.
        cpu_bounded: bool => "its processor time is bounded or weighed" / "its processor time is neither bounded nor weighed";
        /// The shares, quota and processors that were asked for, `quota 50000`.
        cpu_limits: Listing<String>;
        /// Parent of its control group as asked for; empty: the daemon's default.
        cgroup_parent: String;
        /// Resource limits of its own beside the daemon's defaults, `nofile 1024:2048`.
        ulimits: Listing<String>;
        /// Device files, device rules and device requests, `/dev/sda rwm`.
        devices: Listing<String>;
        /// Restart policy: no, always, unless-stopped, on-failure.
        restart_policy: String;
        /// Greatest number of restarts with on-failure; 0: no bound.
        restart_retries: i64;
        /// Its root file system is read-only.
        read_only_rootfs: bool => "its root file system is read-only" / "its root file system is writable";
        /// Names of its networks.
        networks: Listing<String>;
        /// It is attached to the default bridge.
        on_default_bridge: bool => "it is on the default bridge" / "it is not on the default bridge";
        /// Network mode as asked for.
        network_mode: String;
        /// It is in the host's network namespace, itself or through another container.
        host_network: bool => "it is in the host's network namespace" / "it is not in the host's network namespace";
        /// It is in the host's process namespace, itself or through another container.
        host_pid: bool => "it is in the host's process namespace" / "it is not in the host's process namespace";
        /// It is in the host's IPC namespace, itself or through another container.
        host_ipc: bool => "it is in the host's IPC namespace" / "it is not in the host's IPC namespace";
        /// It is in the host's UTS namespace.
        host_uts: bool => "it is in the host's UTS namespace" / "it is not in the host's UTS namespace";
        /// Its ids are the host's: no user namespace lies between. Running: by its uid_map.
        host_users: bool => "its user ids are the host's" / "its user ids are mapped to others on the host";
        /// Programs that run in it, by their path in it; none where it does not run.
        programs: Listing<String>;
        /// Its mounts.
        mounts: Listing<Mount>;
        /// What it publishes.
        published_ports: Listing<PublishedPort>;
        /// Ports that its image or its command line exposes, `80/tcp`.
        exposed_ports: Listing<String>;
        /// A health check is configured and not switched off.
        has_healthcheck: bool => "a health check is configured" / "no health check is configured";
        /// What the health check last said: starting, healthy, unhealthy. Absent: nothing checks it.
        health: String, maybe;
        /// Its image was named by digest.
        image_by_digest: bool => "its image was named by digest" / "its image was named by a tag that can move";
    }
}

view! {
    /// One mount of a container.
    pub struct Mount {
        /// bind, volume, tmpfs.
        kind: String;
        /// Path on the host.
        source: String;
        /// Path in the container.
        destination: String;
        /// Writable. A socket can be used through a read-only mount too.
        rw: bool => "it is writable" / "it is read-only";
        /// It holds a container runtime's socket: the socket itself or a folder above it, links followed.
        reaches_runtime_socket: bool => "it reaches a runtime's socket" / "it reaches no runtime's socket";
        /// It shows a system folder of the host, something in one, or a folder above one; links followed. Read-only files that images
        /// commonly share (time zone, names, certificates) are not meant.
        sensitive: bool => "it is a system folder of the host" / "it is no system folder of the host";
        /// Propagation: rprivate, rshared, rslave, ...
        propagation: String;
        /// What is mounted in it on one side appears on the other: shared or rshared.
        shared: bool => "its propagation is shared" / "its propagation is not shared";
        /// Paths of the host that it shows: its source, what its volume's options have mounted there, and what the kernel shows while the
        /// container runs. None: a volume of the engine's own, or memory.
        host_paths: Listing<String>;
        /// All of it in words: `/srv/data -> /data`, `volume etc of /etc -> /data`.
        text: String;
    }
}

view! {
    /// One published port.
    pub struct PublishedPort {
        /// Host address; `0.0.0.0` where none was given.
        address: String;
        /// Host port; 0: chosen by the engine.
        host_port: i64;
        /// Port in the container.
        container_port: i64;
        /// tcp, udp or sctp.
        protocol: String;
        /// The side of the host: `443/tcp`; `8000-8010/tcp` for one of a range, `(any)/tcp` where the engine chooses.
        on_host: String;
        /// All of it as docker ps writes it: `0.0.0.0:8080->80/tcp`.
        text: String;
        /// The host port is one of 1 to 1023, which only privileged programs may open.
        privileged: bool => "its host port is privileged" / "its host port is not privileged";
        /// It is published on every address of the host, IPv4 or IPv6.
        all_addresses: bool => "it is published on every address" / "it is published on one address";
    }
}

impl Sound for Container {
    fn sound() -> Self {
        Self {
            name: "web".to_owned().into(),
            id: "c0ffee".repeat(11).chars().take(64).collect::<String>().into(),
            image: format!("registry.example/web@sha256:{}", "0".repeat(64)).into(),
            running: true.into(),
            privileged: false.into(),
            configured_user: "1000:1000".to_owned().into(),
            runs_as_root: false.into(),
            capabilities: Listing::default().into(),
            extra_capabilities: Listing::default().into(),
            no_new_privileges: true.into(),
            seccomp_mode: 2.into(),
            seccomp_confined: true.into(),
            apparmor_profile: "docker-default".to_owned().into(),
            apparmor_confined: true.into(),
            selinux_label: String::new().into(),
            selinux_confined: false.into(),
            memory_limit: 536_870_912.into(),
            memory_bounded: true.into(),
            pids_limit: 200.into(),
            pids_bounded: true.into(),
            cpu_bounded: true.into(),
            cpu_limits: Listing::from(vec!["processors 0.5".to_owned()]).into(),
            cgroup_parent: String::new().into(),
            ulimits: Listing::default().into(),
            devices: Listing::default().into(),
            restart_policy: "on-failure".to_owned().into(),
            restart_retries: 5.into(),
            read_only_rootfs: true.into(),
            networks: Listing::from(vec!["app-net".to_owned()]).into(),
            on_default_bridge: false.into(),
            network_mode: "app-net".to_owned().into(),
            host_network: false.into(),
            host_pid: false.into(),
            host_ipc: false.into(),
            host_uts: false.into(),
            host_users: false.into(),
            programs: Listing::from(vec!["/usr/bin/web".to_owned()]).into(),
            mounts: Listing::default().into(),
            published_ports: Listing::default().into(),
            exposed_ports: Listing::default().into(),
            has_healthcheck: true.into(),
            health: "healthy".to_owned().into(),
            image_by_digest: true.into(),
        }
    }

    fn settle(&mut self, given: &[&str]) {
        let wants = |field: &str, cause: &str| given.contains(&cause) && !given.contains(&field);
        if wants("seccomp_mode", "running") && self.running.known() == Some(&false) {
            self.seccomp_mode = Fact::Absent.into();
        }
        if wants("runs_as_root", "configured_user") {
            self.runs_as_root = self.configured_user.fact.clone().map(|user| crate::derive::user::is_root(&user)).into();
        }
        if wants("extra_capabilities", "capabilities") {
            self.extra_capabilities = self.capabilities.fact.clone().map(crate::derive::capability::beyond_default).into();
        }
        for (field, limit, cause) in
            [(&mut self.memory_bounded, &self.memory_limit, "memory_limit"), (&mut self.pids_bounded, &self.pids_limit, "pids_limit")]
        {
            if given.contains(&cause) && !given.contains(&cause.replace("limit", "bounded").as_str()) {
                *field = limit.fact.clone().map(|limit| limit > 0).absent_as(false).into();
            }
        }
        if wants("on_default_bridge", "networks") {
            self.on_default_bridge = self.networks.fact.clone().and_then(crate::derive::on_default_bridge).into();
        }
        if wants("networks", "on_default_bridge") && self.on_default_bridge.known() == Some(&true) {
            self.networks = Listing::from(vec!["bridge".to_owned()]).into();
        }
        if wants("seccomp_confined", "seccomp_mode") {
            self.seccomp_confined = self.seccomp_mode.fact.clone().map(|mode| mode == 2).into();
        }
        if let (true, Some(limits)) = (wants("cpu_bounded", "cpu_limits"), self.cpu_limits.known()) {
            self.cpu_bounded = (!limits.members.is_empty()).into();
        }
        if wants("host_network", "network_mode") {
            self.host_network = self.network_mode.fact.clone().map(|mode| mode == "host").into();
        }
        if wants("image_by_digest", "image") {
            self.image_by_digest = self.image.fact.clone().map(|image| crate::derive::is_by_digest(&image)).into();
        }
    }
}

impl Sound for Mount {
    fn sound() -> Self {
        Self {
            kind: "bind".to_owned().into(),
            source: "/srv/data".to_owned().into(),
            destination: "/data".to_owned().into(),
            rw: true.into(),
            reaches_runtime_socket: false.into(),
            sensitive: false.into(),
            propagation: "rprivate".to_owned().into(),
            shared: false.into(),
            host_paths: Listing::from(vec!["/srv/data".to_owned()]).into(),
            text: "/srv/data -> /data".to_owned().into(),
        }
    }

    fn settle(&mut self, given: &[&str]) {
        if let (false, Some(kind), Some(source)) = (given.contains(&"host_paths"), self.kind.known(), self.source.known()) {
            let paths = if kind == "bind" { vec![source.clone()] } else { Vec::new() };
            self.host_paths = Listing::from(paths).into();
        }
        if !given.contains(&"reaches_runtime_socket") {
            let sockets = crate::derive::sockets::RuntimeSockets::usual();
            self.reaches_runtime_socket = self.any_path(|path| sockets.reached_from(path)).into();
        }
        if let (false, Some(rw)) = (given.contains(&"sensitive"), self.rw.known().copied()) {
            self.sensitive = self.any_path(|path| crate::derive::mount::is_sensitive(path, rw)).into();
        }
        if let (false, Some(source), Some(destination)) = (given.contains(&"text"), self.source.known(), self.destination.known()) {
            self.text = format!("{source} -> {destination}").into();
        }
        if let (true, false, Some(propagation)) = (given.contains(&"propagation"), given.contains(&"shared"), self.propagation.known()) {
            self.shared = crate::derive::mount::is_shared(propagation).into();
        }
    }
}

impl Mount {
    /// Whether one of the host's paths is so.
    fn any_path(&self, judge: impl Fn(&str) -> bool) -> Fact<bool> {
        self.host_paths.fact.as_ref().and_then(|paths| match (paths.members.iter().any(|path| judge(path)), &paths.unseen) {
            (true, _) => Fact::Known(true),
            (false, None) => Fact::Known(false),
            (false, Some(why)) => Fact::unknown(why.clone()),
        })
    }
}

impl Sound for PublishedPort {
    fn sound() -> Self {
        Self {
            address: "127.0.0.1".to_owned().into(),
            host_port: 8080.into(),
            container_port: 8080.into(),
            protocol: "tcp".to_owned().into(),
            on_host: "8080/tcp".to_owned().into(),
            text: "127.0.0.1:8080->8080/tcp".to_owned().into(),
            privileged: false.into(),
            all_addresses: false.into(),
        }
    }

    fn settle(&mut self, given: &[&str]) {
        if given.contains(&"address") && !given.contains(&"all_addresses") {
            self.all_addresses = self.address.fact.clone().map(|address| crate::derive::port::is_every_address(&address)).into();
        }
        if let (false, Some(address), Some(host), Some(container), Some(protocol)) =
            (given.contains(&"text"), self.address.known(), self.host_port.known(), self.container_port.known(), self.protocol.known())
        {
            self.text = format!("{address}:{host}->{container}/{protocol}").into();
        }
        if let (false, Some(host), Some(protocol)) = (given.contains(&"on_host"), self.host_port.known(), self.protocol.known()) {
            self.on_host = format!("{host}/{protocol}").into();
        }
        if given.contains(&"host_port") && !given.contains(&"privileged") {
            self.privileged = self.host_port.fact.clone().map(crate::derive::port::is_privileged).into();
        }
    }
}
