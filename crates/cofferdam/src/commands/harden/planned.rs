//! From `--fix` to a plan.

use ::assess::{Assessment, Catalogue, Operator};
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
use crate::operator;
use crate::output::Output;

/// `harden plan`: shows what would be changed, and changes nothing.
pub(super) fn show(global: &Global, output: Output, fixes: &[String], pure: &Pure, stop_containers: bool) -> Result<Exit> {
    let catalogue = catalogue()?;
    let operator = operator::for_changing(global, output, &catalogue)?;
    let snapshot = input::snapshot(global, pure.snapshot.as_deref())?;
    let options = options(&operator, &snapshot, stop_containers);
    containment::nothing_more_is_read(output);
    let assessment = ::assess::assess_for(&snapshot, &catalogue, &operator);
    let plan = match make(&options, &catalogue, &operator, &snapshot, &assessment, fixes)? {
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
pub(super) fn options(operator: &Operator, snapshot: &Snapshot, stop_containers: bool) -> Options {
    let containers = snapshot.engine().and_then(|engine| engine.containers.known()).into_iter().flatten();
    let own_container =
        ::harden::own_container(containers.filter_map(|container| container.known()).map(|container| container.id.as_str()));
    Options { service: operator.service.clone(), stop_containers, own_container }
}

/// Makes the plan of these fixes, or says why there is none.
pub(super) fn make(
    options: &Options,
    catalogue: &Catalogue,
    operator: &Operator,
    snapshot: &Snapshot,
    assessment: &Assessment,
    fixes: &[String],
) -> Result<Result<Plan, Refusal>> {
    let wanted = fixes.iter().map(|fix| resolve(catalogue, fix)).collect::<Result<Vec<_>>>()?;
    let remedies = remedies(assessment, &wanted)?;
    Ok(::harden::plan::plan(snapshot, &|snapshot| ::assess::assess_for(snapshot, catalogue, operator), &remedies, options))
}
