//! Values of the expression language. `Unknown` is contagious, but for what Kleene logic can decide without it.

use std::sync::Arc;

use serde_json::json;

use super::types::Schema;

/// A value, cheap to clone.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Int(i64),
    /// Text.
    Text(Arc<str>),
    /// A list. An `Unknown` member stands for any number of members that could not be seen.
    List(Arc<[Self]>),
    /// A record of a view.
    Record(Arc<RecordValue>),
    /// Looked for and not there.
    Absent,
    /// Not seen, and why.
    Unknown(Arc<str>),
}

/// The values of a record's fields, in the order of its schema.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordValue {
    /// What the fields are.
    pub schema: &'static Schema,
    /// Their values.
    pub fields: Vec<Value>,
}

impl Value {
    /// Not seen, and why.
    pub fn unknown(why: impl Into<Arc<str>>) -> Self {
        Self::Unknown(why.into())
    }

    /// Text.
    pub fn text(text: impl Into<Arc<str>>) -> Self {
        Self::Text(text.into())
    }

    /// A list.
    pub fn list(members: impl IntoIterator<Item = Self>) -> Self {
        Self::List(members.into_iter().collect())
    }

    /// The boolean, if it is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The first obstacle in this value or below it.
    pub fn why(&self) -> Option<&str> {
        match self {
            Self::Unknown(why) => Some(why),
            Self::List(members) => members.iter().find_map(Self::why),
            Self::Record(record) => record.fields.iter().find_map(Self::why),
            Self::Bool(_) | Self::Int(_) | Self::Text(_) | Self::Absent => None,
        }
    }

    /// For output: what is absent or unknown is null.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Bool(value) => json!(value),
            Self::Int(value) => json!(value),
            Self::Text(value) => json!(**value),
            Self::List(members) => members.iter().map(Self::to_json).collect(),
            Self::Record(record) => {
                record.schema.fields.iter().zip(&record.fields).map(|(field, value)| (field.name.to_owned(), value.to_json())).collect()
            }
            Self::Absent | Self::Unknown(_) => serde_json::Value::Null,
        }
    }
}

/// In a sentence: `debug`, `none`, `NET_ADMIN, SYS_ADMIN`, `not set`, `not seen`.
impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Bool(value) => write!(f, "{value}"),
            Self::Int(value) => write!(f, "{value}"),
            Self::Text(value) if value.is_empty() => f.write_str("empty"),
            Self::Text(value) => f.write_str(value),
            Self::List(members) if members.is_empty() => f.write_str("none"),
            Self::List(members) => {
                for (index, member) in members.iter().enumerate() {
                    let comma = if index == 0 { "" } else { ", " };
                    write!(f, "{comma}{member}")?;
                }
                Ok(())
            }
            Self::Record(record) => write!(f, "{}", record.schema.name),
            Self::Absent => f.write_str("not set"),
            Self::Unknown(_) => f.write_str("not seen"),
        }
    }
}
