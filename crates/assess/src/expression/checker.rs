//! The type checker: from cel's syntax tree to the tree that is evaluated. What passes here cannot fail when it runs.
//!
//! A field that may be absent is usable only where a guard `is_set(..)` is known to hold: `is_set(x) && x < y`,
//! `!is_set(x) || x < y`, or in `pass` behind a `when`.

use std::collections::BTreeSet;

use cel::common::ast::{CallExpr, Expr, IdedExpr, LiteralValue, SelectExpr, SourceInfo};

use super::error::ExpressionError;
use super::node::{Comparison, Each, Node, TextTest};
use super::types::{Field, Type};
use super::value::Value;
use crate::near_miss::hint;

/// Facts that are known to be set, by their path.
pub(super) type Guards = BTreeSet<String>;

/// An expression with all that the checker learned of it.
pub(super) struct Typed {
    pub(super) node: Node,
    pub(super) ty: Type,
    /// The path of a fact that may be absent here; none: it is certainly set.
    pub(super) may_be_absent: Option<String>,
    /// Its path, if it is a fact or a field of a member.
    path: Option<String>,
    /// Facts that are set where this is true.
    pub(super) when_true: Guards,
    /// Facts that are set where this is false.
    when_false: Guards,
}

pub(super) struct Checker<'c> {
    pub(super) variables: &'c [(&'static str, Type)],
    pub(super) source: &'c SourceInfo,
    pub(super) guards: Guards,
    locals: Vec<(String, Type)>,
    pub(super) paths: Vec<String>,
}

type Checked = Result<Typed, ExpressionError>;

const METHODS: &[&str] = &["exists", "all", "filter", "map", "size", "startsWith", "endsWith", "contains"];

