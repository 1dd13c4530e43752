//! Files of this machine. Opened for reading only, never blocking, never a device or FIFO.

use std::fs::{self, File, Metadata};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

use facts::Fact;
use facts::host::{Acl, FileKind, FileStat, TextFile, TextForm};
use rustix::io::Errno;

use super::patience::Patience;
use super::read_at_most;
use crate::obstacle::{Answer, Obstacle};
use crate::source::{Content, Files};
use crate::{parse, redact};

/// Largest configuration file that is read.
const CONFIG_LIMIT: u64 = 1 << 20;

/// Largest file of the kernel that is read here; the long ones of /proc/PID are elsewhere.
const KERNEL_LIMIT: u64 = 1 << 20;

/// Most names that one directory may have.
const MOST_NAMES: usize = 100_000;

/// This machine's files.
#[derive(Default)]
pub(crate) struct RealFiles {
    patience: Patience,
}

impl RealFiles {
    fn patiently<T: Send + 'static>(&self, path: &str, call: impl FnOnce(&str) -> Answer<T> + Send + 'static) -> Answer<T> {
        let path = absolute(path)?.to_owned();
        self.patience.run(move || call(&path))
    }
}

impl Files for RealFiles {
    fn lstat(&self, path: &str) -> Answer<FileStat> {
        self.patiently(path, |path| {
            let metadata = fs::symlink_metadata(path)?;
            let is_link = metadata.file_type().is_symlink();
            let target = if is_link { Some(fs::read_link(path)?.to_string_lossy().into_owned()) } else { None };
            let acl = if is_link { Fact::Absent } else { acl(|buffer| rustix::fs::lgetxattr(path, ACL, buffer)) };
            Ok(file_stat(&metadata, target, acl))
        })
    }

    fn text(&self, path: &str, content: Content) -> Answer<TextFile> {
        self.patiently(path, move |path| {
            let file = super::open_regular(Path::new(path))?;
            let acl = acl(|buffer| rustix::fs::fgetxattr(&file, ACL, buffer));
            let stat = file_stat(&file.metadata()?, None, acl);
            let bytes = read_at_most(file, CONFIG_LIMIT)?;
            let (text, form) = redacted(&bytes, content);
            Ok(TextFile { path: path.to_owned(), stat, text, form })
        })
    }

