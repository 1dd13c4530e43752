//! daemon.json: keys set and removed in its text. Layout, order, line ends and the keys of others stay byte for byte.
//!
//! The places come from jsonc-parser's tree with every extension of JSON switched off; the text between them is never printed anew.

use facts::docker::{ConfigEntry, ConfigError, parse_config};
use jsonc_parser::ast::Value as Node;
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};
use serde_json::Value;

/// Why the text is not edited.
#[derive(Debug, PartialEq, thiserror::Error)]
pub(crate) enum EditError {
    /// The daemon, or a careful reader, would refuse it as it is.
    #[error("{0}")]
    Unusable(ConfigError),
    /// The edited text does not say what it should: a mistake of ours, found before anything was written.
    #[error("the edited text does not hold what it should for `{key}`: a defect of cofferdam, nothing was written")]
    SelfCheck {
        /// The key.
        key: String,
    },
}

/// One wish: a key gets a value, or goes (`None`).
pub(crate) type Wish = (String, Option<Value>);

/// The text with the wishes fulfilled. No text: there is no file yet. A wish that holds already changes nothing.
pub(crate) fn edit(text: Option<&str>, wishes: &[Wish]) -> Result<String, EditError> {
    let before = parse_config(text.unwrap_or_default()).map_err(EditError::Unusable)?;
    let mut edited = text.unwrap_or_default().to_owned();
    for (key, value) in wishes {
        edited = match value {
            Some(value) => set(&edited, key, value)?,
            None => remove(&edited, key)?,
        };
    }
    if edited.trim().is_empty() && text.is_none() {
        edited = "{}\n".to_owned();
    }
    check(&before, &edited, wishes)?;
    Ok(edited)
}

/// The value of a top-level key; none: not there, or the text is no usable configuration.
pub(crate) fn value(text: &str, key: &str) -> Option<Value> {
    parse_config(text).ok()?.into_iter().find(|entry| entry.key == key).map(|entry| entry.value)
}

/// What was asked for is there, and nothing else changed.
fn check(before: &[ConfigEntry], edited: &str, wishes: &[Wish]) -> Result<(), EditError> {
    let after = parse_config(edited).map_err(EditError::Unusable)?;
    let find = |entries: &[ConfigEntry], key: &str| entries.iter().find(|entry| entry.key == key).map(|entry| entry.value.clone());
    for (at, (key, value)) in wishes.iter().enumerate() {
        let overruled = wishes[at + 1..].iter().any(|(later, _)| later == key);
        if !overruled && find(&after, key) != *value {
            return Err(EditError::SelfCheck { key: key.clone() });
        }
    }
    let is_wished = |key: &str| wishes.iter().any(|(wished, _)| wished == key);
    let others = |entries: &[ConfigEntry]| -> Vec<(String, Value)> {
        entries.iter().filter(|entry| !is_wished(&entry.key)).map(|entry| (entry.key.clone(), entry.value.clone())).collect()
    };
    if others(before) != others(&after) {
        let key = before.iter().map(|entry| &entry.key).find(|key| !is_wished(key)).cloned().unwrap_or_default();
        return Err(EditError::SelfCheck { key });
    }
    Ok(())
}

/// Where one property stands in the text, in bytes.
struct Property {
    key: String,
    start: usize,
    key_end: usize,
    value_start: usize,
    end: usize,
}

/// The outermost object: its braces and properties.
struct Object {
    start: usize,
    end: usize,
    properties: Vec<Property>,
}

fn object(text: &str) -> Result<Option<Object>, EditError> {
    let strict = ParseOptions {
        allow_comments: false,
        allow_loose_object_property_names: false,
        allow_trailing_commas: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    };
    let parsed = parse_to_ast(text, &CollectOptions::default(), &strict)
        .map_err(|error| EditError::Unusable(ConfigError::Syntax(error.to_string())))?;
    match parsed.value {
        None => Ok(None),
        Some(Node::Object(node)) => {
            let properties = node
                .properties
                .iter()
                .map(|property| Property {
                    key: property.name.as_str().to_owned(),
                    start: property.range.start,
                    key_end: property.name.end(),
                    value_start: property.value.start(),
                    end: property.value.end(),
                })
                .collect();
            Ok(Some(Object { start: node.range.start, end: node.range.end, properties }))
        }
        Some(_) => Err(EditError::Unusable(ConfigError::NotAnObject)),
    }
}

