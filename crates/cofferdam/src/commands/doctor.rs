//! `cofferdam doctor`: what this account can see. Unlike every other command it has an answer when the engine has none.

use std::path::Path;

use ::assess::doctor::{Diagnosis, diagnose, next};
use anyhow::{Context as _, Result};
use collect::{CollectError, Obstacle, Options, World};
use facts::{Account, Contact, Fact, Snapshot, Step};

use super::{bench, catalogue};
use crate::arguments::{Doctor, FailOn, Format, Global};
use crate::exit::Exit;
use crate::input;
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
    let look = match &pure.snapshot {
        Some(path) => Look { snapshot: input::read(path)?, account: None, contact: None, away: false },
        None => input::runtime()?.block_on(live(global))?,
    };
    let diagnosis = diagnose(&look.snapshot, &catalogue, benchmark);
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
    let named_by = input::named_by(global);
    let (world, options) = match input::world(global) {
        Ok(found) => found,
        // An address that cannot be used is an answer of its own; a recording that cannot be read is a mistake.
        Err(error) if global.replay.is_none() => return Ok(no_address(global, &error, named_by).await),
        Err(error) => return Err(error),
    };
    let Some(path) = &global.record else { return Ok(examine(&world, &options, named_by).await) };
    let (world, recorder) = world.recording();
    let look = examine(&world, &options, named_by).await;
    std::fs::write(path, recorder.recording(&options).to_json()).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(look)
}

async fn examine(world: &World, options: &Options, named_by: &str) -> Look {
    let account = collect::account(world);
    match collect::collect(world, options).await {
        Ok(snapshot) => {
            let forbidden = snapshot.docker.is_unknown();
            let contact = forbidden.then(|| collect::contact(world, named_by, &account, &Obstacle::Denied));
            Look { snapshot, account: Some(account), contact, away: false }
        }
        Err(error) => {
            let contact = collect::contact(world, named_by, &account, &error.obstacle());
            Look { snapshot: host_alone(world, options, &error).await, account: Some(account), contact: Some(contact), away: true }
        }
    }
}

/// The machine by itself: what of it can be read is worth knowing before the engine is back.
async fn host_alone(world: &World, options: &Options, error: &CollectError) -> Snapshot {
    let why = error.to_string().lines().next().unwrap_or_default().to_owned();
    let without = World { engine: None, ..world.clone() };
    let mut snapshot = collect::collect(&without, options).await.unwrap_or_else(|_| input::empty(options));
    snapshot.docker = Fact::unknown(format!("{why} (needs an engine that answers)"));
    snapshot
}

async fn no_address(global: &Global, error: &anyhow::Error, named_by: &str) -> Look {
    let options = input::options_now(global);
    let world = World::real(None);
    let account = collect::account(&world);
    let text = error.to_string();
    let (what, hint) = text.split_once("\nhint: ").unwrap_or((&text, ""));
    let mut snapshot = collect::collect(&world, &options).await.unwrap_or_else(|_| input::empty(&options));
    snapshot.docker = Fact::unknown(format!("{what} (needs an address of an engine)"));
    let step = Step { what: format!("the address ({named_by})"), found: what.to_owned(), fine: false };
    let contact = Contact {
        named_by: named_by.to_owned(),
        steps: vec![step],
        verdict: format!("The address cannot be used: {hint}"),
        next: "cofferdam doctor docker --host unix:///var/run/docker.sock".to_owned(),
        ..Contact::default()
    };
    Look { snapshot, account: Some(account), contact: Some(contact), away: true }
}
