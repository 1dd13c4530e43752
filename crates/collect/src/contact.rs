//! Why an engine does not answer: the way to its socket, step by step, and what else is seen that could be it.

use facts::host::{FileKind, FileStat};
use facts::{Account, Contact, Fact, Step};

use crate::endpoint::NamedBy;
use crate::error::CollectError;
use crate::obstacle::Obstacle;
use crate::parse::stat;
use crate::redact;
use crate::source::{ProcText, ProcessId};
use crate::world::World;

/// Where Docker and its like put their sockets, beside those of users below /run/user.
const USUAL_SOCKETS: [&str; 3] = ["/run/docker.sock", "/run/podman/podman.sock", "/run/balena-engine.sock"];
const OF_USERS: [&str; 3] = ["docker.sock", "podman/podman.sock", ".docker/run/docker.sock"];

/// Where packages put the daemon's program.
const PROGRAMS: [&str; 4] = ["/usr/bin/dockerd", "/usr/sbin/dockerd", "/usr/local/bin/dockerd", "/snap/bin/docker.dockerd"];

const UNITS: [&str; 3] =
    ["/etc/systemd/system/docker.service", "/usr/lib/systemd/system/docker.service", "/lib/systemd/system/docker.service"];

/// Looks at everything on the way to the engine, and says what to do. `named_by`: what named its address, none in a recording; `met`: what
/// the first question to the engine met. Of an engine that is not behind a socket of this machine nothing but its answer is looked at.
pub fn contact(world: &World, named_by: Option<&NamedBy>, account: &Account, met: &Obstacle) -> Contact {
    let by = named_by.map_or_else(|| "by the recording".to_owned(), NamedBy::to_string);
    let Some(engine) = &world.engine else { return Contact { named_by: by, ..Contact::default() } };
    let mut look = Look { world, account, steps: Vec::new() };
    let endpoint = engine.endpoint();
    look.step("the address", format!("{endpoint} ({by})"), true);
    let (verdict, next) = match engine.socket() {
        Some(socket) => {
            let place = look.socket(&socket);
            look.step("GET /_ping", met.to_string(), false);
            if let (Place::Socket { .. }, Obstacle::Refused | Obstacle::TimedOut { .. }) = (&place, met) {
                look.listener(&socket);
            }
            let around = look.around(&socket);
            conclude(&endpoint, place, met, &around, account)
        }
        None => {
            look.step("GET /_ping", met.to_string(), false);
            conclude_far(&endpoint, named_by, met)
        }
    };
    Contact { endpoint, named_by: by, steps: look.steps, verdict, next }
}

/// What lies at the socket's path.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    Missing,
    Hidden,
    NoSocket(&'static str),
    Socket {
        /// Whether the mode lets this account connect; none: nobody can tell.
        writable: Option<bool>,
    },
    Unclear,
}

/// What else is on this machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Around {
    daemon: Option<u32>,
    stopped: bool,
    program: bool,
    unit: bool,
    systemd: bool,
    others: Vec<String>,
}

struct Look<'w> {
    world: &'w World,
    account: &'w Account,
    steps: Vec<Step>,
}

