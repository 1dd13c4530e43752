//! What a command may still do: those that only look give up the rest before they look, and looking before they judge.
//!
//! The walls themselves, and what they don't hold back, are described in the crate `contain`.

use std::path::Path;
use std::sync::OnceLock;

use anyhow::Result;
use contain::Missing;

use crate::arguments::{Command, Global, Harden};
use crate::destination::{Content, Destination};
use crate::output::Output;

/// What a run that only looks has in hand. The rights that it gave up were the process's, so this is the process's too.
static HELD_BACK: OnceLock<HeldBack> = OnceLock::new();

struct HeldBack {
    /// What it will write.
    files: Vec<Destination>,
    /// A wall that could not be built; it was said.
    missing: Option<Missing>,
}

/// What a command writes, when it only looks. `None`: it changes the host, and is held back by nothing but itself.
fn writes<'a>(global: &'a Global, command: &'a Command) -> Option<Vec<(&'a Path, Content)>> {
    let answer = |path: &'a Option<std::path::PathBuf>| path.as_deref().map(|path| (path, Content::Answer));
    let facts = |path: &'a Option<std::path::PathBuf>| path.as_deref().map(|path| (path, Content::Facts));
    let own = match command {
        Command::Assess(command) => vec![answer(&command.pure.output), facts(&command.save)],
        Command::Bench(command) => vec![answer(&command.pure.output)],
        Command::Advise(command) => vec![answer(&command.pure.output)],
        Command::Doctor(command) => vec![answer(&command.pure.output)],
        Command::Diff(command) => vec![answer(&command.output)],
        Command::Report(command) => vec![answer(&command.output)],
        Command::Snapshot(command) => vec![facts(&command.output)],
        Command::Harden(Harden::Plan { pure, .. }) => vec![answer(&pure.output)],
        Command::Explain(_)
        | Command::Catalogue(_)
        | Command::Completions { .. }
        | Command::Man { dir: None }
        | Command::Harden(Harden::Status { .. }) => vec![],
        Command::Harden(Harden::Apply { .. } | Harden::Verify { .. } | Harden::Resume { .. } | Harden::Rollback { .. })
        | Command::Rehearse { .. }
        // It looks at nothing, and makes a folder of files.
        | Command::Man { dir: Some(_) } => return None,
    };
    Some(own.into_iter().chain([facts(&global.record)]).flatten().collect())
}

/// Opens what the command writes, and gives up all that reading does not take. Where that can't be done it is said, and the command goes on.
pub(crate) fn before_reading(global: &Global, output: Output, command: &Command) -> Result<()> {
    let Some(paths) = writes(global, command) else { return Ok(()) };
    let files = paths.into_iter().map(|(path, content)| Destination::open(path, content)).collect::<Result<Vec<_>>>()?;
    for warning in files.iter().filter_map(Destination::warning) {
        output.say(&warning);
    }
    // The other program would be held back by the same filter, and could not so much as note a host key.
    let missing = if starts_a_program(global) { None } else { contain::all_but_reading().err() };
    if let Some(missing) = &missing {
        output.say(&format!("warning: this run is not held back while it reads: {missing}"));
    }
    HELD_BACK.get_or_init(|| HeldBack { files, missing });
    Ok(())
}

/// Gives up reading too: nothing that a stranger wrote is thought about with more rights than thinking takes.
///
/// Each command says so where its last input is there. A command that changes the host goes on as it was.
pub(crate) fn nothing_more_is_read(output: Output) {
    let Some(held_back) = HELD_BACK.get() else { return };
    for missing in contain::all_but_thinking().into_iter().filter(|missing| Some(missing) != held_back.missing.as_ref()) {
        output.say(&format!("warning: this run is not held back while it judges: {missing}"));
    }
}

/// Writes an answer to the file that was opened for it, or, in a command that changes the host, to one that is opened now.
pub(crate) fn write(path: &Path, content: Content, text: &str) -> Result<()> {
    match HELD_BACK.get().and_then(|held_back| held_back.files.iter().find(|file| file.is(path))) {
        Some(file) => file.write(text),
        None => Destination::open(path, content)?.write(text),
    }
}

/// Engines behind ssh are reached by the operator's own ssh.
fn starts_a_program(global: &Global) -> bool {
    global.replay.is_none() && crate::input::endpoint(global).is_ok_and(|chosen| chosen.endpoint.starts_a_process())
}
