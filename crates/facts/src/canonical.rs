//! One spelling for one content: the same Snapshot always gives the same bytes and the same digest.

mod writer;

use serde::Serialize;
use sha2::{Digest, Sha256};

use writer::Writer;

/// Pretty JSON with sorted keys and a final line feed.
///
/// # Panics
/// Never for the types of this workspace: all of them are trees of strings, numbers, lists and string-keyed maps.
pub fn canonical_json<T: Serialize>(value: &T) -> String {
    String::from_utf8(bytes(value)).expect("JSON is UTF-8")
}

/// `sha256:` and the hex digest of the canonical JSON.
pub fn digest<T: Serialize>(value: &T) -> String {
    use std::fmt::Write;
    let mut hex = String::from("sha256:");
    for byte in Sha256::digest(bytes(value)) {
        write!(hex, "{byte:02x}").expect("writing to a String cannot fail");
    }
    hex
}

fn bytes<T: Serialize>(value: &T) -> Vec<u8> {
    let mut writer = Writer::default();
    value.serialize(&mut writer).expect("plain data always serializes");
    writer.text.push(b'\n');
    writer.text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use std::collections::BTreeMap;

    #[test]
    fn key_order_does_not_matter() {
        assert_eq!(digest(&json!({"a": 1, "b": 2})), digest(&json!({"b": 2, "a": 1})));
        assert_ne!(digest(&json!({"a": 1})), digest(&json!({"a": 2})));
    }

    /// serde_json's own map is sorted: what goes through it is the spelling that digests of old were made of.
    fn by_tree<T: Serialize>(value: &T) -> String {
        serde_json::to_string_pretty(&serde_json::to_value(value).unwrap()).unwrap() + "\n"
    }

    #[derive(Serialize)]
    struct Unit;

    #[derive(Serialize)]
    struct Flat {
        zeta: u8,
        #[serde(flatten)]
        more: BTreeMap<String, Option<f32>>,
        alpha: (i8, char, &'static str),
        nothing: (),
        empty: [u8; 0],
        none: Option<u8>,
    }

    #[derive(Serialize)]
    enum Kind {
        Plain,
        Holds(Vec<u64>),
        Pair(bool, Unit),
        Named { y: f64, x: BTreeMap<u32, bool>, a: Box<Self> },
        Inner(Box<Self>),
    }

    #[test]
    fn the_spelling_is_that_of_a_tree() {
        let more = [("m", Some(0.1)), ("b", None), ("\"\u{1f}ü\n", Some(1e30))].map(|(key, value)| (key.to_owned(), value));
        let flat = Flat { zeta: 1, more: more.into(), alpha: (-1, '\u{1b}', "\\"), nothing: (), empty: [], none: None };
        assert_eq!(canonical_json(&flat), by_tree(&flat));
        let named = Kind::Named { y: f64::MAX, x: [(10, true), (9, false)].into(), a: Box::new(Kind::Pair(true, Unit)) };
        let kinds = vec![
            Kind::Plain,
            Kind::Holds(vec![]),
            Kind::Holds(vec![u64::MAX, 0]),
            Kind::Inner(Box::new(Kind::Holds(vec![1]))),
            Kind::Inner(Box::new(Kind::Inner(Box::new(Kind::Plain)))),
            Kind::Inner(Box::new(Kind::Pair(false, Unit))),
            named,
        ];
        assert_eq!(canonical_json(&kinds), by_tree(&kinds));
        let tree: Value = json!({"b": [[], {}, [1, [2, {"z": 1, "a": null}]]], "a": {"c": {}, "b": -1.5e-9}, "": "x"});
        assert_eq!(canonical_json(&tree), by_tree(&tree));
        for scalar in [json!(null), json!(1), json!("x"), json!([]), json!({})] {
            assert_eq!(canonical_json(&scalar), by_tree(&scalar));
        }
    }
}
