//! A file that an answer goes to. It is opened at the start, since nothing can be opened for writing once rights were given up, and written
//! to at the end, so that a run that fails leaves an earlier answer as it was.

use std::fs::{File, Metadata};
use std::io::{Seek, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

/// What is written, which decides who may read a file that is made for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// An answer, made to be handed on: the umask decides.
    Answer,
    /// All that was seen of a host, its weak points with it: 0600.
    Facts,
}

/// An open file that is not written to yet.
#[derive(Debug)]
pub(crate) struct Destination {
    path: PathBuf,
    file: File,
    content: Content,
}

impl Destination {
    /// Opens the file, and makes it where it is not there. What is in it stays for now, and so does its mode.
    ///
    /// In a folder where everybody may write, another user's link or file is refused: the one leads a writer to a place of the other's
    /// choosing, and the other can be read by its owner. Kernels do the same while fs.protected_symlinks and fs.protected_regular are on.
    pub(crate) fn open(path: &Path, content: Content) -> Result<Self> {
        let file = open(path, content).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Self { path: path.to_owned(), file, content })
    }

    /// Whether it was opened by this name.
    pub(crate) fn is(&self, path: &Path) -> bool {
        self.path == path
    }

    /// Puts the text in the place of what was there.
    pub(crate) fn write(&self, text: &str) -> Result<()> {
        let write = |mut file: &File| {
            // A pipe or a terminal has no beginning and no length.
            if file.metadata()?.is_file() {
                file.set_len(0)?;
                file.rewind()?;
            }
            file.write_all(text.as_bytes())
        };
        write(&self.file).with_context(|| format!("cannot write {}", self.path.display()))
    }

    /// A word of warning where others can read what will be in it.
    pub(crate) fn warning(&self) -> Option<String> {
        let metadata = self.file.metadata().ok()?;
        let readable = self.content == Content::Facts && metadata.is_file() && metadata.mode() & 0o044 != 0;
        let path = self.path.display();
        readable.then(|| format!("warning: {path} describes this host's weak points and others can read it (chmod 600 {path})"))
    }
}

fn open(path: &Path, content: Content) -> Result<File> {
    let mode = match content {
        Content::Answer => Mode::from_raw_mode(0o666),
        Content::Facts => Mode::RUSR | Mode::WUSR,
    };
    let open = |more: OFlags| rustix::fs::open(path, OFlags::WRONLY | OFlags::CLOEXEC | OFlags::NOCTTY | more, mode).map(File::from);
    match open(OFlags::CREATE | OFlags::EXCL) {
        Err(Errno::EXIST) => {}
        made => return Ok(made?),
    }
    let crowded = Crowd::around(path)?;
    match open(OFlags::NOFOLLOW) {
        Ok(file) => {
            let metadata = file.metadata()?;
            if metadata.is_file() && crowded.is_some_and(|crowd| !crowd.trusts_file(&metadata)) {
                bail!(
                    "it belongs to another user, or has a second name, in a folder where everybody may write\nhint: name a file that is not there yet, or a folder of your own"
                );
            }
            Ok(file)
        }
        // A link. Where it leads nowhere the file is made there, as a shell does it.
        Err(Errno::LOOP) => {
            if crowded.is_some_and(|crowd| !crowd.trusts_link(path)) {
                bail!("it is a link that another user may have put there\nhint: name the place that it leads to");
            }
            Ok(open(OFlags::CREATE)?)
        }
        Err(errno) => Err(errno.into()),
    }
}

/// A folder where everybody may write.
struct Crowd {
    owner: u32,
    /// Whether only the owner of a name may change it.
    sticky: bool,
}

impl Crowd {
    fn around(path: &Path) -> Result<Option<Self>> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let metadata = std::fs::metadata(folder)?;
        let everybody = metadata.mode() & 0o002 != 0;
        Ok(everybody.then(|| Self { owner: metadata.uid(), sticky: metadata.mode() & 0o1000 != 0 }))
    }

    fn trusts_link(&self, path: &Path) -> bool {
        let own = rustix::process::geteuid().as_raw();
        // Without the sticky bit it can be another one by the time it is followed.
        self.sticky && std::fs::symlink_metadata(path).is_ok_and(|link| link.uid() == own || link.uid() == self.owner)
    }

    fn trusts_file(&self, file: &Metadata) -> bool {
        file.uid() == rustix::process::geteuid().as_raw() && file.nlink() == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().mode() & 0o7777
    }

    fn chmod(path: &Path, mode: u32) {
        std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    }

    #[test]
    fn an_earlier_answer_stays_until_there_is_a_new_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("answer");
        std::fs::write(&path, "a long earlier answer").unwrap();
        chmod(&path, 0o640);
        let destination = Destination::open(&path, Content::Facts).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "a long earlier answer");
        destination.write("short").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "short");
        destination.write("again").unwrap();
        assert_eq!((std::fs::read_to_string(&path).unwrap().as_str(), mode(&path)), ("again", 0o640));
        assert!(destination.warning().is_some_and(|warning| warning.contains("chmod 600")));
    }

    #[test]
    fn facts_are_for_their_owner() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("facts");
        assert_eq!(Destination::open(&path, Content::Facts).unwrap().warning(), None);
        assert_eq!(mode(&path), 0o600);
        let answer = folder.path().join("answer");
        assert_eq!(Destination::open(&answer, Content::Answer).unwrap().warning(), None);
        assert_ne!(mode(&answer), 0o600, "the umask of a test is not 077");
    }

    #[test]
    fn links() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        std::fs::write(&file, "").unwrap();
        symlink(&file, &link).unwrap();
        Destination::open(&link, Content::Answer).unwrap().write("through a link of one's own").unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "through a link of one's own");
        let nowhere = folder.path().join("nowhere");
        symlink(folder.path().join("made"), &nowhere).unwrap();
        Destination::open(&nowhere, Content::Answer).unwrap().write("x").unwrap();
        assert!(folder.path().join("made").is_file());
        // One's own is followed where only its owner can change it, and not where anybody can.
        chmod(folder.path(), 0o1777);
        assert!(Destination::open(&link, Content::Answer).is_ok());
        chmod(folder.path(), 0o777);
        let error = format!("{:#}", Destination::open(&link, Content::Answer).unwrap_err());
        assert!(error.contains("link") && error.contains("hint:"), "{error}");
        // A second name of a file may be the name of something else.
        std::fs::hard_link(&file, folder.path().join("second")).unwrap();
        assert!(Destination::open(&file, Content::Answer).is_err());
    }

    #[test]
    fn another_users_file_where_everybody_writes() {
        if !rustix::process::geteuid().is_root() {
            println!("not tried: only root can give a file to another user");
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trap");
        std::fs::write(&path, "").unwrap();
        chmod(&path, 0o666);
        std::os::unix::fs::chown(&path, Some(65534), None).unwrap();
        assert!(Destination::open(&path, Content::Facts).is_ok(), "in a folder of one's own");
        chmod(folder.path(), 0o1777);
        assert!(Destination::open(&path, Content::Facts).is_err());
    }

    #[test]
    fn what_is_no_file() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Destination::open(folder.path(), Content::Answer).is_err());
        assert!(Destination::open(&folder.path().join("missing/answer"), Content::Answer).is_err());
        Destination::open(Path::new("/dev/null"), Content::Facts).unwrap().write("gone").unwrap();
    }
}
