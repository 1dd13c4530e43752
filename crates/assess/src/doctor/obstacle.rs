//! What stood in the way of an observation, from the words that the collectors left in it.

use std::collections::BTreeSet;

use facts::Gap;

use super::observations::NEEDS;

/// An obstacle without the place where it was met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Obstacle {
    /// `permission denied`.
    pub(super) why: String,
    /// The least access that would do; none: no right helps.
    pub(super) needs: Option<String>,
    /// Where it was met: `/proc/812/exe`.
    pub(super) places: BTreeSet<String>,
}

impl Obstacle {
    /// `/proc/812/exe: permission denied (needs CAP_SYS_PTRACE)`, with the gaps of the same run, which have obstacle and access apart.
    pub(super) fn of(words: &str, gaps: &[Gap]) -> Self {
        let (rest, needs) = match words.rsplit_once(NEEDS) {
            Some((rest, needs)) => (rest.trim_end(), Some(needs.strip_suffix(')').unwrap_or(needs).to_owned())),
            None => (words, None),
        };
        let behind = |gap: &&Gap| rest == gap.why || rest.strip_suffix(gap.why.as_str()).is_some_and(|place| place.ends_with(": "));
        let wanted = |gap: &&Gap| needs.as_ref().is_none_or(|needs| *needs == gap.needs);
        let gap = gaps.iter().filter(behind).filter(wanted).max_by_key(|gap| gap.why.len());
        let why = gap.map_or(rest, |gap| gap.why.as_str());
        let place = rest.strip_suffix(why).unwrap_or_default().trim_end_matches(": ");
        Self {
            why: why.to_owned(),
            needs: needs.or_else(|| gap.map(|gap| gap.needs.clone())),
            places: (!place.is_empty()).then(|| place.to_owned()).into_iter().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gap(why: &str, needs: &str) -> Gap {
        Gap { what: "x".to_owned(), why: why.to_owned(), needs: needs.to_owned() }
    }

    #[test]
    fn place_obstacle_and_access() {
        let gaps = [gap("permission denied", "root"), gap("denied", "y"), gap("the engine runs elsewhere", "its own host")];
        let found = Obstacle::of("/proc/812/exe: permission denied (needs root)", &gaps);
        assert_eq!((found.why.as_str(), found.needs.as_deref()), ("permission denied", Some("root")));
        assert_eq!(found.places.into_iter().collect::<Vec<_>>(), ["/proc/812/exe"]);
        let found = Obstacle::of("the engine runs elsewhere", &gaps);
        assert_eq!((found.why.as_str(), found.needs.as_deref()), ("the engine runs elsewhere", Some("its own host")));
        assert!(found.places.is_empty());
        let found = Obstacle::of("the daemon's default is not shown while it does not run (start it to see)", &gaps);
        assert_eq!((found.needs, found.places.len()), (None, 0));
        let found = Obstacle::of("a: b (needs c)", &[]);
        assert_eq!((found.why.as_str(), found.needs.as_deref()), ("a: b", Some("c")));
    }
}
