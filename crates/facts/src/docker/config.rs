//! daemon.json as dockerd reads it, and as a careful writer does, with the line of each key.

use serde_json::{Map, Number, Value};

use super::json::{JsonError, Member, Node, Part, TOO_DEEP, first_document};

/// Keys whose values dockerd reads into one map or structure each time that they stand there, so that their members add up.
const ADDING_UP: &[&str] =
    &["builder", "cluster-store-opts", "default-network-opts", "default-ulimits", "features", "log-opts", "proxies", "runtimes"];

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

/// A key that stands twice in one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Duplicate {
    /// The keys that lead to it: `log-opts/max-size`.
    pub pointer: String,
    /// Line of the earlier one.
    pub first: usize,
    /// Line of the later one.
    pub line: usize,
}

/// What dockerd takes from the file's text, and what it passes over in silence.
#[derive(Clone, Debug, PartialEq)]
pub struct ConfigReading {
    /// Each top-level key once, in order, as dockerd ends up with it: of a key that stands twice the last value that is not null, of maps
    /// the members of both. Its line is that of the last one.
    pub entries: Vec<ConfigEntry>,
    /// The members of the outermost object as they stand there.
    pub members: Vec<Member>,
    /// Keys that stand twice, in any depth.
    pub duplicates: Vec<Duplicate>,
    /// Line of the first text behind the document. dockerd before 23.0 does not look at it, later ones refuse it.
    pub trailing: Option<usize>,
    /// The text begins with a byte order mark. dockerd before 23.0 refuses it, later ones skip it.
    pub byte_order_mark: bool,
    /// There is nothing but space. dockerd before 23.0 refuses it, later ones take it for `{}`.
    pub blank: bool,
}

/// Why the file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigError {
    /// Not JSON: the daemon would refuse it too.
    Syntax(String),
    /// Not an object at the top.
    NotAnObject,
    /// A number that is too large for any reader.
    Number {
        /// Its line.
        line: usize,
    },
    /// Nested deeper than is read here; dockerd may read it.
    TooDeep,
    /// The same key twice: the daemon takes the last one silently.
    DuplicateKey {
        /// The keys that lead to it.
        key: String,
        /// Line of the second one.
        line: usize,
    },
    /// Text behind the document: old daemons do not look at it, newer ones refuse it.
    Trailing {
        /// Its line.
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
            Self::Number { line } => write!(f, "not usable: a number in line {line} is too large"),
            Self::TooDeep => f.write_str(TOO_DEEP),
            Self::DuplicateKey { key, line } => write!(f, "ambiguous: key `{key}` stands twice, again in line {line}"),
            Self::Trailing { line } => write!(f, "followed by other text, in line {line}"),
            Self::ByteOrderMark => write!(f, "preceded by a byte order mark"),
        }
    }
}

impl std::error::Error for ConfigError {}

impl From<JsonError> for ConfigError {
    fn from(error: JsonError) -> Self {
        if error.what == TOO_DEEP { Self::TooDeep } else { Self::Syntax(error.to_string()) }
    }
}

/// What dockerd takes from the text, of whatever version: where versions differ, the reading says so. Measured on 20.10 and 29.
///
/// # Errors
/// When no dockerd takes it, or nesting is deeper than is read here.
pub fn read_config(text: &str) -> Result<ConfigReading, ConfigError> {
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reading = ConfigReading {
        entries: Vec::new(),
        members: Vec::new(),
        duplicates: Vec::new(),
        trailing: None,
        byte_order_mark: body.len() < text.len(),
        blank: body.trim().is_empty(),
    };
    if reading.blank {
        return Ok(reading);
    }
    let (node, end) = first_document(body)?;
    let rest = &body[end..];
    if let Some(at) = rest.find(|character: char| !character.is_whitespace()) {
        reading.trailing = Some(1 + body[..end + at].matches('\n').count());
    }
    duplicates(&node, &mut Vec::new(), &mut reading.duplicates);
    value(&node)?;
    reading.members = match node.part {
        Part::Object(members) => members,
        // Go decodes `null` into anything, and nothing changes.
        Part::Null => Vec::new(),
        _ => return Err(ConfigError::NotAnObject),
    };
    for member in &reading.members {
        let new = value(&member.node)?;
        match reading.entries.iter_mut().find(|entry| entry.key == member.key) {
            Some(entry) => {
                entry.line = member.line;
                match (&mut entry.value, new) {
                    (_, Value::Null) => {}
                    (Value::Object(old), Value::Object(new)) if ADDING_UP.contains(&member.key.as_str()) => old.extend(new),
                    (old, new) => *old = new,
                }
            }
            None => reading.entries.push(ConfigEntry { key: member.key.clone(), value: new, line: member.line }),
        }
    }
    Ok(reading)
}

/// Strict JSON, top-level keys in order with their lines. An empty or blank file has no entry (whether the daemon takes it depends
/// on its version).
///
/// # Errors
/// When two readers could take the text for two things: who writes must not guess.
pub fn parse_config(text: &str) -> Result<Vec<ConfigEntry>, ConfigError> {
    let reading = read_config(text)?;
    if reading.byte_order_mark {
        return Err(ConfigError::ByteOrderMark);
    }
    if let Some(line) = reading.trailing {
        return Err(ConfigError::Trailing { line });
    }
    if let Some(twice) = reading.duplicates.into_iter().next() {
        return Err(ConfigError::DuplicateKey { key: twice.pointer, line: twice.line });
    }
    if !reading.blank && reading.members.is_empty() && !text.trim_start().starts_with('{') {
        return Err(ConfigError::NotAnObject);
    }
    Ok(reading.entries)
}

