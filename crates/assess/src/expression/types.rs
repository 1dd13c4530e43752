//! Types of the expression language: three scalars, lists, and records whose fields are known by name.

use std::fmt;

/// The type of an expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Type {
    /// `true` or `false`.
    Bool,
    /// A signed 64-bit number.
    Int,
    /// Text.
    Text,
    /// A list of one type.
    List(Box<Self>),
    /// A record of a view.
    Record(&'static Schema),
    /// The member type of `[]`: fits every other.
    Any,
}

/// The fields of a record, in order.
#[derive(Debug)]
pub struct Schema {
    /// Name for people: `Container`.
    pub name: &'static str,
    /// What it is.
    pub doc: String,
    /// Its fields.
    pub fields: Vec<Field>,
}

/// One field of a record.
#[derive(Debug)]
pub struct Field {
    /// Name in expressions.
    pub name: &'static str,
    /// Type.
    pub ty: Type,
    /// Whether it may provably not be there, so that a comparison needs the guard `is_set(..)`.
    pub may_be_absent: bool,
    /// What it says.
    pub doc: String,
    /// For a boolean: how it is said in a sentence when true and when false.
    pub phrases: Option<(&'static str, &'static str)>,
}

/// Two schemas are equal where they are the same one.
impl PartialEq for Schema {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Schema {
    /// Index and description of a field.
    pub fn field(&self, name: &str) -> Option<(usize, &Field)> {
        self.fields.iter().enumerate().find(|(_, field)| field.name == name)
    }
}

impl Type {
    /// A list of this type.
    pub fn list(member: Self) -> Self {
        Self::List(Box::new(member))
    }

    /// Whether values of the two types can be compared or put into one list.
    pub(super) fn fits(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Any, _) | (_, Self::Any) => true,
            (Self::List(a), Self::List(b)) => a.fits(b),
            (a, b) => a == b,
        }
    }

    /// Whether `==` has a meaning: for scalars, and for lists of them.
    pub(super) fn has_equality(&self) -> bool {
        match self {
            Self::Bool | Self::Int | Self::Text | Self::Any => true,
            Self::List(member) => member.has_equality(),
            Self::Record(_) => false,
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool => f.write_str("bool"),
            Self::Int => f.write_str("int"),
            Self::Text => f.write_str("string"),
            Self::List(member) => write!(f, "list<{member}>"),
            Self::Record(schema) => write!(f, "record {}", schema.name),
            Self::Any => f.write_str("any"),
        }
    }
}
