//! Images and containers that nothing uses.

use facts::docker::{Container, Engine, Image};
use facts::{Fact, Observed};

use super::age::days;
use super::image::{in_use, name};
use crate::view::{Inventory, Listing, Origin, Seen};

pub(crate) fn inventory(engine: &Engine, now: &str) -> Inventory {
    let images = |pointer: &'static str| Origin::at(engine.images.source, pointer);
    let containers = |pointer: &'static str| Origin::at(engine.containers.source, pointer);
    let unused = unused(engine);
    let unused_images = unused.as_ref().map(|(members, unseen)| {
        let mut members = members.clone();
        members.sort_by_key(|image| (std::cmp::Reverse(image.size.known().copied()), name(image)));
        Listing { members: members.into_iter().map(|image| described(image, now)).collect(), unseen: unseen.clone() }
    });
    let unused_bytes = unused.and_then(|(members, unseen)| match unseen {
        Some(why) => Fact::Unknown { why },
        None => members
            .into_iter()
            .try_fold(0_i64, |sum, image| match &image.size {
                Fact::Known(size) => Ok(sum.saturating_add(i64::try_from(*size).unwrap_or(i64::MAX))),
                Fact::Absent => Err("an image's size is not there".to_owned()),
                Fact::Unknown { why } => Err(why.clone()),
            })
            .map_or_else(|why| Fact::Unknown { why }, Fact::Known),
    });
    Inventory {
        images: Seen::new(count(&engine.images), images("")),
        unused_images: Seen::new(unused_images, images("")),
        unused_bytes: Seen::new(unused_bytes, images("Size")),
        containers: Seen::new(count(&engine.containers), containers("")),
        stopped_containers: Seen::new(stopped(&engine.containers, now), containers("State")),
    }
}

/// How many members a list has; those that are gone since are none.
fn count<T>(list: &Observed<Vec<Observed<T>>>) -> Fact<i64> {
    list.fact.as_ref().map(|members| members.iter().filter(|one| !one.fact.is_absent()).count().try_into().unwrap_or(i64::MAX)).absent_as(0)
}

type Unused<'e> = (Vec<&'e Image>, Option<String>);

fn unused(engine: &Engine) -> Fact<Unused<'_>> {
    engine.images.fact.as_ref().map(|all| {
        let mut unused = (Vec::new(), None);
        for one in all {
            match &one.fact {
                Fact::Known(image) => match in_use(image, engine) {
                    Fact::Known(true) => {}
                    Fact::Known(false) | Fact::Absent => unused.0.push(image),
                    Fact::Unknown { why } => unused.1 = Some(why),
                },
                Fact::Absent => {}
                Fact::Unknown { why } => unused.1 = Some(why.clone()),
            }
        }
        unused
    })
}

fn described(image: &Image, now: &str) -> String {
    let size = image.size.known().map_or_else(|| "size unknown".to_owned(), |size| format!("{} MB", (size + 500_000) / 1_000_000));
    let age = match image.created.clone().and_then(|created| days(&created, now)) {
        Fact::Known(days) => format!("{days} days old"),
        Fact::Absent => "without a date".to_owned(),
        Fact::Unknown { .. } => "age unknown".to_owned(),
    };
    format!("{} ({size}, {age})", name(image))
}

fn stopped(containers: &Observed<Vec<Observed<Container>>>, now: &str) -> Fact<Listing<String>> {
    containers.fact.as_ref().map(|all| {
        let mut stopped: Vec<(i64, String)> = Vec::new();
        let mut unseen = None;
        for one in all {
            let state = match one.fact.as_ref().and_then(|container| container.state.as_ref().map(|state| (container, state))) {
                Fact::Known((container, state)) => (container, state),
                Fact::Absent => continue,
                Fact::Unknown { why } => {
                    unseen = Some(why);
                    continue;
                }
            };
            let (container, state) = state;
            if state.running {
                continue;
            }
            let last = match days(&state.started_at, now) {
                Fact::Known(days) => (days, format!("last started {days} days ago")),
                // The zero time of Go: it was created and never started.
                Fact::Absent => match container.created.clone().and_then(|created| days(&created, now)) {
                    Fact::Known(days) => (days, format!("created {days} days ago, never started")),
                    Fact::Absent | Fact::Unknown { .. } => (0, "never started".to_owned()),
                },
                Fact::Unknown { .. } => (0, "started at an unknown time".to_owned()),
            };
            stopped.push((last.0, format!("{} ({}, {})", container.name, state.status, last.1)));
        }
        stopped.sort_by(|a, b| (b.0, &a.1).cmp(&(a.0, &b.1)));
        Listing { members: stopped.into_iter().map(|(_, text)| text).collect(), unseen }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use facts::SourceId;
    use facts::docker::ContainerState;

    fn seen<T>(value: T) -> Observed<T> {
        Observed::new(SourceId(0), Fact::Known(value))
    }

    fn image(id: &str, size: u64) -> Observed<Image> {
        let created = Fact::Known("2026-01-01T00:00:00Z".to_owned());
        seen(Image { id: format!("sha256:{id}"), tags: vec![format!("{id}:1")], size: Fact::Known(size), created, ..Image::default() })
    }

    fn container(name: &str, image: &str, running: bool, started_at: &str) -> Observed<Container> {
        let status = if running { "running" } else { "exited" }.to_owned();
        seen(Container {
            name: name.into(),
            image_id: Fact::Known(format!("sha256:{image}")),
            created: Fact::Known("2026-01-01T00:00:00Z".into()),
            state: Fact::Known(ContainerState { status, running, started_at: started_at.into(), ..ContainerState::default() }),
            ..Container::default()
        })
    }

    const NOW: &str = "2026-01-11T00:00:00Z";

    #[test]
    fn what_nothing_uses() {
        let mut engine = Engine {
            images: seen(vec![image("a", 5_000_000), image("b", 7_000_000), image("c", 9_000_000)]),
            containers: seen(vec![
                container("web", "a", true, "2026-01-10T00:00:00Z"),
                container("old", "b", false, "2026-01-02T00:00:00Z"),
                container("new", "b", false, "0001-01-01T00:00:00Z"),
            ]),
            ..Engine::default()
        };
        let all = inventory(&engine, NOW);
        assert_eq!(all.unused_images.known().unwrap().members, ["c:1 (9 MB, 10 days old)"]);
        assert_eq!((all.unused_bytes.known(), all.images.known(), all.containers.known()), (Some(&9_000_000), Some(&3), Some(&3)));
        assert_eq!(
            all.stopped_containers.known().unwrap().members,
            ["new (exited, created 10 days ago, never started)", "old (exited, last started 9 days ago)"]
        );
        // A container that could not be inspected may use any image.
        engine.containers.fact.known_mut().unwrap().push(Observed::new(SourceId(0), Fact::unknown("timeout")));
        let all = inventory(&engine, NOW);
        let unused = all.unused_images.known().unwrap();
        assert_eq!((unused.members.len(), unused.unseen.as_deref()), (0, Some("timeout")));
        assert!(all.unused_bytes.fact.is_unknown() && all.stopped_containers.known().unwrap().unseen.is_some());
        engine.containers.fact = Fact::unknown("denied");
        let all = inventory(&engine, NOW);
        assert!(all.stopped_containers.fact.is_unknown() && all.unused_images.known().unwrap().members.is_empty());
    }
}
