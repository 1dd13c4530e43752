//! Kleene's three-valued logic over typed facts: what is decided without the unknown part is decided, the rest is unknown.
//!
//! The law behind every line: replacing any value by `Unknown` may turn an answer into `Unknown` and never into another answer.

use super::node::{Comparison, Each, Node, TextTest};
use super::value::Value;

pub(super) struct Evaluator<'e> {
    pub(super) variables: &'e [Value],
    pub(super) locals: Vec<Value>,
    /// Which of the expression's paths were read, by index.
    pub(super) read: Vec<bool>,
}

impl Evaluator<'_> {
    pub(super) fn value(&mut self, node: &Node) -> Value {
        match node {
            Node::Constant(value) => value.clone(),
            Node::List(members) => Value::List(members.iter().map(|member| self.value(member)).collect()),
            Node::Fact { variable, fields, path } => {
                self.read[*path] = true;
                fields.iter().fold(self.variables[*variable].clone(), |value, field| select(&value, *field))
            }
            Node::Local(index) => self.locals[*index].clone(),
            Node::Field(of, index) => select(&self.value(of), *index),
            Node::Not(of) => match self.value(of) {
                Value::Bool(value) => Value::Bool(!value),
                other => undecided(&other),
            },
            Node::And(a, b) => self.connective(a, b, false),
            Node::Or(a, b) => self.connective(a, b, true),
            Node::Compare(comparison, a, b) => compare(*comparison, &self.value(a), &self.value(b)),
            Node::Add(a, b) => add(&self.value(a), &self.value(b)),
            Node::In(needle, list) => contains(&self.value(needle), &self.value(list)),
            Node::IsSet(of) => match self.value(of) {
                Value::Absent => Value::Bool(false),
                Value::Unknown(why) => Value::Unknown(why),
                _ => Value::Bool(true),
            },
            Node::Each(each, list, body) => self.each(*each, list, body),
            Node::Size(of) => size(&self.value(of)),
            Node::Text(test, a, b) => text_test(*test, &self.value(a), &self.value(b)),
        }
    }

    /// `&&` and `||`: `decisive` is the operand value that settles the result whatever the other one is.
    fn connective(&mut self, a: &Node, b: &Node, decisive: bool) -> Value {
        let first = self.value(a);
        if first == Value::Bool(decisive) {
            return first;
        }
        let second = self.value(b);
        if second == Value::Bool(decisive) {
            return second;
        }
        match (first, second) {
            (Value::Bool(_), second @ Value::Bool(_)) => second,
            (Value::Bool(_), second) => undecided(&second),
            (first, _) => undecided(&first),
        }
    }

    fn each(&mut self, each: Each, list: &Node, body: &Node) -> Value {
        let members = match self.value(list) {
            Value::List(members) => members,
            other => return undecided(&other),
        };
        let mut results: Vec<(Value, Value)> = Vec::with_capacity(members.len());
        for member in members.iter() {
            let result = if matches!(member, Value::Unknown(_)) {
                member.clone()
            } else {
                self.locals.push(member.clone());
                let result = self.value(body);
                self.locals.pop();
                result
            };
            results.push((member.clone(), result));
        }
        match each {
            Each::Exists => quantifier(&results, true),
            Each::All => quantifier(&results, false),
            Each::Map => {
                Value::list(results.into_iter().map(|(_, result)| if result == Value::Absent { undecided(&result) } else { result }))
            }
            Each::Filter => Value::list(results.into_iter().filter_map(|(member, result)| match result {
                Value::Bool(true) => Some(member),
                Value::Bool(false) => None,
                other => Some(undecided(&other)),
            })),
        }
    }
}

/// `exists` is a chain of `||`, `all` one of `&&`.
fn quantifier(results: &[(Value, Value)], decisive: bool) -> Value {
    if results.iter().any(|(_, result)| *result == Value::Bool(decisive)) {
        return Value::Bool(decisive);
    }
    match results.iter().find(|(_, result)| !matches!(result, Value::Bool(_))) {
        Some((_, result)) => undecided(result),
        None => Value::Bool(!decisive),
    }
}