impl Look<'_> {
    fn step(&mut self, what: impl Into<String>, found: impl Into<String>, fine: bool) {
        self.steps.push(Step { what: what.into(), found: found.into(), fine });
    }

    /// The socket, its mode, and whether somebody listens behind it.
    fn socket(&mut self, path: &str) -> Place {
        let what = format!("the socket {path}");
        let real = match self.world.files.canonical(path) {
            Ok(real) => real,
            Err(Obstacle::NotFound) => {
                let link = self.world.files.lstat(path).ok().and_then(|stat| stat.target);
                self.step(
                    what,
                    link.map_or_else(|| self.first_missing(path), |target| format!("a link to {target}, which is not there")),
                    false,
                );
                return Place::Missing;
            }
            Err(Obstacle::Denied) => {
                self.step(what, "a folder on the way to it may not be searched", false);
                return Place::Hidden;
            }
            Err(obstacle) => {
                self.step(what, obstacle.to_string(), false);
                return Place::Unclear;
            }
        };
        let stat = match self.world.files.lstat(&real) {
            Ok(stat) => stat,
            Err(obstacle) => {
                self.step(what, obstacle.to_string(), false);
                return Place::Unclear;
            }
        };
        let is = match stat.kind {
            FileKind::Socket => None,
            FileKind::Directory => Some("a folder: docker makes one where a mount names a socket that is not there yet"),
            FileKind::File => Some("an ordinary file"),
            FileKind::Symlink | FileKind::Other => Some("something else than a socket"),
        };
        if let Some(is) = is {
            self.step(what, is, false);
            return Place::NoSocket(is);
        }
        let writable = may_connect(&stat, self.account);
        let may = match writable {
            Some(true) => "this account may connect",
            Some(false) => "this account may not connect",
            None => "whether this account may connect hangs on its access list",
        };
        self.step(what, format!("mode {:04o}, owner {}, group {}: {may}", stat.mode, stat.uid, stat.gid), writable != Some(false));
        Place::Socket { writable }
    }

    /// Whether the kernel knows a listener under that path. One of another network namespace is not seen.
    fn listener(&mut self, path: &str) {
        let Ok(listeners) = self.world.processes.unix_listeners(ProcessId::Own, "") else { return };
        let real = self.world.files.canonical(path).unwrap_or_else(|_| path.to_owned());
        let listens = |path: &str| path == real || self.world.files.canonical(path).is_ok_and(|path| path == real);
        let listening = listeners.iter().any(|listener| listens(&listener.path));
        let found = if listening { "somebody" } else { "nobody that is seen from this network namespace" };
        self.step("who listens at that path", found, listening);
    }

    /// `not there; of the way to it, /run/user/1000 is missing first`.
    fn first_missing(&self, path: &str) -> String {
        let way: Vec<&str> = std::path::Path::new(path).ancestors().skip(1).filter_map(std::path::Path::to_str).collect();
        let missing = way.into_iter().rev().find(|folder| self.world.files.canonical(folder) == Err(Obstacle::NotFound));
        missing.map_or_else(|| "not there".to_owned(), |folder| format!("not there, and neither is its folder {folder}"))
    }

    /// A daemon under another name, a program that was never started, sockets in other places.
    fn around(&mut self, socket: &str) -> Around {
        let mut around = Around { systemd: self.world.files.lstat("/run/systemd/system").is_ok(), ..Around::default() };
        for pid in self.world.processes.pids().unwrap_or_default() {
            let exe = self.world.processes.exe(pid.into()).ok();
            let Some(stat) = self.world.processes.text(pid.into(), ProcText::Stat).ok().and_then(|text| stat(&text)) else { continue };
            // The name alone proves nothing, and is said as what it is: a hint for a person.
            if exe.map_or_else(|| stat.name == "dockerd", |exe| redact::is_daemon(exe.trim_end_matches(" (deleted)"))) {
                around.daemon = Some(pid);
                around.stopped = matches!(stat.state, 'T' | 't');
                let state = if around.stopped { "stopped: it answers nobody until it gets SIGCONT" } else { "running" };
                self.step("a process named dockerd", format!("process {pid}, {state}"), !around.stopped);
                break;
            }
        }
        let is_there = |path: &&&str| self.world.files.lstat(path).is_ok();
        let program = PROGRAMS.iter().find(is_there);
        around.program = program.is_some();
        around.unit = UNITS.iter().find(is_there).is_some();
        if around.daemon.is_none() {
            self.step("a process named dockerd", "none seen here", false);
            let found =
                program.map_or_else(|| "not in the usual folders: Docker is not installed here".to_owned(), |path| (*path).to_owned());
            self.step("the daemon's program", found, around.program);
        }
        around.others = self.other_sockets(socket);
        for other in &around.others.clone() {
            self.step("another engine's socket", other.clone(), true);
        }
        around
    }

    fn other_sockets(&self, asked: &str) -> Vec<String> {
        let asked = self.world.files.canonical(asked).unwrap_or_else(|_| asked.to_owned());
        let users = self.world.files.names("/run/user").unwrap_or_default();
        let of_users = users.iter().flat_map(|user| OF_USERS.iter().map(move |name| format!("/run/user/{user}/{name}")));
        let all = USUAL_SOCKETS.iter().map(|path| (*path).to_owned()).chain(of_users);
        let is_socket = |path: &String| self.world.files.lstat(path).is_ok_and(|stat| stat.kind == FileKind::Socket);
        all.filter(|path| *path != asked).filter(is_socket).collect()
    }
}

/// By the mode alone, as unix(7) has it: to connect takes the right to write. None: an access list decides, or the account is not known.
fn may_connect(stat: &FileStat, account: &Account) -> Option<bool> {
    let uid = *account.uid.known()?;
    if uid == 0 {
        return Some(true);
    }
    if !matches!(stat.acl, Fact::Absent) {
        return None;
    }
    let groups = account.groups.known()?;
    let bit = if uid == stat.uid {
        0o200
    } else if groups.contains(&stat.gid) {
        0o020
    } else {
        0o002
    };
    Some(stat.mode & bit != 0)
}

