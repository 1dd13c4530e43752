//! Files on their way forward and back.

use std::path::Path;

use super::run::Run;
use crate::edit::lines;
use crate::error::Error;
use crate::journal::Op;
use crate::system::file::{self, Attributes};

impl Run<'_> {
    /// Adds our lines to a file of lines.
    pub(super) async fn add_lines(&mut self, step: &str, path: &Path, header: &str, wanted: &[String], mode: u32) -> Result<(), Error> {
        if wanted.is_empty() {
            return Ok(());
        }
        self.log.keep_file(step, path)?;
        let now = file::read(path)?;
        let text = now.as_ref().map(|content| utf8(path, &content.bytes)).transpose()?;
        let after = lines::add(text, header, wanted);
        if text == Some(&after) {
            return Ok(());
        }
        let attributes = now.as_ref().map_or_else(|| Attributes::new(mode), |content| content.attributes.clone());
        self.write(step, path, after.as_bytes(), &attributes).await
    }

    /// Takes our lines out again: the old bytes where nobody else wrote, else only the lines.
    pub(super) async fn take_lines(&mut self, step: &str, path: &Path, ours: &[String]) -> Result<(), Error> {
        if self.put_back(step, path).await? {
            return Ok(());
        }
        let Some(now) = file::read(path)? else { return Ok(()) };
        let text = utf8(path, &now.bytes)?;
        match lines::remove(text, ours) {
            Some(rest) if rest == text => Ok(()),
            Some(rest) => {
                self.note(format!("{} was changed by others since: only the lines of this run were taken out", path.display()))?;
                self.write(step, path, rest.as_bytes(), &now.attributes).await
            }
            None => self.remove_file(step, path).await,
        }
    }

    /// Puts the old bytes, mode, owner and attributes back, if what is there is what we wrote; whether it was.
    pub(super) async fn put_back(&mut self, step: &str, path: &Path) -> Result<bool, Error> {
        let Some(kept) = self.log.ledger.files.get(path).cloned() else { return Ok(true) };
        let now = file::read(path)?;
        let before = match &kept.before {
            Some((blob, attributes)) => Some((self.log.kept_bytes(blob)?, attributes.clone())),
            None => None,
        };
        match (&before, &now) {
            (None, None) => {
                self.remove_folders(step, path).await?;
                Ok(true)
            }
            (Some((bytes, attributes)), Some(now)) if *bytes == now.bytes && *attributes == now.attributes => Ok(true),
            (_, Some(now)) if kept.written.contains(&file::digest(&now.bytes)) => {
                match before {
                    Some((bytes, attributes)) => self.write(step, path, &bytes, &attributes).await?,
                    None => self.remove_file(step, path).await?,
                }
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// Removes a file that we made, and the folders that we made for it.
    pub(super) async fn remove_file(&mut self, step: &str, path: &Path) -> Result<(), Error> {
        self.act(step, Op::Remove { path: path.display().to_string() }).await?;
        self.remove_folders(step, path).await
    }

    pub(super) async fn remove_folders(&mut self, step: &str, path: &Path) -> Result<(), Error> {
        let missing = self.log.ledger.files.get(path).map(|kept| kept.missing.clone()).unwrap_or_default();
        for folder in missing.iter().rev().filter(|folder| folder.exists()) {
            self.act(step, Op::RemoveDirectory { path: folder.display().to_string() }).await?;
        }
        Ok(())
    }
}

/// The bytes as text.
pub(super) fn utf8<'b>(path: &Path, bytes: &'b [u8]) -> Result<&'b str, Error> {
    std::str::from_utf8(bytes).map_err(|_| Error::State(format!("{} is not UTF-8 text", path.display())))
}
