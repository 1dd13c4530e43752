//! Where the facts come from: the live system, a recording, or a snapshot's file.

use std::path::Path;
use std::time::SystemTime;

use anyhow::{Context, Result};
use collect::{Endpoint, Options, Recording, World};
use facts::{Fact, Snapshot, Tool};

use crate::arguments::Global;

/// The name that goes into every file.
pub(crate) fn tool() -> Tool {
    Tool { name: "cofferdam".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() }
}

/// A snapshot from its file, or a fresh one.
pub(crate) fn snapshot(global: &Global, file: Option<&Path>) -> Result<Snapshot> {
    match file {
        Some(path) => read(path),
        None => runtime()?.block_on(fresh(global)),
    }
}

/// A snapshot's file; `-` is stdin.
pub(crate) fn read(path: &Path) -> Result<Snapshot> {
    let text = if path.as_os_str() == "-" {
        std::io::read_to_string(std::io::stdin()).context("cannot read stdin")?
    } else {
        std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?
    };
    Snapshot::from_json(&text).with_context(|| path.display().to_string())
}

/// Looks at the system now.
pub(crate) async fn fresh(global: &Global) -> Result<Snapshot> {
    let options = options_now(global);
    if let Some(path) = &global.replay {
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let recording = Recording::from_json(&text).with_context(|| path.display().to_string())?;
        // The recording knows when it was taken: a replay gives the very same snapshot.
        let options = recording.options.clone();
        return Ok(collect::collect(&World::replaying(recording), &options).await?);
    }
    let world = World::real(Some(endpoint(global)?));
    let Some(path) = &global.record else { return Ok(collect::collect(&world, &options).await?) };
    let (world, recorder) = world.recording();
    let snapshot = collect::collect(&world, &options).await;
    // What was seen up to a failure is what a support bundle is for.
    std::fs::write(path, recorder.recording(&options).to_json()).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(snapshot?)
}

/// What stands for the outside, and what goes into a snapshot's head: the live system, or a recording.
pub(crate) fn world(global: &Global) -> Result<(World, Options)> {
    if let Some(path) = &global.replay {
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let recording = Recording::from_json(&text).with_context(|| path.display().to_string())?;
        let options = recording.options.clone();
        return Ok((World::replaying(recording), options));
    }
    let options = options_now(global);
    Ok((World::real(Some(endpoint(global)?)), options))
}

/// Where the engine's address came from, for those who wonder.
pub(crate) fn named_by(global: &Global) -> &'static str {
    let set = |name: &str| std::env::var(name).is_ok_and(|value| !value.trim().is_empty());
    match &global.host {
        _ if global.replay.is_some() => "by the recording",
        Some(host) if std::env::var("COFFERDAM_HOST").is_ok_and(|value| value == *host) => "by COFFERDAM_HOST or --host",
        Some(host) if !host.trim().is_empty() => "by --host",
        _ if set("DOCKER_HOST") => "by DOCKER_HOST",
        _ => "the default: neither --host nor DOCKER_HOST names one",
    }
}

/// Looks at the system while it is being changed: where the engine does not answer, the host is seen all the same.
pub(crate) async fn fresh_or_host(global: &Global) -> Snapshot {
    let options = options_now(global);
    let error = match fresh(global).await {
        Ok(snapshot) => return snapshot,
        Err(error) => error,
    };
    let mut snapshot = match collect::collect(&World::real(None), &options).await {
        Ok(snapshot) => snapshot,
        Err(_) => empty(&options),
    };
    snapshot.docker = Fact::unknown(format!("{error:#}"));
    snapshot
}

/// A snapshot in which nothing was seen.
pub(crate) fn empty(options: &Options) -> Snapshot {
    Snapshot {
        schema: facts::SCHEMA.to_owned(),
        tool: options.tool.clone(),
        taken_at: options.taken_at.clone(),
        sources: facts::Sources::default(),
        gaps: Vec::new(),
        host: facts::host::Host::default(),
        docker: Fact::Absent,
    }
}

/// The head of a snapshot of the live system.
pub(crate) fn options_now(global: &Global) -> Options {
    Options { taken_at: now(), tool: tool(), state_dir: global.state.display().to_string() }
}

/// --host, else DOCKER_HOST as every Docker client reads it, else the local socket.
pub(crate) fn endpoint(global: &Global) -> Result<Endpoint> {
    let docker_host = std::env::var("DOCKER_HOST").ok();
    Ok(Endpoint::resolve(global.host.as_deref(), docker_host.as_deref())?)
}

/// One thread is enough: the engine is the limit.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start the asynchronous runtime")
}

/// RFC 3339 in UTC with whole seconds. SOURCE_DATE_EPOCH is honoured, so that a run can be repeated to the byte.
pub(crate) fn now() -> String {
    let fixed = std::env::var("SOURCE_DATE_EPOCH").ok().and_then(|seconds| seconds.parse::<i64>().ok());
    let seconds = fixed.unwrap_or_else(|| {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
    });
    jiff::Timestamp::from_second(seconds).map(|time| time.to_string()).unwrap_or_default()
}
