//! All views of one Snapshot.

use std::sync::Arc;

use std::collections::BTreeMap;

use facts::docker::Engine;
use facts::{Fact, Observed, Snapshot, Sources};

use super::behind::Volumes;
use super::container::{Surroundings, container};
use super::namespaces::Neighbours;
use super::settings::settings;
use super::sockets::RuntimeSockets;
use crate::view::{Container, Daemon, Host, Image, Network};
use crate::{Subject, SubjectKind};

/// One subject with its view. A member that could not be inspected has a view in which nothing is seen.
#[derive(Clone, Debug, PartialEq)]
pub struct Member<V> {
    /// Whom it is.
    pub subject: Subject,
    /// Its facts.
    pub view: V,
}

/// The subjects of one Snapshot with their facts.
#[derive(Clone, Debug, PartialEq)]
pub struct Views {
    /// The machine.
    pub host: Member<Host>,
    /// The daemon; none: no engine was asked for.
    pub daemon: Option<Member<Daemon>>,
    /// Containers by name.
    pub containers: Vec<Member<Container>>,
    /// Images by name.
    pub images: Vec<Member<Image>>,
    /// Networks by name.
    pub networks: Vec<Member<Network>>,
}

/// What stands in the place of a collection that could not be listed.
const UNLISTED: &str = "(could not be listed)";

/// What there is one of, worked out before the many.
pub(crate) struct Common {
    pub(crate) host: Host,
    pub(crate) daemon: Daemon,
    sockets: RuntimeSockets,
    data_root: Fact<String>,
    seccomp_by_default: Fact<bool>,
}

impl Common {
    pub(crate) fn of(snapshot: &Snapshot) -> Self {
        let settings = settings(snapshot);
        let daemon = super::daemon::daemon(snapshot, &settings);
        let profile = &daemon.seccomp_profile.fact;
        Self {
            host: super::host::host(snapshot, &settings),
            seccomp_by_default: snapshot.docker.as_ref().and_then(|engine| super::seccomp::by_default(engine, profile)),
            daemon,
            sockets: RuntimeSockets::of(snapshot, &settings),
            data_root: snapshot.docker.as_ref().and_then(|engine| engine.info.fact.as_ref().and_then(|info| info.root_dir.clone())),
        }
    }

    /// What the containers of that Snapshot see of it.
    pub(crate) fn around<'s>(&'s self, snapshot: &'s Snapshot) -> Surroundings<'s> {
        Surroundings {
            host: (&self.host).into(),
            daemon: (&self.daemon).into(),
            sockets: &self.sockets,
            neighbours: Neighbours(snapshot.engine()),
            seccomp_by_default: &self.seccomp_by_default,
            volumes: Volumes::of(snapshot),
            data_root: &self.data_root,
        }
    }
}

/// Works out all views.
pub fn views(snapshot: &Snapshot) -> Views {
    let common = Common::of(snapshot);
    let around = common.around(snapshot);
    let Common { host, daemon, .. } = &common;
    let sources = &snapshot.sources;

    let mut views = Views {
        host: once(SubjectKind::Host, host, host.clone()),
        daemon: None,
        containers: Vec::new(),
        images: Vec::new(),
        networks: Vec::new(),
    };
    match &snapshot.docker {
        Fact::Absent => return views,
        Fact::Unknown { why } => {
            views.containers = vec![unlisted(SubjectKind::Container, Container::unseen(why))];
            views.images = vec![unlisted(SubjectKind::Image, Image::unseen(why))];
            views.networks = vec![unlisted(SubjectKind::Network, Network::unseen(why))];
        }
        Fact::Known(engine) => {
            views.containers = members(SubjectKind::Container, &engine.containers, sources, Container::unseen, |one, source| {
                (one.id.clone(), one.name.clone(), container(one, source, &around))
            });
            views.images = members(SubjectKind::Image, &engine.images, sources, Image::unseen, |one, source| {
                let name = one.tags.first().or(one.digests.first()).cloned().unwrap_or_else(|| short(&one.id));
                (one.id.clone(), name, super::image::image(one, source, engine, &snapshot.taken_at))
            });
            views.networks = networks_of(engine, sources);
        }
    }
    views.daemon = Some(once(SubjectKind::Daemon, host, daemon.clone()));
    views
}

/// The networks that could be listed, and one in the place of those that could not.
pub(crate) fn networks(snapshot: &Snapshot) -> Vec<Member<Network>> {
    snapshot.engine().map_or_else(Vec::new, |engine| networks_of(engine, &snapshot.sources))
}

fn networks_of(engine: &Engine, sources: &Sources) -> Vec<Member<Network>> {
    let containers = engine.containers.known().into_iter().flatten().filter_map(Observed::known);
    let names: BTreeMap<&str, &str> = containers.map(|one| (one.id.as_str(), one.name.as_str())).collect();
    members(SubjectKind::Network, &engine.networks, sources, Network::unseen, |one, source| {
        (one.id.clone(), one.name.clone(), super::network::network(one, source, &names))
    })
}

/// Host and daemon bear the host's name.
fn once<V>(kind: SubjectKind, host: &Host, view: V) -> Member<V> {
    let name: Arc<str> = host.name.known().map_or("host", String::as_str).into();
    Member { subject: Subject { kind, id: name.clone(), name }, view }
}

fn unlisted<V>(kind: SubjectKind, view: V) -> Member<V> {
    Member { subject: Subject { kind, id: Arc::default(), name: UNLISTED.into() }, view }
}

fn members<T, V>(
    kind: SubjectKind,
    list: &Observed<Vec<Observed<T>>>,
    sources: &Sources,
    unseen: fn(&str) -> V,
    mut view: impl FnMut(&T, facts::SourceId) -> (String, String, V),
) -> Vec<Member<V>> {
    let list = match &list.fact {
        Fact::Known(list) => list,
        Fact::Absent => return Vec::new(),
        Fact::Unknown { why } => return vec![unlisted(kind, unseen(why))],
    };
    let mut members: Vec<Member<V>> = list
        .iter()
        .filter_map(|one| match &one.fact {
            Fact::Known(known) => {
                let (id, name, view) = view(known, one.source);
                Some(Member { subject: Subject { kind, id: id.into(), name: name.into() }, view })
            }
            // Gone between listing and inspection.
            Fact::Absent => None,
            Fact::Unknown { why } => {
                let id = id_of(sources, one);
                let name = if id.is_empty() { UNLISTED.to_owned() } else { short(&id) };
                Some(Member { subject: Subject { kind, id: id.into(), name: name.into() }, view: unseen(why) })
            }
        })
        .collect();
    members.sort_by(|a, b| (&a.subject.name, &a.subject.id).cmp(&(&b.subject.name, &b.subject.id)));
    members
}

/// The id in the API path of an object that could not be read: `/containers/ID/json`.
fn id_of<T>(sources: &Sources, one: &Observed<T>) -> String {
    match sources.get(one.source) {
        Some(facts::Source::Api { path }) => path.split('?').next().unwrap_or_default().split('/').nth(2).unwrap_or_default().to_owned(),
        _ => String::new(),
    }
}

fn short(id: &str) -> String {
    id.strip_prefix("sha256:").unwrap_or(id).chars().take(12).collect()
}
