//! The whole way: first contact, the engine's answers and the machine's own word side by side, then everything that follows from both.

use facts::docker::Engine;
use facts::{Fact, Observed, SCHEMA, Snapshot, Source, Sources};
use serde_json::Value;

use crate::docker::{self, Daemon, Gathered, NotFound};
use crate::error::CollectError;
use crate::gaps::Gaps;
use crate::host::{self, Places, Reach};
use crate::obstacle::{Answer, Obstacle};
use crate::options::Options;
use crate::pooled::both;
use crate::source::{EngineApi, EngineQuestion};
use crate::world::World;

/// Where the daemon's pid file lies unless it was told otherwise. Only a first guess: see [`docker::find`].
const PID_FILE: &str = "/var/run/docker.pid";

/// What is looked at on every host, engine or not.
const USUAL_PLACES: &[&str] = &["/etc/docker", "/etc/docker/daemon.json", "/run/containerd", "/run/containerd/containerd.sock"];

/// Gathers everything that the facts can hold. Whatever cannot be seen becomes an unknown fact and a gap; an engine that is absent,
/// refuses, hangs or is none is an error.
pub async fn collect(world: &World, options: &Options) -> Result<Snapshot, CollectError> {
    let (gaps, mut sources) = (Gaps::default(), Sources::default());
    let (host, docker) = match &world.engine {
        None => (host_alone(world, &mut sources, &gaps), Fact::Absent),
        Some(engine) => match engine.get(EngineQuestion::Ping).await {
            // The socket may not be opened: the engine stays unknown, and the host is still worth a look.
            Err(Obstacle::Denied) => {
                let docker =
                    gaps.unknown("container engine", &engine.endpoint(), &Obstacle::Denied, "root or membership of the group docker");
                (host_alone(world, &mut sources, &gaps), docker)
            }
            contact => {
                first_contact(engine.as_ref(), contact, &gaps)?;
                let (host, engine) = with_engine(world, engine.as_ref(), options, &mut sources, &gaps).await;
                (host, Fact::Known(engine))
            }
        },
    };
    Ok(Snapshot {
        schema: SCHEMA.to_owned(),
        tool: options.tool.clone(),
        taken_at: options.taken_at.clone(),
        sources,
        gaps: gaps.into_sorted(),
        host,
        docker,
    })
}

/// Whether there is an engine at all. One that forbids the ping, or fails at it, may still tell something.
fn first_contact(engine: &dyn EngineApi, answer: Answer<Value>, gaps: &Gaps) -> Result<(), CollectError> {
    let Err(obstacle) = answer else { return Ok(()) };
    match CollectError::of_first_contact(&engine.endpoint(), &obstacle) {
        Some(error) => Err(error),
        None => {
            gaps.note("container engine", &format!("ping: {obstacle}"), &crate::gaps::needs(&obstacle, "membership of the group docker"));
            Ok(())
        }
    }
}

/// The machine without an engine.
fn host_alone(world: &World, sources: &mut Sources, gaps: &Gaps) -> facts::host::Host {
    let reach = Reach::Full;
    let mut host = host::host(world, &reach, &world.processes.cgroup_mounts(), sources, gaps);
    let mut places = usual_places(&host);
    if let Some(engine) = &world.engine {
        places.stat(engine.socket());
    }
    places.look(world, &reach, &mut host, sources, gaps);
    host
}

fn usual_places(host: &facts::host::Host) -> Places {
    let mut places = Places::default();
    for path in USUAL_PLACES {
        places.stat(*path);
    }
    for path in host::places_of_rules(host) {
        places.resolve(path);
    }
    places
}

