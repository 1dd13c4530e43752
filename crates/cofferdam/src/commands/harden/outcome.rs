//! What came of a change, as an exit code; the words are the report's.

use ::harden::plan::Refusal;
use ::harden::{Error, Outcome, Report};
use anyhow::Result;

use crate::exit::Exit;
use crate::output::Output;

/// A refusal goes to stderr; nothing was changed.
pub(super) fn refused(output: Output, refusal: &Refusal) -> Exit {
    output.refuse(&report::text::refusal(refusal, output.style(None)));
    Exit::Failed
}

/// An error before the first change.
pub(super) fn failed(output: Output, error: Error) -> Result<Exit> {
    match error {
        Error::Refused(refusal) => Ok(refused(output, &refusal)),
        other => Err(other.into()),
    }
}

/// What was done, and how to go on.
pub(super) fn show(output: Output, report: &Report) -> Result<()> {
    output.answer(None, &report::text::outcome(report, output.style(None)))
}

/// 0 done and as predicted, 3 in part or otherwise.
pub(super) fn exit(report: &Report, as_predicted: bool) -> Exit {
    match report.outcome {
        Outcome::Nothing | Outcome::Done if as_predicted => Exit::Fine,
        _ => Exit::Partly,
    }
}
