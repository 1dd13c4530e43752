//! The inodes of the files that checks speak of, and where paths lead.

use std::collections::BTreeSet;

use facts::host::Host;
use facts::{Fact, Observed, Source, Sources};

use super::Reach;
use crate::gaps::{Gaps, READ};
use crate::obstacle::Obstacle;
use crate::world::World;

/// More paths than any rule set names: a bound on the work that a rule file can cause.
const MOST_PLACES: usize = 2_000;

/// Paths to look at.
#[derive(Default)]
pub(crate) struct Places {
    /// Paths whose inode is read; they are resolved too, and so is the folder that each lies in.
    stat: BTreeSet<String>,
    /// Paths that are resolved only.
    resolve: BTreeSet<String>,
}

impl Places {
    /// Asks for the inode of a path. One that is not absolute would mean another file to this process than to the daemon.
    pub(crate) fn stat(&mut self, path: impl Into<String>) {
        let path = path.into();
        if path.starts_with('/') {
            self.stat.insert(path);
        }
    }

    /// Asks where a path leads, and where its folder does: a rule on a path that is itself a link watches the link and never fires.
    pub(crate) fn resolve(&mut self, path: impl Into<String>) {
        let path = path.into();
        if path.starts_with('/') && self.resolve.len() < MOST_PLACES {
            self.resolve.extend(parent(&path).map(str::to_owned));
            self.resolve.insert(path);
        }
    }

    /// Looks at all of them.
    pub(crate) fn look(mut self, world: &World, reach: &Reach, host: &mut Host, sources: &mut Sources, gaps: &Gaps) {
        for path in self.stat.clone() {
            self.resolve(path);
        }
        for path in &self.resolve {
            let fact = reach.no_files().map_or_else(|| resolved(world, path, gaps), Fact::unknown);
            // The target of a link is judged apart from the link.
            if self.stat.contains(path)
                && let Fact::Known(target) = &fact
            {
                self.stat.insert(target.clone());
            }
            host.resolved_paths.insert(path.clone(), fact);
        }
        for path in self.stat {
            let fact = match reach.no_files() {
                Some(why) => Fact::unknown(why),
                None => gaps.fact(world.files.lstat(&path), "files of the engine", &path, READ),
            };
            let source = sources.intern(Source::File { path: path.clone() });
            host.files.insert(path, Observed::new(source, fact));
        }
    }
}

/// The folder of a path, as text.
fn parent(path: &str) -> Option<&str> {
    let (folder, name) = path.trim_end_matches('/').rsplit_once('/')?;
    (!name.is_empty()).then_some(if folder.is_empty() { "/" } else { folder })
}

/// Where a path leads. Absent: it does not exist.
pub(crate) fn resolved(world: &World, path: &str, gaps: &Gaps) -> Fact<String> {
    match world.files.canonical(path) {
        Ok(target) => Fact::Known(target),
        Err(Obstacle::NotFound) => Fact::Absent,
        Err(obstacle) => gaps.unknown("where paths lead", path, &obstacle, READ),
    }
}

/// Paths that loaded and persisted audit rules name: only the live system can tell where they lead.
pub(crate) fn places_of_rules(host: &Host) -> Vec<String> {
    let loaded = host.audit.rules.known().into_iter().flatten().flat_map(|rule| &rule.fields);
    let mut paths: Vec<String> =
        loaded.filter(|field| matches!(field.name.as_str(), "path" | "dir")).map(|field| field.value.clone()).collect();
    for file in host.audit.rule_files.known().into_iter().flatten().filter_map(Observed::known) {
        for line in file.text.lines() {
            let mut words = line.split_whitespace();
            while let Some(word) = words.next() {
                match word {
                    "-w" | "-W" => paths.extend(words.next().map(str::to_owned)),
                    "-F" => paths.extend(
                        words.next().and_then(|field| field.strip_prefix("path=").or(field.strip_prefix("dir="))).map(str::to_owned),
                    ),
                    _ => {}
                }
            }
        }
    }
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parents() {
        assert_eq!(parent("/etc/docker/daemon.json"), Some("/etc/docker"));
        assert_eq!(parent("/etc/docker/"), Some("/etc"));
        assert_eq!(parent("/etc"), Some("/"));
        assert_eq!(parent("/"), None);
        assert_eq!(parent("x"), None);
    }
}
