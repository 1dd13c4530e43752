//! `cofferdam diff`: what changed between two looks.

use anyhow::Result;
use report::Difference;

use super::catalogue;
use crate::arguments::{Diff, Format, Global};
use crate::containment;
use crate::exit::Exit;
use crate::input;
use crate::operator;
use crate::output::Output;

pub(crate) fn run(global: &Global, output: Output, command: &Diff) -> Result<Exit> {
    let catalogue = catalogue()?;
    let operator = operator::for_judging(global, output, &catalogue)?;
    let before = input::read(&command.before)?;
    let after = input::snapshot(global, command.after.as_deref())?;
    containment::nothing_more_is_read(output);
    let judge = |snapshot| ::assess::assess_for(&snapshot, &catalogue, &operator);
    let difference = Difference::between(&judge(before), &judge(after));
    let text = match command.format {
        Format::Text => report::text::diff(&difference, output.style(command.output.as_deref())),
        Format::Json => facts::canonical_json(&difference),
    };
    output.answer(command.output.as_deref(), &text)?;
    Ok(if command.exit_code && !difference.is_empty() { Exit::Found } else { Exit::Fine })
}
