//! How a lab daemon is started.

use super::Engine;

/// The file and the flags of a [`Daemon`](crate::Daemon).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DaemonOptions {
    /// Which engine.
    pub engine: Engine,
    /// The text of daemon.json.
    pub config: String,
    /// Flags beside those that keep it apart from the machine (`-H`, `--data-root`, `--exec-root`, `--pidfile`, `--config-file`).
    pub flags: Vec<String>,
}

impl DaemonOptions {
    /// Options with that text of daemon.json and no flags.
    #[must_use]
    pub fn config(text: impl Into<String>) -> Self {
        Self { engine: Engine::default(), config: text.into(), flags: Vec::new() }
    }

    /// The same on another engine.
    #[must_use]
    pub fn engine(mut self, engine: Engine) -> Self {
        self.engine = engine;
        self
    }

    /// The same with one flag more.
    #[must_use]
    pub fn flag(mut self, flag: impl Into<String>) -> Self {
        self.flags.push(flag.into());
        self
    }
}

impl Default for DaemonOptions {
    /// An empty object and no flags: the engine's own defaults.
    fn default() -> Self {
        Self::config("{}\n")
    }
}
