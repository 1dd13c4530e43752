//! `cofferdam snapshot`.

use anyhow::Result;

use crate::arguments::{Global, SnapshotArguments};
use crate::containment;
use crate::exit::Exit;
use crate::input;
use crate::output::Output;

pub(crate) fn run(global: &Global, output: Output, command: &SnapshotArguments) -> Result<Exit> {
    let snapshot = input::snapshot(global, None)?;
    containment::nothing_more_is_read(output);
    output.answer(command.output.as_deref(), &snapshot.to_json())?;
    Ok(Exit::Fine)
}