/// The checker lets an absent value reach an operation only behind a guard; should one arrive all the same, nothing is decided.
fn undecided(value: &Value) -> Value {
    match value {
        Value::Unknown(why) => Value::Unknown(why.clone()),
        Value::Absent => Value::unknown("the value is absent"),
        Value::Bool(_) | Value::Int(_) | Value::Text(_) | Value::List(_) | Value::Record(_) => Value::unknown("the value has another type"),
    }
}

fn select(value: &Value, field: usize) -> Value {
    match value {
        Value::Record(record) => record.fields[field].clone(),
        other => undecided(other),
    }
}

fn compare(comparison: Comparison, a: &Value, b: &Value) -> Value {
    let equal = match comparison {
        Comparison::Equal => return equal(a, b),
        Comparison::NotEqual => equal(a, b),
        _ => {
            return match (a, b) {
                (Value::Int(a), Value::Int(b)) => Value::Bool(match comparison {
                    Comparison::Less => a < b,
                    Comparison::LessOrEqual => a <= b,
                    Comparison::Greater => a > b,
                    Comparison::GreaterOrEqual => a >= b,
                    Comparison::Equal | Comparison::NotEqual => unreachable!("handled above"),
                }),
                (Value::Int(_), other) | (other, _) => undecided(other),
            };
        }
    };
    match equal {
        Value::Bool(value) => Value::Bool(!value),
        other => other,
    }
}

fn equal(a: &Value, b: &Value) -> Value {
    match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => Value::Bool(a == b),
        (Value::Int(a), Value::Int(b)) => Value::Bool(a == b),
        (Value::Text(a), Value::Text(b)) => Value::Bool(a == b),
        // An unseen member may stand for any number of members: nothing can be said of the whole.
        (Value::List(x), Value::List(y)) => match (a.why(), b.why()) {
            (Some(why), _) | (None, Some(why)) => Value::unknown(why),
            (None, None) => Value::Bool(x == y),
        },
        (Value::Bool(_) | Value::Int(_) | Value::Text(_) | Value::List(_), other) | (other, _) => undecided(other),
    }
}

fn add(a: &Value, b: &Value) -> Value {
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => a.checked_add(*b).map_or_else(|| Value::unknown("the sum is too large"), Value::Int),
        (Value::Text(a), Value::Text(b)) => Value::text(format!("{a}{b}")),
        (Value::Int(_) | Value::Text(_), other) | (other, _) => undecided(other),
    }
}

fn contains(needle: &Value, list: &Value) -> Value {
    let members = match list {
        Value::List(members) => members,
        other => return undecided(other),
    };
    let mut unseen = None;
    for member in members.iter() {
        match equal(needle, member) {
            Value::Bool(true) => return Value::Bool(true),
            Value::Bool(false) => {}
            other => unseen = Some(other),
        }
    }
    unseen.unwrap_or(Value::Bool(false))
}

fn size(value: &Value) -> Value {
    let length = match value {
        Value::Text(text) => text.chars().count(),
        Value::List(members) => match members.iter().find(|member| matches!(member, Value::Unknown(_))) {
            Some(unseen) => return unseen.clone(),
            None => members.len(),
        },
        other => return undecided(other),
    };
    i64::try_from(length).map_or_else(|_| Value::unknown("the size is too large"), Value::Int)
}

fn text_test(test: TextTest, a: &Value, b: &Value) -> Value {
    match (a, b) {
        (Value::Text(a), Value::Text(b)) => Value::Bool(match test {
            TextTest::StartsWith => a.starts_with(&**b),
            TextTest::EndsWith => a.ends_with(&**b),
            TextTest::Contains => a.contains(&**b),
        }),
        (Value::Text(_), other) | (other, _) => undecided(other),
    }
}
