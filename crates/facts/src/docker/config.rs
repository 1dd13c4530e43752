//! daemon.json as the daemon reads it, with the line of each key.

use serde_json::Value;

/// One top-level key of daemon.json.
#[derive(Clone, Debug, PartialEq)]
pub struct ConfigEntry {
    /// Key as written; dockerd compares it exactly.
    pub key: String,
    /// Its value.
    pub value: Value,
    /// Line of the key, from 1.
    pub line: usize,
}

/// Why the file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigError {
    /// Not JSON: the daemon would refuse it too.
    Syntax(String),
    /// Not an object at the top.
    NotAnObject,
    /// The same key twice: the daemon takes the last one silently.
    DuplicateKey {
        /// The key.
        key: String,
        /// Line of the second one.
        line: usize,
    },
    /// Begins with a byte order mark.
    ByteOrderMark,
}

impl std::fmt::Display for ConfigError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Syntax(what) => write!(f, "not valid JSON: {what}"),
            Self::NotAnObject => write!(f, "not a JSON object"),
            Self::DuplicateKey { key, line } => write!(f, "key `{key}` stands twice, again in line {line}"),
            Self::ByteOrderMark => write!(f, "begins with a byte order mark"),
        }
    }
}

impl std::error::Error for ConfigError {}

/// Strict JSON, top-level keys in order with their lines. An empty or blank file has no entry (whether the daemon takes it depends
/// on its version).
pub fn parse_config(text: &str) -> Result<Vec<ConfigEntry>, ConfigError> {
    if text.starts_with('\u{feff}') {
        return Err(ConfigError::ByteOrderMark);
    }
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    let value: Value = serde_json::from_str(text).map_err(|error| ConfigError::Syntax(error.to_string()))?;
    let Value::Object(map) = value else { return Err(ConfigError::NotAnObject) };
    let mut entries: Vec<ConfigEntry> = Vec::new();
    for (key, line) in top_level_keys(text) {
        if entries.iter().any(|entry| entry.key == key) {
            return Err(ConfigError::DuplicateKey { key, line });
        }
        let value = map.get(&key).cloned().unwrap_or(Value::Null);
        entries.push(ConfigEntry { key, value, line });
    }
    Ok(entries)
}

/// Keys of the outermost object of text that is known to be valid JSON, with their lines.
fn top_level_keys(text: &str) -> Vec<(String, usize)> {
    let bytes = text.as_bytes();
    let (mut depth, mut line, mut index) = (0_usize, 1, 0);
    let mut expects_key = false;
    let mut keys = Vec::new();
    while index < bytes.len() {
        match bytes[index] {
            b'\n' => line += 1,
            b'{' | b'[' => {
                depth += 1;
                expects_key = depth == 1;
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            b',' => expects_key = depth == 1,
            b'"' => {
                let start = index;
                index += 1;
                while index < bytes.len() && bytes[index] != b'"' {
                    index += if bytes[index] == b'\\' { 2 } else { 1 };
                }
                if expects_key && depth == 1 {
                    if let Some(key) = text.get(start..=index).and_then(|quoted| serde_json::from_str(quoted).ok()) {
                        keys.push((key, line));
                    }
                    expects_key = false;
                }
            }
            _ => {}
        }
        index += 1;
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(text: &str) -> Vec<(String, usize)> {
        parse_config(text).unwrap().into_iter().map(|entry| (entry.key, entry.line)).collect()
    }

    #[test]
    fn keys_and_lines() {
        assert_eq!(keys("{\n  \"a\": {\"x\": 1},\n\n  \"b\\u0063\": [\"q\", \"{\"]\n}\n"), [("a".to_owned(), 2), ("bc".to_owned(), 4)]);
        assert_eq!(keys("  \n"), []);
    }

    #[test]
    fn refusals() {
        assert!(matches!(parse_config("{\"a\":1,}"), Err(ConfigError::Syntax(_))));
        assert!(matches!(parse_config("{} x"), Err(ConfigError::Syntax(_))));
        assert_eq!(parse_config("[]"), Err(ConfigError::NotAnObject));
        assert_eq!(parse_config("\u{feff}{}"), Err(ConfigError::ByteOrderMark));
        assert_eq!(parse_config("{\"a\":1,\n\"\\u0061\":2}"), Err(ConfigError::DuplicateKey { key: "a".into(), line: 2 }));
    }
}
