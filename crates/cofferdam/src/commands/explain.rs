//! `cofferdam explain`: what a check or a threat is about.

use anyhow::{Context, Result};

use super::catalogue;
use crate::arguments::Explain;
use crate::exit::Exit;
use crate::output::Output;

pub(crate) fn run(output: Output, command: &Explain) -> Result<Exit> {
    let catalogue = catalogue()?;
    let explanation = ::assess::explain(&catalogue, &command.id).with_context(|| {
        format!("nothing is called `{}`\nhint: name a check (cofferdam catalogue list), a number with its benchmark (cis-docker-1.6.0:2.15) or a threat (DK-D-04)", command.id)
    })?;
    output.answer(None, &report::text::explain(&explanation, None, output.style(None)))?;
    Ok(Exit::Fine)
}
