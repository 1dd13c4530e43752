//! What the program ends with.

use std::process::ExitCode;

/// The four exit codes of every command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Nothing at or above --fail-on; a change was done and measured as predicted.
    Fine,
    /// Something is at or above --fail-on.
    Found,
    /// The run itself failed, was refused, or was misused.
    Failed,
    /// A change was applied in part, or was measured otherwise than predicted.
    Partly,
    /// The hidden rehearsal child's own code, for its parent only.
    Rehearsal(u8),
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Fine => 0,
            Exit::Found => 1,
            Exit::Failed => 2,
            Exit::Partly => 3,
            Exit::Rehearsal(code) => code,
        })
    }
}
