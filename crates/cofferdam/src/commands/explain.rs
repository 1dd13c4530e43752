//! `cofferdam explain`: what a check or a threat is about, and what the waivers do.

use anyhow::{Context, Result, anyhow};

use super::catalogue;
use crate::arguments::{Explain, Format, Global};
use crate::containment;
use crate::exit::Exit;
use crate::input;
use crate::operator;
use crate::output::Output;

pub(crate) fn run(global: &Global, output: Output, command: &Explain) -> Result<Exit> {
    match &command.id {
        Some(id) if !command.waivers => subject(output, id),
        check => waivers(global, output, command, check.as_deref()),
    }
}

fn subject(output: Output, id: &str) -> Result<Exit> {
    let catalogue = catalogue()?;
    let explanation = ::assess::explain(&catalogue, id).with_context(|| {
        format!("nothing is called `{id}`\nhint: name a check (cofferdam catalogue list), a number with its benchmark (cis-docker-1.6.0:2.15) or a threat (DK-D-04)")
    })?;
    output.answer(None, &report::text::explain(&explanation, None, output.style(None)))?;
    Ok(Exit::Fine)
}

/// Each waiver with what it covers, or with what does not match.
fn waivers(global: &Global, output: Output, command: &Explain, check: Option<&str>) -> Result<Exit> {
    let catalogue = catalogue()?;
    let named = |id| catalogue.check_named(id).map_err(|misnamed| anyhow!("{}\nhint: {}", misnamed.message, misnamed.hint));
    let check = check.map(named).transpose()?.map(|check| check.id.as_str());
    let operator = operator::for_judging(global, output, &catalogue)?;
    let snapshot = input::snapshot(global, command.snapshot.as_deref())?;
    containment::nothing_more_is_read(output);
    let assessment = ::assess::assess_for(&snapshot, &catalogue, &operator);
    let explained = operator.explained(&snapshot, &assessment, check);
    let text = match command.format {
        Format::Text => report::text::waivers(&assessment, &explained, output.style(None)),
        Format::Json => report::json::waivers(&assessment, &explained),
    };
    output.answer(None, &text)?;
    Ok(Exit::Fine)
}
