//! The parts of a Docker system and the borders of trust between them: those that were discovered, with what was read of each.

use std::collections::BTreeSet;

use facts::docker::{Container, Engine, Image, Listener, Network};
use facts::{Fact, Observed, Snapshot, SourceId};
use serde::Serialize;

use crate::words;

/// A component, or a border between components.
#[derive(Debug, Serialize)]
pub(super) struct Part {
    pub(super) name: &'static str,
    /// What it is and why it matters.
    pub(super) role: &'static str,
    pub(super) facts: Vec<Line>,
}

/// One fact of a part in both states.
#[derive(Debug, Serialize)]
pub(super) struct Line {
    pub(super) what: &'static str,
    pub(super) before: String,
    /// Only where it differs.
    pub(super) after: Option<String>,
    pub(super) source: String,
}

/// Facts of one state: what, value, source.
type Facts = Vec<(&'static str, String, String)>;

/// A part before it is filled: name, role, and what reads its facts.
type Reader = (&'static str, &'static str, fn(&View<'_>) -> Facts);

pub(super) fn components(before: &Snapshot, after: &Snapshot) -> Vec<Part> {
    let parts: [Reader; 11] = [
        (
            "Client",
            "Process that speaks to the API: the docker command, CI, agents. Whoever can open the socket is root on the host.",
            client,
        ),
        ("Daemon", "dockerd: carries out every request with the rights of root.", daemon),
        ("Daemon socket", "Where the API listens.", socket),
        ("Daemon configuration", "Store: decides what the daemon allows after its next start.", configuration),
        ("Host", "The machine and its one kernel, shared by all containers.", host),
        ("Container runtime", "containerd and runc: do the work below the daemon.", runtime),
        ("Registry", "Where images come from, outside this host.", registry),
        ("Images", "Store: what containers are made of.", images),
        ("Containers", "Processes on the host's kernel with a narrowed view.", containers),
        ("Networks", "Flows between containers, and to the outside.", networks),
        ("Dockerfile", "Store: how images are made; lives with its authors.", dockerfile),
    ];
    parts.map(|reader| part(reader, before, after)).into()
}

pub(super) fn boundaries(before: &Snapshot, after: &Snapshot) -> Vec<Part> {
    let parts: [Reader; 6] = [
        ("Client and daemon", "Crossed by every API call. Without client certificates, reaching an address is all it takes.", listeners),
        ("Daemon and host", "The daemon is the host's root: there is no border behind it.", daemon_rights),
        (
            "Container and host",
            "Held by the kernel: namespaces, capabilities, seccomp, a security module. Each line below is a hole in it.",
            escapes,
        ),
        ("Container and container", "Held by networks: who shares one can reach the others there.", neighbours),
        ("Network outside and container", "Every published port is a door.", ports),
        ("Host and registry", "Held by TLS and by checking what was pulled.", registry_border),
    ];
    parts.map(|reader| part(reader, before, after)).into()
}

fn part((name, role, read): Reader, before: &Snapshot, after: &Snapshot) -> Part {
    let later = read(&View::of(after));
    let facts = read(&View::of(before))
        .into_iter()
        .map(|(what, value, source)| {
            let now = later.iter().find(|(other, _, _)| *other == what).map(|(_, value, _)| value);
            let after = now.filter(|now| **now != value).cloned();
            Line { what, before: value, after, source }
        })
        .collect();
    Part { name, role, facts }
}

/// A Snapshot with short ways to what the parts speak of.
struct View<'a> {
    snapshot: &'a Snapshot,
    engine: Option<&'a Engine>,
}

impl<'a> View<'a> {
    fn of(snapshot: &'a Snapshot) -> Self {
        Self { snapshot, engine: snapshot.engine() }
    }

    fn source(&self, id: SourceId) -> String {
        self.snapshot.sources.get(id).map(ToString::to_string).unwrap_or_default()
    }

    /// One line from one observed object.
    fn seen<T>(&self, what: &'static str, observed: &Observed<T>, show: impl Fn(&T) -> String) -> (&'static str, String, String) {
        // What was never collected has no source either; `why` names the obstacle.
        let source = if observed.fact.is_unknown() { String::new() } else { self.source(observed.source) };
        (what, known(&observed.fact, show), source)
    }

    fn containers(&self) -> Vec<&'a Container> {
        members(self.engine.map(|engine| &engine.containers))
    }

    fn images(&self) -> Vec<&'a Image> {
        members(self.engine.map(|engine| &engine.images))
    }

    fn networks(&self) -> Vec<&'a Network> {
        members(self.engine.map(|engine| &engine.networks))
    }

    /// Names of the containers of which something is known to hold.
    fn named(&self, holds: impl Fn(&Container) -> bool) -> String {
        list(self.containers().into_iter().filter(|container| holds(container)).map(|container| container.name.as_str()))
    }
}