/// What it comes to, and the command to type next.
fn conclude(endpoint: &str, place: Place, obstacle: &Obstacle, around: &Around, account: &Account) -> (String, String) {
    let again = "cofferdam doctor docker".to_owned();
    let is_root = account.uid.known() == Some(&0);
    let sudo = |command: &str| if is_root { command.to_owned() } else { format!("sudo {command}") };
    let in_container = account.host_processes.known() == Some(&false);
    let start = |how: &str| {
        if around.systemd && around.unit { sudo(&format!("systemctl {how} docker")) } else { sudo("dockerd") }
    };
    let elsewhere = around.others.first().map(|other| format!("cofferdam doctor docker --host unix://{other}"));
    match (place, obstacle) {
        (Place::Hidden | Place::Socket { writable: Some(false) }, _) | (_, Obstacle::Denied) => (
            "The socket is there, and this account may not use it. Root may, and so may members of its group, who are as much as root: \
             whoever speaks to the engine can start a privileged container."
                .to_owned(),
            sudo(&again),
        ),
        (Place::Missing, _) if elsewhere.is_some() => (
            "There is no such socket, but others are: perhaps the engine is a rootless one, or another kind.".to_owned(),
            elsewhere.unwrap_or(again),
        ),
        (Place::Missing, _) if around.daemon.is_some() => (
            "A daemon runs, but does not serve its API there: its command line (-H) and daemon.json (hosts) say where.".to_owned(),
            format!("tr '\\0' ' ' </proc/{}/cmdline", around.daemon.unwrap_or_default()),
        ),
        (Place::Missing, _) if in_container => (
            "There is no such socket in this container. Run cofferdam on the engine's own host; a container that holds the socket sees the \
             API and nothing of the host."
                .to_owned(),
            sudo(&again),
        ),
        (Place::Missing, _) if around.program => ("Docker is installed and does not run.".to_owned(), start("start")),
        (Place::Missing, _) => (
            "Docker is not installed here, or it is under another name: name its address.".to_owned(),
            format!("{again} --host URL"),
        ),
        (Place::NoSocket(is), _) => (
            format!("What lies at that path is {is}. Remove it once nothing mounts it, and start the daemon."),
            start("restart"),
        ),
        (_, Obstacle::Refused) if around.daemon.is_none() => (
            "The socket's file is left over: the daemon that made it is gone, and nobody listens.".to_owned(),
            start("start"),
        ),
        (_, Obstacle::Refused) => (
            "The socket's file is left over, while a daemon runs: it serves its API elsewhere, or somebody made the file anew.".to_owned(),
            format!("tr '\\0' ' ' </proc/{}/cmdline", around.daemon.unwrap_or_default()),
        ),
        (_, Obstacle::TimedOut { .. }) if around.stopped => (
            "The daemon was stopped with a signal. Let it go on, if nobody is debugging it.".to_owned(),
            sudo(&format!("kill -CONT {}", around.daemon.unwrap_or_default())),
        ),
        (_, Obstacle::TimedOut { .. }) => (
            "Somebody listens and does not answer: the daemon hangs, or is starved. Its log may say why.".to_owned(),
            if around.systemd { sudo("journalctl --unit docker --lines 50") } else { again },
        ),
        (_, Obstacle::Forbidden(_)) => (
            "The engine's authorization plugin forbids this request: read-only requests must be allowed.".to_owned(),
            again,
        ),
        (_, obstacle) => (
            format!("What answers at {endpoint} is no Docker engine, or one in trouble: {obstacle}."),
            format!("{again} --host URL"),
        ),
    }
}

/// The same for an engine behind a port or ssh: what is wrong there shows there.
fn conclude_far(endpoint: &str, named_by: Option<&NamedBy>, met: &Obstacle) -> (String, String) {
    let hint = match CollectError::of_first_contact(endpoint, met).map(|error| error.to_string()) {
        Some(text) => text.split_once("\nhint: ").map(|(_, hint)| hint.to_owned()).unwrap_or(text),
        None => "the engine answers, and forbids this request or fails at it".to_owned(),
    };
    let mut letters = hint.trim_end_matches('.').chars();
    let hint: String = letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
    let client = match named_by {
        Some(NamedBy::Context(name)) => format!("docker --context {} version", word(name)),
        _ => format!("docker --host {} version", word(endpoint)),
    };
    (format!("{hint}. Of the engine's host nothing was seen from here."), client)
}