fn value(node: &Node) -> Result<Value, ConfigError> {
    Ok(match &node.part {
        Part::Null => Value::Null,
        Part::Bool(value) => Value::Bool(*value),
        Part::Number(text) => Value::Number(number(text).ok_or(ConfigError::Number { line: node.line })?),
        Part::Text(text) => Value::String(text.clone()),
        Part::List(nodes) => Value::Array(nodes.iter().map(value).collect::<Result<_, _>>()?),
        Part::Object(members) => {
            let mut map = Map::new();
            for member in members {
                map.insert(member.key.clone(), value(&member.node)?);
            }
            Value::Object(map)
        }
    })
}

/// Exact where serde_json's own reader rounds: two spellings of one number must stay one.
fn number(text: &str) -> Option<Number> {
    if let Ok(whole) = text.parse::<i64>()
        && text != "-0"
    {
        return Some(whole.into());
    }
    if let Ok(whole) = text.parse::<u64>() {
        return Some(whole.into());
    }
    Number::from_f64(text.parse().ok()?)
}

/// More are not listed: the file is beyond repair by then, and a hostile one must not fill the memory.
const MOST_DUPLICATES: usize = 100;

/// Finds them in order of the text. The path is put together only for what is found: keys may be long and many.
fn duplicates<'n>(node: &'n Node, path: &mut Vec<&'n str>, found: &mut Vec<Duplicate>) {
    match &node.part {
        Part::List(nodes) => nodes.iter().for_each(|node| duplicates(node, path, found)),
        Part::Object(members) => {
            let mut lines = std::collections::BTreeMap::new();
            for member in members {
                path.push(&member.key);
                let first = lines.insert(member.key.as_str(), member.line);
                if let (Some(first), true) = (first, found.len() < MOST_DUPLICATES) {
                    found.push(Duplicate { pointer: path.join("/"), first, line: member.line });
                }
                duplicates(&member.node, path, found);
                path.pop();
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn keys(text: &str) -> Vec<(String, usize)> {
        parse_config(text).unwrap().into_iter().map(|entry| (entry.key, entry.line)).collect()
    }

    #[test]
    fn keys_and_lines() {
        assert_eq!(keys("{\n  \"a\": {\"x\": 1},\n\n  \"b\\u0063\": [\"q\", \"{\"]\n}\n"), [("a".to_owned(), 2), ("bc".to_owned(), 4)]);
        assert_eq!(keys("  \n"), []);
        assert_eq!(keys("{}"), []);
    }

    #[test]
    fn refusals() {
        assert!(matches!(parse_config("{\"a\":1,}"), Err(ConfigError::Syntax(_))));
        assert_eq!(parse_config("{}\n x"), Err(ConfigError::Trailing { line: 2 }));
        assert_eq!(parse_config("[]"), Err(ConfigError::NotAnObject));
        assert_eq!(parse_config("null"), Err(ConfigError::NotAnObject));
        assert_eq!(parse_config("\u{feff}{}"), Err(ConfigError::ByteOrderMark));
        assert_eq!(parse_config("{\"a\":1,\n\"\\u0061\":2}"), Err(ConfigError::DuplicateKey { key: "a".into(), line: 2 }));
        assert_eq!(parse_config("{\"a\":[{\"b\":1,\n\"b\":2}]}"), Err(ConfigError::DuplicateKey { key: "a/b".into(), line: 2 }));
        assert_eq!(parse_config("{\"a\":\n1e999}"), Err(ConfigError::Number { line: 2 }));
        assert_eq!(parse_config(&"[".repeat(200)), Err(ConfigError::TooDeep));
    }

    /// Each row was tried on dockerd 20.10.24 and 29.7.2.
    #[test]
    fn what_dockerd_takes() {
        for (text, entries) in [
            (r#"{"icc": false, "icc": true}"#, json!({"icc": true})),
            (r#"{"icc": true, "icc": null}"#, json!({"icc": true})),
            (r#"{"icc": null}"#, json!({"icc": null})),
            (
                r#"{"log-opts": {"max-size": "1m", "max-size": "2m"}, "log-opts": {"max-file": "3"}}"#,
                json!({"log-opts": {"max-size": "2m", "max-file": "3"}}),
            ),
            (r#"{"hosts": ["a"], "hosts": ["b"]}"#, json!({"hosts": ["b"]})),
            ("\u{feff}{\"a\": 1} x", json!({"a": 1})),
            ("null", json!({})),
            ("", json!({})),
        ] {
            let reading = read_config(text).unwrap();
            let found: Map<String, Value> = reading.entries.into_iter().map(|entry| (entry.key, entry.value)).collect();
            assert_eq!(Value::Object(found), entries, "{text}");
        }
        let reading = read_config("\u{feff}{\"a\": 1,\n\"a\": {\"b\": 1,\n\"b\": 2}}\n\nx").unwrap();
        assert_eq!((reading.byte_order_mark, reading.blank, reading.trailing), (true, false, Some(5)));
        let twice = |pointer: &str, first, line| Duplicate { pointer: pointer.to_owned(), first, line };
        assert_eq!(reading.duplicates, [twice("a", 1, 2), twice("a/b", 2, 3)]);
    }
}
