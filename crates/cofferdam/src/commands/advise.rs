//! `cofferdam advise`: the fixes that matter.

use anyhow::Result;

use super::{catalogue_beside, exit_of};
use crate::arguments::{Advise, Format, Global};
use crate::containment;
use crate::exit::Exit;
use crate::input;
use crate::operator;
use crate::output::Output;

pub(crate) fn run(global: &Global, output: Output, command: &Advise) -> Result<Exit> {
    let pure = &command.pure;
    let (catalogue, snapshot) = catalogue_beside(|| input::snapshot(global, pure.snapshot.as_deref()));
    let (catalogue, snapshot) = (catalogue?, snapshot?);
    let operator = operator::for_judging(global, output, &catalogue)?;
    containment::nothing_more_is_read(output);
    let mut assessment = ::assess::assess_for(&snapshot, &catalogue, &operator);
    let text = match pure.format {
        Format::Text => report::text::advice(&assessment, command.top, output.style(pure.output.as_deref())),
        Format::Json => {
            assessment.advice.fixes.truncate(command.top);
            report::json::assessment(&assessment, super::CATALOGUE)
        }
    };
    output.answer(pure.output.as_deref(), &text)?;
    Ok(exit_of(pure.fail_on, &assessment.findings))
}
