//! The whole way: first contact, the engine's answers and the machine's own word side by side, then everything that follows from both.

use std::sync::Arc;

use facts::docker::Engine;
use facts::host::Host;
use facts::{Fact, Observed, SCHEMA, Snapshot, Source, SourceId, Sources};
use serde_json::Value;

use crate::docker::{self, Gathered};
use crate::error::CollectError;
use crate::gaps::{Gaps, needs};
use crate::host::{Clues, Places, Reach, client, engine_files, groups, places_of_rules, runtimes_of};
use crate::machine::{Machine, Route};
use crate::obstacle::{Answer, Obstacle};
use crate::options::Options;
use crate::pooled::both;
use crate::source::{EngineApi, EngineQuestion};
use crate::world::World;

/// What is looked at on every host, engine or not.
const USUAL_PLACES: &[&str] = &[
    "/etc/docker",
    "/etc/docker/daemon.json",
    "/etc/default/docker",
    "/etc/sysconfig/docker",
    "/etc/containerd/config.toml",
    "/run/containerd",
    "/run/containerd/containerd.sock",
    // Whether audit rules come back at the next boot hangs on these two.
    "/etc/audit/rules.d",
    "/etc/tmpfiles.d/cofferdam.conf",
];

const RIGHTS: &str = "root or membership of the group docker";

/// Gathers everything that the facts can hold. Whatever cannot be seen becomes an unknown fact and a gap; an engine that is absent,
/// refuses, hangs or is none is an error.
pub async fn collect(world: &World, options: &Options) -> Result<Snapshot, CollectError> {
    let seen = match &world.engine {
        None => without_engine(world, None),
        Some(engine) => match engine.get(EngineQuestion::Ping).await {
            // The socket may not be opened: the engine stays unknown, and the host is still worth a look.
            Err(Obstacle::Denied) if engine.socket().is_some() => without_engine(world, Some(engine.as_ref())),
            contact => {
                let trouble = first_contact(engine.as_ref(), contact)?;
                with_engine(world, engine, trouble, options).await
            }
        },
    };
    Ok(seen.into_snapshot(options))
}

/// What can be said where an engine was asked for and [`collect`] failed: the machine by itself where the engine is behind one of its own
/// sockets, and next to nothing where it may be on another one. `why`: why the engine is not seen.
pub fn unanswered(world: &World, options: &Options, why: &str) -> Snapshot {
    let far = world.engine.as_ref().filter(|engine| engine.socket().is_none()).map(|engine| engine.endpoint());
    let mut seen = match far {
        Some(endpoint) => {
            let why = format!("whether the engine at {endpoint} is on this machine is not known while it does not answer");
            alone(world, Machine::without_dockerd(world, &why), None)
        }
        None => without_engine(world, None),
    };
    seen.docker = Fact::unknown(why);
    seen.into_snapshot(options)
}

/// Everything that goes into a Snapshot.
struct Seen {
    host: Host,
    docker: Fact<Engine>,
    sources: Sources,
    gaps: Gaps,
}

impl Seen {
    fn into_snapshot(self, options: &Options) -> Snapshot {
        Snapshot {
            schema: SCHEMA.to_owned(),
            tool: options.tool.clone(),
            taken_at: options.taken_at.clone(),
            sources: self.sources,
            gaps: self.gaps.into_sorted(),
            host: self.host,
            docker: self.docker,
        }
    }
}

/// Whether there is an engine at all. One that forbids the ping, or fails at it, may still tell something.
fn first_contact(engine: &dyn EngineApi, answer: Answer<Value>) -> Result<Option<Obstacle>, CollectError> {
    let Err(obstacle) = answer else { return Ok(None) };
    CollectError::of_first_contact(&engine.endpoint(), &obstacle).map_or(Ok(Some(obstacle)), Err)
}

/// The machine alone: no engine was asked for, or its socket may not be opened.
fn without_engine(world: &World, denied: Option<&dyn EngineApi>) -> Seen {
    alone(world, Machine::alone(world), denied)
}

fn alone(world: &World, machine: Machine, denied: Option<&dyn EngineApi>) -> Seen {
    let Machine { mut host, reach, mut sources, gaps, .. } = machine;
    let mut places = usual_places(&host);
    let docker = match denied {
        Some(engine) => {
            places.stat(engine.socket().unwrap_or_default());
            gaps.unknown("container engine", &engine.endpoint(), &Obstacle::Denied, RIGHTS)
        }
        None => Fact::Absent,
    };
    let why = if denied.is_some() { "the engine may not be asked" } else { "no engine was asked for" };
    look(&Clues::none(why), places, world, &reach, &mut host, &mut sources, &gaps);
    Seen { host, docker, sources, gaps }
}

