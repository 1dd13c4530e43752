//! Files as a whole: content with mode, owner and extended attributes, read once and replaced atomically.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Mode, OFlags, StatxAttributes, StatxFlags, XattrFlags};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::Error;

/// None of the files that we edit is longer; reading a device by mistake must end.
const LARGEST: u64 = 4 << 20;

/// Attributes that belong to the content and not to the file: a copy would be wrong for the new bytes.
const NOT_COPIED: &[&[u8]] = &[b"security.ima", b"security.evm"];

/// Everything of a file but its content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Attributes {
    /// Permission bits, setuid, setgid and sticky.
    pub(crate) mode: u32,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    /// Extended attributes in hexadecimal, the POSIX ACL and the SELinux label among them.
    pub(crate) extended: Vec<(String, String)>,
}

impl Attributes {
    /// A new file of root.
    pub(crate) fn new(mode: u32) -> Self {
        Self { mode, uid: 0, gid: 0, extended: Vec::new() }
    }
}

/// One file as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) bytes: Vec<u8>,
    pub(crate) attributes: Attributes,
    pub(crate) inode: u64,
    pub(crate) ctime_ns: i64,
}

/// `sha256:…` of bytes.
pub(crate) fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", hex(&Sha256::digest(bytes)))
}

/// Reads a regular file, never through a symbolic link; none: it does not exist.
pub(crate) fn read(path: &Path) -> Result<Option<Content>, Error> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let mut file = match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(fd) => File::from(fd),
        Err(rustix::io::Errno::NOENT | rustix::io::Errno::NOTDIR) => return Ok(None),
        Err(error) => return Err(Error::io("open", path, error)),
    };
    let stat = file.metadata().map_err(|error| Error::io("stat", path, error))?;
    if !stat.is_file() {
        return Err(Error::State(format!("{} is not a regular file", path.display())));
    }
    if stat.len() > LARGEST {
        return Err(Error::State(format!("{} has {} bytes, more than cofferdam edits", path.display(), stat.len())));
    }
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(|error| Error::io("read", path, error))?;
    let attributes = Attributes { mode: stat.mode() & 0o7777, uid: stat.uid(), gid: stat.gid(), extended: extended(&file, path)? };
    let ctime_ns = stat.ctime().saturating_mul(1_000_000_000).saturating_add(stat.ctime_nsec());
    Ok(Some(Content { bytes, attributes, inode: stat.ino(), ctime_ns }))
}

/// Replaces or creates the file: a new inode with these bytes and attributes, on disk before it takes the name.
pub(crate) fn write(path: &Path, bytes: &[u8], attributes: &Attributes) -> Result<(), Error> {
    let (folder, temporary) = places(path)?;
    let directory = open_directory(&folder)?;
    // What an interrupted run left; the name is ours alone.
    match rustix::fs::unlinkat(&directory, &temporary, AtFlags::empty()) {
        Ok(()) | Err(rustix::io::Errno::NOENT) => {}
        Err(error) => return Err(Error::io("remove", folder.join(&temporary), error)),
    }
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let fd = rustix::fs::openat(&directory, &temporary, flags, Mode::from_raw_mode(0o600))
        .map_err(|error| Error::io("create", folder.join(&temporary), error))?;
    let written = fill(File::from(fd), path, bytes, attributes).and_then(|()| {
        let name = path.file_name().unwrap_or_default();
        rustix::fs::renameat(&directory, &temporary, &directory, name).map_err(|error| Error::io("replace", path, error))
    });
    if let Err(error) = written {
        // The first error is the one that matters.
        let _ = rustix::fs::unlinkat(&directory, &temporary, AtFlags::empty());
        return Err(error);
    }
    directory.sync_all().map_err(|error| Error::io("sync", &folder, error))
}

fn fill(mut file: File, path: &Path, bytes: &[u8], attributes: &Attributes) -> Result<(), Error> {
    file.write_all(bytes).map_err(|error| Error::io("write", path, error))?;
    let (uid, gid) = (rustix::fs::Uid::from_raw(attributes.uid), rustix::fs::Gid::from_raw(attributes.gid));
    rustix::fs::fchown(&file, Some(uid), Some(gid)).map_err(|error| Error::io("set the owner of", path, error))?;
    rustix::fs::fchmod(&file, Mode::from_raw_mode(attributes.mode)).map_err(|error| Error::io("set the mode of", path, error))?;
    let present = extended(&file, path)?;
    for (name, value) in &attributes.extended {
        // The new file may have got the right label from its directory already.
        if present.iter().any(|(known, held)| known == name && held == value) {
            continue;
        }
        let raw = unhex(value).ok_or_else(|| Error::State(format!("damaged attribute {name} kept for {}", path.display())))?;
        rustix::fs::fsetxattr(&file, name.as_str(), &raw, XattrFlags::empty())
            .map_err(|error| Error::io("copy the attributes of", path, error))?;
    }
    file.sync_all().map_err(|error| Error::io("sync", path, error))
}

/// Removes what an interrupted [`write`] left beside the file.
pub(crate) fn sweep(path: &Path) -> Result<(), Error> {
    let (folder, temporary) = places(path)?;
    match rustix::fs::unlink(folder.join(&temporary)) {
        Ok(()) | Err(rustix::io::Errno::NOENT | rustix::io::Errno::NOTDIR) => Ok(()),
        Err(error) => Err(Error::io("remove", folder.join(&temporary), error)),
    }
}

