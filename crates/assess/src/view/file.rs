//! Files of the engine, as checks speak of them.

use super::record::{Sound, view};
use super::seen::Listing;

view! {
    /// The engine's files on this host, wherever the running processes have them.
    pub struct Files {
        /// The unit that runs the daemon (docker.service, unless it is another), with its drop-ins. Empty: there is no such unit.
        docker_service: Listing<PlacedFile>;
        /// The socket unit of the same name, with its drop-ins. Empty: there is none.
        docker_socket_unit: Listing<PlacedFile>;
        /// The configuration folder /etc/docker.
        etc_docker: PlacedFile;
        /// /etc/docker/certs.d, with every file and folder below it. Empty: there is none.
        registry_certs: Listing<PlacedFile>;
        /// The server certificate of the TLS API. Absent: none is in force.
        tls_cert: PlacedFile, maybe;
        /// The private key of the TLS API. Absent: none is in force.
        tls_key: PlacedFile, maybe;
        /// The Unix sockets on which the daemon serves its API.
        api_sockets: Listing<PlacedFile>;
        /// Who may use one of them, and why: owners, members of the owning group, names on access lists.
        api_users: Listing<String>;
        /// The same without the reasons, each account once: a name, `uid:1000`, or words for what is no single account (everybody, a group).
        api_accounts: Listing<String>;
        /// The configuration file that the daemon loads.
        daemon_json: PlacedFile;
        /// /etc/default/docker.
        etc_default_docker: PlacedFile;
        /// /etc/sysconfig/docker.
        etc_sysconfig_docker: PlacedFile;
        /// The socket of the containerd that the daemon uses.
        containerd_socket: PlacedFile;
        /// The folder of images, containers and volumes.
        data_root: DataRoot;
    }
}

view! {
    /// A file, folder or socket where it really is. Links are followed: the mode of a link is none.
    pub struct PlacedFile {
        /// Path as configured.
        path: String;
        /// Whether it is there.
        exists: bool => "{path} exists" / "{path} does not exist";
        /// What it is: `file`, `directory`, `socket` or `other`.
        kind: String;
        /// Owning user id.
        uid: i64;
        /// Owning group id.
        gid: i64;
        /// Both: `0:998`.
        owner: String;
        /// Mode in octal: `0444`. With an access list the group's digit is its mask.
        mode: String;
        /// The POSIX access list in short form: `user:1000:rw-`. Empty: none.
        access_list: Listing<String>;
        /// Mode, and the access list where there is one.
        rights: String;
        /// User and group are root.
        owner_is_root: bool => "{path} belongs to root:root" / "{path} belongs to {owner}";
        /// The user is root, and the group is root or a group named docker.
        owner_is_root_and_docker_group: bool => "{path} belongs to root and to the group docker or root" / "{path} belongs to {owner}, and not to root and the group docker";
        /// No right beyond 0400: none of the mode's bits and none of the access list's entries. Setgid and sticky give no right.
        mode_at_most_0400: bool => "{path} has mode {mode}, at most 0400" / "{path} has mode {mode}, more than 0400";
        /// No right beyond 0444.
        mode_at_most_0444: bool => "{path} has mode {mode}, at most 0444" / "{path} has mode {mode}, more than 0444";
        /// No right beyond 0644.
        mode_at_most_0644: bool => "{path} has mode {mode}, at most 0644" / "{path} has mode {mode}, more than 0644";
        /// No right beyond 0660.
        mode_at_most_0660: bool => "{path} has mode {mode}, at most 0660" / "{path} has mode {mode}, more than 0660";
        /// No right beyond 0755.
        mode_at_most_0755: bool => "{path} has mode {mode}, at most 0755" / "{path} has mode {mode}, more than 0755";
    }
}

view! {
    /// The daemon's data root and what it lies on.
    pub struct DataRoot {
        /// Path with links followed, without the folder that user namespace remapping adds.
        path: String;
        /// Where the file system that it lies on is mounted.
        mount_point: String;
        /// That file system: device and type.
        file_system: String;
        /// It shares its file system neither with the folder above it nor with the root folder.
        own_file_system: bool => "{path} lies on a file system of its own, {file_system}" / "{path} has no file system of its own: it lies on {file_system}, mounted at {mount_point}";
    }
}

