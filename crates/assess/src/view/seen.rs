//! A fact of a view, with the place where it was seen.

use std::borrow::Cow;

use facts::{Fact, SourceId, Sources};

/// Where a fact was seen: an interned source and the pointer inside it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Origin {
    /// The object that was read; none: `pointer` says it all.
    pub source: Option<SourceId>,
    /// The place in it: `HostConfig.Memory`.
    pub pointer: Cow<'static, str>,
    /// What else a reader must know: another value is pending, flag and file disagree.
    pub note: Option<Box<str>>,
}

impl Origin {
    /// A place inside a source.
    pub fn at(source: SourceId, pointer: impl Into<Cow<'static, str>>) -> Self {
        Self { source: Some(source), pointer: pointer.into(), note: None }
    }

    /// A place described in words.
    pub fn words(pointer: impl Into<Cow<'static, str>>) -> Self {
        Self { source: None, pointer: pointer.into(), note: None }
    }

    /// For people: `API /containers/ab12…/json HostConfig.Memory`.
    pub fn show(&self, sources: &Sources) -> String {
        let source = self.source.and_then(|id| sources.get(id)).map(|source| shorten(&source.to_string())).unwrap_or_default();
        match (source.is_empty(), self.pointer.is_empty()) {
            (false, false) => format!("{source} {}", self.pointer),
            _ => source + &self.pointer,
        }
    }
}

/// Ids of 64 hexadecimal digits are cut to the 12 that docker shows.
fn shorten(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for part in text.split_inclusive(|character: char| !character.is_ascii_hexdigit()) {
        let digits = part.bytes().take_while(u8::is_ascii_hexdigit).count();
        if digits >= 40 {
            out.push_str(&part[..12]);
            out.push('…');
            out.push_str(&part[digits..]);
        } else {
            out.push_str(part);
        }
    }
    out
}

/// One field of a view.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen<T> {
    /// The fact.
    pub fact: Fact<T>,
    /// Where it was seen, or where it was looked for.
    pub origin: Origin,
}

impl<T> Seen<T> {
    /// A fact and where it was seen.
    pub fn new(fact: Fact<T>, origin: Origin) -> Self {
        Self { fact, origin }
    }

    /// The value, if it is known.
    pub fn known(&self) -> Option<&T> {
        self.fact.known()
    }
}

/// A known value without a place: members of lists, samples.
impl<T> From<T> for Seen<T> {
    fn from(value: T) -> Self {
        Self::new(Fact::Known(value), Origin::default())
    }
}

/// A fact without a place.
impl<T> From<Fact<T>> for Seen<T> {
    fn from(fact: Fact<T>) -> Self {
        Self::new(fact, Origin::default())
    }
}

/// A list that was read, in whole or in part.
#[derive(Clone, Debug, PartialEq)]
pub struct Listing<T> {
    /// The members that were seen.
    pub members: Vec<T>,
    /// Why there may be more.
    pub unseen: Option<String>,
}

impl<T> Default for Listing<T> {
    fn default() -> Self {
        Self { members: Vec::new(), unseen: None }
    }
}

impl<T> From<Vec<T>> for Listing<T> {
    fn from(members: Vec<T>) -> Self {
        Self { members, unseen: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_shortened() {
        let id = "ab12".repeat(16);
        assert_eq!(shorten(&format!("API /containers/{id}/json")), "API /containers/ab12ab12ab12…/json");
        assert_eq!(shorten(&format!("/sys/fs/cgroup/docker-{id}.scope")), "/sys/fs/cgroup/docker-ab12ab12ab12….scope");
        assert_eq!(shorten("/proc/812/status"), "/proc/812/status");
    }
}