/// Removes the file. One that is gone is fine.
pub(crate) fn remove(path: &Path) -> Result<(), Error> {
    let (folder, _) = places(path)?;
    match rustix::fs::unlink(path) {
        Ok(()) => {}
        Err(rustix::io::Errno::NOENT | rustix::io::Errno::NOTDIR) => return Ok(()),
        Err(error) => return Err(Error::io("remove", path, error)),
    }
    open_directory(&folder)?.sync_all().map_err(|error| Error::io("sync", &folder, error))
}

/// Directories above the path that do not exist, outermost first.
pub(crate) fn missing_directories(path: &Path) -> Vec<PathBuf> {
    let mut missing: Vec<PathBuf> =
        path.ancestors().skip(1).take_while(|folder| !folder.as_os_str().is_empty() && !folder.exists()).map(Path::to_path_buf).collect();
    missing.reverse();
    missing
}

/// Makes one directory with mode 0755, on disk when this returns. One that exists is fine.
pub(crate) fn make_directory(path: &Path) -> Result<(), Error> {
    match std::fs::DirBuilder::new().mode(0o755).create(path) {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists && path.is_dir() => return Ok(()),
        Err(error) => return Err(Error::io("make the directory", path, error)),
    }
    let (folder, _) = places(path)?;
    open_directory(&folder)?.sync_all().map_err(|error| Error::io("sync", &folder, error))
}

/// Removes a directory if it is empty; whether it is gone.
pub(crate) fn remove_directory(path: &Path) -> Result<bool, Error> {
    match std::fs::remove_dir(path) {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::DirectoryNotEmpty => return Ok(false),
        Err(error) => return Err(Error::io("remove the directory", path, error)),
    }
    let (folder, _) = places(path)?;
    open_directory(&folder)?.sync_all().map_err(|error| Error::io("sync", &folder, error))?;
    Ok(true)
}

/// Whether something is mounted on the path itself: a rename over it fails with EBUSY.
pub(crate) fn is_mount_point(path: &Path) -> bool {
    rustix::fs::statx(rustix::fs::CWD, path, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::BASIC_STATS)
        .is_ok_and(|stat| stat.stx_attributes.contains(StatxAttributes::MOUNT_ROOT))
}

/// The folder, and the name of the temporary file in it. It begins with a dot and ends with none of the endings that services look
/// for in folders (.json, .rules, .conf), so nobody reads it.
fn places(path: &Path) -> Result<(PathBuf, String), Error> {
    match (path.parent(), path.file_name().and_then(|name| name.to_str())) {
        (Some(folder), Some(name)) => Ok((folder.to_path_buf(), format!(".{name}.cofferdam-new"))),
        _ => Err(Error::State(format!("{} names no file", path.display()))),
    }
}

fn open_directory(path: &Path) -> Result<File, Error> {
    File::open(path).map_err(|error| Error::io("open the directory", path, error))
}

fn extended(file: impl AsFd, path: &Path) -> Result<Vec<(String, String)>, Error> {
    let mut names = vec![0_u8; 64 * 1024];
    let length = match rustix::fs::flistxattr(&file, &mut names[..]) {
        Ok(length) => length,
        Err(rustix::io::Errno::NOTSUP) => return Ok(Vec::new()),
        Err(error) => return Err(Error::io("list the attributes of", path, error)),
    };
    let mut found = Vec::new();
    for name in names[..length].split(|byte| *byte == 0).filter(|name| !name.is_empty() && !NOT_COPIED.contains(name)) {
        let mut value = vec![0_u8; 64 * 1024];
        let length =
            rustix::fs::fgetxattr(&file, name, &mut value[..]).map_err(|error| Error::io("read the attributes of", path, error))?;
        found.push((String::from_utf8_lossy(name).into_owned(), hex(&value[..length])));
    }
    found.sort();
    Ok(found)
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a String cannot fail");
        text
    })
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok().filter(|_| pair.len() == 2)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn replaces_and_keeps_attributes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("daemon.json");
        std::fs::write(&path, "old").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        let _ = rustix::fs::setxattr(&path, "user.note", b"kept", XattrFlags::empty());
        let before = read(&path).unwrap().unwrap();
        write(&path, b"new", &before.attributes).unwrap();
        let after = read(&path).unwrap().unwrap();
        assert_eq!(after.bytes, b"new");
        assert_eq!(after.attributes, before.attributes);
        assert_ne!(after.inode, before.inode);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file stays");
        remove(&path).unwrap();
        remove(&path).unwrap();
        assert_eq!(read(&path).unwrap(), None);
    }

    #[test]
    fn never_through_a_link_and_never_a_device() {
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/etc/hostname", folder.path().join("link")).unwrap();
        assert!(read(&folder.path().join("link")).is_err());
        assert!(read(Path::new("/dev/zero")).is_err());
        assert!(read(folder.path()).is_err());
    }

    #[test]
    fn directories() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b/f");
        let missing = missing_directories(&path);
        assert_eq!(missing, [folder.path().join("a"), folder.path().join("a/b")]);
        missing.iter().for_each(|path| make_directory(path).unwrap());
        write(&path, b"x", &Attributes::new(0o644)).unwrap();
        assert!(!remove_directory(&folder.path().join("a/b")).unwrap());
        remove(&path).unwrap();
        assert!(remove_directory(&folder.path().join("a/b")).unwrap());
    }

    #[test]
    fn a_failed_write_leaves_the_old_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        std::fs::write(&path, "old").unwrap();
        std::fs::write(folder.path().join(".f.cofferdam-new"), "torn").unwrap();
        sweep(&path).unwrap();
        sweep(&path).unwrap();
        let attributes = Attributes { extended: vec![("user.x".into(), "zz".into())], ..Attributes::new(0o644) };
        assert!(write(&path, b"new", &attributes).is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
