//! Mandatory access control by the label that the kernel shows for a process.

/// The profile of an AppArmor label: `docker-default (enforce)`.
pub(crate) fn apparmor_profile(label: &str) -> &str {
    label.trim_end_matches(['\0', '\n']).rsplit_once(" (").map_or(label, |(profile, _)| profile)
}

/// Whether the label confines: only a profile in enforce or kill mode does.
pub(crate) fn apparmor_confines(label: &str) -> bool {
    let label = label.trim_end_matches(['\0', '\n']);
    apparmor_profile(label) != "unconfined" && (label.ends_with(" (enforce)") || label.ends_with(" (kill)"))
}

/// Whether an SELinux label has a type that confines.
pub(crate) fn selinux_confines(label: &str) -> bool {
    const FREE: [&str; 8] =
        ["spc_t", "unconfined_t", "unconfined_service_t", "container_runtime_t", "docker_t", "init_t", "initrc_t", "kernel_t"];
    let mut parts = label.trim_end_matches(['\0', '\n']).split(':');
    matches!((parts.next(), parts.next(), parts.next()), (Some(_), Some(_), Some(kind)) if !kind.is_empty() && !FREE.contains(&kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn apparmor() {
        for (label, profile, confines) in [
            ("docker-default (enforce)", "docker-default", true),
            ("docker-default (enforce)\n", "docker-default", true),
            ("docker-default (complain)", "docker-default", false),
            ("unconfined", "unconfined", false),
            ("my profile (kill)", "my profile", true),
            ("system_u:system_r:container_t:s0", "system_u:system_r:container_t:s0", false),
            ("", "", false),
        ] {
            assert_eq!((apparmor_profile(label.trim()), apparmor_confines(label)), (profile, confines), "{label}");
        }
    }

    #[test]
    fn selinux() {
        for (label, confines) in [
            ("system_u:system_r:container_t:s0:c1,c2", true),
            ("system_u:system_r:svirt_lxc_net_t:s0:c1,c2", true),
            ("system_u:system_r:my_app.process:s0:c1,c2", true),
            ("system_u:system_r:spc_t:s0", false),
            ("unconfined_u:unconfined_r:unconfined_t:s0", false),
            ("docker-default (enforce)", false),
            ("", false),
        ] {
            assert_eq!(selinux_confines(label), confines, "{label}");
        }
    }
}
