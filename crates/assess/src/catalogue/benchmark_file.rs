//! A benchmark's table of contents.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::source::Source;
use crate::near_miss::near_miss;
use crate::yaml::Node;
use crate::{Benchmark, Check, Control};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBenchmark {
    id: Spanned<String>,
    title: Spanned<String>,
    /// Where numbers, levels and assessment kinds were read, for those who maintain the table.
    #[serde(default, rename = "source")]
    _source: Option<String>,
    #[serde(default, rename = "note")]
    _note: Option<String>,
    controls: Vec<Spanned<RawControl>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawControl {
    id: String,
    section: String,
    #[serde(default)]
    check: Option<Spanned<String>>,
    slug: String,
    #[serde(default)]
    level: Option<Spanned<Node>>,
    #[serde(default)]
    assessment: Option<Spanned<String>>,
    #[serde(default)]
    scored: Option<Spanned<Node>>,
}

/// Reads a table. `checks` are those that it may name.
pub(super) fn read(source: &mut Source<'_>, checks: &BTreeMap<String, Check>) -> Option<Benchmark> {
    let raw: RawBenchmark = source.read()?;
    let id = source.said(&raw.id, "id");
    let title = source.said(&raw.title, "title");
    let mut controls: Vec<Control> = Vec::new();
    for row in raw.controls {
        let place = row.referenced;
        let control = control(source, row, checks);
        if let Some(last) = controls.last() {
            match numbers(&last.id).cmp(&numbers(&control.id)) {
                std::cmp::Ordering::Less => {}
                std::cmp::Ordering::Equal => source.error(place, format!("`{}` stands twice", control.id)),
                std::cmp::Ordering::Greater => {
                    source.error(place, format!("`{}` stands after `{}`: rows are in numeric order", control.id, last.id))
                }
            }
        }
        controls.push(control);
    }
    Some(Benchmark { id, title, controls })
}

fn control(source: &mut Source<'_>, row: Spanned<RawControl>, checks: &BTreeMap<String, Check>) -> Control {
    let place = row.referenced;
    let row = row.value;
    match &row.check {
        Some(check) if !checks.contains_key(&check.value) => {
            let meant = near_miss(&check.value, checks.keys().map(String::as_str)).map(|meant| format!(", did you mean `{meant}`?"));
            source.error(check.referenced, format!("no check `{}`{}", check.value, meant.unwrap_or_default()));
        }
        Some(_) => {}
        None => source.error(place, format!("`{}` names no check: each row is answered by one", row.id)),
    }
    if numbers(&row.id).is_empty() {
        source.error(place, format!("`{}` is no number such as 2.15", row.id));
    }
    let level = row.level.and_then(|level| match &level.value {
        Node::Int(number @ 1..=9) => u8::try_from(*number).ok(),
        Node::Text(word) if word == "?" => None,
        Node::Null => None,
        _ => {
            source.error(level.referenced, "`level` is 1, 2 or \"?\"");
            None
        }
    });
    let assessment = row.assessment.and_then(|word| match word.value.as_str() {
        "automated" | "manual" => Some(word.value),
        "?" => None,
        _ => {
            source.error(word.referenced, "`assessment` is automated, manual or \"?\"");
            None
        }
    });
    let scored = row.scored.and_then(|scored| match &scored.value {
        Node::Bool(value) => Some(*value),
        Node::Text(word) if word == "?" => None,
        Node::Null => None,
        _ => {
            source.error(scored.referenced, "`scored` is true, false or \"?\"");
            None
        }
    });
    Control {
        id: row.id,
        section: row.section,
        check: row.check.map(|check| check.value).unwrap_or_default(),
        slug: row.slug,
        level,
        assessment,
        scored,
    }
}

/// `2.15` as [2, 15]; empty: not of that form.
fn numbers(id: &str) -> Vec<u32> {
    id.split('.').map(str::parse).collect::<Result<_, _>>().unwrap_or_default()
}
