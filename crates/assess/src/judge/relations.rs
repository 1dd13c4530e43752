//! How subjects touch each other: a container its image and its networks, a network its containers. Everything else is the whole host.

use std::collections::BTreeMap;

use facts::{Fact, Observed, Snapshot};

use crate::derive::{Member, Views};
use crate::{Subject, SubjectKind};

/// Members of another kind that concern an element, by index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Touched<'r> {
    /// That one alone.
    One(usize),
    /// All of that many.
    All(usize),
    /// Those that are related.
    Some(&'r Related),
}

/// What an object names as related to it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Related {
    members: Vec<usize>,
    /// There may be more: something could not be seen.
    is_partial: bool,
}

impl<'r> Touched<'r> {
    pub(super) fn members(self) -> impl Iterator<Item = usize> + use<'r> {
        let (range, listed): (std::ops::Range<usize>, &[usize]) = match self {
            Self::One(index) => (index..index + 1, &[]),
            Self::All(count) => (0..count, &[]),
            Self::Some(related) => (0..0, &related.members),
        };
        range.chain(listed.iter().copied())
    }

    /// Whether all of them are known.
    pub(super) fn is_whole(self) -> bool {
        match self {
            Self::One(_) | Self::All(_) => true,
            Self::Some(related) => !related.is_partial,
        }
    }
}

/// Who touches whom.
pub(super) struct Relations {
    container_image: Vec<Related>,
    container_networks: Vec<Related>,
    network_containers: Vec<Related>,
    counts: [usize; 3],
}

impl Relations {
    pub(super) fn of(snapshot: &Snapshot, views: &Views) -> Self {
        let container_ids = index(&views.containers, |subject| &subject.id);
        let image_ids = index(&views.images, |subject| &subject.id);
        let network_names = index(&views.networks, |subject| &subject.name);
        let engine = snapshot.engine();
        let containers = known(engine.and_then(|engine| engine.containers.known()), |one| &one.id);
        let networks = known(engine.and_then(|engine| engine.networks.known()), |one| &one.id);

        let of_container = |member: &Member<_>| {
            let Some(one) = containers.get(&*member.subject.id) else { return (Related::hidden(), Related::hidden()) };
            let image = one.image_id.as_ref().map(|id| Related::to([id], &image_ids));
            let joined = one.networks.as_ref().map(|networks| Related::to(networks.iter().map(|network| &network.name), &network_names));
            (Related::from(image), Related::from(joined))
        };
        let of_network = |member: &Member<_>| {
            let Some(one) = networks.get(&*member.subject.id) else { return Related::hidden() };
            Related::from(one.containers.as_ref().map(|ids| Related::to(ids, &container_ids)))
        };
        let (container_image, container_networks) = views.containers.iter().map(of_container).unzip();
        Self {
            container_image,
            container_networks,
            network_containers: views.networks.iter().map(of_network).collect(),
            counts: [views.containers.len(), views.images.len(), views.networks.len()],
        }
    }

    /// The members of `wanted` that concern the member `index` of `kind`.
    pub(super) fn touched(&self, kind: SubjectKind, index: usize, wanted: SubjectKind) -> Touched<'_> {
        use SubjectKind::{Container, Daemon, Host, Image, Network};
        match (kind, wanted) {
            (_, Host | Daemon) => Touched::One(0),
            _ if kind == wanted => Touched::One(index),
            (Container, Image) => Touched::Some(&self.container_image[index]),
            (Container, Network) => Touched::Some(&self.container_networks[index]),
            (Network, Container) => Touched::Some(&self.network_containers[index]),
            (_, Container) => Touched::All(self.counts[0]),
            (_, Image) => Touched::All(self.counts[1]),
            (_, Network) => Touched::All(self.counts[2]),
        }
    }
}

impl Related {
    /// Those of the names that are members; one that is none could not be listed.
    fn to<'n>(names: impl IntoIterator<Item = &'n String>, members: &BTreeMap<&str, usize>) -> Self {
        let mut related = Self::default();
        for name in names {
            match members.get(name.as_str()) {
                Some(index) => related.members.push(*index),
                None => related.is_partial = true,
            }
        }
        related
    }

    fn hidden() -> Self {
        Self { members: Vec::new(), is_partial: true }
    }
}

impl From<Fact<Self>> for Related {
    fn from(fact: Fact<Self>) -> Self {
        match fact {
            Fact::Known(related) => related,
            Fact::Absent => Self::default(),
            Fact::Unknown { .. } => Self::hidden(),
        }
    }
}

fn index<V>(members: &[Member<V>], key: fn(&Subject) -> &str) -> BTreeMap<&str, usize> {
    members.iter().enumerate().map(|(index, member)| (key(&member.subject), index)).collect()
}

/// The objects that could be inspected, by id.
fn known<T>(list: Option<&Vec<Observed<T>>>, id: fn(&T) -> &String) -> BTreeMap<&str, &T> {
    list.into_iter().flatten().filter_map(Observed::known).map(|one| (id(one).as_str(), one)).collect()
}
