//! The view of an image.

use facts::docker::{Engine, Image};
use facts::{Fact, SourceId};

use super::age::days;
use super::build::Build;
use crate::view::{self, Listing, Origin, Seen};

/// `now` is the time of the Snapshot.
pub(crate) fn image(image: &Image, source: SourceId, engine: &Engine, now: &str) -> view::Image {
    let user = image.user.clone().absent_as(String::new());
    let at = |pointer: &'static str| Origin::at(source, pointer);
    let in_history = || Origin::at(image.history.source, "CreatedBy");
    let build = match &image.history.fact {
        Fact::Known(entries) => Fact::Known(Build::of(entries, &image.layers)),
        Fact::Absent => Fact::unknown("its history is not there"),
        Fact::Unknown { why } => Fact::unknown(why.as_str()),
    };
    let told = |pick: fn(&Build) -> &Listing<String>| Seen::new(build.as_ref().map(|build| pick(build).clone()), in_history());
    let names: Vec<String> = image.tags.iter().chain(&image.digests).cloned().collect();
    view::Image {
        id: image.id.clone().into(),
        tags: Seen::new(Fact::Known(Listing::from(image.tags.clone())), at("RepoTags")),
        runs_as_root: Seen::new(user.clone().map(|user| super::user::is_root(&user)), at("Config.User")),
        user: Seen::new(user, at("Config.User")),
        dangling: Seen::new(Fact::Known(image.tags.is_empty()), at("RepoTags")),
        registries: Seen::new(Fact::Known(Listing::from(registries(&names))), at("RepoTags")),
        repositories: Seen::new(Fact::Known(Listing::from(repositories(&names))), at("RepoTags")),
        digests: Seen::new(Fact::Known(Listing::from(image.digests.clone())), at("RepoDigests")),
        age_days: Seen::new(image.created.clone().and_then(|created| days(&created, now)), at("Created")),
        size: Seen::new(image.size.clone().map(|size| i64::try_from(size).unwrap_or(i64::MAX)), at("Size")),
        labels: Seen::new(
            image.labels.clone().map(|labels| Listing::from(labels.into_iter().map(|label| label.name).collect::<Vec<_>>())),
            at("Config.Labels"),
        ),
        exposed_ports: Seen::new(image.exposed_ports.clone().map(Listing::from), at("Config.ExposedPorts")),
        has_healthcheck: Seen::new(image.has_healthcheck.clone(), at("Config.Healthcheck")),
        in_use: Seen::new(in_use(image, engine), Origin::at(engine.containers.source, "Image")),
        has_build_history: Seen::new(build.as_ref().map(|build| build.has_instructions), in_history()),
        adds: told(|build| &build.adds),
        lone_updates: told(|build| &build.lone_updates),
        unverified_installs: told(|build| &build.unverified),
        secrets: Seen::new(Fact::Known(secrets(image)), Origin::words("history, environment and labels")),
        tools: told(|build| &build.tools),
    }
}

/// How people call it.
pub(super) fn name(image: &Image) -> String {
    let short = || image.id.strip_prefix("sha256:").unwrap_or(&image.id).chars().take(12).collect();
    image.tags.first().or(image.digests.first()).cloned().unwrap_or_else(short)
}

/// Whether a container was created from it. Known where one is; otherwise every container must have been seen.
pub(super) fn in_use(image: &Image, engine: &Engine) -> Fact<bool> {
    let containers = match &engine.containers.fact {
        Fact::Known(containers) => containers,
        Fact::Absent => return Fact::Known(false),
        Fact::Unknown { why } => return Fact::unknown(why.as_str()),
    };
    let mut unseen = None;
    for container in containers {
        match container.fact.as_ref().and_then(|container| container.image_id.as_ref()) {
            Fact::Known(id) if *id == image.id => return Fact::Known(true),
            Fact::Known(_) => {}
            // A container that is gone uses nothing; one without an image's id would be a strange one.
            Fact::Absent if container.fact.is_absent() => {}
            Fact::Absent => unseen = Some("a container names no image".to_owned()),
            Fact::Unknown { why } => unseen = Some(why),
        }
    }
    unseen.map_or(Fact::Known(false), |why| Fact::Unknown { why })
}

/// The registries in image names, each once. A first part with a dot, a colon or `localhost` is one; else it is Docker Hub.
pub(crate) fn registries(names: &[String]) -> Vec<String> {
    let mut all: Vec<String> = names
        .iter()
        .filter(|name| !name.starts_with("<none>"))
        .map(|name| match name.split_once('/') {
            Some((first, _)) if first.contains(['.', ':']) || first == "localhost" => first.to_owned(),
            _ => "docker.io".to_owned(),
        })
        .collect();
    all.sort();
    all.dedup();
    all
}

/// Image names without tag and digest, with what Docker leaves out: `nginx:1` is `docker.io/library/nginx`. Each once.
pub(crate) fn repositories(names: &[String]) -> Vec<String> {
    let mut all: Vec<String> = names.iter().filter(|name| !name.starts_with("<none>")).map(|name| repository(name)).collect();
    all.sort();
    all.dedup();
    all
}

fn repository(name: &str) -> String {
    let name = name.split('@').next().unwrap_or(name);
    // A colon before the last slash is a registry's port.
    let end = name.rfind(':').filter(|colon| !name[*colon..].contains('/')).unwrap_or(name.len());
    let name = &name[..end];
    match name.split_once('/') {
        Some(("index.docker.io", below)) => format!("docker.io/{below}"),
        Some((first, _)) if first.contains(['.', ':']) || first == "localhost" => name.to_owned(),
        Some(_) => format!("docker.io/{name}"),
        None => format!("docker.io/library/{name}"),
    }
}