/// One word of a shell.
fn word(text: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./:@+=,".contains(letter);
    if !text.is_empty() && text.chars().all(plain) { text.to_owned() } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(uid: u32, groups: &[u32]) -> Account {
        Account { uid: Fact::Known(uid), groups: Fact::Known(groups.to_vec()), host_processes: Fact::Known(true), ..Account::default() }
    }

    fn socket(mode: u32, acl: Fact<facts::host::Acl>) -> FileStat {
        FileStat {
            kind: FileKind::Socket,
            mode,
            uid: 0,
            gid: 998,
            size: 0,
            device: 1,
            inode: 1,
            ctime_ns: 0,
            mtime_ns: 0,
            target: None,
            acl,
        }
    }

    #[test]
    fn who_may_connect() {
        let may = |mode, uid, groups: &[u32]| may_connect(&socket(mode, Fact::Absent), &account(uid, groups));
        assert_eq!(may(0o660, 0, &[0]), Some(true));
        assert_eq!(may(0o660, 1000, &[1000, 998]), Some(true));
        assert_eq!(may(0o660, 1000, &[1000]), Some(false));
        assert_eq!(may(0o606, 1000, &[1000]), Some(true));
        // The group's own bits count for its members, and not those of others.
        assert_eq!(may(0o606, 1000, &[998]), Some(false));
        let list = facts::host::Acl { entries: vec!["user:1000:rw-".to_owned()] };
        assert_eq!(may_connect(&socket(0o660, Fact::Known(list)), &account(1000, &[1000])), None);
        assert_eq!(may_connect(&socket(0o660, Fact::Absent), &Account::default()), None);
    }

    #[test]
    fn what_to_type_next() {
        let user = account(1000, &[1000]);
        let timeout = Obstacle::TimedOut { ms: 10_000 };
        let next = |place: Place, obstacle: Obstacle, around: &Around| conclude("unix:///s", place, &obstacle, around, &user).1;
        let here = Around { program: true, unit: true, systemd: true, ..Around::default() };
        let socket = || Place::Socket { writable: Some(true) };
        assert_eq!(next(Place::Missing, Obstacle::NotFound, &here), "sudo systemctl start docker");
        assert_eq!(next(socket(), Obstacle::Refused, &here), "sudo systemctl start docker");
        assert_eq!(next(Place::Missing, Obstacle::NotFound, &Around { systemd: false, ..here.clone() }), "sudo dockerd");
        assert_eq!(next(Place::Missing, Obstacle::NotFound, &Around::default()), "cofferdam doctor docker --host URL");
        let rootless = Around { others: vec!["/run/user/1000/docker.sock".into()], ..here.clone() };
        assert_eq!(next(Place::Missing, Obstacle::NotFound, &rootless), "cofferdam doctor docker --host unix:///run/user/1000/docker.sock");
        assert_eq!(next(Place::Socket { writable: Some(false) }, Obstacle::Denied, &here), "sudo cofferdam doctor docker");
        let stopped = Around { daemon: Some(812), stopped: true, ..here.clone() };
        assert_eq!(next(socket(), timeout.clone(), &stopped), "sudo kill -CONT 812");
        assert_eq!(next(socket(), timeout, &here), "sudo journalctl --unit docker --lines 50");
        assert_eq!(next(Place::NoSocket("a folder"), Obstacle::Other(String::new()), &here), "sudo systemctl restart docker");
    }

    #[test]
    fn engines_behind_a_port_or_ssh() {
        let (verdict, next) = conclude_far("tcp://192.0.2.1:2376", Some(&NamedBy::Host), &Obstacle::Refused);
        assert!(verdict.starts_with("Nobody listens on that port"), "{verdict}");
        assert_eq!(next, "docker --host tcp://192.0.2.1:2376 version");
        let (verdict, _) = conclude_far("tcp://192.0.2.1:2376", None, &Obstacle::TimedOut { ms: 5000 });
        assert!(verdict.contains("firewalls"), "{verdict}");
        let no_way = Obstacle::no_way("ssh says no", "ask it yourself.");
        let (verdict, next) = conclude_far("ssh://me@far", Some(&NamedBy::Context("a b'c".to_owned())), &no_way);
        assert!(verdict.starts_with("Ask it yourself. Of the engine's host"), "{verdict}");
        assert_eq!(next, r"docker --context 'a b'\''c' version");
    }
}