async fn with_engine(
    world: &World,
    api: &dyn EngineApi,
    options: &Options,
    sources: &mut Sources,
    gaps: &Gaps,
) -> (facts::host::Host, Engine) {
    // Reading /proc takes some milliseconds of this process while the engine works on its answers: side by side on two threads.
    let socket = api.socket();
    let machine = tokio::task::spawn_blocking({
        let world = world.clone();
        move || Machine::look(&world, &socket, api_peer)
    });
    let (gathered, machine) = both(docker::gather(api), machine).await;
    let Gathered { version, info, debug_vars, containers, images, networks } = gathered;
    let Machine { mut host, daemon, reach, cgroups, process, listening, mut sources, gaps: seen } = match machine {
        Ok(machine) => machine,
        Err(panic) => std::panic::resume_unwind(panic.into_panic()),
    };

    let version = version.and_then(|value| docker::version(&value).ok_or_else(|| Obstacle::Malformed("no version in it".to_owned())));
    let version = match version {
        Ok(version) => Fact::Known(version),
        Err(obstacle) => gaps.unknown("the engine's version", "/version", &obstacle, "membership of the group docker"),
    };
    let cmdline = docker::daemon_argv(&debug_vars, sources, gaps);
    // The kernel's word before the daemon's own.
    let (process, listening) = process.unzip();
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
    let pid = process.as_ref().map(|process| process.pid);
    let pid_file = docker::pid_file(argv, &config_file, pid, world, &reach, sources, gaps);
    let unit_name = process.as_ref().map_or_else(|| Fact::unknown("the daemon's process was not found"), |process| process.unit.clone());
    let unit = docker::unit(&unit_name, world, &reach, sources, gaps);

    let startup = docker::startup(&options.state_dir, process.as_ref(), &host.boot_id, world, &reach, sources, gaps);

    let mut places = usual_places(&host);
    places.stat(api.socket());
    for path in config_path.known().into_iter().chain(process.as_ref().and_then(|process| process.exe.known())) {
        places.stat(path);
    }
    if let Some(socket) = process.as_ref().and_then(|process| process.containerd_socket.known()) {
        places.stat(socket);
    }
    for path in docker::tls_files(argv, &config_file) {
        places.stat(path);
    }
    places.look(world, &reach, &mut host, sources, gaps);

    let process = match process.zip(listening) {
        Some((mut process, listening)) => {
            let ports = docker::api_ports(argv, &config_file);
            process.listeners = docker::listeners(world, process.pid, listening, &ports, info.known(), gaps).await;
            Observed::new(sources.intern(Source::Kernel { path: format!("/proc/{}", process.pid) }), Fact::Known(process))
        }
        None => Observed::new(sources.intern(Source::Kernel { path: "/proc".to_owned() }), Fact::unknown(not_found(daemon.err()))),
    };
    let engine = Engine {
        endpoint: api.endpoint(),
        local: reach.no_processes().is_none(),
        version: Observed::new(sources.intern(Source::Api { path: "/version".to_owned() }), version),
        info,
        containers: docker::containers(containers, world, &reach, &cgroups, sources, gaps),
        images: docker::images(images, sources, gaps),
        networks: docker::networks(networks, sources, gaps),
        process,
        pid_file,
        config_path,
        config_file,
        unit,
        startup,
        cmdline,
    };
    (host, engine)
}

/// How far this machine's own files and processes are the engine's.
fn reach(world: &World, daemon: &Result<Daemon, NotFound>, gaps: &Gaps) -> Reach {
    match daemon {
        Ok(daemon) => {
            let why = match world.processes.shares_root(daemon.pid.into()) {
                Ok(true) => return Reach::Full,
                Ok(false) => "cofferdam and the engine have different root directories, so files here are not the engine's".to_owned(),
                Err(obstacle) => format!("cannot tell whether files here are the engine's: /proc/{}/root: {obstacle}", daemon.pid),
            };
            gaps.note("files of the engine's host", &why, "cofferdam as root outside of a container");
            Reach::NoFiles(why)
        }
        Err(NotFound::Elsewhere(why)) => {
            gaps.note("the engine's host", why, "cofferdam on the engine's own host, outside of a container");
            Reach::None(why.clone())
        }
        Err(NotFound::Unseen { why, needs }) => {
            gaps.note("the daemon's process", why, needs);
            Reach::Full
        }
    }
}

fn not_found(error: Option<NotFound>) -> String {
    match error {
        Some(NotFound::Elsewhere(why)) => why,
        Some(NotFound::Unseen { why, needs }) => format!("{why} (needs {needs})"),
        None => "the daemon's process was not found".to_owned(),
    }
}
