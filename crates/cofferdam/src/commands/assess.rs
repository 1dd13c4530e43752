//! `cofferdam assess`: the main job.

use ::assess::Extent;
use anyhow::Result;

use super::{catalogue_beside, exit_of};
use crate::arguments::{Assess, Format, Global};
use crate::containment;
use crate::destination::Content;
use crate::exit::Exit;
use crate::input;
use crate::operator;
use crate::output::Output;

pub(crate) fn run(global: &Global, output: Output, command: &Assess) -> Result<Exit> {
    let pure = &command.pure;
    let (catalogue, snapshot) = catalogue_beside(|| input::snapshot(global, pure.snapshot.as_deref()));
    let (catalogue, snapshot) = (catalogue?, snapshot?);
    let operator = operator::for_judging(global, output, &catalogue)?;
    containment::nothing_more_is_read(output);
    if let Some(path) = &command.save {
        containment::write(path, Content::Facts, &snapshot.to_json())?;
    }
    let assessment =
        ::assess::assess_with(&snapshot, &catalogue, &operator, Extent { evidence_of_all: pure.format == Format::Json, advice: true });
    let text = match pure.format {
        Format::Text => report::text::assess(&assessment, output.style(pure.output.as_deref())),
        Format::Json => report::json::assessment(&assessment, super::CATALOGUE),
    };
    output.answer(pure.output.as_deref(), &text)?;
    Ok(exit_of(pure.fail_on, &assessment.findings))
}
