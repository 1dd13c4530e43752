//! Every observation of a Snapshot, by its place in the JSON: which access it is read by, and what stood in the way.

use std::collections::BTreeMap;

use facts::{Fact, Snapshot};
use serde_json::{Value, json};

use super::access::Access;
use super::obstacle::Obstacle;

/// Why observations are unknown, each reason once for each access.
#[derive(Clone, Debug, Default)]
pub(super) struct Obstacles(pub(super) Vec<(Access, Obstacle)>);

impl Obstacles {
    /// The number of this reason; its place is added to it.
    fn number(&mut self, access: Access, found: Obstacle) -> usize {
        let same = |(other, obstacle): &(Access, Obstacle)| *other == access && obstacle.why == found.why && obstacle.needs == found.needs;
        match self.0.iter().position(same) {
            Some(at) => {
                self.0[at].1.places.extend(found.places);
                at
            }
            None => {
                self.0.push((access, found));
                self.0.len() - 1
            }
        }
    }
}

/// How many observations of an access were seen, and how many not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counted {
    pub(super) seen: usize,
    pub(super) unseen: usize,
}

/// A Snapshot as a tree in which each unknown observation bears the number of its obstacle in place of the words.
pub(super) struct Marked {
    pub(super) tree: Value,
    pub(super) obstacles: Obstacles,
    pub(super) counted: BTreeMap<Access, Counted>,
    data_root: Option<String>,
}

/// The mark of an obstacle. Texts of Snapshots hold no such character: JSON of the collectors escapes what hosts choose, and a mark that
/// somebody planted would only count one verdict wrongly.
pub(super) fn mark(number: usize) -> String {
    format!("\u{1}{number}\u{1}")
}

/// The numbers in a text.
pub(super) fn marks(text: &str) -> impl Iterator<Item = usize> {
    text.split('\u{1}').skip(1).step_by(2).filter_map(|number| number.parse().ok())
}

/// The mark of what is taken away to see what hangs on it.
pub(super) const TAKEN: usize = usize::MAX;

impl Marked {
    pub(super) fn of(snapshot: &Snapshot) -> Self {
        let mut tree = serde_json::to_value(snapshot).expect("plain data always serializes");
        let data_root = snapshot.engine().and_then(|engine| engine.info.known()).and_then(|info| info.root_dir.known()).cloned();
        let mut walk = Walk {
            snapshot,
            data_root: data_root.as_deref(),
            causes: causes(snapshot),
            obstacles: Obstacles::default(),
            counted: BTreeMap::new(),
        };
        for name in ["host", "docker"] {
            walk.mark(&mut tree[name], &mut vec![name.to_owned()]);
        }
        let (obstacles, counted) = (walk.obstacles, walk.counted);
        Self { tree, obstacles, counted, data_root }
    }

    /// The Snapshot with the marks, and without what is read by `taken`.
    pub(super) fn snapshot(&self, taken: Option<Access>) -> Option<Snapshot> {
        let mut tree = self.tree.clone();
        if let Some(taken) = taken {
            for name in ["host", "docker"] {
                take(&mut tree[name], &mut vec![name.to_owned()], taken, self.data_root.as_deref());
            }
        }
        serde_json::from_value(tree).ok()
    }
}

/// What is unknown since something before it was: its words, and whose fault that is. A host that lies elsewhere is nobody's fault: there
/// each access fails by itself.
fn causes(snapshot: &Snapshot) -> Vec<(String, Access)> {
    let Some(engine) = snapshot.engine().filter(|engine| engine.local) else { return Vec::new() };
    let mut causes = Vec::new();
    let elsewhere = |why: &&str| snapshot.gaps.iter().any(|gap| gap.why == **why);
    let mut add = |why: Option<&str>, access| causes.extend(why.filter(|why| !elsewhere(why)).map(|why| (why.to_owned(), access)));
    add(engine.process.fact.why(), Access::DaemonDescriptors);
    if let Some(process) = engine.process.known() {
        add(process.argv.fact.why(), Access::DaemonProcess);
        add(process.exe.why(), Access::DaemonDescriptors);
        add(process.containerd_socket.why(), Access::Sockets);
    }
    add(engine.config_path.why(), Access::DaemonProcess);
    add(snapshot.host.engine_files.containerd_exe.why(), Access::DaemonDescriptors);
    causes
}