impl Sound for Files {
    fn sound() -> Self {
        let file = |path: &str, kind: &str, mode: &str| PlacedFile::sample(path, kind, mode);
        let one = |path: &str, kind: &str, mode: &str| Listing::from(vec![PlacedFile::sample(path, kind, mode)]);
        Self {
            docker_service: one("/lib/systemd/system/docker.service", "file", "0644").into(),
            docker_socket_unit: one("/lib/systemd/system/docker.socket", "file", "0644").into(),
            etc_docker: file("/etc/docker", "directory", "0755").into(),
            registry_certs: Listing::default().into(),
            tls_cert: facts::Fact::Absent.into(),
            tls_key: facts::Fact::Absent.into(),
            api_sockets: one("/run/docker.sock", "socket", "0660").into(),
            api_users: Listing::default().into(),
            api_accounts: Listing::default().into(),
            daemon_json: file("/etc/docker/daemon.json", "file", "0644").into(),
            etc_default_docker: file("/etc/default/docker", "file", "0644").into(),
            etc_sysconfig_docker: file("/etc/sysconfig/docker", "file", "0644").into(),
            containerd_socket: file("/run/containerd/containerd.sock", "socket", "0660").into(),
            data_root: DataRoot::sound().into(),
        }
    }
}

impl PlacedFile {
    /// Root's file with this mode.
    fn sample(path: &str, kind: &str, mode: &str) -> Self {
        let mut file = Self {
            path: path.to_owned().into(),
            exists: true.into(),
            kind: kind.to_owned().into(),
            uid: 0.into(),
            gid: 0.into(),
            owner: "0:0".to_owned().into(),
            mode: mode.to_owned().into(),
            access_list: Listing::default().into(),
            rights: mode.to_owned().into(),
            owner_is_root: true.into(),
            owner_is_root_and_docker_group: true.into(),
            mode_at_most_0400: true.into(),
            mode_at_most_0444: true.into(),
            mode_at_most_0644: true.into(),
            mode_at_most_0660: true.into(),
            mode_at_most_0755: true.into(),
        };
        file.settle(&["mode"]);
        file
    }
}

impl Sound for PlacedFile {
    fn sound() -> Self {
        Self::sample("/etc/docker/file", "file", "0400")
    }

    fn settle(&mut self, given: &[&str]) {
        use crate::derive::kleene::and;
        use facts::Fact;
        let new = |field: &str| !given.contains(&field);
        if given.contains(&"uid") || given.contains(&"gid") {
            let root = and(self.uid.fact.clone().map(|id| id == 0), self.gid.fact.clone().map(|id| id == 0));
            if new("owner") {
                self.owner = self.uid.fact.clone().and_then(|uid| self.gid.fact.clone().map(|gid| format!("{uid}:{gid}"))).into();
            }
            if new("owner_is_root") {
                self.owner_is_root = root.clone().into();
            }
            if new("owner_is_root_and_docker_group") {
                self.owner_is_root_and_docker_group = root.into();
            }
        }
        if given.contains(&"mode") || given.contains(&"access_list") {
            if new("rights") {
                let list = self.access_list.fact.clone().map(|list| list.members);
                self.rights = self.mode.fact.clone().map(|mode| crate::derive::file::rights(&mode, list.known())).into();
            }
            let rights = self.mode.fact.clone().and_then(|mode| match u32::from_str_radix(&mode, 8) {
                Ok(mode) => Fact::Known(mode),
                Err(_) => Fact::unknown("the mode is not octal"),
            });
            let list = self.access_list.fact.clone().map(|list| list.members);
            let (uid, gid) = (self.uid.known().copied().unwrap_or(0), self.gid.known().copied().unwrap_or(0));
            let at_most = |allowed: u32| rights.clone().and_then(|mode| crate::derive::file::at_most(mode, &list, uid, gid, allowed));
            for (name, allowed, field) in [
                ("mode_at_most_0400", 0o400, &mut self.mode_at_most_0400),
                ("mode_at_most_0444", 0o444, &mut self.mode_at_most_0444),
                ("mode_at_most_0644", 0o644, &mut self.mode_at_most_0644),
                ("mode_at_most_0660", 0o660, &mut self.mode_at_most_0660),
                ("mode_at_most_0755", 0o755, &mut self.mode_at_most_0755),
            ] {
                if new(name) {
                    *field = at_most(allowed).into();
                }
            }
        }
        // What could not be looked at has no owner and no mode either.
        if given.contains(&"exists") && self.exists.fact.is_unknown() {
            *self = Self { path: self.path.clone(), ..Self::unseen("the file could not be looked at") };
        }
    }
}

impl Sound for DataRoot {
    fn sound() -> Self {
        Self {
            path: "/var/lib/docker".to_owned().into(),
            mount_point: "/var/lib/docker".to_owned().into(),
            file_system: "8:16 ext4".to_owned().into(),
            own_file_system: true.into(),
        }
    }
}
