//! The ssh server of the host: its listener among the processes, and the files of its configuration. `sshd -T` is not run.

use std::collections::BTreeMap;

use facts::host::{Sshd, sshd_lines};
use facts::{Fact, Observed, Source, Sources};

use super::Reach;
use crate::gaps::{Gaps, READ, TRACE};
use crate::obstacle::{Answer, Obstacle};
use crate::parse;
use crate::source::{Content, ProcText, ProcessId, Program};
use crate::world::World;

const CONFIG: &str = "/etc/ssh/sshd_config";
/// Where relative names of an Include lie (sshd_config(5)).
const FOLDER: &str = "/etc/ssh";
/// sshd itself follows Includes to this depth (servconf.c).
const DEEPEST: usize = 16;
/// A bound on the work that a pattern can cause.
const MOST_FILES: usize = 500;

const WHAT: &str = "ssh server";

pub(super) fn sshd(world: &World, reach: &Reach, sources: &mut Sources, gaps: &Gaps) -> Sshd {
    let why = reach.no_processes().or_else(|| reach.no_files());
    if let Some(why) = why {
        return out_of_reach(why, sources);
    }
    let listener = listener(world);
    let argv = match &listener {
        Ok(Some(pid)) => {
            let fact = match world.processes.argv((*pid).into(), Program::Sshd) {
                Ok(words) => Fact::Known(words),
                Err(obstacle) => gaps.unknown(WHAT, &format!("/proc/{pid}/cmdline"), &obstacle, TRACE),
            };
            Observed::new(sources.intern(Source::Argv { pid: *pid }), fact)
        }
        other => {
            let fact = match other {
                Err(obstacle) => gaps.unknown(WHAT, "/proc", obstacle, TRACE),
                _ => Fact::Absent,
            };
            Observed::new(sources.intern(Source::Kernel { path: "/proc".to_owned() }), fact)
        }
    };
    let told = |flag: &str| {
        let words = argv.known()?;
        let at = words.iter().rposition(|word| word == flag)?;
        words.get(at + 1).cloned()
    };
    let config_path = told("-f").filter(|path| path.starts_with('/')).unwrap_or_else(|| CONFIG.to_owned());
    let mut reader = Reader { world, gaps, sources, files: BTreeMap::new(), includes: BTreeMap::new() };
    reader.read(&config_path, 0);
    let (files, includes) = (reader.files, reader.includes);
    let listens = match listener {
        Ok(Some(_)) => Fact::Known(true),
        Ok(None) => by_socket(world, &ports(&files), gaps),
        Err(_) => argv.fact.clone().and_then(|_| Fact::Absent),
    };
    Sshd { listens, argv, config_path, files, includes }
}

pub(super) fn out_of_reach(why: &str, sources: &mut Sources) -> Sshd {
    let source = sources.intern(Source::File { path: CONFIG.to_owned() });
    Sshd {
        listens: Fact::unknown(why),
        argv: Observed::new(source, Fact::unknown(why)),
        config_path: CONFIG.to_owned(),
        files: BTreeMap::from([(CONFIG.to_owned(), Observed::new(source, Fact::unknown(why)))]),
        includes: BTreeMap::new(),
    }
}

/// The sshd of the host that no other sshd started: those of connections are children of it, and one in a container has another root.
fn listener(world: &World) -> Answer<Option<u32>> {
    let is_sshd = |pid: u32| match world.processes.text(pid.into(), ProcText::Stat) {
        Ok(text) => match parse::stat(&text) {
            Some(stat) => Ok((stat.name == "sshd").then_some(stat.parent)),
            None => Err(Obstacle::Malformed(format!("/proc/{pid}/stat"))),
        },
        Err(Obstacle::NotFound) => Ok(None),
        Err(obstacle) => Err(obstacle),
    };
    // A /proc that does not show init hides processes of others (hidepid).
    if let Err(Obstacle::NotFound | Obstacle::Denied) = world.processes.text(1.into(), ProcText::Stat) {
        return Err(Obstacle::Denied);
    }
    for pid in world.processes.pids()? {
        let Some(parent) = is_sshd(pid)? else { continue };
        if is_sshd(parent)?.is_some() {
            continue;
        }
        match world.processes.shares_root(pid.into()) {
            Ok(true) => return Ok(Some(pid)),
            Ok(false) | Err(Obstacle::NotFound) => {}
            Err(obstacle) => return Err(obstacle),
        }
    }
    Ok(None)
}

/// With socket activation systemd listens, and an sshd runs for each connection only.
fn by_socket(world: &World, ports: &[u16], gaps: &Gaps) -> Fact<bool> {
    let init = ProcessId::from(1);
    let listening = match world.processes.tcp_listeners(init) {
        Ok(listening) => listening,
        Err(obstacle) => return gaps.unknown(WHAT, "/proc/1/net/tcp", &obstacle, TRACE),
    };
    let inodes: Vec<u64> = listening.into_iter().filter(|socket| ports.contains(&socket.port)).map(|socket| socket.inode).collect();
    if inodes.is_empty() {
        return Fact::Known(false);
    }
    match world.processes.socket_inodes(init) {
        Ok(held) => Fact::Known(inodes.iter().any(|inode| held.contains(inode))),
        Err(obstacle) => gaps.unknown(WHAT, "/proc/1/fd", &obstacle, TRACE),
    }
}

/// Ports that the configuration names anywhere, and the usual one.
fn ports(files: &BTreeMap<String, Observed<facts::host::TextFile>>) -> Vec<u16> {
    let lines = files.values().filter_map(Observed::known).flat_map(|file| sshd_lines(&file.text)).flatten();
    let named = lines.filter_map(|line| {
        let argument = line.arguments.first()?;
        match line.keyword.as_str() {
            "port" => argument.parse().ok(),
            "listenaddress" => argument.rsplit_once(':')?.1.parse().ok(),
            _ => None,
        }
    });
    named.chain([22]).collect()
}