fn set(text: &str, key: &str, value: &Value) -> Result<String, EditError> {
    let json_key = Value::from(key).to_string();
    let Some(object) = object(text)? else {
        return Ok(format!("{{\n  {json_key}: {value}\n}}\n"));
    };
    if let Some(property) = object.properties.iter().find(|property| property.key == key) {
        // Equal values may be spelled differently (1e3, 1000): what is right is left alone.
        let written = &text[property.value_start..property.end];
        if serde_json::from_str::<Value>(written).ok().as_ref() == Some(value) {
            return Ok(text.to_owned());
        }
        return Ok(splice(text, property.value_start, property.end, &value.to_string()));
    }
    let Some(last) = object.properties.last() else {
        let line_end = if text.contains("\r\n") { "\r\n" } else { "\n" };
        let inner = format!("{line_end}  {json_key}: {value}{line_end}");
        return Ok(splice(text, object.start + 1, object.end - 1, &inner));
    };
    // The new property looks like the last one: the same space before its key and around its colon.
    let before_last = match object.properties.len() {
        1 => object.start + 1,
        count => object.properties[count - 2].end,
    };
    let gap: String = text[before_last..last.start].chars().filter(char::is_ascii_whitespace).collect();
    let gap = if gap.is_empty() && text[last.key_end..last.value_start].len() > 1 { " ".to_owned() } else { gap };
    let colon = &text[last.key_end..last.value_start];
    Ok(splice(text, last.end, last.end, &format!(",{gap}{json_key}{colon}{value}")))
}

fn remove(text: &str, key: &str) -> Result<String, EditError> {
    let Some(object) = object(text)? else { return Ok(text.to_owned()) };
    let Some(at) = object.properties.iter().position(|property| property.key == key) else { return Ok(text.to_owned()) };
    let property = &object.properties[at];
    Ok(match (at.checked_sub(1).map(|before| &object.properties[before]), object.properties.get(at + 1)) {
        // Everything behind the previous value up to the end of this one: the comma before it goes with it.
        (Some(previous), _) => splice(text, previous.end, property.end, ""),
        (None, Some(next)) => splice(text, property.start, next.start, ""),
        (None, None) => splice(text, object.start + 1, object.end - 1, ""),
    })
}

