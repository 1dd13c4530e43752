//! The checked tree that is evaluated: names are resolved to positions.

use super::value::Value;

/// One operation.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    Constant(Value),
    List(Vec<Self>),
    /// A fact of a view: variable, fields below it, and its index in the expression's list of paths.
    Fact {
        variable: usize,
        fields: Vec<usize>,
        path: usize,
    },
    /// A variable of an enclosing `exists`, `all`, `filter` or `map`, counted from the outermost.
    Local(usize),
    Field(Box<Self>, usize),
    Not(Box<Self>),
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
    Compare(Comparison, Box<Self>, Box<Self>),
    Add(Box<Self>, Box<Self>),
    In(Box<Self>, Box<Self>),
    IsSet(Box<Self>),
    Each(Each, Box<Self>, Box<Self>),
    Size(Box<Self>),
    Text(TextTest, Box<Self>, Box<Self>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Each {
    Exists,
    All,
    Filter,
    Map,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TextTest {
    StartsWith,
    EndsWith,
    Contains,
}
