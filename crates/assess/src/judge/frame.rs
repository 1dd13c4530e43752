//! What one check sees of one subject.

use std::sync::Arc;

use facts::Sources;

use crate::expression::{Field, Type, Value};
use crate::view::record::{Record, Slot};
use crate::view::{self, Origin};
use crate::{ShownFact, Subject};

/// One subject with the views that expressions about it speak of.
pub(crate) struct Frame<'v> {
    pub(crate) subject: &'v Subject,
    pub(crate) variables: Vec<(&'static str, Type)>,
    pub(crate) values: &'v [Value],
    records: &'v [&'v dyn Record],
    sources: &'v Sources,
}

/// A fact at a path, with all that is needed to say it.
pub(crate) struct FactAt<'v> {
    pub(crate) field: &'static Field,
    pub(crate) value: Value,
    pub(crate) origin: &'v Origin,
    /// The record that it is a field of: phrases may name its other fields.
    pub(crate) parent: &'v dyn Record,
}

impl<'v> Frame<'v> {
    pub(crate) fn new(subject: &'v Subject, records: &'v [&'v dyn Record], values: &'v [Value], sources: &'v Sources) -> Self {
        Self { subject, variables: view::variables(subject.kind), values, records, sources }
    }

    /// The fact at a path; none: the path ends at a variable, or beyond what was seen.
    pub(crate) fn fact(&self, path: &str) -> Option<FactAt<'v>> {
        let mut parts = path.split('.').peekable();
        let root = parts.next()?;
        let mut record = self.records[self.variables.iter().position(|(name, _)| *name == root)?];
        while let Some(part) = parts.next() {
            let (index, field) = record.schema().field(part)?;
            let slot: &'v dyn Slot = record.slots()[index];
            if parts.peek().is_none() {
                return Some(FactAt { field, value: slot.slot_value(field.may_be_absent), origin: slot.origin(), parent: record });
            }
            record = slot.inner()?;
        }
        None
    }

    /// The value at a path; what is missing on the way is missing at its end.
    pub(crate) fn value(&self, path: &str) -> Value {
        view::lookup(path, &self.variables, self.values)
    }

    /// Where an origin is, for people.
    pub(crate) fn place(&self, origin: &Origin) -> String {
        origin.show(self.sources)
    }

    /// The fact as evidence.
    pub(crate) fn shown(&self, path: &Arc<str>) -> ShownFact {
        let value = self.value(path);
        let origin = self.origin(path);
        self.shown_as(Arc::clone(path), &value, &origin)
    }

    /// A value as evidence.
    pub(crate) fn shown_as(&self, path: Arc<str>, value: &Value, origin: &Origin) -> ShownFact {
        let mut source = self.place(origin);
        if let Some(note) = &origin.note {
            source = if source.is_empty() { note.to_string() } else { format!("{source} ({note})") };
        }
        if let Value::Unknown(why) = value {
            source = if source.is_empty() { format!("not seen: {why}") } else { format!("{source} (not seen: {why})") };
        }
        let value = match value {
            Value::Absent => serde_json::Value::from("absent"),
            value => value.to_json(),
        };
        ShownFact { path, value, source: source.into() }
    }

    /// Where a path was seen: of the last record on the way that says so.
    pub(crate) fn origin(&self, path: &str) -> Origin {
        let mut end = path.len();
        loop {
            match self.fact(&path[..end]) {
                Some(fact) if *fact.origin != Origin::default() => return fact.origin.clone(),
                _ => {}
            }
            match path[..end].rfind('.') {
                Some(dot) => end = dot,
                None => return Origin::default(),
            }
        }
    }
}