fn splice(text: &str, start: usize, end: usize, new: &str) -> String {
    format!("{}{new}{}", &text[..start], &text[end..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn wish(key: &str, value: impl Into<Value>) -> Wish {
        (key.to_owned(), Some(value.into()))
    }

    #[test]
    fn layouts() {
        let one = [wish("icc", false)];
        let cases = [
            (None, "{\n  \"icc\": false\n}\n"),
            (Some(""), "{\n  \"icc\": false\n}\n"),
            (Some("{}"), "{\n  \"icc\": false\n}"),
            (Some("{\r\n}\r\n"), "{\r\n  \"icc\": false\r\n}\r\n"),
            (Some("{\"debug\":true}"), "{\"debug\":true,\"icc\":false}"),
            (Some("{\"debug\": true}"), "{\"debug\": true, \"icc\": false}"),
            (Some("{\n\t\"debug\" : true\n}\n"), "{\n\t\"debug\" : true,\n\t\"icc\" : false\n}\n"),
            (Some("{ \"a\": [1,\n2], \"b\": {} }"), "{ \"a\": [1,\n2], \"b\": {}, \"icc\": false }"),
            (Some("{\n  \"icc\": true,\n\n  \"b\": 1\n}"), "{\n  \"icc\": false,\n\n  \"b\": 1\n}"),
            (Some("{\n  \"i\\u0063c\": true\n}"), "{\n  \"i\\u0063c\": false\n}"),
        ];
        for (before, after) in cases {
            assert_eq!(edit(before, &one).unwrap(), after, "{before:?}");
            assert_eq!(edit(Some(after), &one).unwrap(), after, "twice is once: {before:?}");
        }
    }

    #[test]
    fn removal() {
        let gone = [("icc".to_owned(), None)];
        let cases = [
            ("{\n  \"icc\": false\n}\n", "{}\n"),
            ("{\n  \"icc\": false,\n  \"b\": 1\n}\n", "{\n  \"b\": 1\n}\n"),
            ("{\n  \"b\": 1,\n  \"icc\": false\n}\n", "{\n  \"b\": 1\n}\n"),
            ("{\"b\": 1}", "{\"b\": 1}"),
        ];
        for (before, after) in cases {
            assert_eq!(edit(Some(before), &gone).unwrap(), after, "{before:?}");
        }
    }

    #[test]
    fn refusals() {
        for text in ["{\"a\":1,\n\"a\":2}", "\u{feff}{}", "{\"a\":1,}", "// c\n{}", "{/*c*/}", "[]", "{} x", "{'a':1}", "nonsense"] {
            assert!(matches!(edit(Some(text), &[wish("icc", false)]), Err(EditError::Unusable(_))), "{text}");
        }
    }

    #[test]
    fn the_last_wish_for_a_key_wins() {
        assert_eq!(edit(Some("{}"), &[wish("a", 1), wish("a", 2)]).unwrap(), "{\n  \"a\": 2\n}");
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "[ -~\\u{e4}\\n\"\\\\{}\\[\\],:]{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 12, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[a-z\"{,]{0,4}", inner, 0..4).prop_map(|map| map.into_iter().collect::<Value>()),
            ]
        })
    }

    /// An object printed with arbitrary space between its parts.
    fn any_object() -> impl Strategy<Value = (Vec<(String, Value)>, String)> {
        let space = "[ \\t\\n\\r]{0,3}";
        let entries = prop::collection::btree_map(
            prop_oneof!["[a-z-]{1,6}", Just("icc".to_owned()), Just("live-restore".to_owned())],
            any_value(),
            0..6,
        );
        (entries, prop::collection::vec(space, 40), any::<bool>()).prop_map(|(entries, spaces, pretty)| {
            let mut spaces = spaces.into_iter().cycle();
            let mut gap = || spaces.next().unwrap_or_default();
            let mut text = format!("{}{{", gap());
            for (at, (key, value)) in entries.iter().enumerate() {
                let value = if pretty { serde_json::to_string_pretty(value).unwrap() } else { value.to_string() };
                let comma = if at == 0 { "" } else { "," };
                text.push_str(&format!("{}{comma}{}{}{}:{}{value}", gap(), gap(), Value::from(key.as_str()), gap(), gap()));
            }
            text.push_str(&format!("{}}}{}", gap(), gap()));
            (entries.into_iter().collect(), text)
        })
    }

    proptest! {
        #[test]
        fn others_keep_their_bytes((entries, text) in any_object(), value in any::<bool>()) {
            let wishes = [wish("icc", value), wish("live-restore", true)];
            let edited = edit(Some(&text), &wishes).unwrap();
            prop_assert_eq!(&edit(Some(&edited), &wishes).unwrap(), &edited);
            for (key, value) in &entries {
                if key != "icc" && key != "live-restore" {
                    let json_key = Value::from(key.as_str()).to_string();
                    prop_assert!(edited.contains(&json_key));
                    prop_assert_eq!(super::value(&edited, key), Some(value.clone()));
                }
            }
            // Going back by key gives the old content; where our keys were new, the old bytes.
            let back: Vec<Wish> = wishes.iter().map(|(key, _)| (key.clone(), super::value(&text, key))).collect();
            let restored = edit(Some(&edited), &back).unwrap();
            prop_assert_eq!(parse_config(&restored).unwrap().iter().map(|e| (e.key.clone(), e.value.clone())).collect::<Vec<_>>(), entries.clone());
            let had_ours = entries.iter().any(|(key, _)| key == "icc" || key == "live-restore");
            if !had_ours && !entries.is_empty() {
                prop_assert_eq!(restored, text);
            }
        }

        #[test]
        fn hostile_text_never_panics(text in "(?s).{0,60}") {
            let _ = edit(Some(&text), &[wish("icc", false), ("b".to_owned(), None)]);
        }

        #[test]
        fn hostile_json_never_panics(text in "[\\[\\]{}\",:0-9a\\\\u'/* \\n\\u{feff}.eE+-]{0,40}") {
            let _ = edit(Some(&text), &[wish("a", json!({"x": [1]})), ("".to_owned(), None)]);
        }
    }
}
