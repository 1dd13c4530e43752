//! Why a verdict: one sentence with the value and the place where it was seen.

use crate::expression::{Evaluation, Expression, Type, Value};
use crate::judge::frame::{FactAt, Frame};
use crate::judge::judgement::is_policy;

/// The sentence behind pass and fail: the value that the check shows, and the facts that decided.
pub(super) fn decided(shows: Option<&Expression>, decision: &Evaluation<'_>, first_fact: Option<&str>, frame: &Frame<'_>) -> String {
    let mut parts = Parts::default();
    parts.shown(shows, first_fact, frame);
    let shown_path = shows.filter(|shows| shows.is_fact()).map(Expression::source);
    // What the operator did not state decided nothing.
    let is_said = |path: &&&str| Some(**path) != shown_path && !(is_policy(path) && frame.value(path) == Value::Absent);
    for path in decision.read.iter().filter(is_said).take(3) {
        // A list is said by what is shown of it.
        let is_list = frame.fact(path).is_some_and(|fact| matches!(fact.field.ty, Type::List(_) | Type::Record(_)));
        if !(is_list && shows.is_some()) || is_policy(path) {
            parts.fact(path, frame);
        }
    }
    parts.text
}

/// The sentence behind manual: what was seen, and which statement would decide it. The question itself stands in the check.
pub(super) fn for_a_person(shows: Option<&Expression>, first_fact: Option<&str>, unstated: &[&str], frame: &Frame<'_>) -> String {
    let mut parts = Parts { text: "a person must decide".to_owned(), ..Parts::default() };
    if !unstated.is_empty() {
        parts.text.push_str(&format!(", or {} in cofferdam.yaml", unstated.join(" and ")));
    }
    parts.shown(shows, first_fact, frame);
    parts.text
}

/// The sentence behind unknown: which facts are missing, and why.
pub(super) fn unseen(decision: &Evaluation<'_>, frame: &Frame<'_>) -> String {
    let mut parts: Vec<String> = Vec::new();
    for path in &decision.read {
        if let Some(why) = frame.value(path).why() {
            let part = format!("{path} could not be seen: {why}");
            if parts.len() < 3 && !parts.contains(&part) {
                parts.push(part);
            }
        }
    }
    if parts.is_empty() {
        parts.push(decision.value.why().unwrap_or("a fact that it needs could not be seen").to_owned());
    }
    parts.join("; ")
}

/// Sentences, each with its place; the same place is named once.
#[derive(Default)]
struct Parts {
    text: String,
    last_place: String,
    notes: Vec<String>,
}

impl Parts {
    /// The value that a check shows: a fact, or what was worked out from the first of its facts.
    fn shown(&mut self, shows: Option<&Expression>, first_fact: Option<&str>, frame: &Frame<'_>) {
        match shows {
            Some(shows) if shows.is_fact() => self.fact(shows.source(), frame),
            Some(shows) => {
                let origin = first_fact.map(|path| frame.origin(path)).unwrap_or_default();
                self.push(format!("found: {}", listed(&shows.evaluate(frame.values).value)), frame.place(&origin), origin.note.as_deref());
            }
            None => {}
        }
    }

    fn fact(&mut self, path: &str, frame: &Frame<'_>) {
        if let Some(fact) = frame.fact(path) {
            let origin = frame.origin(path);
            self.push(said(path, &fact), frame.place(&origin), origin.note.as_deref());
        }
    }

    fn push(&mut self, sentence: String, place: String, note: Option<&str>) {
        if !self.text.is_empty() {
            self.text.push_str("; ");
        }
        self.text.push_str(&sentence);
        if !place.is_empty() && place != self.last_place {
            self.text.push_str(&format!(" ({place})"));
            self.last_place = place;
        }
        if let Some(note) = note.filter(|note| !self.notes.iter().any(|known| known == note)) {
            self.text.push_str(&format!("; {note}"));
            self.notes.push(note.to_owned());
        }
    }
}

/// `log level is debug`, `it is privileged`, `rules: none`.
fn said(path: &str, fact: &FactAt<'_>) -> String {
    if let (Some((yes, no)), Value::Bool(value)) = (fact.field.phrases, &fact.value) {
        return phrase(if *value { yes } else { no }, fact);
    }
    let label = path.split_once('.').map_or(path, |(_, below)| below).replace(['_', '.'], " ");
    match &fact.value {
        Value::List(_) => format!("{label}: {}", listed(&fact.value)),
        Value::Int(bytes) if fact.field.doc.contains("in bytes") => format!("{label} is {}", size(*bytes)),
        value => format!("{label} is {value}"),
    }
}

/// A value that does not fill the page: the first members of a list, and how many more.
fn listed(value: &Value) -> String {
    const ENOUGH: usize = 100;
    let Value::List(members) = value else { return value.to_string() };
    let mut text = String::new();
    for (index, member) in members.iter().enumerate() {
        if text.len() > ENOUGH {
            return format!("{text} and {} more", members.len() - index);
        }
        let comma = if index == 0 { "" } else { ", " };
        text.push_str(&format!("{comma}{member}"));
    }
    if text.is_empty() { value.to_string() } else { text }
}

/// A phrase with `{field}` for the other fields of its record.
fn phrase(phrase: &str, fact: &FactAt<'_>) -> String {
    let mut out = String::new();
    let mut rest = phrase;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, behind) = after.split_once('}').unwrap_or((after, ""));
        out.push_str(before);
        let schema = fact.parent.schema();
        if let Some((index, field)) = schema.field(name) {
            out.push_str(&listed(&fact.parent.slots()[index].slot_value(field.may_be_absent)));
        }
        rest = behind;
    }
    out + rest
}

/// `64 MiB`, and the plain number where it is no round one.
fn size(bytes: i64) -> String {
    const UNITS: [(&str, i64); 3] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    match UNITS.into_iter().find(|(_, unit)| bytes >= *unit) {
        Some((name, unit)) if bytes % unit == 0 => format!("{} {name}", bytes / unit),
        _ => format!("{bytes} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes() {
        assert_eq!((size(64 << 20).as_str(), size(8 << 30).as_str(), size(1500).as_str()), ("64 MiB", "8 GiB", "1500 bytes"));
    }
}
