//! Typed names for the facts that checks and threats speak of. The fields, their types and texts are declared once, here: the checker,
//! the evaluator, the examples of the catalogue and the generated documentation all follow from the declaration.

mod container;
mod daemon;
mod file;
mod host;
mod image;
mod inventory;
mod kernel;
mod network;
mod policy;
pub(crate) mod record;
mod seen;
mod swarm;

pub use container::{Container, Mount, PublishedPort};
pub use daemon::{ConfigFile, Daemon, TcpListener};
pub use file::{DataRoot, Files, PlacedFile};
pub use host::{Audit, AuditedPath, Host};
pub use image::Image;
pub use inventory::Inventory;
pub use kernel::{Kernel, SshServer};
pub use network::Network;
pub use policy::Policy;
pub use seen::{Listing, Origin, Seen};
pub use swarm::Swarm;

use crate::SubjectKind;
use crate::expression::{Schema, Type, Value};

/// The variables of an expression about a subject of this kind, in the order in which their values are given.
pub fn variables(kind: SubjectKind) -> Vec<(&'static str, Type)> {
    let mut variables = vec![
        ("host", Type::Record(Host::schema())),
        ("daemon", Type::Record(Daemon::schema())),
        ("policy", Type::Record(Policy::schema())),
    ];
    match kind {
        SubjectKind::Host | SubjectKind::Daemon => {}
        SubjectKind::Container => variables.push(("container", Type::Record(Container::schema()))),
        SubjectKind::Image => variables.push(("image", Type::Record(Image::schema()))),
        SubjectKind::Network => variables.push(("network", Type::Record(Network::schema()))),
    }
    variables
}

/// All views with their fields, for the generated reference.
pub fn schemas() -> [(&'static str, &'static Schema); 6] {
    [
        ("host", Host::schema()),
        ("daemon", Daemon::schema()),
        ("container", Container::schema()),
        ("image", Image::schema()),
        ("network", Network::schema()),
        ("policy", Policy::schema()),
    ]
}

/// The value at a path, through records. What is missing on the way is missing at its end.
pub(crate) fn lookup(path: &str, variables: &[(&'static str, Type)], values: &[Value]) -> Value {
    let mut parts = path.split('.');
    let root = parts.next().unwrap_or_default();
    let start = variables.iter().position(|(name, _)| *name == root).and_then(|index| values.get(index));
    parts.fold(start.cloned().unwrap_or(Value::Absent), |value, part| match &value {
        Value::Record(record) => record.schema.field(part).map_or(Value::Absent, |(index, _)| record.fields[index].clone()),
        _ => value,
    })
}
