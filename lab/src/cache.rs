//! A folder of finished things, each built once: an entry that is there is complete.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use crate::Progress;

/// The folder with the lab's images, shared by all processes of this user.
pub(crate) struct Cache {
    folder: PathBuf,
}

impl Cache {
    /// Opens `$COFFERDAM_LAB_CACHE`, else `~/.cache/cofferdam-lab`.
    pub(crate) fn open() -> Result<Self> {
        let folder = match std::env::var_os("COFFERDAM_LAB_CACHE") {
            Some(folder) => PathBuf::from(folder),
            None => {
                PathBuf::from(std::env::var_os("HOME").context("neither COFFERDAM_LAB_CACHE nor HOME is set")?).join(".cache/cofferdam-lab")
            }
        };
        fs::create_dir_all(&folder).with_context(|| format!("cannot make the cache folder {}", folder.display()))?;
        Ok(Self { folder: folder.canonicalize()? })
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The finished entry of that name, built now if there is none.
    ///
    /// `build` fills the folder that it is given. Only when it is done, and its files are on the disk, does that folder get the
    /// entry's name; another process that wants the same waits meanwhile.
    pub(crate) fn entry(&self, name: &str, progress: Progress<'_>, build: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
        let entry = self.folder.join(name);
        if entry.is_dir() {
            return Ok(entry);
        }
        let _lock = self.lock(name, progress)?;
        if entry.is_dir() {
            return Ok(entry);
        }
        let draft = self.folder.join(format!("draft-{name}"));
        // What an interrupted build left: its builder is dead, or we wouldn't hold the lock.
        remove(&draft)?;
        fs::create_dir(&draft)?;
        let built = build(&draft).and_then(|()| sync(&draft));
        if let Err(error) = built {
            let _ = remove(&draft);
            return Err(error.context(format!("cannot build {name}")));
        }
        fs::rename(&draft, &entry)?;
        File::open(&self.folder)?.sync_all()?;
        Ok(entry)
    }

    fn lock(&self, name: &str, progress: Progress<'_>) -> Result<File> {
        let path = self.folder.join(format!("{name}.lock"));
        let file = File::options().create(true).append(true).open(&path).with_context(|| format!("cannot lock {}", path.display()))?;
        if let Err(TryLockError::WouldBlock) = file.try_lock() {
            progress(&format!("waiting for another process that builds {name}"));
        }
        file.lock()?;
        Ok(file)
    }
}

/// Twelve hexadecimal digits that stand for the texts.
pub(crate) fn key(texts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for text in texts {
        // The length keeps ["ab", "c"] and ["a", "bc"] apart.
        hash.update(text.len().to_le_bytes());
        hash.update(text);
    }
    hash.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

fn remove(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", folder.display()))
        }
        _ => Ok(()),
    }
}

fn sync(folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        File::open(entry?.path())?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache(folder: &Path) -> Cache {
        Cache { folder: folder.to_owned() }
    }

    #[test]
    fn a_failed_build_leaves_no_entry_and_the_next_one_starts_clean() {
        let folder = tempfile::tempdir().unwrap();
        let cache = cache(folder.path());
        let failed = cache.entry("thing-1", &|_| {}, |draft| {
            fs::write(draft.join("half"), "half")?;
            anyhow::bail!("power cut")
        });
        assert!(format!("{:#}", failed.unwrap_err()).contains("power cut"));
        assert!(!folder.path().join("thing-1").exists());

        let entry = cache.entry("thing-1", &|_| {}, |draft| Ok(fs::write(draft.join("whole"), "whole")?)).unwrap();
        assert!(entry.join("whole").exists() && !entry.join("half").exists());
        cache.entry("thing-1", &|_| {}, |_| panic!("built twice")).unwrap();
    }

    #[test]
    fn a_draft_of_a_killed_builder_is_thrown_away() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("draft-thing-1")).unwrap();
        fs::write(folder.path().join("draft-thing-1/half"), "half").unwrap();
        let entry = cache(folder.path()).entry("thing-1", &|_| {}, |draft| Ok(fs::write(draft.join("whole"), "")?)).unwrap();
        assert!(!entry.join("half").exists());
    }

    #[test]
    fn keys_depend_on_the_border_between_texts() {
        assert_ne!(key(&["ab", "c"]), key(&["a", "bc"]));
        assert_eq!(key(&["ab", "c"]).len(), 12);
    }

    #[test]
    fn two_builders_of_one_entry_build_it_once() {
        let folder = tempfile::tempdir().unwrap();
        let built = std::sync::atomic::AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    cache(folder.path())
                        .entry("thing-1", &|_| {}, |_| {
                            built.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                            std::thread::sleep(std::time::Duration::from_millis(50));
                            Ok(())
                        })
                        .unwrap();
                });
            }
        });
        assert_eq!(built.into_inner(), 1);
    }
}
