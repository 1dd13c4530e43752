//! The machine, as checks speak of it.

use super::file::Files;
use super::kernel::{Kernel, SshServer};
use super::record::{Sound, view};
use super::seen::Listing;

view! {
    /// The machine and its kernel.
    pub struct Host {
        /// Host name.
        name: String;
        /// Active Linux security modules in order.
        lsms: Listing<String>;
        /// AppArmor is active in the running kernel.
        has_apparmor: bool => "AppArmor is active in the kernel" / "AppArmor is not active in the kernel";
        /// SELinux is active in the running kernel.
        has_selinux: bool => "SELinux is active in the kernel" / "SELinux is not active in the kernel";
        /// SELinux enforces its policy.
        selinux_enforcing: bool => "SELinux is enforcing" / "SELinux is not enforcing";
        /// Physical memory in bytes.
        memory_total: i64;
        /// The running kernel.
        kernel: Kernel;
        /// The ssh server.
        sshd: SshServer;
        /// Kernel audit.
        audit: Audit;
        /// The engine's files.
        files: Files;
    }
}

view! {
    /// Kernel audit: its status, and what its rules cover.
    pub struct Audit {
        /// 0 off, 1 on, 2 on and locked until reboot.
        enabled: i64;
        /// Process that receives the records; 0: none.
        daemon_pid: i64;
        /// Records lost since boot.
        lost: i64;
        /// Auditing is on and a daemon receives the records.
        recording: bool => "auditing is on and a daemon receives the records" / "auditing is off, or no daemon receives the records";
        /// The daemon's program file.
        dockerd: AuditedPath;
        /// containerd's state folder.
        run_containerd: AuditedPath;
        /// containerd's socket.
        containerd_sock: AuditedPath;
        /// The daemon's configuration file.
        daemon_json: AuditedPath;
        /// The daemon's configuration folder.
        etc_docker: AuditedPath;
        /// The folder of images, containers and volumes, as the engine reports it.
        data_root: AuditedPath;
        /// The unit that runs the daemon, with its drop-ins: covered where each file is. The path is the first that is not covered.
        docker_service: AuditedPath;
        /// The socket unit with its drop-ins and the API sockets, likewise.
        docker_socket: AuditedPath;
        /// /etc/default/docker.
        etc_default_docker: AuditedPath;
        /// /etc/sysconfig/docker.
        etc_sysconfig_docker: AuditedPath;
        /// containerd's configuration file.
        containerd_config: AuditedPath;
        /// The program file of the containerd that the daemon uses.
        containerd: AuditedPath;
        /// containerd's oldest shim.
        containerd_shim: AuditedPath;
        /// containerd's first shim for runc.
        containerd_shim_runc_v1: AuditedPath;
        /// containerd's shim for runc.
        containerd_shim_runc_v2: AuditedPath;
        /// The programs of the low level runtimes, likewise.
        runc: AuditedPath;
    }
}

view! {
    /// One path and the audit rules that touch it.
    pub struct AuditedPath {
        /// Canonical path that was judged.
        path: String;
        /// Whether something is there.
        exists: bool => "{path} exists" / "{path} does not exist";
        /// Loaded kernel rules record every write and attribute change of it, for programs of both word sizes, without exception.
        covered: bool => "loaded audit rules cover {path}" / "loaded audit rules do not cover {path}: {gaps}";
        /// The rule files load the same at the next boot.
        persisted: bool => "the rule files cover {path} at the next boot" / "the rule files do not cover {path} at the next boot";
        /// The loaded rules that touch the path, in auditctl's spelling.
        rules: Listing<String>;
        /// Why it is not covered, a sentence for each reason.
        gaps: Listing<String>;
    }
}

impl Sound for Host {
    fn sound() -> Self {
        Self {
            name: "host".to_owned().into(),
            lsms: Listing::from(vec!["capability".to_owned(), "apparmor".to_owned()]).into(),
            has_apparmor: true.into(),
            has_selinux: false.into(),
            selinux_enforcing: false.into(),
            memory_total: 8_589_934_592.into(),
            kernel: Kernel::sound().into(),
            sshd: SshServer::sound().into(),
            audit: Audit::sound().into(),
            files: Files::sound().into(),
        }
    }

    fn settle(&mut self, given: &[&str]) {
        if let (true, Some(lsms)) = (given.contains(&"lsms"), self.lsms.known()) {
            let has = |name: &str| lsms.members.iter().any(|lsm| lsm == name);
            let (apparmor, selinux) = (has("apparmor"), has("selinux"));
            if !given.contains(&"has_apparmor") {
                self.has_apparmor = apparmor.into();
            }
            if !given.contains(&"has_selinux") {
                self.has_selinux = selinux.into();
            }
        }
    }
}

impl Sound for Audit {
    fn sound() -> Self {
        let path = |path: &str, kind: &str| {
            let rule = |arch| format!("-a always,exit -F arch={arch} -S all -F {kind}={path} -F perm=wa -F key=docker");
            AuditedPath {
                path: path.to_owned().into(),
                rules: Listing::from(vec![rule("b64"), rule("b32")]).into(),
                ..AuditedPath::sound()
            }
        };
        Self {
            enabled: 1.into(),
            daemon_pid: 700.into(),
            lost: 0.into(),
            recording: true.into(),
            dockerd: path("/usr/sbin/dockerd", "path").into(),
            run_containerd: path("/run/containerd", "dir").into(),
            containerd_sock: path("/run/containerd/containerd.sock", "path").into(),
            daemon_json: path("/etc/docker/daemon.json", "path").into(),
            etc_docker: path("/etc/docker", "dir").into(),
            data_root: path("/var/lib/docker", "dir").into(),
            docker_service: path("/usr/lib/systemd/system/docker.service", "path").into(),
            docker_socket: path("/usr/lib/systemd/system/docker.socket", "path").into(),
            etc_default_docker: path("/etc/default/docker", "path").into(),
            etc_sysconfig_docker: path("/etc/sysconfig/docker", "path").into(),
            containerd_config: path("/etc/containerd/config.toml", "path").into(),
            containerd: path("/usr/bin/containerd", "path").into(),
            containerd_shim: path("/usr/bin/containerd-shim", "path").into(),
            containerd_shim_runc_v1: path("/usr/bin/containerd-shim-runc-v1", "path").into(),
            containerd_shim_runc_v2: path("/usr/bin/containerd-shim-runc-v2", "path").into(),
            runc: path("/usr/sbin/runc", "path").into(),
        }
    }

    fn settle(&mut self, given: &[&str]) {
        if !given.contains(&"recording") && (given.contains(&"enabled") || given.contains(&"daemon_pid")) {
            let enabled = self.enabled.fact.as_ref().map(|enabled| *enabled >= 1);
            let listens = self.daemon_pid.fact.as_ref().map(|pid| *pid != 0);
            self.recording = crate::derive::kleene::and(enabled, listens).into();
        }
    }
}

impl Sound for AuditedPath {
    fn sound() -> Self {
        Self {
            path: "/usr/sbin/dockerd".to_owned().into(),
            exists: true.into(),
            covered: true.into(),
            persisted: true.into(),
            rules: Listing::default().into(),
            gaps: Listing::default().into(),
        }
    }
}