fn members<T>(observed: Option<&Observed<Vec<Observed<T>>>>) -> Vec<&T> {
    observed.and_then(|observed| observed.known()).into_iter().flatten().filter_map(|member| member.known()).collect()
}

fn known<T>(fact: &Fact<T>, show: impl Fn(&T) -> String) -> String {
    match fact {
        Fact::Known(value) => show(value),
        Fact::Absent => "none".to_owned(),
        Fact::Unknown { why } => format!("not seen: {why}"),
    }
}

fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let text = words::names(names, 6);
    if text.is_empty() { "none".to_owned() } else { text }
}

fn yes(value: bool) -> String {
    if value { "yes" } else { "no" }.to_owned()
}

fn client(view: &View<'_>) -> Facts {
    let Some(engine) = view.engine else { return Vec::new() };
    vec![("spoke to the API for this report", format!("cofferdam, over {}", engine.endpoint), engine.endpoint.clone())]
}

fn daemon(view: &View<'_>) -> Facts {
    let Some(engine) = view.engine else { return vec![("engine", known(&view.snapshot.docker, |_| String::new()), String::new())] };
    let mut facts = vec![view.seen("version", &engine.version, |version| format!("{} (API {})", version.version, version.api_version))];
    facts.push(view.seen("process", &engine.process, |process| {
        let unit = known(&process.unit, Clone::clone);
        format!("{}, pid {}, unit {unit}", known(&process.exe, Clone::clone), process.pid)
    }));
    facts.push(view.seen("live restore", &engine.info, |info| known(&info.live_restore, |on| yes(*on))));
    facts.push(
        view.seen("security options", &engine.info, |info| {
            known(&info.security_options, |options| list(options.iter().map(String::as_str)))
        }),
    );
    facts
}

fn socket(view: &View<'_>) -> Facts {
    let Some(engine) = view.engine else { return Vec::new() };
    let path = engine.endpoint.strip_prefix("unix://").unwrap_or_default();
    let mut facts = Vec::new();
    let files = &view.snapshot.host.files;
    let alias = path.strip_prefix("/run/").map(|rest| format!("/var/run/{rest}")).unwrap_or_default();
    if let Some(file) = files.get(path).or_else(|| files.get(&alias)) {
        facts.push(view.seen("owner and mode", file, |stat| format!("uid {}, gid {}, mode {:04o}", stat.uid, stat.gid, stat.mode)));
    }
    facts.push(view.seen("on the network", &engine.process, |process| {
        known(&process.listeners, |listeners| {
            let api = listeners.iter().filter(|listener| may_be_api(listener));
            let each: Vec<String> = api.map(|listener| format!("{}:{}", listener.address, listener.port)).collect();
            list(each.iter().map(String::as_str))
        })
    }));
    facts
}

/// Without the userland proxy dockerd itself holds the sockets of published ports: those are no way to its API.
fn may_be_api(listener: &Listener) -> bool {
    listener.is_api.known() != Some(&false)
}

