//! YAML as the catalogue reads it: strict, with the place of every node.

use serde::de::{Deserialize, DeserializeOwned, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{Location, Spanned};

/// A node of any kind.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Node {
    Null,
    Bool(bool),
    Int(i64),
    Text(String),
    List(Vec<Spanned<Self>>),
    Map(Vec<(Spanned<String>, Spanned<Self>)>),
}

impl Node {
    /// What it is, for messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "nothing (~)",
            Self::Bool(_) => "a bool",
            Self::Int(_) => "a number",
            Self::Text(_) => "a string",
            Self::List(_) => "a list",
            Self::Map(_) => "a mapping",
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyNode;
        impl<'de> Visitor<'de> for AnyNode {
            type Value = Node;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a value")
            }

            fn visit_unit<E>(self) -> Result<Node, E> {
                Ok(Node::Null)
            }

            fn visit_none<E>(self) -> Result<Node, E> {
                Ok(Node::Null)
            }

            fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
                Ok(Node::Bool(value))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
                Ok(Node::Int(value))
            }

            fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Node, E> {
                i64::try_from(value).map(Node::Int).map_err(|_| E::custom("the number is too large"))
            }

            fn visit_str<E>(self, value: &str) -> Result<Node, E> {
                Ok(Node::Text(value.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Node, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = seq.next_element()? {
                    members.push(member);
                }
                Ok(Node::List(members))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Node::Map(entries))
            }
        }
        deserializer.deserialize_any(AnyNode)
    }
}

/// A place in a file, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Line.
    pub line: usize,
    /// Column in characters.
    pub column: usize,
}

impl From<Location> for Place {
    fn from(location: Location) -> Self {
        Self { line: usize::try_from(location.line()).unwrap_or(0), column: usize::try_from(location.column()).unwrap_or(0) }
    }
}

/// Reads a document strictly: duplicate keys are refused, `no` is a string, a string that looks like a number must be quoted.
pub(crate) fn read<T: DeserializeOwned>(text: &str) -> Result<T, (Place, String)> {
    let options = serde_saphyr::options! { strict_booleans: true, no_schema: true, with_snippet: false };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let place = error.location().map_or(Place { line: 1, column: 1 }, Place::from);
        (place, with_near_miss(plain_message(&error.to_string())))
    })
}

/// A field that is not known, with the one that may have been meant.
fn with_near_miss(message: String) -> String {
    let Some((field, known)) = message.strip_prefix("unknown field `").and_then(|rest| rest.split_once("`, expected one of ")) else {
        return message;
    };
    format!("unknown field `{field}`{}", crate::near_miss::hint(field, known.split(", ")))
}

/// The message without the place that the library puts in front or behind.
fn plain_message(message: &str) -> String {
    let first = message.lines().next().unwrap_or_default();
    let first = first.strip_prefix("error: ").unwrap_or(first);
    let first = match first.strip_prefix("line ").and_then(|rest| rest.split_once(": ")) {
        Some((place, rest)) if place.bytes().next().is_some_and(|byte| byte.is_ascii_digit()) => rest,
        _ => first,
    };
    match first.rsplit_once(" at line ") {
        Some((text, place)) if place.bytes().all(|byte| byte.is_ascii_digit() || b", column".contains(&byte)) => text.to_owned(),
        _ => first.to_owned(),
    }
}

/// The place of one byte of a scalar's value, where the scalar stands in the text: an expression's mistake is shown inside the file.
pub(crate) fn place_in_scalar(text: &str, start: Location, value_offset: usize) -> Place {
    let at = byte_of(text, Place::from(start));
    let raw = &text[at.min(text.len())..];
    let inside = match raw.bytes().next() {
        Some(b'|' | b'>') => in_block(raw, value_offset),
        Some(quote @ (b'"' | b'\'')) => in_flow(raw, value_offset, Some(quote)),
        _ => in_flow(raw, value_offset, None),
    };
    place_of(text, at + inside)
}

fn in_block(raw: &str, value_offset: usize) -> usize {
    let body = raw.find('\n').map_or(raw.len(), |end| end + 1);
    let indent = raw[body..].lines().find(|line| !line.trim().is_empty()).map_or(0, |line| line.len() - line.trim_start_matches(' ').len());
    let (mut at, mut left) = (body, value_offset);
    for line in raw[body..].split_inclusive('\n') {
        let margin = indent.min(line.len());
        let length = line.len() - margin;
        if left < length || !line.ends_with('\n') {
            return (at + margin + left).min(raw.len());
        }
        left -= length;
        at += line.len();
    }
    at.min(raw.len())
}

fn in_flow(raw: &str, value_offset: usize, quote: Option<u8>) -> usize {
    let bytes = raw.as_bytes();
    let mut at = usize::from(quote.is_some());
    let mut left = value_offset;
    while left > 0 && at < bytes.len() {
        match (bytes[at], quote) {
            (b'\\', Some(b'"')) => at += 2,
            (b'\'', Some(b'\'')) if bytes.get(at + 1) == Some(&b'\'') => at += 2,
            (b'\n', _) => at += 1 + bytes[at + 1..].iter().take_while(|byte| **byte == b' ').count(),
            _ => at += 1,
        }
        left -= 1;
    }
    at.min(raw.len())
}

fn byte_of(text: &str, place: Place) -> usize {
    let line_start: usize = text.split_inclusive('\n').take(place.line.saturating_sub(1)).map(str::len).sum();
    let line = &text[line_start.min(text.len())..];
    line_start + line.char_indices().nth(place.column.saturating_sub(1)).map_or(0, |(at, _)| at)
}

fn place_of(text: &str, byte: usize) -> Place {
    let mut byte = byte.min(text.len());
    while !text.is_char_boundary(byte) {
        byte -= 1;
    }
    let before = &text[..byte];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    Place { line: before.matches('\n').count() + 1, column: before[line_start..].chars().count() + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize)]
    struct Document {
        pass: Spanned<String>,
    }

    fn check(text: &str, needle: &str) {
        let document: Document = read(text).unwrap();
        let offset = document.pass.value.find(needle).unwrap();
        let place = place_in_scalar(text, document.pass.referenced, offset);
        let expected = place_of(text, text.find(needle).unwrap());
        assert_eq!(place, expected, "{text}");
    }

    #[test]
    fn places_inside_scalars() {
        check("pass: a == NEEDLE\n", "NEEDLE");
        check("x: 1\npass: \"!a || NEEDLE\"\n".replace("x: 1\n", "").as_str(), "NEEDLE");
        check("pass: \"a == \\\"q\\\" || NEEDLE\"\n", "NEEDLE");
        check("pass: 'a == ''q'' || NEEDLE'\n", "NEEDLE");
        check("pass: >-\n  a &&\n  b && NEEDLE\n", "NEEDLE");
        check("pass: |\n    a &&\n    b && NEEDLE\n", "NEEDLE");
        check("pass: a &&\n  b && NEEDLE\n", "NEEDLE");
    }

    #[test]
    fn strict() {
        assert!(read::<Document>("pass: a\npass: b\n").is_err());
        let (place, message) = read::<Document>("pass: 0644\n").err().unwrap();
        assert_eq!((place, message.as_str()), (Place { line: 1, column: 7 }, "The string value [0644] must be quoted"));
    }
}