struct Walk<'s> {
    snapshot: &'s Snapshot,
    data_root: Option<&'s str>,
    causes: Vec<(String, Access)>,
    obstacles: Obstacles,
    counted: BTreeMap<Access, Counted>,
}

impl Walk<'_> {
    fn mark(&mut self, tree: &mut Value, path: &mut Vec<String>) {
        match fact_of(tree) {
            Some(Seen::Unknown) => {
                let why = tree["unknown"]["why"].as_str().unwrap_or_default().to_owned();
                let access = self.access(path, &why);
                self.counted.entry(access).or_default().unseen += 1;
                let number = self.obstacles.number(access, self.obstacle(access, &why));
                *tree = json!({ "unknown": { "why": mark(number) } });
            }
            Some(Seen::Absent) => self.counted.entry(own(path, self.data_root)).or_default().seen += 1,
            Some(Seen::Known) => {
                self.counted.entry(own(path, self.data_root)).or_default().seen += 1;
                self.mark(&mut tree["known"], path);
            }
            None => each_below(tree, path, &mut |below, path| self.mark(below, path)),
        }
    }

    /// Without an engine everything that it would have named is missing for one reason.
    fn obstacle(&self, access: Access, why: &str) -> Obstacle {
        match &self.snapshot.docker {
            Fact::Unknown { why } if access == Access::EngineApi => {
                let found = Obstacle::of(why, &self.snapshot.gaps);
                Obstacle { needs: found.needs.or_else(|| Some("an engine that answers".to_owned())), ..found }
            }
            _ => Obstacle::of(why, &self.snapshot.gaps),
        }
    }

    /// By the path, but where the words are those of something that failed before.
    fn access(&self, path: &[String], why: &str) -> Access {
        if self.snapshot.docker.known().is_none() && !why.contains(NEEDS) && path[0] == "host" {
            return Access::EngineApi;
        }
        self.causes.iter().find(|(cause, _)| cause == why).map_or_else(|| own(path, self.data_root), |(_, access)| *access)
    }
}

/// Stands before the access that was missing, in every obstacle that a right would remove.
pub(super) const NEEDS: &str = "(needs ";

fn own(path: &[String], data_root: Option<&str>) -> Access {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    Access::of(&path, data_root)
}

fn take(tree: &mut Value, path: &mut Vec<String>, taken: Access, data_root: Option<&str>) {
    match fact_of(tree) {
        Some(_) if own(path, data_root) == taken => *tree = json!({ "unknown": { "why": mark(TAKEN) } }),
        Some(Seen::Known) => take(&mut tree["known"], path, taken, data_root),
        Some(Seen::Absent | Seen::Unknown) => {}
        None => each_below(tree, path, &mut |below, path| take(below, path, taken, data_root)),
    }
}

/// The members of an object or list that is no fact itself. The wrapping of an observation adds nothing to the path.
fn each_below(tree: &mut Value, path: &mut Vec<String>, call: &mut dyn FnMut(&mut Value, &mut Vec<String>)) {
    match tree {
        Value::Object(members) => {
            for (name, below) in members {
                if name == "fact" {
                    call(below, path);
                    continue;
                }
                path.push(name.clone());
                call(below, path);
                path.pop();
            }
        }
        Value::Array(members) => {
            path.push("*".to_owned());
            for below in members {
                call(below, path);
            }
            path.pop();
        }
        _ => {}
    }
}

enum Seen {
    Known,
    Absent,
    Unknown,
}

/// What kind of fact this is, if it is one: see the JSON of [`facts::Fact`].
fn fact_of(tree: &Value) -> Option<Seen> {
    match tree {
        Value::String(word) if word == "absent" => Some(Seen::Absent),
        Value::Object(members) if members.len() == 1 => match members.iter().next() {
            Some((name, _)) if name == "known" => Some(Seen::Known),
            Some((name, Value::Object(below))) if name == "unknown" && below.contains_key("why") => Some(Seen::Unknown),
            _ => None,
        },
        _ => None,
    }
}