    fn kernel(&self, path: &str) -> Answer<String> {
        const HARMLESS: &[&str] = &["/proc/sys/", "/proc/filesystems", "/proc/meminfo", "/proc/self/attr/", "/sys/"];
        let path = absolute(path)?;
        if !HARMLESS.iter().any(|start| path.starts_with(start)) || path.split('/').any(|part| part == "..") {
            return Err(Obstacle::Other("not a file of the kernel that may be read".to_owned()));
        }
        let bytes = read_at_most(File::open(path)?, KERNEL_LIMIT)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn names(&self, path: &str) -> Answer<Vec<String>> {
        self.patiently(path, |path| {
            let mut names = Vec::new();
            for entry in fs::read_dir(path)? {
                names.push(entry?.file_name().to_string_lossy().into_owned());
                if names.len() > MOST_NAMES {
                    return Err(Obstacle::Other(format!("more than {MOST_NAMES} names")));
                }
            }
            names.sort();
            Ok(names)
        })
    }

    fn canonical(&self, path: &str) -> Answer<String> {
        self.patiently(path, |path| {
            let path = fs::canonicalize(path)?;
            path.into_os_string().into_string().map_err(|_| Obstacle::Other("the path is not UTF-8".to_owned()))
        })
    }
}

/// The text of a file as it may be kept, and what of its form that hides.
fn redacted(bytes: &[u8], content: Content) -> (String, Fact<TextForm>) {
    let text = String::from_utf8_lossy(bytes);
    let text = match content {
        Content::DaemonJson => {
            let (text, form) = parse::daemon_json(bytes);
            return (text, Fact::Known(form));
        }
        Content::Unit => redact::unit_file(&text),
        Content::AuditRules => redact::audit_rules(&text),
        Content::PidFile => redact::pid_file(&text),
        Content::StartupRecord => redact::startup_record(&text),
        Content::SeccompProfile => redact::seccomp_profile(&text),
        Content::SshdConfig => redact::sshd_config(&text),
        Content::Groups => redact::groups(&text),
        Content::Users => redact::users(&text),
        Content::Homes => redact::homes(&text),
        Content::ClientConfig => redact::client_config(&text),
        Content::ClientContext => redact::client_context(&text),
    };
    (text, Fact::Absent)
}

const ACL: &str = "system.posix_acl_access";

fn absolute(path: &str) -> Answer<&str> {
    if Path::new(path).is_absolute() && !path.contains('\0') { Ok(path) } else { Err(Obstacle::Other("not an absolute path".to_owned())) }
}

fn acl(read: impl Fn(&mut [u8]) -> Result<usize, Errno>) -> Fact<Acl> {
    let mut buffer = [0; 4096];
    match read(&mut buffer) {
        Ok(length) => parse::acl(&buffer[..length.min(buffer.len())]).map_or_else(|| Fact::unknown("an ACL of unknown form"), Fact::Known),
        // No ACL, or a file system that has none.
        Err(Errno::NODATA | Errno::OPNOTSUPP) => Fact::Absent,
        Err(errno) => Fact::unknown(format!("cannot read the ACL: {}", Obstacle::from(errno))),
    }
}

fn file_stat(metadata: &Metadata, target: Option<String>, acl: Fact<Acl>) -> FileStat {
    let kind = metadata.file_type();
    let kind = if kind.is_file() {
        FileKind::File
    } else if kind.is_dir() {
        FileKind::Directory
    } else if kind.is_symlink() {
        FileKind::Symlink
    } else if kind.is_socket() {
        FileKind::Socket
    } else {
        FileKind::Other
    };
    let nanoseconds = |seconds: i64, rest: i64| seconds.saturating_mul(1_000_000_000).saturating_add(rest);
    FileStat {
        kind,
        mode: metadata.mode() & 0o7777,
        uid: metadata.uid(),
        gid: metadata.gid(),
        size: metadata.size(),
        device: metadata.dev(),
        inode: metadata.ino(),
        ctime_ns: nanoseconds(metadata.ctime(), metadata.ctime_nsec()),
        mtime_ns: nanoseconds(metadata.mtime(), metadata.mtime_nsec()),
        target,
        acl,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::Mode;

    #[test]
    fn what_is_no_file_is_not_opened() {
        let files = RealFiles::default();
        let folder = tempfile::tempdir().unwrap();
        let fifo = folder.path().join("fifo");
        rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, Mode::RUSR, 0).unwrap();
        assert_eq!(files.text(fifo.to_str().unwrap(), Content::Unit), Err(Obstacle::NotAFile));
        assert_eq!(files.text("/dev/null", Content::Unit), Err(Obstacle::NotAFile));
        assert_eq!(files.text(folder.path().to_str().unwrap(), Content::Unit), Err(Obstacle::NotAFile));
        assert_eq!(files.text("/nonexistent/x", Content::Unit), Err(Obstacle::NotFound));
        assert!(files.text("relative", Content::Unit).is_err());
        assert!(files.kernel("/etc/shadow").is_err());
        assert!(files.kernel("/sys/../etc/shadow").is_err());
    }

    #[test]
    fn links_sizes_and_redaction() {
        let files = RealFiles::default();
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        fs::write(path("big"), vec![b' '; usize::try_from(CONFIG_LIMIT).unwrap() + 1]).unwrap();
        assert_eq!(files.text(&path("big"), Content::Unit), Err(Obstacle::TooLarge { limit: CONFIG_LIMIT }));
        fs::write(path("daemon.json"), "{\"labels\": [\"planted-secret\"]}").unwrap();
        std::os::unix::fs::symlink("daemon.json", path("link")).unwrap();
        let read = files.text(&path("link"), Content::DaemonJson).unwrap();
        assert!(!read.text.contains("planted"), "{}", read.text);
        assert_eq!((read.path.as_str(), read.stat.kind), (path("link").as_str(), FileKind::File));
        let link = files.lstat(&path("link")).unwrap();
        assert_eq!((link.kind, link.target.as_deref()), (FileKind::Symlink, Some("daemon.json")));
        assert_eq!(
            files.canonical(&path("link")),
            fs::canonicalize(path("daemon.json")).map(|path| path.to_str().unwrap().to_owned()).map_err(Obstacle::from)
        );
        assert_eq!(files.names(folder.path().to_str().unwrap()).unwrap(), ["big", "daemon.json", "link"]);
    }
}
