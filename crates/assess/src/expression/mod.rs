//! The language of the checks: CEL's syntax, parsed by the crate `cel`, with a type checker and an evaluator of our own.
//!
//! cel's own evaluator passes wrongly on what is unknown (`!list.exists(..)` on a list that was read in part) and knows no types;
//! see docs. Nothing outside this module knows of `cel`.

mod checker;
mod error;
mod evaluate;
mod node;
mod trace;
mod types;
mod value;

#[cfg(test)]
mod tests;

pub use error::ExpressionError;
pub use trace::Step;
pub use types::{Field, Schema, Type};
pub use value::{RecordValue, Value};

use checker::{Checker, Guards};
use evaluate::Evaluator;
use node::Node;

/// What an expression must give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// An answer.
    Answer,
    /// Something to show: a scalar or a list of scalars, which may be absent.
    Shown,
}

/// A checked expression.
#[derive(Clone, Debug)]
pub struct Expression {
    source: String,
    ty: Type,
    node: Node,
    paths: Vec<String>,
    guarantees: Guards,
}

/// What came out, and what was looked at on the way.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation<'e> {
    /// The result.
    pub value: Value,
    /// Paths of the facts that were read, in the order of the expression: what Kleene logic decided without is not among them.
    pub read: Vec<&'e str>,
}

/// Two expressions are the same where their text and type are.
impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source && self.ty == other.ty
    }
}

impl Expression {
    /// Parses and checks an expression over the variables. `when` is a condition that holds wherever this expression is evaluated.
    pub fn compile(source: &str, variables: &[(&'static str, Type)], wanted: Wanted, when: Option<&Self>) -> Result<Self, ExpressionError> {
        let parser = cel::Env::default().with_optional_support(false).parser();
        let (tree, info) = parser.parse_with_source_info(source).map_err(|errors| syntax_error(source, &errors))?;
        let guards = when.map(|when| when.guarantees.clone()).unwrap_or_default();
        let mut checker = Checker::new(variables, &info, guards);
        let typed = checker.check(&tree)?;
        match wanted {
            Wanted::Answer => {
                if let Some(path) = &typed.may_be_absent {
                    return Err(checker.error(&tree, format!("`{path}` may be absent: guard it, as in `is_set({path}) && ...`")));
                }
                if typed.ty != Type::Bool {
                    return Err(checker.error(&tree, format!("a condition must be bool, this is {}", typed.ty)));
                }
            }
            Wanted::Shown if !typed.ty.has_equality() => {
                return Err(checker.error(&tree, format!("{} can't be shown: show its fields, e.g. with .map(x, x.field)", typed.ty)));
            }
            Wanted::Shown => {}
        }
        Ok(Self { source: source.to_owned(), ty: typed.ty, node: typed.node, guarantees: typed.when_true, paths: checker.paths })
    }

    /// The text as written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The type of its result.
    pub fn ty(&self) -> &Type {
        &self.ty
    }

    /// The paths of all facts it speaks of, in order, a path for each mention.
    pub fn paths(&self) -> &[String] {
        &self.paths
    }

    /// Whether it is nothing but one fact.
    pub fn is_fact(&self) -> bool {
        matches!(self.node, Node::Fact { .. })
    }

    /// Evaluates it. The variables stand in the order in which they were given to [`Self::compile`].
    pub fn evaluate(&self, variables: &[Value]) -> Evaluation<'_> {
        let mut evaluator = Evaluator { variables, locals: Vec::new(), read: vec![false; self.paths.len()] };
        let value = evaluator.value(&self.node);
        let mut read: Vec<&str> = Vec::new();
        for (path, was_read) in self.paths.iter().zip(&evaluator.read) {
            if *was_read && !read.contains(&path.as_str()) {
                read.push(path);
            }
        }
        Evaluation { value, read }
    }
}

/// The first of cel's messages, with the place as a byte offset.
fn syntax_error(source: &str, errors: &cel::ParseErrors) -> ExpressionError {
    let Some(first) = errors.errors.first() else {
        return ExpressionError::new(0, "not an expression");
    };
    let line = usize::try_from(first.pos.0 - 1).unwrap_or(0);
    let column = usize::try_from(first.pos.1 - 1).unwrap_or(0);
    let start: usize = source.split_inclusive('\n').take(line).map(str::len).sum();
    let offset = source[start.min(source.len())..].char_indices().nth(column).map_or(source.len(), |(at, _)| start + at);
    let message = first.msg.lines().next().unwrap_or("not an expression").trim_start_matches("Syntax error: ");
    let message = if message.contains(".?") {
        "`.?` is refused: it would turn what was not read into a judgement; use `is_set(..)`"
    } else {
        message
    };
    ExpressionError::new(offset, format!("syntax error: {message}"))
}