impl<'c> Checker<'c> {
    pub(super) fn new(variables: &'c [(&'static str, Type)], source: &'c SourceInfo, guards: Guards) -> Self {
        Self { variables, source, guards, locals: Vec::new(), paths: Vec::new() }
    }

    /// Checks an expression that must be set: the operand of an operation.
    fn set(&mut self, expr: &IdedExpr) -> Checked {
        let typed = self.check(expr)?;
        match &typed.may_be_absent {
            Some(path) => Err(self.error(expr, format!("`{path}` may be absent: guard it, as in `is_set({path}) && ...`"))),
            None => Ok(typed),
        }
    }

    fn bool(&mut self, expr: &IdedExpr, whose: &str) -> Checked {
        let typed = self.set(expr)?;
        self.expect(expr, &typed, &Type::Bool, whose)?;
        Ok(typed)
    }

    fn expect(&self, expr: &IdedExpr, typed: &Typed, ty: &Type, whose: &str) -> Result<(), ExpressionError> {
        if typed.ty == *ty { Ok(()) } else { Err(self.error(expr, format!("{whose} must be {ty}, this is {}", typed.ty))) }
    }

    pub(super) fn check(&mut self, expr: &IdedExpr) -> Checked {
        match &expr.expr {
            Expr::Literal(literal) => self.literal(expr, literal),
            Expr::Ident(name) => self.identifier(expr, name),
            Expr::Select(select) => self.select(expr, select),
            Expr::List(list) => {
                let mut member = Type::Any;
                let mut nodes = Vec::new();
                for element in &list.elements {
                    let typed = self.set(element)?;
                    if !member.fits(&typed.ty) {
                        return Err(self.error(element, format!("a list holds one type: {member} before, {} here", typed.ty)));
                    }
                    if member == Type::Any {
                        member = typed.ty;
                    }
                    nodes.push(typed.node);
                }
                let constant: Option<Vec<Value>> =
                    nodes.iter().map(|node| if let Node::Constant(value) = node { Some(value.clone()) } else { None }).collect();
                let node = constant.map_or(Node::List(nodes), |values| Node::Constant(Value::list(values)));
                Ok(plain(node, Type::list(member)))
            }
            Expr::Call(call) => self.call(expr, call),
            Expr::Map(_) => Err(self.error(expr, "maps are not part of this language")),
            Expr::Struct(_) => Err(self.error(expr, "messages are not part of this language")),
            Expr::Comprehension(_) | Expr::Unspecified => Err(self.error(expr, "this is not part of this language")),
        }
    }

    fn literal(&self, expr: &IdedExpr, literal: &LiteralValue) -> Checked {
        match literal {
            LiteralValue::Boolean(value) => Ok(plain(Node::Constant(Value::Bool(*value.inner())), Type::Bool)),
            LiteralValue::Int(value) => Ok(plain(Node::Constant(Value::Int(*value.inner())), Type::Int)),
            LiteralValue::String(value) => Ok(plain(Node::Constant(Value::text(value.inner())), Type::Text)),
            LiteralValue::Null => Err(self.error(expr, "there is no null: what is not there is asked for with `is_set(..)`")),
            LiteralValue::Double(_) => Err(self.error(expr, "there are no fractions: facts are whole numbers")),
            LiteralValue::UInt(_) => Err(self.error(expr, "write the number without `u`: facts are signed numbers")),
            LiteralValue::Bytes(_) => Err(self.error(expr, "there are no bytes: write a string")),
        }
    }

    fn identifier(&mut self, expr: &IdedExpr, name: &str) -> Checked {
        if let Some(index) = self.locals.iter().position(|(local, _)| local == name) {
            let ty = self.locals[index].1.clone();
            return Ok(Typed { path: Some(name.to_owned()), ..plain(Node::Local(index), ty) });
        }
        if let Some(index) = self.variables.iter().position(|(variable, _)| *variable == name) {
            let path = self.path_index(name);
            let node = Node::Fact { variable: index, fields: Vec::new(), path };
            return Ok(Typed { path: Some(name.to_owned()), ..plain(node, self.variables[index].1.clone()) });
        }
        let known = self.variables.iter().map(|(name, _)| *name).chain(self.locals.iter().map(|(name, _)| name.as_str()));
        let hint = hint(name, known);
        Err(self.error(expr, format!("unknown name `{name}`{hint}")))
    }

    fn select(&mut self, expr: &IdedExpr, select: &SelectExpr) -> Checked {
        if select.test {
            return Err(self.error(expr, "has() is refused: it would turn what was not read into a judgement; use `is_set(..)`"));
        }
        let operand = self.set(&select.operand)?;
        let at = self.after_dot(expr);
        let Type::Record(schema) = operand.ty else {
            return Err(ExpressionError::new(at, format!("`{}` is asked of {}, which has no fields", select.field, operand.ty)));
        };
        let Some((index, field)) = schema.field(&select.field) else {
            let hint = hint(&select.field, schema.fields.iter().map(|field| field.name));
            return Err(ExpressionError::new(at, format!("{} has no field `{}`{hint}", schema.name, select.field)));
        };
        Ok(self.field(operand, index, field))
    }

    fn field(&mut self, operand: Typed, index: usize, field: &Field) -> Typed {
        let path = operand.path.map(|path| format!("{path}.{}", field.name));
        let node = match operand.node {
            Node::Fact { variable, mut fields, path: before } => {
                fields.push(index);
                // The longer path replaces the shorter one that was noted on the way to it.
                let name = path.clone().expect("facts have a path");
                Node::Fact { variable, fields, path: self.extend_path(before, name) }
            }
            other => Node::Field(Box::new(other), index),
        };
        let guarded = path.as_ref().is_some_and(|path| self.guards.contains(path));
        let may_be_absent =
            if field.may_be_absent && !guarded { Some(path.clone().unwrap_or_else(|| field.name.to_owned())) } else { None };
        Typed { path, may_be_absent, ..plain(node, field.ty.clone()) }
    }

    fn call(&mut self, expr: &IdedExpr, call: &CallExpr) -> Checked {
        match (&call.target, call.func_name.as_str(), call.args.as_slice()) {
            (None, "!_", [a]) => {
                let a = self.bool(a, "the operand of `!`")?;
                let node = Node::Not(Box::new(a.node));
                Ok(Typed { when_true: a.when_false, when_false: a.when_true, ..plain(node, Type::Bool) })
            }
            (None, "_&&_", [a, b]) => self.connective(a, b, true),
            (None, "_||_", [a, b]) => self.connective(a, b, false),
            (None, "_==_", [a, b]) => self.comparison(expr, Comparison::Equal, a, b),
            (None, "_!=_", [a, b]) => self.comparison(expr, Comparison::NotEqual, a, b),
            (None, "_<_", [a, b]) => self.comparison(expr, Comparison::Less, a, b),
            (None, "_<=_", [a, b]) => self.comparison(expr, Comparison::LessOrEqual, a, b),
            (None, "_>_", [a, b]) => self.comparison(expr, Comparison::Greater, a, b),
            (None, "_>=_", [a, b]) => self.comparison(expr, Comparison::GreaterOrEqual, a, b),
            (None, "_+_", [a, b]) => {
                let (left, right) = (self.set(a)?, self.set(b)?);
                if !matches!(left.ty, Type::Int | Type::Text) || left.ty != right.ty {
                    return Err(self.error(expr, format!("`+` joins two strings or adds two ints, not {} and {}", left.ty, right.ty)));
                }
                Ok(plain(Node::Add(Box::new(left.node), Box::new(right.node)), left.ty))
            }
            (None, "@in", [a, b]) => {
                let (needle, list) = (self.set(a)?, self.set(b)?);
                let Type::List(member) = &list.ty else {
                    return Err(self.error(b, format!("the right side of `in` must be a list, this is {}", list.ty)));
                };
                if !needle.ty.fits(member) || !needle.ty.has_equality() {
                    return Err(self.error(expr, format!("{} cannot be a member of {}", needle.ty, list.ty)));
                }
                Ok(plain(Node::In(Box::new(needle.node), Box::new(list.node)), Type::Bool))
            }
            (None, "is_set", [a]) => self.is_set(a),
            (None, "is_set", _) => Err(self.error(expr, "is_set(..) takes one fact")),
            (None, "size", [a]) => self.size(expr, a),
            (Some(a), "size", []) => self.size(expr, a),
            (None, "has", _) => {
                Err(self.error(expr, "has() is refused: it would turn what was not read into a judgement; use `is_set(..)`"))
            }
            (None, "_?_:_", _) => Err(self.error(expr, "`? :` is not part of this language: write it with && and ||")),
            (None, "_[_]" | "_[?_]", _) => Err(self.error(expr, "indexing is not part of this language: use exists, all, filter or map")),
            (None, "-_" | "_-_" | "_*_" | "_/_" | "_%_", _) => Err(self.error(expr, "of arithmetic there is only `+`")),
            (Some(target), name, args) => self.method(expr, target, name, args),
            (None, name, _) => {
                let hint = hint(name, ["is_set", "size"]);
                Err(self.error(expr, format!("unknown function `{name}`{hint}")))
            }
        }
    }

    fn connective(&mut self, a: &IdedExpr, b: &IdedExpr, and: bool) -> Checked {
        let sign = if and { "`&&`" } else { "`||`" };
        let left = self.bool(a, &format!("the left side of {sign}"))?;
        // The right side counts only where the left one did not decide, so what that tells holds there.
        let known = if and { &left.when_true } else { &left.when_false };
        let before = self.guards.clone();
        self.guards.extend(known.iter().cloned());
        let right = self.bool(b, &format!("the right side of {sign}"));
        self.guards = before;
        let right = right?;
        let union = |a: &Guards, b: &Guards| a.union(b).cloned().collect();
        let both = |a: &Guards, b: &Guards| a.intersection(b).cloned().collect();
        let (when_true, when_false) = if and {
            (union(&left.when_true, &right.when_true), both(&left.when_false, &right.when_false))
        } else {
            (both(&left.when_true, &right.when_true), union(&left.when_false, &right.when_false))
        };
        let (left, right) = (Box::new(left.node), Box::new(right.node));
        let node = if and { Node::And(left, right) } else { Node::Or(left, right) };
        Ok(Typed { when_true, when_false, ..plain(node, Type::Bool) })
    }

    fn comparison(&mut self, expr: &IdedExpr, comparison: Comparison, a: &IdedExpr, b: &IdedExpr) -> Checked {
        if let Some(null) = [a, b].into_iter().find(|side| side.expr == Expr::Literal(LiteralValue::Null)) {
            self.check(null)?;
        }
        let (left, right) = (self.set(a)?, self.set(b)?);
        if !left.ty.fits(&right.ty) {
            return Err(self.error(expr, format!("{} and {} can't be compared", left.ty, right.ty)));
        }
        let equality = matches!(comparison, Comparison::Equal | Comparison::NotEqual);
        if equality && !left.ty.has_equality() {
            return Err(self.error(expr, format!("{} has no equality: compare its fields", left.ty)));
        }
        if !equality && left.ty != Type::Int {
            return Err(self.error(expr, format!("only ints are ordered, this is {}", left.ty)));
        }
        Ok(plain(Node::Compare(comparison, Box::new(left.node), Box::new(right.node)), Type::Bool))
    }

    fn is_set(&mut self, a: &IdedExpr) -> Checked {
        let of = self.check(a)?;
        let Some(path) = of.path else {
            return Err(self.error(a, "is_set(..) takes a fact, e.g. `is_set(container.memory_limit)`"));
        };
        if of.may_be_absent.is_none() && !self.guards.contains(&path) {
            return Err(self.error(a, format!("`{path}` is never absent: is_set(..) would always hold")));
        }
        Ok(Typed { when_true: Guards::from([path]), ..plain(Node::IsSet(Box::new(of.node)), Type::Bool) })
    }

    fn size(&mut self, expr: &IdedExpr, a: &IdedExpr) -> Checked {
        let of = self.set(a)?;
        match of.ty {
            Type::List(_) | Type::Text => Ok(plain(Node::Size(Box::new(of.node)), Type::Int)),
            other => Err(self.error(expr, format!("size() counts a list or a string, not {other}"))),
        }
    }

    fn method(&mut self, expr: &IdedExpr, target: &IdedExpr, name: &str, args: &[IdedExpr]) -> Checked {
        let each = match name {
            "exists" => Some(Each::Exists),
            "all" => Some(Each::All),
            "filter" => Some(Each::Filter),
            "map" => Some(Each::Map),
            _ => None,
        };
        if let Some(each) = each {
            return self.each(expr, each, name, target, args);
        }
        let test = match name {
            "startsWith" => TextTest::StartsWith,
            "endsWith" => TextTest::EndsWith,
            "contains" => TextTest::Contains,
            "exists_one" => return Err(self.error(expr, "exists_one is not part of this language: use filter and size")),
            _ => {
                let hint = hint(name, METHODS.iter().copied());
                return Err(self.error(expr, format!("unknown method `{name}`{hint}")));
            }
        };
        let [argument] = args else {
            return Err(self.error(expr, format!("{name}(..) takes one string")));
        };
        let text = self.set(target)?;
        if matches!(text.ty, Type::List(_)) && test == TextTest::Contains {
            return Err(self.error(expr, "contains(..) is for strings: for a list write `x in list`"));
        }
        self.expect(target, &text, &Type::Text, &format!("the text before .{name}(..)"))?;
        let part = self.set(argument)?;
        self.expect(argument, &part, &Type::Text, &format!("the argument of {name}(..)"))?;
        Ok(plain(Node::Text(test, Box::new(text.node), Box::new(part.node)), Type::Bool))
    }

    fn each(&mut self, expr: &IdedExpr, each: Each, name: &str, target: &IdedExpr, args: &[IdedExpr]) -> Checked {
        let [variable, body] = args else {
            return Err(self.error(expr, format!("{name}(..) takes a variable and an expression: `list.{name}(x, ...)`")));
        };
        let Expr::Ident(variable_name) = &variable.expr else {
            return Err(self.error(variable, format!("the first argument of {name}(..) is a new name for the member")));
        };
        let taken =
            self.variables.iter().any(|(known, _)| known == variable_name) || self.locals.iter().any(|(known, _)| known == variable_name);
        if taken {
            return Err(self.error(variable, format!("`{variable_name}` has a meaning already: choose another name")));
        }
        let list = self.set(target)?;
        let Type::List(member) = &list.ty else {
            return Err(self.error(target, format!("{name}(..) goes through a list, this is {}", list.ty)));
        };
        self.locals.push((variable_name.clone(), (**member).clone()));
        let checked = match each {
            Each::Map => self.set(body),
            Each::Exists | Each::All | Each::Filter => self.bool(body, &format!("the condition of {name}(..)")),
        };
        self.locals.pop();
        let checked = checked?;
        let ty = match each {
            Each::Exists | Each::All => Type::Bool,
            Each::Filter => list.ty.clone(),
            Each::Map => Type::list(checked.ty),
        };
        Ok(plain(Node::Each(each, Box::new(list.node), Box::new(checked.node)), ty))
    }

    fn path_index(&mut self, name: &str) -> usize {
        self.paths.push(name.to_owned());
        self.paths.len() - 1
    }

    fn extend_path(&mut self, index: usize, name: String) -> usize {
        self.paths[index] = name;
        index
    }

    fn offset(&self, expr: &IdedExpr) -> usize {
        self.source.offset_for(expr.id).map_or(0, |(start, _)| start as usize)
    }

    /// A select points at its dot; the reader looks for the name behind it.
    fn after_dot(&self, expr: &IdedExpr) -> usize {
        let dot = self.offset(expr);
        let rest = self.source.source.get(dot + 1..).unwrap_or_default();
        dot + 1 + (rest.len() - rest.trim_start().len())
    }

    pub(super) fn error(&self, expr: &IdedExpr, message: impl Into<String>) -> ExpressionError {
        // The start of an operand is its leftmost name, not its last dot or operator.
        let offset = match &expr.expr {
            Expr::Select(select) if !select.test => return self.error(&select.operand, message),
            _ => self.offset(expr),
        };
        ExpressionError::new(offset, message)
    }
}

fn plain(node: Node, ty: Type) -> Typed {
    Typed { node, ty, may_be_absent: None, path: None, when_true: Guards::new(), when_false: Guards::new() }
}
