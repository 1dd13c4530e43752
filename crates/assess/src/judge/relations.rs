//! How subjects touch each other: a container its image and its networks, a network its containers. Everything else is the whole host.

use facts::Snapshot;

use crate::SubjectKind;
use crate::derive::Views;

/// Members of another kind that concern an element: by index, and why there may be more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Touched {
    pub(super) members: Vec<usize>,
    pub(super) unseen: Option<String>,
}

/// Who touches whom.
pub(super) struct Relations {
    container_image: Vec<Touched>,
    container_networks: Vec<Touched>,
    network_containers: Vec<Touched>,
    counts: [usize; 3],
}

impl Relations {
    pub(super) fn of(snapshot: &Snapshot, views: &Views) -> Self {
        let containers = views.containers.iter().map(|member| container(snapshot, &member.subject.id));
        let (container_image, container_networks) = containers
            .map(|found| match found {
                Some(one) => {
                    let image = one.image_id.as_ref().map(|id| by(&views.images, |subject| subject.id == *id, id));
                    let networks = one.networks.as_ref().map(|networks| {
                        let each = networks.iter().map(|network| by(&views.networks, |subject| subject.name == network.name, &network.name));
                        each.fold(Touched::default(), Touched::with)
                    });
                    (Touched::from(image), Touched::from(networks))
                }
                None => (Touched::hidden("the container could not be inspected"), Touched::hidden("the container could not be inspected")),
            })
            .unzip();
        let network_containers = views
            .networks
            .iter()
            .map(|member| match network(snapshot, &member.subject.id) {
                Some(one) => Touched::from(one.containers.as_ref().map(|ids| {
                    let each = ids.iter().map(|id| by(&views.containers, |subject| subject.id == *id, id));
                    each.fold(Touched::default(), Touched::with)
                })),
                None => Touched::hidden("the network could not be inspected"),
            })
            .collect();
        Self { container_image, container_networks, network_containers, counts: [views.containers.len(), views.images.len(), views.networks.len()] }
    }

    /// The members of `wanted` that concern the member `index` of `kind`.
    pub(super) fn touched(&self, kind: SubjectKind, index: usize, wanted: SubjectKind) -> Touched {
        use SubjectKind::{Container, Daemon, Host, Image, Network};
        let known = |list: &[Touched]| list.get(index).cloned().unwrap_or_default();
        match (kind, wanted) {
            (_, Host | Daemon) => Touched::one(0),
            _ if kind == wanted => Touched::one(index),
            (Container, Image) => known(&self.container_image),
            (Container, Network) => known(&self.container_networks),
            (Network, Container) => known(&self.network_containers),
            (_, Container) => Touched::all(self.counts[0]),
            (_, Image) => Touched::all(self.counts[1]),
            (_, Network) => Touched::all(self.counts[2]),
        }
    }
}

impl Touched {
    fn one(index: usize) -> Self {
        Self { members: vec![index], unseen: None }
    }

    fn all(count: usize) -> Self {
        Self { members: (0..count).collect(), unseen: None }
    }

    fn hidden(why: &str) -> Self {
        Self { members: Vec::new(), unseen: Some(why.to_owned()) }
    }

    fn with(mut self, other: Self) -> Self {
        self.members.extend(other.members);
        self.unseen = self.unseen.or(other.unseen);
        self
    }
}

impl From<facts::Fact<Self>> for Touched {
    fn from(fact: facts::Fact<Self>) -> Self {
        match fact {
            facts::Fact::Known(touched) => touched,
            facts::Fact::Absent => Self::default(),
            facts::Fact::Unknown { why } => Self { members: Vec::new(), unseen: Some(why) },
        }
    }
}

/// The member that meets a condition; where there is none, it could not be listed.
fn by<V>(members: &[crate::derive::Member<V>], is: impl Fn(&crate::Subject) -> bool, name: &str) -> Touched {
    match members.iter().position(|member| is(&member.subject)) {
        Some(index) => Touched::one(index),
        None => Touched::hidden(&format!("{name} is not among what could be listed")),
    }
}

fn container<'s>(snapshot: &'s Snapshot, id: &str) -> Option<&'s facts::docker::Container> {
    snapshot.engine()?.containers.known()?.iter().filter_map(facts::Observed::known).find(|one| one.id == id)
}

fn network<'s>(snapshot: &'s Snapshot, id: &str) -> Option<&'s facts::docker::Network> {
    snapshot.engine()?.networks.known()?.iter().filter_map(facts::Observed::known).find(|one| one.id == id)
}
