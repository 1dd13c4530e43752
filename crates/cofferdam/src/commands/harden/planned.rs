//! From `--fix` to a plan.

use ::assess::{Assessment, Catalogue};
use ::harden::plan::{Options, Plan, Refusal};
use anyhow::Result;
use facts::Snapshot;

use super::outcome;
use crate::arguments::{Format, Global, Pure};
use crate::commands::catalogue;
use crate::containment;
use crate::exit::Exit;
use crate::fixes::{remedies, resolve};
use crate::input;
use crate::operator::Operator;
use crate::output::Output;

/// `harden plan`: shows what would be changed, and changes nothing.
pub(super) fn show(global: &Global, output: Output, fixes: &[String], pure: &Pure, stop_containers: bool) -> Result<Exit> {
    let catalogue = catalogue()?;
    let snapshot = input::snapshot(global, pure.snapshot.as_deref())?;
    let options = options(global, &snapshot, stop_containers)?;
    containment::nothing_more_is_read(output);
    let assessment = ::assess::assess(&snapshot, &catalogue);
    let plan = match make(&options, &catalogue, &snapshot, &assessment, fixes)? {
        Ok(plan) => plan,
        Err(refusal) => return Ok(outcome::refused(output, &refusal)),
    };
    let text = match pure.format {
        Format::Json => plan.to_json(),
        Format::Text => {
            let flags: Vec<String> = fixes.iter().map(|fix| format!("--fix {fix}")).collect();
            report::text::plan(&plan, Some(&format!("cofferdam harden apply {}", flags.join(" "))), output.style(pure.output.as_deref()))
        }
    };
    output.answer(pure.output.as_deref(), &text)?;
    Ok(Exit::Fine)
}

/// What a plan rests on beside the snapshot: the operator's settings, and whether cofferdam runs in one of the containers.
pub(super) fn options(global: &Global, snapshot: &Snapshot, stop_containers: bool) -> Result<Options> {
    let operator = Operator::load(global.config.as_deref())?;
    let containers = snapshot.engine().and_then(|engine| engine.containers.known()).into_iter().flatten();
    let own_container =
        ::harden::own_container(containers.filter_map(|container| container.known()).map(|container| container.id.as_str()));
    Ok(Options { service: operator.service, stop_containers, own_container })
}

/// Makes the plan of these fixes, or says why there is none.
pub(super) fn make(
    options: &Options,
    catalogue: &Catalogue,
    snapshot: &Snapshot,
    assessment: &Assessment,
    fixes: &[String],
) -> Result<Result<Plan, Refusal>> {
    let wanted = fixes.iter().map(|fix| resolve(catalogue, fix)).collect::<Result<Vec<_>>>()?;
    let remedies = remedies(assessment, &wanted)?;
    Ok(::harden::plan::plan(snapshot, &|snapshot| ::assess::assess(snapshot, catalogue), &remedies, options))
}
