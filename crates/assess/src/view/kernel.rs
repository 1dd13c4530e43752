//! The running kernel and the ssh server, as checks speak of them.

use super::record::{Sound, view};
use super::seen::Listing;

view! {
    /// The running kernel.
    pub struct Kernel {
        /// Its release, as uname -r shows it.
        release: String;
        /// The newest release among the installed ones. Absent: none was found in /boot or /usr/lib/modules.
        newest_installed: String, maybe;
        /// No newer release is installed.
        is_newest: bool => "the running kernel is the newest one installed" / "a newer kernel is installed than the one that runs";
        /// Settings that give an intruder more than containers need: kernel addresses and messages readable (kptr_restrict, dmesg_restrict),
        /// loading another kernel (kexec_load_disabled), user namespaces for everybody.
        open_settings: Listing<String>;
    }
}

view! {
    /// OpenSSH's server on the host, by its configuration files. What its running process read at its start may differ until it is reloaded.
    pub struct SshServer {
        /// It runs, or systemd listens for it.
        listens: bool => "the ssh server takes connections" / "no ssh server takes connections";
        /// A password alone opens a session: PasswordAuthentication, or a conversation by PAM, where AuthenticationMethods demands no key.
        password_suffices: bool => "a password alone is enough to log in" / "no password alone is enough to log in";
        /// PermitRootLogin for connections that no Match block speaks of.
        root_login: String;
        /// Root logs in by key or not at all.
        root_restricted: bool => "root does not log in by password" / "root may log in by password";
        /// AuthenticationMethods for connections that no Match block speaks of; any: one of those that are on.
        methods: String;
        /// Every way in demands something that one knows and something that one has.
        two_factors: bool => "two different factors are demanded" / "one factor is enough";
        /// What Match blocks say otherwise about logins.
        exceptions: Listing<String>;
    }
}

impl Sound for Kernel {
    fn sound() -> Self {
        Self {
            release: "6.1.0-31-amd64".to_owned().into(),
            newest_installed: "6.1.0-31-amd64".to_owned().into(),
            is_newest: true.into(),
            open_settings: Listing::default().into(),
        }
    }
}

impl Sound for SshServer {
    fn sound() -> Self {
        Self {
            listens: true.into(),
            password_suffices: false.into(),
            root_login: "no".to_owned().into(),
            root_restricted: true.into(),
            methods: "publickey,keyboard-interactive".to_owned().into(),
            two_factors: true.into(),
            exceptions: Listing::default().into(),
        }
    }
}
