//! The docker client's side of this machine.

use std::collections::BTreeMap;

use facts::host::{Client, ClientAccount, ClientConfig, ClientContext, ClientEnvironment, FileStat, Group};
use facts::{Fact, Observed, Source, Sources};
use serde::de::DeserializeOwned;

use crate::gaps::{Gaps, READ};
use crate::obstacle::{Answer, Obstacle};
use crate::source::Content;
use crate::world::World;

/// Bounds on the work that a folder can cause.
const MOST_ACCOUNTS: usize = 32;
const MOST_CONTEXTS: usize = 200;

const WHAT: &str = "files of the docker client";
const MATERIAL: [&str; 3] = ["ca.pem", "cert.pem", "key.pem"];

/// Looks at the invoking account, root and those who may speak to the engine through one of its groups.
pub(crate) fn client(world: &World, groups: Option<&[Group]>, sources: &mut Sources, gaps: &Gaps) -> Client {
    let environment = match world.processes.client_environment() {
        Ok(environment) => environment,
        // A recording of an earlier version: nothing of this was looked at.
        Err(Obstacle::NotRecorded) => return Client::default(),
        Err(obstacle) => {
            return Client { environment: gaps.unknown(WHAT, "the environment", &obstacle, "another look"), ..Client::default() };
        }
    };
    let people: Vec<&str> =
        groups.into_iter().flatten().flat_map(|group| group.members.iter().chain(&group.primary_members)).map(String::as_str).collect();
    let accounts = gaps.fact(world.files.text("/etc/passwd", Content::Homes), WHAT, "/etc/passwd", READ).absent_as_text();
    let accounts = accounts.map(|text| {
        let mut chosen = chosen(&text, &environment, &people);
        chosen.truncate(MOST_ACCOUNTS);
        chosen.into_iter().map(|place| account(world, place, &environment, sources, gaps)).collect()
    });
    Client {
        environment: Fact::Known(environment),
        accounts,
        version: Fact::unknown("the docker program says it only when it is started, which cofferdam does not do"),
    }
}

trait Text {
    fn absent_as_text(self) -> Fact<String>;
}

impl Text for Fact<facts::host::TextFile> {
    fn absent_as_text(self) -> Fact<String> {
        self.map(|file| file.text).absent_as(String::new())
    }
}

struct Place {
    name: String,
    uid: u32,
    folder: String,
}

/// The invoking account first of its uid, then the others, by uid and without repetition.
fn chosen(passwd: &str, environment: &ClientEnvironment, people: &[&str]) -> Vec<Place> {
    let line = |line: &str| {
        let fields: Vec<&str> = line.split(':').collect();
        let &[name, _, uid, _, _, home, ..] = fields.as_slice() else { return None };
        let uid: u32 = uid.parse().ok()?;
        let wanted = uid == 0 || uid == environment.uid || people.contains(&name);
        (wanted && home.starts_with('/')).then(|| Place { name: name.to_owned(), uid, folder: folder(home) })
    };
    let mut places: Vec<Place> = passwd.lines().filter_map(line).collect();
    let own = environment.config.known().cloned().or_else(|| environment.home.known().map(|home| folder(home)));
    if let Some(own) = own.filter(|own| own.starts_with('/')) {
        let name = places.iter().find(|place| place.uid == environment.uid).map(|place| place.name.clone()).unwrap_or_default();
        places.retain(|place| place.uid != environment.uid);
        places.push(Place { name, uid: environment.uid, folder: own });
    }
    places.sort_by(|left, right| (left.uid, &left.name).cmp(&(right.uid, &right.name)));
    places.dedup_by(|right, left| right.uid == left.uid && right.folder == left.folder);
    places
}

fn folder(home: &str) -> String {
    format!("{}/.docker", home.trim_end_matches('/'))
}

fn account(world: &World, place: Place, environment: &ClientEnvironment, sources: &mut Sources, gaps: &Gaps) -> ClientAccount {
    let invoking = place.uid == environment.uid;
    let config = format!("{}/config.json", place.folder);
    let stat = |path: &str| gaps.fact(world.files.lstat(path), WHAT, path, READ);
    let mut folders = vec![place.folder.clone()];
    if invoking {
        folders.extend(environment.cert_path.known().filter(|path| path.starts_with('/')).cloned());
    }
    let contexts = format!("{}/contexts", place.folder);
    let ids = names(world, &format!("{contexts}/tls"), gaps);
    let material = ids.absent_as(Vec::new()).and_then(|ids| {
        folders.extend(ids.iter().take(MOST_CONTEXTS).map(|id| format!("{contexts}/tls/{id}/docker")));
        let mut found: BTreeMap<String, FileStat> = BTreeMap::new();
        for path in folders.iter().flat_map(|folder| MATERIAL.map(|file| format!("{}/{file}", folder.trim_end_matches('/')))) {
            match stat(&path) {
                Fact::Known(stat) => drop(found.insert(path, stat)),
                Fact::Absent => {}
                Fact::Unknown { why } => return Fact::Unknown { why },
            }
        }
        Fact::Known(found)
    });
    ClientAccount {
        config: read::<ClientConfig>(world, &config, Content::ClientConfig, sources, gaps),
        config_file: stat(&config),
        contexts: names(world, &format!("{contexts}/meta"), gaps).map(|ids| {
            let path = |id: &String| format!("{contexts}/meta/{id}/meta.json");
            ids.iter()
                .take(MOST_CONTEXTS)
                .map(|id| read::<ClientContext>(world, &path(id), Content::ClientContext, sources, gaps))
                .collect()
        }),
        material,
        invoking,
        name: place.name,
        uid: place.uid,
        folder: place.folder,
    }
}

fn names(world: &World, folder: &str, gaps: &Gaps) -> Fact<Vec<String>> {
    gaps.fact(world.files.names(folder), WHAT, folder, READ)
}

fn read<T: DeserializeOwned>(world: &World, path: &str, content: Content, sources: &mut Sources, gaps: &Gaps) -> Observed<T> {
    let answer: Answer<T> = world
        .files
        .text(path, content)
        .and_then(|file| serde_json::from_str(&file.text).map_err(|_| Obstacle::Malformed("not of the docker client's form".to_owned())));
    Observed::new(sources.intern(Source::File { path: path.to_owned() }), gaps.fact(answer, WHAT, path, READ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whose_folders() {
        let passwd =
            "root:x:0:0::/root:\nann:x:1000:1000::/home/ann/:\nbob:x:1001:1001::/home/bob:\nnobody:x:65534:65534::relative:\nbroken\n";
        let environment =
            ClientEnvironment { uid: 1001, home: Fact::Known("/elsewhere".into()), config: Fact::Absent, ..ClientEnvironment::default() };
        let seen = |environment: &ClientEnvironment, people: &[&str]| {
            chosen(passwd, environment, people)
                .into_iter()
                .map(|place| format!("{} {} {}", place.uid, place.name, place.folder))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            seen(&environment, &["ann", "nobody"]),
            ["0 root /root/.docker", "1000 ann /home/ann/.docker", "1001 bob /elsewhere/.docker"]
        );
        let configured = ClientEnvironment { config: Fact::Known("/c".into()), ..environment };
        assert_eq!(seen(&configured, &[]), ["0 root /root/.docker", "1001 bob /c"]);
        let unnamed = ClientEnvironment { uid: 5, config: Fact::Absent, home: Fact::Absent, ..ClientEnvironment::default() };
        assert_eq!(seen(&unnamed, &[]), ["0 root /root/.docker"]);
    }
}
