//! The systemd unit that runs the daemon, from its files (systemd.unit(5)).

use std::collections::BTreeMap;

use facts::docker::Unit;
use facts::host::{FileKind, FileStat, TextFile};
use facts::{Fact, Observed, Source, Sources};

use crate::gaps::{Gaps, READ};
use crate::host::Reach;
use crate::obstacle::Obstacle;
use crate::source::Content;
use crate::world::World;

/// Where the system's service manager looks, most important first.
const SEARCH: &[&str] = &[
    "/etc/systemd/system.control",
    "/run/systemd/system.control",
    "/run/systemd/transient",
    "/run/systemd/generator.early",
    "/etc/systemd/system",
    "/etc/systemd/system.attached",
    "/run/systemd/system",
    "/run/systemd/system.attached",
    "/run/systemd/generator",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
    "/run/systemd/generator.late",
];

const WHAT: &str = "systemd unit files";

/// The unit's files. Absent: the daemon runs under none.
pub(crate) fn unit(name: &Fact<String>, world: &World, reach: &Reach, sources: &mut Sources, gaps: &Gaps) -> Fact<Unit> {
    let name = match (name, reach.no_files()) {
        (Fact::Known(_), Some(why)) => return Fact::unknown(why),
        (Fact::Known(name), None) => name,
        (Fact::Absent, _) => return Fact::Absent,
        (Fact::Unknown { why }, _) => return Fact::unknown(why.clone()),
    };
    if name.contains('/') || name.starts_with('.') {
        return Fact::unknown(format!("not a unit name: {name}"));
    }
    let socket = format!("{}.socket", name.strip_suffix(".service").unwrap_or(name));
    Fact::Known(Unit {
        name: name.clone(),
        fragment: fragment(name, world, sources, gaps),
        drop_ins: drop_ins(name, world, sources, gaps),
        socket: fragment(&socket, world, sources, gaps),
    })
}

/// The first main file in the search path. A link to /dev/null masks the unit: then the text is empty.
fn fragment(name: &str, world: &World, sources: &mut Sources, gaps: &Gaps) -> Observed<TextFile> {
    for folder in SEARCH {
        let path = format!("{folder}/{name}");
        let Some(fact) = file(&path, world, gaps) else { continue };
        return Observed::new(sources.intern(Source::File { path }), fact);
    }
    Observed::new(sources.intern(Source::File { path: format!("/etc/systemd/system/{name}") }), Fact::Absent)
}

/// Paths of a unit's files as they apply: the main file, then the drop-ins. Empty: there is no such unit, or it is masked.
pub(crate) fn unit_paths(name: &str, world: &World, gaps: &Gaps) -> Fact<Vec<String>> {
    for folder in SEARCH {
        let path = format!("{folder}/{name}");
        match world.files.lstat(&path) {
            Ok(stat) if is_masked(&stat) => return Fact::Known(Vec::new()),
            Ok(_) => {
                return drop_in_paths(name, world, gaps).and_then(|found| {
                    let mut paths = vec![path];
                    for drop_in in found.into_values() {
                        match world.files.lstat(&drop_in) {
                            Ok(stat) if is_masked(&stat) => {}
                            Ok(_) => paths.push(drop_in),
                            Err(Obstacle::NotFound) => {}
                            Err(obstacle) => return gaps.unknown(WHAT, &drop_in, &obstacle, READ),
                        }
                    }
                    Fact::Known(paths)
                });
            }
            Err(Obstacle::NotFound) => {}
            Err(obstacle) => return gaps.unknown(WHAT, &path, &obstacle, READ),
        }
    }
    Fact::Known(Vec::new())
}

/// A link to /dev/null stands for "nothing".
fn is_masked(stat: &FileStat) -> bool {
    stat.kind == FileKind::Symlink && stat.target.as_deref() == Some("/dev/null")
}

/// A file; `None`: there is none.
fn file(path: &str, world: &World, gaps: &Gaps) -> Option<Fact<TextFile>> {
    match world.files.text(path, Content::Unit) {
        Ok(file) => Some(Fact::Known(file)),
        Err(Obstacle::NotFound) => None,
        Err(obstacle) => match world.files.lstat(path) {
            Ok(stat) if is_masked(&stat) => {
                Some(Fact::Known(TextFile { path: path.to_owned(), stat, text: String::new(), form: Fact::Absent }))
            }
            _ => Some(gaps.unknown(WHAT, path, &obstacle, READ)),
        },
    }
}

/// Drop-ins in the order in which they apply. Of two with the same name the one in the more important folder counts: folders of the unit's
/// own name before those of its prefixes before those of its type, and each in the order of the search path.
fn drop_ins(name: &str, world: &World, sources: &mut Sources, gaps: &Gaps) -> Fact<Vec<Observed<TextFile>>> {
    drop_in_paths(name, world, gaps).map(|found| {
        let read = found.into_values().filter_map(|path| {
            let fact = file(&path, world, gaps)?;
            // A drop-in that is masked by a link to /dev/null is not read.
            let masked = fact.known().is_some_and(|file| file.stat.kind == FileKind::Symlink);
            (!masked).then(|| Observed::new(sources.intern(Source::File { path }), fact))
        });
        read.collect()
    })
}

/// Paths of the drop-ins by file name.
fn drop_in_paths(name: &str, world: &World, gaps: &Gaps) -> Fact<BTreeMap<String, String>> {
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    for owner in owners(name) {
        for folder in SEARCH {
            let folder = format!("{folder}/{owner}.d");
            let names = match world.files.names(&folder) {
                Ok(names) => names,
                Err(Obstacle::NotFound) => continue,
                Err(obstacle) => return gaps.unknown(WHAT, &folder, &obstacle, READ),
            };
            for name in names.into_iter().filter(|name| name.ends_with(".conf") && !name.starts_with('.')) {
                let path = format!("{folder}/{name}");
                found.entry(name).or_insert(path);
            }
        }
    }
    Fact::Known(found)
}

/// Names whose drop-in folders apply to a unit: `a-b.service`, `a-.service`, `service`.
fn owners(name: &str) -> Vec<String> {
    let (stem, kind) = name.rsplit_once('.').unwrap_or((name, "service"));
    let mut owners = vec![name.to_owned()];
    let mut prefix = stem;
    while let Some((shorter, _)) = prefix.trim_end_matches('-').rsplit_once('-') {
        if shorter.is_empty() {
            break;
        }
        owners.push(format!("{shorter}-.{kind}"));
        prefix = shorter;
    }
    owners.push(kind.to_owned());
    owners
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drop_in_owners() {
        assert_eq!(owners("docker.service"), ["docker.service", "service"]);
        assert_eq!(owners("a-b-c.service"), ["a-b-c.service", "a-b-.service", "a-.service", "service"]);
    }
}
