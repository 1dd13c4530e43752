//! daemon.json from its bytes.

use facts::docker::json::first_document;
use facts::host::TextForm;

use crate::redact;

/// The redacted text of daemon.json, and what of its form the redaction hides.
///
/// dockerd from 23.0 on reads UTF-16 behind its byte order mark, as an editor on Windows writes it; the mark stays in the text as U+FEFF.
pub(crate) fn daemon_json(bytes: &[u8]) -> (String, TextForm) {
    let utf16 = |order: fn([u8; 2]) -> u16| {
        let units = bytes.chunks(2).map(|pair| <[u8; 2]>::try_from(pair).map_or(0xfffd, order));
        char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect::<String>()
    };
    let (text, sound_encoding) = match bytes {
        // What does not decode, dockerd replaces too, and goes on.
        [0xff, 0xfe, ..] => (utf16(u16::from_le_bytes), true),
        [0xfe, 0xff, ..] => (utf16(u16::from_be_bytes), true),
        _ => (String::from_utf8_lossy(bytes).into_owned(), std::str::from_utf8(bytes).is_ok()),
    };
    let body = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let json_error = if body.trim().is_empty() { None } else { first_document(body).err().map(|error| error.to_string()) };
    (redact::daemon_json(&text), TextForm { sound_encoding, json_error })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(bytes: &[u8]) -> (String, bool, Option<String>) {
        let (text, form) = daemon_json(bytes);
        (text, form.sound_encoding, form.json_error)
    }

    #[test]
    fn encodings() {
        let text = "{\"icc\": false}";
        let expected = (format!("\u{feff}{text}"), true, None);
        let units: Vec<u16> = format!("\u{feff}{text}").encode_utf16().collect();
        let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
        let big: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
        assert_eq!(form(&little), expected);
        assert_eq!(form(&big), expected);
        assert_eq!(form(format!("\u{feff}{text}").as_bytes()), expected);
        assert_eq!(form(&little[..little.len() - 1]).2.as_deref(), Some("a `,` or `}` is missing at line 1 column 14"));
        // UTF-16 without its mark is not JSON to anybody.
        assert!(form(&little[2..]).2.is_some());
        assert_eq!(form(b"{\"bridge\": \"a\xff\"}"), ("{\"bridge\": \"a\u{fffd}\"}".to_owned(), false, None));
    }

    #[test]
    fn mistakes_keep_their_place() {
        let (text, form) = daemon_json(b"{\n  \"labels\": [\"planted-secret\"],\n}\n");
        assert_eq!(text, "[redacted]\n[redacted]\n[redacted]\n");
        assert_eq!(form.json_error.as_deref(), Some("a key in double quotes is missing at line 3 column 1"));
        assert_eq!(daemon_json(b" \n").1, TextForm { sound_encoding: true, json_error: None });
    }
}