fn configuration(view: &View<'_>) -> Facts {
    let Some(engine) = view.engine else { return Vec::new() };
    vec![
        ("file", known(&engine.config_path, Clone::clone), String::new()),
        view.seen("owner and mode", &engine.config_file, |file| {
            format!("uid {}, gid {}, mode {:04o}", file.stat.uid, file.stat.gid, file.stat.mode)
        }),
    ]
}

fn host(view: &View<'_>) -> Facts {
    let host = &view.snapshot.host;
    let mut facts = vec![
        ("name", known(&host.name, Clone::clone), "/proc/sys/kernel/hostname".to_owned()),
        ("kernel", known(&host.kernel, Clone::clone), "/proc/sys/kernel/osrelease".to_owned()),
    ];
    facts.push(view.seen("security modules", &host.lsms, |modules| list(modules.iter().map(String::as_str))));
    facts.push(view.seen("kernel audit", &host.audit.status, |status| match (status.enabled, status.pid) {
        (0, _) => "off".to_owned(),
        (_, 0) => "on, but nobody receives the records".to_owned(),
        (1, pid) => format!("on, records go to process {pid}"),
        (_, pid) => format!("on and locked until reboot, records go to process {pid}"),
    }));
    facts.push(view.seen("audit rules loaded", &host.audit.rules, |rules| rules.len().to_string()));
    facts
}

fn runtime(view: &View<'_>) -> Facts {
    let Some(engine) = view.engine else { return Vec::new() };
    let mut facts = vec![view.seen("versions", &engine.version, |version| {
        let parts = version.components.iter().filter(|part| part.name != "Engine");
        let each: Vec<String> = parts.map(|part| format!("{} {}", part.name, part.version)).collect();
        list(each.iter().map(String::as_str))
    })];
    facts.push(view.seen("containerd's socket", &engine.process, |process| known(&process.containerd_socket, Clone::clone)));
    facts
}

/// The registry of an image's name: the first part, where it looks like a host (distribution's reference grammar).
fn registry_of(tag: &str) -> &str {
    match tag.split_once('/') {
        Some((first, _)) if first.contains(['.', ':']) || first == "localhost" => first,
        _ => "docker.io",
    }
}

fn registry(view: &View<'_>) -> Facts {
    let Some(engine) = view.engine else { return Vec::new() };
    let names: BTreeSet<&str> = view.images().into_iter().flat_map(|image| &image.tags).map(|tag| registry_of(tag)).collect();
    vec![("named by local images", list(names), view.source(engine.images.source))]
}

fn images(view: &View<'_>) -> Facts {
    let Some(engine) = view.engine else { return Vec::new() };
    vec![
        view.seen("local images", &engine.images, |images| images.len().to_string()),
        (
            "tags",
            list(view.images().into_iter().flat_map(|image| image.tags.iter().map(String::as_str))),
            view.source(engine.images.source),
        ),
    ]
}

fn containers(view: &View<'_>) -> Facts {
    let Some(engine) = view.engine else { return Vec::new() };
    let running = |container: &Container| container.state.known().is_some_and(|state| state.running);
    let source = view.source(engine.containers.source);
    vec![
        view.seen("containers", &engine.containers, |containers| {
            let up = view.containers().into_iter().filter(|container| running(container)).count();
            format!("{}, of which {up} run", containers.len())
        }),
        ("running", view.named(running), source),
    ]
}

fn networks(view: &View<'_>) -> Facts {
    let Some(engine) = view.engine else { return Vec::new() };
    let each: Vec<String> = view.networks().into_iter().map(|network| format!("{} ({})", network.name, network.driver)).collect();
    vec![("networks", list(each.iter().map(String::as_str)), view.source(engine.networks.source))]
}

fn dockerfile(_: &View<'_>) -> Facts {
    vec![("on this host", "not looked at: a host holds images, not the files that they were built from".to_owned(), String::new())]
}