/// Reads a file and what it includes.
struct Reader<'r> {
    world: &'r World,
    gaps: &'r Gaps,
    sources: &'r mut Sources,
    files: BTreeMap<String, Observed<facts::host::TextFile>>,
    includes: BTreeMap<String, Fact<Vec<String>>>,
}

impl Reader<'_> {
    fn read(&mut self, path: &str, depth: usize) {
        if self.files.contains_key(path) {
            return;
        }
        let source = self.sources.intern(Source::File { path: path.to_owned() });
        let fact = if depth > DEEPEST || self.files.len() >= MOST_FILES {
            Fact::unknown(format!("{path}: too many files that include one another"))
        } else {
            self.gaps.fact(self.world.files.text(path, Content::SshdConfig), "configuration of the ssh server", path, READ)
        };
        let patterns: Vec<String> = fact.known().into_iter().flat_map(|file| included(&file.text)).collect();
        self.files.insert(path.to_owned(), Observed::new(source, fact));
        for pattern in patterns {
            if !self.includes.contains_key(&pattern) {
                let found = match expand(self.world, &absolute(&pattern)) {
                    Ok(paths) => Fact::Known(paths),
                    Err(obstacle) => self.gaps.unknown("configuration of the ssh server", &pattern, &obstacle, READ),
                };
                self.includes.insert(pattern.clone(), found);
            }
            let paths = self.includes[&pattern].known().cloned().unwrap_or_default();
            for path in paths {
                self.read(&path, depth + 1);
            }
        }
    }
}

fn included(text: &str) -> Vec<String> {
    sshd_lines(text).into_iter().flatten().filter(|line| line.keyword == "include").flat_map(|line| line.arguments).collect()
}

fn absolute(pattern: &str) -> String {
    if pattern.starts_with('/') { pattern.to_owned() } else { format!("{FOLDER}/{pattern}") }
}

/// Paths that a pattern names, sorted, as glob(3) finds them.
fn expand(world: &World, pattern: &str) -> Answer<Vec<String>> {
    let mut found = vec![String::new()];
    for part in pattern.split('/').filter(|part| !part.is_empty()) {
        let mut next = Vec::new();
        for folder in found {
            if !part.contains(['*', '?', '[']) {
                next.push(format!("{folder}/{part}"));
                continue;
            }
            match world.files.names(if folder.is_empty() { "/" } else { &folder }) {
                Ok(names) => next.extend(names.iter().filter(|name| matches(part, name)).map(|name| format!("{folder}/{name}"))),
                Err(Obstacle::NotFound) => {}
                Err(obstacle) => return Err(obstacle),
            }
            if next.len() > MOST_FILES {
                return Err(Obstacle::Other(format!("more than {MOST_FILES} files")));
            }
        }
        found = next;
    }
    // Behind a pattern in a folder's name the file may not be there.
    found.retain(|path| !matches!(world.files.lstat(path), Err(Obstacle::NotFound)));
    found.sort();
    Ok(found)
}

/// Whether a name fits a pattern of glob(7). A leading dot is matched by a dot alone.
fn matches(pattern: &str, name: &str) -> bool {
    if name.starts_with('.') && !pattern.starts_with('.') {
        return false;
    }
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut at, mut index) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while index < name.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, index));
                at += 1;
                continue;
            }
            Some('[') => {
                if let Some((fits, after)) = class(&pattern, at, name[index]) {
                    if fits {
                        (at, index) = (after, index + 1);
                        continue;
                    }
                } else if name[index] == '[' {
                    (at, index) = (at + 1, index + 1);
                    continue;
                }
            }
            Some('?') => {
                (at, index) = (at + 1, index + 1);
                continue;
            }
            Some(character) if *character == name[index] => {
                (at, index) = (at + 1, index + 1);
                continue;
            }
            _ => {}
        }
        // Back to the last star, which takes one character more.
        let Some((place, taken)) = star else { return false };
        star = Some((place, taken + 1));
        (at, index) = (place + 1, taken + 1);
    }
    pattern[at..].iter().all(|character| *character == '*')
}

/// Whether a character is in the class that opens at `at`, and where the pattern goes on.
fn class(pattern: &[char], at: usize, character: char) -> Option<(bool, usize)> {
    let mut index = at + 1;
    let negated = matches!(pattern.get(index), Some('!' | '^'));
    index += usize::from(negated);
    let (first, mut found) = (index, false);
    loop {
        let low = *pattern.get(index)?;
        if low == ']' && index > first {
            return Some((found != negated, index + 1));
        }
        match (pattern.get(index + 1), pattern.get(index + 2)) {
            (Some('-'), Some(high)) if *high != ']' => {
                found |= (low..=*high).contains(&character);
                index += 3;
            }
            _ => {
                found |= low == character;
                index += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, name) in [
            ("*.conf", "a.conf"),
            ("*", "x"),
            ("a?c", "abc"),
            ("[0-9]*-x", "50-x"),
            ("[!a]b", "cb"),
            ("a*b*c", "aXbYbZc"),
            (".*", ".x"),
            ("[]x]", "]"),
        ] {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in
            [("*.conf", "a.conf~"), ("*", ".hidden"), ("a?c", "ac"), ("[0-9]x", "ax"), ("[!a]b", "ab"), ("a*b", "ac"), ("[", "x")]
        {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
        assert!(!matches(&"*a".repeat(30), &"a".repeat(29)));
    }
}
