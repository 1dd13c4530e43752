//! Namespaces that a container shares with the host: by its own mode, or by that of the container whose namespace it joined.

use facts::docker::{Container, Engine};
use facts::{Fact, Observed};

/// Which namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Network,
    Process,
    Ipc,
}

/// The containers of an engine, to follow `container:NAME` from one to the next.
#[derive(Clone, Copy)]
pub(crate) struct Neighbours<'s>(pub(crate) Option<&'s Engine>);

impl<'s> Neighbours<'s> {
    /// Whether the namespace is the host's.
    pub(crate) fn shares_with_host(self, container: &Container, kind: Kind) -> Fact<bool> {
        self.follow(container, kind, 0)
    }

    fn follow(self, container: &Container, kind: Kind, depth: usize) -> Fact<bool> {
        let mode = match kind {
            Kind::Network => &container.network_mode,
            Kind::Process => &container.pid_mode,
            Kind::Ipc => &container.ipc_mode,
        };
        mode.as_ref().and_then(|mode| match mode.strip_prefix("container:") {
            None => Fact::Known(mode == "host"),
            // The engine refuses rings; an answer that holds one tells nothing.
            Some(_) if depth > 16 => Fact::unknown("containers join each other's namespace in a ring"),
            Some(other) => match self.find(other) {
                Some(other) => self.follow(other, kind, depth + 1),
                None => Fact::unknown(format!("container {other}, whose namespace it joined, was not seen")),
            },
        })
    }

    /// By id, by the beginning of an id, or by name: each is valid in a mode.
    fn find(self, wanted: &str) -> Option<&'s Container> {
        let all: &'s [Observed<Container>] = self.0?.containers.known()?;
        let find = |matches: &dyn Fn(&Container) -> bool| all.iter().filter_map(Observed::known).find(|one| matches(one));
        find(&|one| one.id == wanted || one.name == wanted.trim_start_matches('/')).or_else(|| find(&|one| one.id.starts_with(wanted)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use facts::SourceId;

    fn container(id: &str, mode: &str) -> Container {
        Container { id: id.to_owned(), name: format!("n{id}"), network_mode: Fact::Known(mode.to_owned()), ..Container::default() }
    }

    #[test]
    fn modes_are_followed() {
        let seen = |one: Container| Observed::new(SourceId(0), Fact::Known(one));
        let all = vec![seen(container("a1", "host")), seen(container("b2", "container:a1")), seen(container("c3", "container:nb2"))];
        let engine = Engine { containers: Observed::new(SourceId(0), Fact::Known(all)), ..Engine::default() };
        let neighbours = Neighbours(Some(&engine));
        let shares = |mode: &str| neighbours.shares_with_host(&container("x", mode), Kind::Network);
        assert_eq!(shares("host"), Fact::Known(true));
        assert_eq!(shares("bridge"), Fact::Known(false));
        assert_eq!(shares("container:c3"), Fact::Known(true));
        assert!(shares("container:gone").is_unknown());
        assert!(neighbours.shares_with_host(&Container::default(), Kind::Ipc).is_unknown());
    }
}
