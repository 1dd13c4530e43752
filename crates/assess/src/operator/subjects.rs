//! By what a subject can be named.

use std::collections::BTreeMap;

use facts::{Observed, Snapshot};

use super::file::is_single;
use super::pattern::Pattern;
use super::waiver::{OfImage, Whom};
use crate::{Judgement, Subject, SubjectKind};

/// What a waiver's words are held against. A name that was not seen is not there: only `*` means a subject without names.
#[derive(Clone, Debug, Default)]
pub(super) struct Face<'s> {
    pub(super) names: Vec<&'s str>,
    /// Of a container: the id of its image.
    pub(super) image_id: Option<&'s str>,
    /// Of a container: the name of its image, as it was created with.
    pub(super) image: Option<&'s str>,
}

/// The faces of all subjects of a Snapshot.
pub(super) struct Faces<'s> {
    host: Face<'s>,
    others: BTreeMap<SubjectKind, BTreeMap<&'s str, Face<'s>>>,
}

impl<'s> Faces<'s> {
    pub(super) fn of(snapshot: &'s Snapshot) -> Self {
        let host = Face { names: snapshot.host.name.known().map(String::as_str).into_iter().collect(), ..Face::default() };
        let mut others: BTreeMap<SubjectKind, BTreeMap<&str, Face<'_>>> = BTreeMap::new();
        let Some(engine) = snapshot.engine() else { return Self { host, others } };
        for one in known(engine.containers.known()) {
            let face = Face {
                names: vec![one.name.trim_start_matches('/'), &one.id],
                image_id: one.image_id.known().map(String::as_str),
                image: one.image.known().map(String::as_str),
            };
            others.entry(SubjectKind::Container).or_default().insert(&one.id, face);
        }
        for one in known(engine.images.known()) {
            let names = one.tags.iter().chain(&one.digests).chain([&one.id]).map(String::as_str).collect();
            others.entry(SubjectKind::Image).or_default().insert(&one.id, Face { names, ..Face::default() });
        }
        for one in known(engine.networks.known()) {
            let face = Face { names: vec![&one.name, &one.id], ..Face::default() };
            others.entry(SubjectKind::Network).or_default().insert(&one.id, face);
        }
        Self { host, others }
    }

    /// The face of a subject; none: nothing is known of it but that it is there.
    pub(super) fn get(&self, subject: &Subject) -> Option<&Face<'s>> {
        if is_single(subject.kind) { Some(&self.host) } else { self.others.get(&subject.kind)?.get(&*subject.id) }
    }

    /// The kind of something of that name that is none of what was judged.
    pub(super) fn of_another_kind(&self, name: &str, judged: &[&Judgement]) -> Option<SubjectKind> {
        let is_judged = |kind: SubjectKind| judged.iter().any(|one| one.subject.kind == kind);
        let bears = |faces: &BTreeMap<&str, Face<'_>>| faces.values().any(|face| face.names.contains(&name));
        self.others.iter().find(|(kind, faces)| !is_judged(**kind) && bears(faces)).map(|(kind, _)| *kind)
    }
}

fn known<T>(list: Option<&Vec<Observed<T>>>) -> impl Iterator<Item = &T> {
    list.into_iter().flatten().filter_map(Observed::known)
}

impl Whom {
    /// Whether a kind is meant at all.
    pub(super) fn takes(&self, kind: SubjectKind) -> bool {
        match (self.kind, &self.name) {
            (Some(wanted), _) => wanted == kind,
            (None, None) => is_single(kind),
            // The host's name is not meant where a name of containers and the like is.
            (None, Some(name)) => !is_single(kind) || name.is_everything(),
        }
    }

    /// Whether the name is meant.
    pub(super) fn names(&self, face: Option<&Face<'_>>) -> bool {
        self.name
            .as_ref()
            .is_none_or(|name| name.is_everything() || face.is_some_and(|face| face.names.iter().any(|one| name.matches(one))))
    }

    /// Whether it was created from the image that is meant.
    pub(super) fn is_of_image(&self, kind: SubjectKind, face: Option<&Face<'_>>) -> bool {
        let Some(image) = &self.image else { return true };
        kind == SubjectKind::Container
            && face.is_some_and(|face| match image {
                OfImage::Id(id) => face.image_id == Some(id.as_str()),
                OfImage::Name(pattern) => face.image.is_some_and(|name| pattern.matches(name)),
            })
    }

    /// Whether a subject is meant.
    pub(super) fn means(&self, subject: &Subject, face: Option<&Face<'_>>) -> bool {
        self.takes(subject.kind) && self.names(face) && self.is_of_image(subject.kind, face)
    }

    /// The name as a plain word, for near misses.
    pub(super) fn word(&self) -> Option<String> {
        self.name.as_ref().and_then(Pattern::name)
    }
}