/// What looks like a credential. What could not be seen leaves the list open.
fn secrets(image: &Image) -> Listing<String> {
    let mut listing = Listing::default();
    let mut open = |why: Option<&str>| {
        if let Some(why) = why {
            listing.unseen.get_or_insert_with(|| why.to_owned());
        }
    };
    open(image.env.why());
    open(image.labels.why());
    open(image.history.fact.why());
    let named = |fact: &Fact<Vec<facts::docker::EnvVar>>| -> Vec<String> {
        fact.known().into_iter().flatten().filter(|one| one.looks_like_credential).map(|one| one.name.clone()).collect()
    };
    let (variables, labels) = (named(&image.env), named(&image.labels));
    listing.members.extend(variables.iter().map(|name| format!("environment variable {name}")));
    listing.members.extend(labels.iter().map(|name| format!("label {name}")));
    for (index, entry) in image.history.known().into_iter().flatten().enumerate() {
        for leak in &entry.leaks {
            // An ENV line and the environment that it makes are one finding.
            let known = (leak.kind == "environment variable" && variables.contains(&leak.name))
                || (leak.kind == "label" && labels.contains(&leak.name));
            if !known {
                let what = if leak.name.is_empty() { leak.kind.clone() } else { format!("{} {}", leak.kind, leak.name) };
                listing.members.push(format!("line {}: {what}", index + 1));
            }
        }
    }
    listing
}

#[cfg(test)]
mod tests {
    use super::*;
    use facts::Observed;
    use facts::docker::{Container, EnvVar, HistoryEntry, Leak};

    #[test]
    fn names_of_registries() {
        let names = ["web:1", "library/web", "ghcr.io/x/y:1", "localhost/x", "host:5000/x@sha256:a", "team/web"].map(str::to_owned);
        assert_eq!(registries(&names), ["docker.io", "ghcr.io", "host:5000", "localhost"]);
        assert!(registries(&[]).is_empty());
    }

    #[test]
    fn secrets_of_all_places() {
        let variable = |name: &str, bad: bool| EnvVar { name: name.into(), length: 3, looks_like_credential: bad };
        let leak = |kind: &str, name: &str| Leak { kind: kind.into(), name: name.into() };
        let mut image = Image {
            env: Fact::Known(vec![variable("PATH", false), variable("DB_PASSWORD", true)]),
            labels: Fact::Known(vec![variable("deploy.token", true)]),
            history: Observed::new(
                SourceId(0),
                Fact::Known(vec![
                    HistoryEntry {
                        leaks: vec![leak("environment variable", "DB_PASSWORD"), leak("environment variable", "OLD_TOKEN")],
                        ..HistoryEntry::default()
                    },
                    HistoryEntry { leaks: vec![leak("private key", "")], ..HistoryEntry::default() },
                ]),
            ),
            ..Image::default()
        };
        let wanted =
            ["environment variable DB_PASSWORD", "label deploy.token", "line 1: environment variable OLD_TOKEN", "line 2: private key"];
        assert_eq!(secrets(&image), Listing::from(wanted.map(str::to_owned).to_vec()));
        image.history.fact = Fact::unknown("timeout");
        assert_eq!(secrets(&image).unseen.as_deref(), Some("timeout"));
        assert_eq!(secrets(&image).members.len(), 2);
        let nothing = secrets(&Image::default());
        assert!(nothing.members.is_empty() && nothing.unseen.is_some());
    }

    #[test]
    fn who_uses_it() {
        let image = Image { id: "sha256:a".into(), ..Image::default() };
        let of = |id: Fact<String>| Observed::new(SourceId(0), Fact::Known(Container { image_id: id, ..Container::default() }));
        let engine = |containers| Engine { containers: Observed::new(SourceId(0), containers), ..Engine::default() };
        let id = |text: &str| Fact::Known(text.to_owned());
        assert_eq!(in_use(&image, &engine(Fact::Known(vec![of(id("sha256:a")), of(Fact::unknown("x"))]))), Fact::Known(true));
        assert_eq!(in_use(&image, &engine(Fact::Known(vec![of(id("sha256:b"))]))), Fact::Known(false));
        assert!(in_use(&image, &engine(Fact::Known(vec![of(id("sha256:b")), of(Fact::unknown("x"))]))).is_unknown());
        assert!(in_use(&image, &engine(Fact::unknown("x"))).is_unknown());
        let gone = Observed::new(SourceId(0), Fact::Absent);
        assert_eq!(in_use(&image, &engine(Fact::Known(vec![gone]))), Fact::Known(false));
    }

    #[test]
    fn names_in_full() {
        for (name, full) in [
            ("nginx", "docker.io/library/nginx"),
            ("nginx:1.27", "docker.io/library/nginx"),
            ("somebody/nginx:1", "docker.io/somebody/nginx"),
            ("index.docker.io/library/nginx:1", "docker.io/library/nginx"),
            ("registry.example:5000/web", "registry.example:5000/web"),
            ("registry.example:5000/team/web:1@sha256:abc", "registry.example:5000/team/web"),
            ("localhost/web:1", "localhost/web"),
            ("[::1]:5000/web:1", "[::1]:5000/web"),
        ] {
            assert_eq!(super::repository(name), full, "{name}");
        }
    }
}
