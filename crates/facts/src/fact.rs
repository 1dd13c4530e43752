//! A value that was read, that is provably not there, or that could not be seen.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One observed value. `Unknown` is never treated as good or bad: a verdict that needs it is `unknown`.
///
/// In JSON: `{"known": value}`, `"absent"` or `{"unknown": {"why": "..."}}`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Fact<T> {
    /// The value as read.
    Known(T),
    /// Looked for and not there: an unset option, a missing file.
    Absent,
    /// Not seen. `why` names the obstacle and the access that was missing.
    Unknown {
        /// One sentence for people, e.g. `permission denied reading /proc/812/status (needs root)`.
        why: String,
    },
}

impl<T> Fact<T> {
    /// A value that could not be seen, and why.
    pub fn unknown(why: impl Into<String>) -> Self {
        Self::Unknown { why: why.into() }
    }

    /// The value, if it is known.
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Absent | Self::Unknown { .. } => None,
        }
    }

    /// The value by mutable reference, if it is known. Previews of a plan change a Snapshot through this.
    pub fn known_mut(&mut self) -> Option<&mut T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Absent | Self::Unknown { .. } => None,
        }
    }

    /// Whether the value could not be seen.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown { .. })
    }

    /// Whether the value is provably not there.
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// The obstacle, if the value could not be seen.
    pub fn why(&self) -> Option<&str> {
        match self {
            Self::Unknown { why } => Some(why),
            Self::Known(_) | Self::Absent => None,
        }
    }

    /// The same fact about a reference.
    pub fn as_ref(&self) -> Fact<&T> {
        match self {
            Self::Known(value) => Fact::Known(value),
            Self::Absent => Fact::Absent,
            Self::Unknown { why } => Fact::unknown(why.clone()),
        }
    }

    /// Works out one fact from another; absence and ignorance are kept.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Fact<U> {
        match self {
            Self::Known(value) => Fact::Known(f(value)),
            Self::Absent => Fact::Absent,
            Self::Unknown { why } => Fact::Unknown { why },
        }
    }

    /// Works out one fact from another where the step itself may find nothing or fail.
    pub fn and_then<U>(self, f: impl FnOnce(T) -> Fact<U>) -> Fact<U> {
        match self {
            Self::Known(value) => f(value),
            Self::Absent => Fact::Absent,
            Self::Unknown { why } => Fact::Unknown { why },
        }
    }

    /// The value, or `default` where it is provably not there; ignorance is kept.
    pub fn absent_as(self, default: T) -> Self {
        match self {
            Self::Absent => Self::Known(default),
            other => other,
        }
    }
}

/// A field that an older Snapshot does not carry was not collected: unknown, never absent.
impl<T> Default for Fact<T> {
    fn default() -> Self {
        Self::unknown("not collected by the version that took this snapshot")
    }
}

/// `None` is a provable absence: use it only where the reader looked and found nothing.
impl<T> From<Option<T>> for Fact<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Absent, Self::Known)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_keeps_the_three_cases_apart() {
        let facts: Vec<Fact<u8>> = vec![Fact::Known(1), Fact::Absent, Fact::unknown("no right")];
        let json = serde_json::to_string(&facts).unwrap();
        assert_eq!(json, r#"[{"known":1},"absent",{"unknown":{"why":"no right"}}]"#);
        assert_eq!(serde_json::from_str::<Vec<Fact<u8>>>(&json).unwrap(), facts);
    }
}
