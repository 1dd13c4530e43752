//! Questions about files.

use facts::host::{FileStat, TextFile};

use crate::obstacle::Answer;

/// What a text file is, which decides how it is redacted before it is handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// daemon.json.
    DaemonJson,
    /// A systemd unit file or drop-in.
    Unit,
    /// Rules for auditctl.
    AuditRules,
    /// A pid file: one number.
    PidFile,
    /// cofferdam's own record of the configuration that a daemon started with.
    StartupRecord,
    /// A seccomp profile, in brief.
    SeccompProfile,
    /// sshd_config, or a file that it includes.
    SshdConfig,
    /// /etc/group: names, numbers and members.
    Groups,
    /// /etc/passwd: names and numbers.
    Users,
    /// /etc/passwd: names, numbers and home folders.
    Homes,
    /// config.json of the docker client: names of registries, helpers and the context.
    ClientConfig,
    /// meta.json of a docker context: its name and where it leads.
    ClientContext,
}

impl Content {
    /// The word that stands in a recording.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::DaemonJson => "daemon-json",
            Self::Unit => "unit",
            Self::AuditRules => "audit-rules",
            Self::PidFile => "pid-file",
            Self::StartupRecord => "startup-record",
            Self::SeccompProfile => "seccomp-profile",
            Self::SshdConfig => "sshd-config",
            Self::Groups => "groups",
            Self::Users => "users",
            Self::Homes => "homes",
            Self::ClientConfig => "client-config",
            Self::ClientContext => "client-context",
        }
    }
}

/// Files and directories. Every path is absolute; nothing is ever opened for writing.
pub trait Files: Send + Sync {
    /// The inode that the path names itself, with the text of a symbolic link and with its POSIX ACL.
    fn lstat(&self, path: &str) -> Answer<FileStat>;

    /// The redacted text and the inode of a regular file, symbolic links followed.
    fn text(&self, path: &str, content: Content) -> Answer<TextFile>;

    /// The text of a file of the kernel, below /proc/sys, /proc/filesystems, /proc/meminfo or /sys.
    fn kernel(&self, path: &str) -> Answer<String>;

    /// Names in a directory, sorted by bytes.
    fn names(&self, path: &str) -> Answer<Vec<String>>;

    /// The path with every symbolic link followed (realpath).
    fn canonical(&self, path: &str) -> Answer<String>;
}
