//! `cofferdam doctor`: what this account can see. Unlike every other command it has an answer when the engine has none.

use std::path::Path;

use ::assess::doctor::{Diagnosis, diagnose, next};
use anyhow::Result;
use collect::{Obstacle, World};
use facts::{Account, Contact, Snapshot, Step};

use super::{bench, catalogue};
use crate::arguments::{Doctor, FailOn, Format, Global};
use crate::containment;
use crate::destination::Content;
use crate::exit::Exit;
use crate::input::{self, Outside};
use crate::operator;
use crate::output::Output;

/// What was looked at, and how that went.
struct Look {
    snapshot: Snapshot,
    account: Option<Account>,
    contact: Option<Contact>,
    away: bool,
}

pub(crate) fn run(global: &Global, output: Output, command: &Doctor) -> Result<Exit> {
    let pure = &command.pure;
    let catalogue = catalogue()?;
    let benchmark = bench::find(&catalogue, &command.benchmark)?;
    let operator = operator::for_judging(global, output, &catalogue)?;
    let look = match &pure.snapshot {
        Some(path) => Look { snapshot: input::read(path)?, account: None, contact: None, away: false },
        None => input::runtime()?.block_on(live(global))?,
    };
    containment::nothing_more_is_read(output);
    let diagnosis = diagnose(&look.snapshot, &catalogue, benchmark, &operator);
    let (account, contact) = (look.account.as_ref(), look.contact.as_ref());
    let next = next(&diagnosis, account, contact, pure.snapshot.as_deref().and_then(Path::to_str));
    let text = match pure.format {
        Format::Text => report::text::doctor(&diagnosis, account, contact, &next, output.style(pure.output.as_deref())),
        Format::Json => report::json::doctor(&diagnosis, account, contact, &next, &input::tool(), super::CATALOGUE),
    };
    output.answer(pure.output.as_deref(), &text)?;
    Ok(exit(&look, &diagnosis, pure.fail_on))
}

/// 2: the engine is away, whatever else was seen. The other thresholds ask for findings, and here nothing is judged.
fn exit(look: &Look, diagnosis: &Diagnosis, fail_on: Option<FailOn>) -> Exit {
    match (look.away, fail_on) {
        (true, _) => Exit::Failed,
        (false, Some(FailOn::Unknown)) if !diagnosis.all_readable() => Exit::Found,
        (false, _) => Exit::Fine,
    }
}

/// The live system, or a recording of it.
async fn live(global: &Global) -> Result<Look> {
    let outside = match input::outside(global) {
        Ok(outside) => outside,
        // An address that cannot be used is an answer of its own; a recording that cannot be read is a mistake.
        Err(error) if global.replay.is_none() => return Ok(no_address(global, &error)),
        Err(error) => return Err(error),
    };
    let look = match &global.record {
        None => examine(&outside).await,
        Some(path) => {
            let (world, recorder) = outside.world.recording();
            let outside = Outside { world, ..outside };
            let look = examine(&outside).await;
            containment::write(path, Content::Facts, &recorder.recording(&outside.options).to_json())?;
            look
        }
    };
    input::say_what_it_is(global, &look.snapshot);
    Ok(look)
}

async fn examine(Outside { world, options, named_by }: &Outside) -> Look {
    let account = collect::account(world);
    let contact = |met: &Obstacle| collect::contact(world, named_by.as_ref(), &account, met);
    let (snapshot, contact, away) = match collect::collect(world, options).await {
        Ok(snapshot) => {
            let forbidden = snapshot.docker.is_unknown();
            (snapshot, forbidden.then(|| contact(&Obstacle::Denied)), false)
        }
        // What can be read of the machine is worth knowing before the engine is back.
        Err(error) => {
            let text = error.to_string();
            let why = format!("{} (needs an engine that answers)", text.lines().next().unwrap_or_default());
            (collect::unanswered(world, options, &why), Some(contact(&error.obstacle())), true)
        }
    };
    Look { snapshot, account: Some(account), contact, away }
}

/// There is no engine to ask: the machine by itself.
fn no_address(global: &Global, error: &anyhow::Error) -> Look {
    let world = World::real(None);
    let text = error.to_string();
    let (what, hint) = text.split_once("\nhint: ").unwrap_or((&text, ""));
    let step = Step { what: "the address".to_owned(), found: what.to_owned(), fine: false };
    let contact = Contact {
        steps: vec![step],
        verdict: format!("No engine was asked: {hint}"),
        next: "cofferdam doctor docker --host unix:///var/run/docker.sock".to_owned(),
        ..Contact::default()
    };
    let snapshot = collect::unanswered(&world, &input::options_now(global), &format!("{what} (needs an address of an engine)"));
    Look { snapshot, account: Some(collect::account(&world)), contact: Some(contact), away: true }
}
