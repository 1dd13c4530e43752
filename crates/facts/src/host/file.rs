//! What the file system says of one path.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Fact;

/// Type of an inode, from the file type bits of st_mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FileKind {
    /// Regular file.
    File,
    /// Directory.
    Directory,
    /// Symbolic link (of the last component; [`FileStat`] describes the link itself, see `target`).
    Symlink,
    /// Socket.
    Socket,
    /// Device, FIFO or another kind.
    Other,
}

/// One inode, as lstat(2) sees it. Owners are ids: names are for people and depend on the reader.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FileStat {
    /// Type.
    pub kind: FileKind,
    /// Permission bits with setuid, setgid and sticky (st_mode & 07777).
    pub mode: u32,
    /// Owning user id.
    pub uid: u32,
    /// Owning group id.
    pub gid: u32,
    /// Size in bytes.
    pub size: u64,
    /// Device number.
    pub device: u64,
    /// Inode number.
    pub inode: u64,
    /// Change time in nanoseconds since the epoch.
    pub ctime_ns: i64,
    /// Modification time in nanoseconds since the epoch.
    pub mtime_ns: i64,
    /// For a symbolic link: its text.
    #[serde(default)]
    pub target: Option<String>,
    /// POSIX access ACL (system.posix_acl_access). Absent: none, so the group bits are the group's.
    #[serde(default)]
    pub acl: Fact<Acl>,
}

/// A POSIX access ACL. With one present, the mode's group bits are the mask and not the group's rights (acl(5)).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Acl {
    /// Entries in short text form: `user:1000:rw-`, `mask::r--`.
    pub entries: Vec<String>,
}

/// A small text file with its inode. The text is redacted: same lines and columns of structure, secret values replaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TextFile {
    /// Path that was asked for.
    pub path: String,
    /// The inode that was read (the target, where the path is a link).
    pub stat: FileStat,
    /// Redacted text.
    pub text: String,
    /// What the text no longer shows. Absent: kept of JSON files only.
    #[serde(default)]
    pub form: Fact<TextForm>,
}

/// What decoding and redaction take from a file's text, and a reader needs to know all the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct TextForm {
    /// Every byte was part of UTF-8, or of UTF-16 behind its byte order mark; otherwise the text holds U+FFFD in the place of the rest.
    pub sound_encoding: bool,
    /// Where the text stops being JSON; nothing of it is quoted. None: it begins with a whole JSON document.
    pub json_error: Option<String>,
}
