//! One spelling for one content: the same Snapshot always gives the same bytes and the same digest.

use serde::Serialize;
use sha2::{Digest, Sha256};

/// Pretty JSON with sorted keys and a final line feed.
///
/// # Panics
/// Never for the types of this workspace: all of them are trees of strings, numbers, lists and string-keyed maps.
pub fn canonical_json<T: Serialize>(value: &T) -> String {
    // serde_json's Map is a BTreeMap (feature preserve_order is off), so going through Value sorts the keys.
    let tree = serde_json::to_value(value).expect("plain data always serializes");
    let mut text = serde_json::to_string_pretty(&tree).expect("plain data always serializes");
    text.push('\n');
    text
}

/// `sha256:` and the hex digest of the canonical JSON.
pub fn digest<T: Serialize>(value: &T) -> String {
    use std::fmt::Write;
    let mut hex = String::from("sha256:");
    for byte in Sha256::digest(canonical_json(value).as_bytes()) {
        write!(hex, "{byte:02x}").expect("writing to a String cannot fail");
    }
    hex
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn key_order_does_not_matter() {
        assert_eq!(digest(&json!({"a": 1, "b": 2})), digest(&json!({"b": 2, "a": 1})));
        assert_ne!(digest(&json!({"a": 1})), digest(&json!({"a": 2})));
    }
}
