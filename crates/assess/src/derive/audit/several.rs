//! Several files that are judged as one: a unit with its drop-ins, all runtimes.

use facts::Fact;

use super::coverage::Scope;
use super::{Judge, Several};
use crate::derive::kleene;
use crate::view::{AuditedPath, Listing, Seen};

/// Nothing to watch.
pub(super) fn nothing() -> AuditedPath {
    AuditedPath { exists: false.into(), ..AuditedPath::unseen("there is no such file") }
}

impl Judge<'_> {
    /// Covered where each of them is. The path is that of the first which is not, and else of the first.
    pub(super) fn several(&self, several: &Several) -> Seen<AuditedPath> {
        // Two names of one file are one.
        let mut paths: Vec<Fact<String>> = Vec::new();
        for path in several.paths.iter().map(|path| self.paths.canonical(path)) {
            if !paths.contains(&path) {
                paths.push(path);
            }
        }
        let judged: Vec<AuditedPath> = paths.into_iter().map(|path| self.one(path, Scope::File)).collect();
        let unseen = several.unseen.as_ref().map(|why| AuditedPath::unseen(why));
        let mut all = judged.into_iter().filter(|one| one.exists.known() != Some(&false)).chain(unseen);
        let (Some(first), second) = (all.next(), all.next()) else { return nothing().into() };
        let together = match second {
            None => first,
            Some(second) => all.fold(joined(named(first), named(second)), |whole, one| joined(whole, named(one))),
        };
        Seen::new(Fact::Known(together.clone()), together.covered.origin)
    }
}

/// With its path in its gaps, so that they can stand beside those of others.
fn named(one: AuditedPath) -> AuditedPath {
    let Some(path) = one.path.known().cloned() else { return one };
    let gaps =
        |gaps: Listing<String>| Listing { members: gaps.members.iter().map(|gap| format!("{path}: {gap}")).collect(), unseen: gaps.unseen };
    AuditedPath { gaps: Seen::new(one.gaps.fact.map(gaps), one.gaps.origin), ..one }
}

fn joined(a: AuditedPath, b: AuditedPath) -> AuditedPath {
    fn list(a: Seen<Listing<String>>, b: Seen<Listing<String>>) -> Seen<Listing<String>> {
        let origin = a.origin;
        let fact = a.fact.and_then(|mut list| {
            b.fact.map(|more| {
                list.members.extend(more.members.into_iter().filter(|one| !list.members.contains(one)).collect::<Vec<_>>());
                list
            })
        });
        Seen::new(fact, origin)
    }
    // The first that is not covered. Where that can't be told, which one it is can't be either.
    let path = match (&a.covered.fact, &b.covered.fact) {
        (Fact::Known(false), _) | (Fact::Known(true), Fact::Known(true)) => a.path,
        (Fact::Known(true), Fact::Known(false)) => b.path,
        (Fact::Unknown { why }, _) | (_, Fact::Unknown { why }) => Seen::from(Fact::unknown(why.clone())),
        (Fact::Absent, _) | (_, Fact::Absent) => Seen::from(Fact::unknown("whether it is covered was not told")),
    };
    AuditedPath {
        path,
        exists: Seen::new(kleene::or(a.exists.fact, b.exists.fact), a.exists.origin),
        covered: Seen::new(kleene::and(a.covered.fact, b.covered.fact), a.covered.origin),
        persisted: Seen::new(kleene::and(a.persisted.fact, b.persisted.fact), a.persisted.origin),
        rules: list(a.rules, b.rules),
        gaps: list(a.gaps, b.gaps),
    }
}
