//! How an expression came to its value: each part with its own, as written.

use super::node::Node;
use super::value::Value;
use super::{Evaluator, Expression};

/// One part of an expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// How deep it stands: 0 is the whole.
    pub depth: usize,
    /// The part as written, or the path of a fact.
    pub text: String,
    /// What it gave.
    pub value: Value,
}

impl Expression {
    /// Evaluates it and every part of it: what `&&`, `||` and `!` join, and the facts below each.
    pub fn trace(&self, variables: &[Value]) -> Vec<Step> {
        let mut tracer = Tracer { expression: self, variables, steps: Vec::new() };
        tracer.part(&self.node, self.source.trim(), 0);
        tracer.steps
    }
}

struct Tracer<'e> {
    expression: &'e Expression,
    variables: &'e [Value],
    steps: Vec<Step>,
}

impl Tracer<'_> {
    fn part(&mut self, node: &Node, text: &str, depth: usize) {
        let text = unwrapped(text);
        let value = self.value(node);
        self.steps.push(Step { depth, text: text.split_whitespace().collect::<Vec<_>>().join(" "), value });
        let (nodes, texts) = match node {
            Node::And(..) => (chain(node, true), split(text, "&&")),
            Node::Or(..) => (chain(node, false), split(text, "||")),
            Node::Not(of) => (vec![&**of], text.strip_prefix('!').into_iter().collect()),
            _ => return self.facts(node, text, depth + 1),
        };
        if nodes.len() != texts.len() {
            return self.facts(node, text, depth + 1);
        }
        for (node, text) in nodes.into_iter().zip(texts) {
            self.part(node, text, depth + 1);
        }
    }

    /// The facts that a part speaks of, unless it is nothing but one.
    fn facts(&mut self, node: &Node, text: &str, depth: usize) {
        let mut facts = Vec::new();
        facts_of(node, &mut facts);
        for fact in facts {
            let Node::Fact { path, .. } = fact else { continue };
            let path = &self.expression.paths[*path];
            if path != text && !self.steps.iter().any(|step| step.depth == depth && step.text == *path) {
                let value = self.value(fact);
                self.steps.push(Step { depth, text: path.clone(), value });
            }
        }
    }

    fn value(&self, node: &Node) -> Value {
        Evaluator { variables: self.variables, locals: Vec::new(), read: vec![false; self.expression.paths.len()] }.value(node)
    }
}

/// The members of a chain of one operator, in the order of the text: how the parser nests them does not matter.
fn chain(node: &Node, and: bool) -> Vec<&Node> {
    match (node, and) {
        (Node::And(a, b), true) | (Node::Or(a, b), false) => [chain(a, and), chain(b, and)].concat(),
        _ => vec![node],
    }
}

/// Every fact below a node; those inside the body of `exists` and the like hang on its variable and are left out.
fn facts_of<'n>(node: &'n Node, facts: &mut Vec<&'n Node>) {
    match node {
        Node::Fact { .. } => facts.push(node),
        Node::Constant(_) | Node::Local(_) => {}
        Node::List(members) => members.iter().for_each(|member| facts_of(member, facts)),
        Node::Field(of, _) | Node::Not(of) | Node::IsSet(of) | Node::Size(of) | Node::Each(_, of, _) => facts_of(of, facts),
        Node::And(a, b) | Node::Or(a, b) | Node::Compare(_, a, b) | Node::Add(a, b) | Node::In(a, b) | Node::Text(_, a, b) => {
            facts_of(a, facts);
            facts_of(b, facts);
        }
    }
}

/// The text between the operators of the outermost level: not inside brackets or quotes.
fn split<'t>(text: &'t str, operator: &str) -> Vec<&'t str> {
    let mut parts = Vec::new();
    let mut from = 0;
    for at in outermost(text) {
        if at >= from && text[at..].starts_with(operator) {
            parts.push(text[from..at].trim());
            from = at + operator.len();
        }
    }
    parts.push(text[from..].trim());
    parts
}

/// The text without brackets around the whole of it.
fn unwrapped(text: &str) -> &str {
    let mut text = text.trim();
    while let Some(inner) = text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        // "(a) && (b)" begins and ends with a bracket as well: there something stands outside of them.
        if outermost(text).any(|at| at > 0 && at + 1 < text.len()) {
            return text;
        }
        text = inner.trim();
    }
    text
}

/// Byte places outside of every bracket and quote; opening and closing brackets of the outermost level count as outside.
fn outermost(text: &str) -> impl Iterator<Item = usize> {
    let (mut depth, mut quote, mut escaped) = (0_usize, None, false);
    text.char_indices().filter_map(move |(at, character)| {
        if let Some(open) = quote {
            match character {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                close if close == open => quote = None,
                _ => {}
            }
            return None;
        }
        match character {
            '"' | '\'' => quote = Some(character),
            '(' | '[' | '{' => {
                depth += 1;
                return (depth == 1).then_some(at);
            }
            ')' | ']' | '}' => {
                depth = depth.saturating_sub(1);
                return (depth == 0).then_some(at);
            }
            _ => {}
        }
        (depth == 0 && quote.is_none()).then_some(at)
    })
}
