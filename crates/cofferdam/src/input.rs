//! Where the facts come from: the live system, a recording, or a snapshot's file.

use std::path::Path;
use std::time::SystemTime;

use anyhow::{Context, Result};
use collect::{Chosen, Environment, NamedBy, Options, Recording, TlsWishes, Wishes, World};
use facts::{Fact, Snapshot, Tool};

use crate::arguments::Global;
use crate::containment;
use crate::destination::Content;
use crate::output;

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
    let Outside { world, options, .. } = outside(global)?;
    let Some(path) = &global.record else {
        let snapshot = collect::collect(&world, &options).await?;
        say_what_it_is(global, &snapshot);
        return Ok(snapshot);
    };
    let (world, recorder) = world.recording();
    let snapshot = collect::collect(&world, &options).await;
    // What was seen up to a failure is what a support bundle is for.
    containment::write(path, Content::Facts, &recorder.recording(&options).to_json())?;
    let snapshot = snapshot?;
    say_what_it_is(global, &snapshot);
    Ok(snapshot)
}

/// Who meant Docker should hear at once that this is something else.
pub(crate) fn say_what_it_is(global: &Global, snapshot: &Snapshot) {
    if snapshot.engine().and_then(|engine| engine.product.known()).is_some_and(|product| product == "Podman") {
        output::remark(
            global,
            "this engine is Podman behind Docker's API: what presumes a dockerd is unknown, what its objects say is judged",
        );
    }
}

/// What stands for the outside, and what goes into a snapshot's head.
pub(crate) struct Outside {
    /// The live system, or a recording.
    pub(crate) world: World,
    /// A recording knows when it was taken: a replay gives the very same snapshot.
    pub(crate) options: Options,
    /// What named the engine's address. None: the recording has it.
    pub(crate) named_by: Option<NamedBy>,
}

/// The live system, or the recording that is to stand for it.
pub(crate) fn outside(global: &Global) -> Result<Outside> {
    if let Some(path) = &global.replay {
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let recording = Recording::from_json(&text).with_context(|| path.display().to_string())?;
        let options = recording.options.clone();
        return Ok(Outside { world: World::replaying(recording), options, named_by: None });
    }
    let chosen = endpoint(global)?;
    for remark in &chosen.remarks {
        output::remark(global, remark);
    }
    Ok(Outside { world: World::real(Some(chosen.endpoint)), options: options_now(global), named_by: Some(chosen.named_by) })
}

/// Looks at the system while it is being changed: where the engine does not answer, the host is seen all the same.
pub(crate) async fn fresh_or_host(global: &Global) -> Snapshot {
    let options = options_now(global);
    let error = match fresh(global).await {
        Ok(snapshot) => return snapshot,
        Err(error) => error,
    };
    // Behind anything but a socket of this machine there may be another host, of which this one's files say nothing.
    let is_here = global.replay.is_none() && endpoint(global).is_ok_and(|chosen| chosen.endpoint.socket().is_some());
    let host = if is_here { collect::collect(&World::real(None), &options).await.ok() } else { None };
    let mut snapshot = host.unwrap_or_else(|| empty(&options));
    snapshot.docker = Fact::unknown(format!("{error:#}"));
    snapshot
}

/// A snapshot in which nothing was seen.
fn empty(options: &Options) -> Snapshot {
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

/// The engine that the docker client would ask, unless the command line names another one.
pub(crate) fn endpoint(global: &Global) -> Result<Chosen> {
    let uid = rustix::process::geteuid().as_raw();
    let wishes = Wishes {
        host: global.host.clone(),
        context: global.context.clone(),
        tls: TlsWishes {
            on: global.tls,
            verify: global.tlsverify,
            ca: global.tlscacert.clone(),
            cert: global.tlscert.clone(),
            key: global.tlskey.clone(),
        },
        environment: Environment::read(|name| std::env::var(name).ok(), Some(uid)),
    };
    Ok(collect::choose(&wishes)?)
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