/// The engine's files: first where they are, then their inodes, then whose groups they belong to.
fn look(clues: &Clues<'_>, mut places: Places, world: &World, reach: &Reach, host: &mut Host, sources: &mut Sources, gaps: &Gaps) {
    host.engine_files = engine_files(clues, world, reach, &mut places, sources, gaps);
    places.look(world, reach, host, sources, gaps);
    host.engine_files.groups = groups(host, world, reach, sources, gaps);
    host.client = client(world, host.engine_files.groups.known().map(Vec::as_slice), sources, gaps);
}

fn usual_places(host: &Host) -> Places {
    let mut places = Places::default();
    for path in USUAL_PLACES {
        places.stat(*path);
    }
    for path in places_of_rules(host) {
        places.resolve(path);
    }
    places
}

async fn with_engine(world: &World, api: &Arc<dyn EngineApi>, trouble: Option<Obstacle>, options: &Options) -> Seen {
    // Reading /proc takes milliseconds in which the engine could answer: side by side, on two threads.
    let machine = tokio::task::spawn_blocking({
        let (world, route) = (world.clone(), Route::to(api.as_ref()));
        move || Machine::with_daemon(&world, &route)
    });
    let (gathered, machine) = both(docker::gather(api.as_ref()), machine).await;
    let Gathered { version, info, debug_vars, containers, images, networks, volumes, plugins, swarm } = gathered;
    let podman = version.as_ref().ok().and_then(docker::podman).map(|version| {
        format!(
            "this is Podman {version}, which serves Docker's API for compatibility: there is no dockerd, and its settings are other ones"
        )
    });
    let Machine { mut host, reach, cgroups, daemon, sources: mut interned, gaps: noted } = match (machine, &podman) {
        (Ok(_), Some(why)) => Machine::without_dockerd(world, why),
        (Ok(machine), None) => machine.unless_refuted(world, version.as_ref().ok(), info.as_ref().ok()),
        // Cancelled it cannot be: the runtime is the one that runs this.
        (Err(error), _) => std::panic::resume_unwind(error.into_panic()),
    };
    let (sources, gaps) = (&mut interned, &noted);
    if let Some(obstacle) = trouble {
        gaps.note("container engine", &format!("ping: {obstacle}"), &needs(&obstacle, RIGHTS));
    }
    let (process, listening, no_process) = match daemon {
        Ok((process, listening)) => (Some(process), listening, String::new()),
        Err(why) => (None, Fact::unknown(why.clone()), why),
    };

    let product = if podman.is_some() {
        Fact::Known("Podman".to_owned())
    } else {
        version.as_ref().map_or_else(|obstacle| Fact::unknown(obstacle.to_string()), |_| Fact::Known("Docker".to_owned()))
    };
    // Podman's word of itself is no word of a dockerd.
    let presumed = |answer: Answer<Value>| match &podman {
        Some(why) => Err(Obstacle::Other(why.clone())),
        None => answer,
    };
    let (version, info, debug_vars) = (presumed(version), presumed(info), presumed(debug_vars));
    let malformed = |what: &str| Obstacle::Malformed(format!("no {what} in it"));
    let version = version.and_then(|value| docker::version(&value).ok_or_else(|| malformed("version")));
    let version = observed(version, "/version", "the engine's version", sources, gaps);
    let runtimes = info.as_ref().map_or_else(|obstacle| Fact::unknown(format!("/info: {obstacle}")), runtimes_of);
    let info = observed(info.map(|value| docker::info(&value)), "/info", "the engine's own description", sources, gaps);
    let cmdline = debug_vars.and_then(|value| docker::command_line(&value).ok_or_else(|| malformed("cmdline")));
    let cmdline = observed(cmdline, "/debug/vars", "the daemon's command line by its own word", sources, gaps);

    // The kernel's word goes before the daemon's own.
    let by_kernel = process.as_ref().and_then(|process| process.argv.known());
    if let (Some(kernel), Some(own)) = (by_kernel, cmdline.known())
        && kernel != own
    {
        gaps.note("identity of the daemon's process", "its command line in /proc differs from the one that the API names", "another look");
    }
    let argv = by_kernel.or(cmdline.known()).cloned();
    let argv = argv.as_deref();
    let uid = process.as_ref().and_then(|process| process.uid.known().copied());
    let config_path = docker::config_path(argv, uid);
    let config_file = docker::config_file(&config_path, world, &reach, sources, gaps);
    let pid_file = docker::pid_file(argv, &config_file, process.as_ref().map(|process| process.pid), world, &reach, sources, gaps);
    let seccomp_profile = docker::seccomp_profile(&info, world, &reach, sources, gaps);
    let unit_name = process.as_ref().map_or_else(|| Fact::unknown(&*no_process), |process| process.unit.clone());
    let unit = docker::unit(&unit_name, world, &reach, sources, gaps);
    let startup = docker::startup(&options.state_dir, process.as_ref(), &host.boot_id, world, &reach, sources, gaps);

    let mut places = usual_places(&host);
    places.stat(api.socket().unwrap_or_default());
    let of_process = process.iter().flat_map(|process| [&process.exe, &process.containerd_socket]).filter_map(Fact::known).cloned();
    for path in of_process.chain(config_path.known().cloned()).chain(docker::tls_files(argv, &config_file)) {
        places.stat(path);
    }
    let clues = Clues {
        process: process.as_ref(),
        no_process: &no_process,
        sockets: docker::told_sockets(argv, &config_file),
        socket: api.socket(),
        data_root: info.fact.as_ref().and_then(|info| info.root_dir.clone()),
        runtimes,
    };
    look(&clues, places, world, &reach, &mut host, sources, gaps);

    let daemon_pid = process.as_ref().map(|process| process.pid);
    let process = match process {
        Some(mut process) => {
            let ports = docker::api_ports(argv, &config_file);
            let published = docker::published(containers.iter().flatten().filter_map(|object| object.answer.as_ref().ok()));
            process.listeners = docker::listeners(world, process.pid, listening, &published, &ports, info.known(), gaps).await;
            Observed::new(kernel(sources, format!("/proc/{}", process.pid)), Fact::Known(process))
        }
        None => Observed::new(kernel(sources, "/proc".to_owned()), Fact::unknown(no_process)),
    };
    let (services, secrets) = match swarm {
        Some((services, secrets)) => {
            let services = services.and_then(|value| docker::services(&value).ok_or_else(|| malformed("services")));
            let secrets = secrets.and_then(|value| docker::secrets(&value).ok_or_else(|| malformed("secrets")));
            let services = observed(services, "/services", "the services of the swarm", sources, gaps);
            (services, observed(secrets, "/secrets", "the secrets of the swarm", sources, gaps))
        }
        // Not known to be a manager: absent only where the engine says so.
        None => {
            let none = info.fact.as_ref().and_then(|info| match info.swarm.as_ref().and_then(|member| member.manager.as_ref()) {
                Fact::Known(false) | Fact::Absent => Fact::<()>::Absent,
                Fact::Known(true) => Fact::unknown("the swarm was not asked"),
                Fact::Unknown { why } => Fact::Unknown { why },
            });
            let source = info.source;
            (Observed::new(source, none.clone().map(|()| Vec::new())), Observed::new(source, none.map(|()| 0)))
        }
    };
    let mounts = docker::HostMounts::new(world, daemon_pid);
    let plugins = docker::plugins(plugins, &info, world, &reach, sources, gaps);
    let mut containers = docker::containers(containers, world, &reach, &cgroups, &mounts, sources, gaps);
    let mut networks = docker::networks(networks, sources, gaps);
    if let Some(why) = &podman {
        docker::of_podman(&mut containers, why);
        docker::networks_of_podman(&mut networks, why);
    }
    let engine = Engine {
        endpoint: api.endpoint(),
        product,
        local: reach.no_processes().is_none(),
        version,
        info,
        containers,
        images: docker::images(images, sources, gaps),
        networks,
        volumes: docker::volumes(volumes, world, &reach, &mounts, sources, gaps),
        plugins: plugins.managed,
        legacy_plugins: plugins.legacy,
        process,
        pid_file,
        config_path,
        config_file,
        seccomp_profile,
        unit,
        startup,
        cmdline,
        swarm_services: services,
        swarm_secrets: secrets,
    };
    Seen { host, docker: Fact::Known(engine), sources: interned, gaps: noted }
}

/// An answer of the engine about itself. It always has one, so a missing one is a gap and no absence.
fn observed<T>(answer: Answer<T>, path: &str, what: &str, sources: &mut Sources, gaps: &Gaps) -> Observed<T> {
    let source = sources.intern(Source::Api { path: path.to_owned() });
    match answer {
        Ok(value) => Observed::new(source, Fact::Known(value)),
        Err(obstacle) => Observed::new(source, gaps.unknown(what, path, &obstacle, RIGHTS)),
    }
}

fn kernel(sources: &mut Sources, path: String) -> SourceId {
    sources.intern(Source::Kernel { path })
}