fn listeners(view: &View<'_>) -> Facts {
    let Some(engine) = view.engine else { return Vec::new() };
    vec![
        ("socket file", engine.endpoint.clone(), engine.endpoint.clone()),
        view.seen("network addresses", &engine.process, |process| {
            known(&process.listeners, |listeners| {
                let each: Vec<String> = listeners
                    .iter()
                    .filter(|listener| may_be_api(listener))
                    .map(|listener| {
                        let tls = match listener.tls.known() {
                            Some(true) => "TLS",
                            Some(false) => "no TLS",
                            None => "TLS not known",
                        };
                        let open = match listener.answers_without_certificate.known() {
                            Some(true) => "answers without a client certificate",
                            Some(false) => "refuses without a client certificate",
                            None => "certificate not tried",
                        };
                        format!("{}:{} ({tls}, {open})", listener.address, listener.port)
                    })
                    .collect();
                list(each.iter().map(String::as_str))
            })
        }),
    ]
}

fn daemon_rights(view: &View<'_>) -> Facts {
    let Some(engine) = view.engine else { return Vec::new() };
    vec![
        view.seen("runs as", &engine.process, |process| known(&process.uid, |uid| format!("uid {uid}"))),
        view.seen("data root", &engine.info, |info| known(&info.root_dir, Clone::clone)),
    ]
}

fn escapes(view: &View<'_>) -> Facts {
    let Some(engine) = view.engine else { return Vec::new() };
    let source = format!("{}, each container's inspection", view.source(engine.containers.source));
    let is = |fact: &Fact<String>, word: &str| fact.known().is_some_and(|mode| mode == word);
    let sockets = |container: &Container| {
        container.mounts.known().is_some_and(|mounts| mounts.iter().any(|mount| mount.kind == "bind" && mount.source.ends_with(".sock")))
    };
    vec![
        ("privileged", view.named(|container| container.privileged.known() == Some(&true)), source.clone()),
        ("a socket of the host mounted", view.named(sockets), source.clone()),
        ("in the host's network", view.named(|container| is(&container.network_mode, "host")), source.clone()),
        ("among the host's processes", view.named(|container| is(&container.pid_mode, "host")), source.clone()),
        ("capabilities added", view.named(|container| container.cap_add.known().is_some_and(|added| !added.is_empty())), source),
    ]
}

fn neighbours(view: &View<'_>) -> Facts {
    let Some(engine) = view.engine else { return Vec::new() };
    let each: Vec<String> = view
        .networks()
        .into_iter()
        .filter_map(|network| {
            let attached = network.containers.known()?.len();
            (attached > 1).then(|| {
                let icc = network.options.known().and_then(|options| options.get("com.docker.network.bridge.enable_icc"));
                let icc = icc.map(|icc| format!(", icc {icc}")).unwrap_or_default();
                format!("{} ({attached} containers{icc})", network.name)
            })
        })
        .collect();
    vec![("networks shared by running containers", list(each.iter().map(String::as_str)), view.source(engine.networks.source))]
}

fn ports(view: &View<'_>) -> Facts {
    let Some(engine) = view.engine else { return Vec::new() };
    let mut each = Vec::new();
    for container in view.containers() {
        for port in container.ports.known().into_iter().flatten() {
            let address = if port.address.is_empty() { "every address" } else { &port.address };
            let host = if port.host_port.is_empty() { "a free port" } else { &port.host_port };
            each.push(format!("{} ({address} {host} to {})", container.name, port.container_port));
        }
    }
    vec![(
        "published",
        list(each.iter().map(String::as_str)),
        format!("{}, each container's inspection", view.source(engine.containers.source)),
    )]
}

fn registry_border(view: &View<'_>) -> Facts {
    let Some(engine) = view.engine else { return Vec::new() };
    vec![view.seen("registries without verified TLS", &engine.info, |info| {
        known(&info.insecure_registries, |names| {
            let loopback = |name: &str| name == "::1/128" || name.starts_with("127.");
            list(names.iter().map(String::as_str).filter(|name| !loopback(name)))
        })
    })]
}
