//! What the operator has decided, as checks speak of it.

use facts::Fact;

use super::record::{Sound, view};
use super::seen::Listing;

view! {
    /// What the operator states in cofferdam.yaml. Every statement may be absent: then no check rests on it, and a person decides.
    pub struct Policy {
        /// Accounts that may use the engine's socket, and so are root on this host: names, `uid:1000` for one that the host's files do
        /// not name.
        trusted_users: Listing<String>, maybe;
        /// No directory service (sssd, LDAP, NIS) puts accounts into groups of this host: /etc/group and /etc/passwd name all of them.
        accounts_are_local: bool, maybe => "you state that all accounts are local" / "you state that a directory service has accounts too";
        /// Registries, or folders in one, that images may come from: `registry.example`, `docker.io/library`.
        allowed_registries: Listing<String>, maybe;
        /// Ports of the host that containers may publish: `443/tcp`.
        allowed_ports: Listing<String>, maybe;
        /// Greatest memory limit that a container may have, in bytes. In the file a size such as `2g`.
        memory_ceiling: i64, maybe;
        /// Default limits that the daemon must give to containers, each as `nofile=1024:65536`.
        default_ulimits: Listing<String>, maybe;
        /// Seccomp profiles that the daemon may give to containers by default: `builtin`, or a path.
        seccomp_profiles: Listing<String>, maybe;
        /// Greatest number of containers that do not run.
        max_stopped_containers: i64, maybe;
        /// Greatest number of images that no container uses.
        max_unused_images: i64, maybe;
    }
}

impl Policy {
    /// Nothing is stated.
    pub fn unstated() -> Self {
        Self {
            trusted_users: Fact::Absent.into(),
            accounts_are_local: Fact::Absent.into(),
            allowed_registries: Fact::Absent.into(),
            allowed_ports: Fact::Absent.into(),
            memory_ceiling: Fact::Absent.into(),
            default_ulimits: Fact::Absent.into(),
            seccomp_profiles: Fact::Absent.into(),
            max_stopped_containers: Fact::Absent.into(),
            max_unused_images: Fact::Absent.into(),
        }
    }
}

impl Sound for Policy {
    fn sound() -> Self {
        Self::unstated()
    }
}
