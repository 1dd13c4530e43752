//! Reading members of an engine's answer into facts. A member that is missing or of another type is unknown, never a default.

use facts::Fact;
use serde_json::Value;

/// An answer, with the name by which it is spoken of.
#[derive(Clone, Copy)]
pub(super) struct Members<'v> {
    pub(super) value: &'v Value,
    pub(super) place: &'v str,
}

impl<'v> Members<'v> {
    /// The member at a path of names with dots, if it is there.
    pub(super) fn at(self, path: &str) -> Option<&'v Value> {
        path.split('.').try_fold(self.value, |value, name| value.get(name))
    }

    fn read<T>(self, path: &str, read: impl FnOnce(&'v Value) -> Option<T>) -> Fact<T> {
        self.at(path).and_then(read).map_or_else(|| self.missing(path), Fact::Known)
    }

    /// The unknown fact for a member that is not as it should be.
    pub(super) fn missing<T>(self, path: &str) -> Fact<T> {
        Fact::unknown(format!("{}: no readable {path} in the engine's answer", self.place))
    }

    pub(super) fn boolean(self, path: &str) -> Fact<bool> {
        self.read(path, Value::as_bool)
    }

    pub(super) fn integer(self, path: &str) -> Fact<i64> {
        self.read(path, Value::as_i64)
    }

    pub(super) fn unsigned(self, path: &str) -> Fact<u64> {
        self.read(path, Value::as_u64)
    }

    pub(super) fn text(self, path: &str) -> Fact<String> {
        self.read(path, |value| value.as_str().map(str::to_owned))
    }

    /// A text; an empty one means that none is set.
    pub(super) fn set_text(self, path: &str) -> Fact<String> {
        self.text(path).and_then(|text| if text.is_empty() { Fact::Absent } else { Fact::Known(text) })
    }

    /// A list of texts; Go writes `null` for an empty one.
    pub(super) fn texts(self, path: &str) -> Fact<Vec<String>> {
        self.list(path, |value| value.as_str().map(str::to_owned))
    }

    /// A list, `null` for an empty one. One unreadable member makes the list unknown.
    pub(super) fn list<T>(self, path: &str, read: impl Fn(&'v Value) -> Option<T>) -> Fact<Vec<T>> {
        self.read(path, |value| match value {
            Value::Null => Some(Vec::new()),
            Value::Array(values) => values.iter().map(read).collect(),
            _ => None,
        })
    }

    /// An object whose keys are names, `null` for an empty one.
    pub(super) fn entries<T>(self, path: &str, read: impl Fn(&'v str, &'v Value) -> Option<T>) -> Fact<Vec<T>> {
        self.read(path, |value| match value {
            Value::Null => Some(Vec::new()),
            Value::Object(map) => map.iter().map(|(name, value)| read(name, value)).collect(),
            _ => None,
        })
    }
}

/// A text member of an object; missing or `null` is empty (Go's omitempty), another type is none.
pub(super) fn optional_text(value: &Value, name: &str) -> Option<String> {
    match value.get(name) {
        None | Some(Value::Null) => Some(String::new()),
        Some(value) => value.as_str().map(str::to_owned),
    }
}
