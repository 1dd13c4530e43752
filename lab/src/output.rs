//! What a command said and how it ended.

use anyhow::{Result, bail};

/// The answer of a command that ran to its end, whatever its exit code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Standard output, invalid UTF-8 replaced.
    pub stdout: String,
    /// Standard error, invalid UTF-8 replaced.
    pub stderr: String,
    /// The exit code; 128 + N for a process that signal N ended.
    pub code: i32,
}

impl Output {
    /// Standard output without the last line feeds, for a command that has to work.
    ///
    /// # Errors
    /// When the exit code isn't 0; the message holds the code and both streams.
    pub fn success(self) -> Result<String> {
        if self.code != 0 {
            bail!("exit code {}\nstdout: {}\nstderr: {}", self.code, self.stdout.trim_end(), self.stderr.trim_end());
        }
        Ok(self.stdout.trim_end_matches('\n').to_owned())
    }

    /// Whether the exit code is 0.
    #[must_use]
    pub fn ok(&self) -> bool {
        self.code == 0
    }
}
