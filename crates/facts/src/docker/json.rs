//! JSON by the rules of Go's encoding/json, with the line of each part: what dockerd's reader sees, duplicate keys and all.

/// Lists and objects nested deeper than this are not read. Go reads 10,000 levels; no configuration has a dozen.
const DEPTH: usize = 128;

/// One value and the line that it begins in, from 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Line of its first character.
    pub line: usize,
    /// The value.
    pub part: Part,
}

/// The kinds of a value.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A number as written: whether it fits depends on who reads it.
    Number(String),
    /// A string, unescaped. Halves of a surrogate pair are U+FFFD, as in Go.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// An object with its members in order; a key may stand twice.
    Object(Vec<Member>),
}

/// One member of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// Key.
    pub key: String,
    /// Line of the key.
    pub line: usize,
    /// Value.
    pub node: Node,
}

/// Where text stops being JSON. `what` quotes nothing of the text, so that it can be shown of a file that holds secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonError {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong there.
    pub what: &'static str,
}

impl std::fmt::Display for JsonError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} at line {} column {}", self.what, self.line, self.column)
    }
}

/// The first document of a text, and the byte behind it. What follows is not looked at.
///
/// # Errors
/// When the text does not begin with a whole JSON value.
pub fn first_document(text: &str) -> Result<(Node, usize), JsonError> {
    let mut reader = Reader { text, at: 0, line: 1, line_start: 0 };
    let node = reader.value(0)?;
    Ok((node, reader.at))
}

/// The content of a quoted JSON string. None: it is no such string.
pub fn unquoted(quoted: &str) -> Option<String> {
    let mut reader = Reader { text: quoted, at: 0, line: 1, line_start: 0 };
    let text = reader.string().ok()?;
    (reader.at == quoted.len()).then_some(text)
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    line: usize,
    line_start: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn error<T>(&self, what: &'static str) -> Result<T, JsonError> {
        let column = self.text.get(self.line_start..self.at).map_or(0, |line| line.chars().count()) + 1;
        let what = if self.at >= self.text.len() { "the text ends too early" } else { what };
        Err(JsonError { line: self.line, column, what })
    }

    fn skip_space(&mut self) {
        while let Some(byte @ (b' ' | b'\t' | b'\r' | b'\n')) = self.peek() {
            self.at += 1;
            if byte == b'\n' {
                self.line += 1;
                self.line_start = self.at;
            }
        }
    }

    fn value(&mut self, depth: usize) -> Result<Node, JsonError> {
        self.skip_space();
        let line = self.line;
        let part = match self.peek() {
            Some(b'{' | b'[') if depth >= DEPTH => return self.error(TOO_DEEP),
            Some(b'{') => self.object(depth)?,
            Some(b'[') => self.list(depth)?,
            Some(b'"') => Part::Text(self.string()?),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            _ => self.word()?,
        };
        Ok(Node { line, part })
    }

    fn object(&mut self, depth: usize) -> Result<Part, JsonError> {
        let mut members = Vec::new();
        self.at += 1;
        self.skip_space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Part::Object(members));
        }
        loop {
            self.skip_space();
            if self.peek() != Some(b'"') {
                return self.error("a key in double quotes is missing");
            }
            let line = self.line;
            let key = self.string()?;
            self.skip_space();
            if self.peek() != Some(b':') {
                return self.error("a `:` is missing");
            }
            self.at += 1;
            let node = self.value(depth + 1)?;
            members.push(Member { key, line, node });
            self.skip_space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(Part::Object(members));
                }
                _ => return self.error("a `,` or `}` is missing"),
            }
        }
    }

    fn list(&mut self, depth: usize) -> Result<Part, JsonError> {
        let mut nodes = Vec::new();
        self.at += 1;
        self.skip_space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Part::List(nodes));
        }
        loop {
            nodes.push(self.value(depth + 1)?);
            self.skip_space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(Part::List(nodes));
                }
                _ => return self.error("a `,` or `]` is missing"),
            }
        }
    }

    fn string(&mut self) -> Result<String, JsonError> {
        if self.peek() != Some(b'"') {
            return self.error("a string is missing");
        }
        self.at += 1;
        let mut text = String::new();
        loop {
            let start = self.at;
            while self.peek().is_some_and(|byte| byte >= b' ' && byte != b'"' && byte != b'\\') {
                self.at += 1;
            }
            text.push_str(self.text.get(start..self.at).unwrap_or_default());
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(text);
                }
                Some(b'\\') => {
                    self.at += 1;
                    text.push(self.escape()?);
                }
                _ => return self.error("a control character stands in a string"),
            }
        }
    }

    /// What stands behind a backslash.
    fn escape(&mut self) -> Result<char, JsonError> {
        let plain = match self.peek() {
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode(),
            _ => return self.error("an escape that JSON does not know stands in a string"),
        };
        self.at += 1;
        Ok(plain)
    }

    fn unicode(&mut self) -> Result<char, JsonError> {
        let high = self.four_digits()?;
        if !(0xd800..0xdc00).contains(&high) {
            return Ok(char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        let behind = (self.at, self.text.as_bytes().get(self.at..self.at + 2));
        if let (at, Some(b"\\u")) = behind {
            self.at = at + 1;
            let low = self.four_digits()?;
            if (0xdc00..0xe000).contains(&low) {
                let both = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
                return Ok(char::from_u32(both).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            self.at = at;
        }
        Ok(char::REPLACEMENT_CHARACTER)
    }

    /// `uXXXX` at the cursor.
    fn four_digits(&mut self) -> Result<u32, JsonError> {
        let digits = self.text.get(self.at + 1..self.at + 5).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        match digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()) {
            Some(number) => {
                self.at += 5;
                Ok(number)
            }
            None => self.error("a `\\u` without four hexadecimal digits stands in a string"),
        }
    }

    fn number(&mut self) -> Result<Part, JsonError> {
        const WRONG: &str = "a number is not written as JSON has it";
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.digits(),
            _ => return self.error(WRONG),
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            if !self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
                return self.error(WRONG);
            }
            self.digits();
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            if !self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
                return self.error(WRONG);
            }
            self.digits();
        }
        Ok(Part::Number(self.text.get(start..self.at).unwrap_or_default().to_owned()))
    }

    fn digits(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
    }

    fn word(&mut self) -> Result<Part, JsonError> {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        for (word, part) in [("null", Part::Null), ("true", Part::Bool(true)), ("false", Part::Bool(false))] {
            if rest.starts_with(word.as_bytes()) {
                self.at += word.len();
                return Ok(part);
            }
        }
        self.error("a value is missing")
    }
}

/// The one error that is a limit of this reader and not of dockerd's.
pub(super) const TOO_DEEP: &str = "lists and objects nested deeper than 128 levels are not read";

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    #[test]
    fn errors_name_the_place() {
        for (text, line, column) in [
            ("", 1, 1),
            ("{\n  \"a\": 1,\n}", 3, 1),
            ("{\"a\": 1 // c\n}", 1, 9),
            ("{\"ä\" 1}", 1, 6),
            ("{\"a\": NaN}", 1, 7),
            ("{\"a\": 01}", 1, 8),
            ("{\"a\": \"b\tc\"}", 1, 9),
            ("[1 2]", 1, 4),
            ("'a'", 1, 1),
            ("{\"a\": \"\\x\"}", 1, 9),
            ("{\"a\": +1}", 1, 7),
            ("{\"a\": 1.}", 1, 9),
        ] {
            let error = first_document(text).unwrap_err();
            assert_eq!((error.line, error.column), (line, column), "{text}: {error}");
        }
        assert_eq!(first_document("{\"a\": ").unwrap_err().what, "the text ends too early");
        assert_eq!(first_document(&"[".repeat(1_000_000)).unwrap_err().what, TOO_DEEP);
    }

    #[test]
    fn strings_as_go_reads_them() {
        assert_eq!(unquoted(r#""a\u00e4\/\ud83d\ude00\n""#).unwrap(), "aä/😀\n");
        assert_eq!(unquoted(r#""\ud800x""#).unwrap(), "\u{fffd}x");
        assert_eq!(unquoted(r#""\ud800\u0041""#).unwrap(), "\u{fffd}A");
        assert_eq!(unquoted(r#""a" "#), None);
    }

    fn plain(node: &Node) -> Option<Value> {
        Some(match &node.part {
            Part::Null => Value::Null,
            Part::Bool(value) => (*value).into(),
            Part::Number(text) => serde_json::from_str(text).ok()?,
            Part::Text(text) => text.as_str().into(),
            Part::List(nodes) => nodes.iter().map(plain).collect::<Option<Vec<_>>>()?.into(),
            Part::Object(members) => members
                .iter()
                .map(|member| Some((member.key.clone(), plain(&member.node)?)))
                .collect::<Option<serde_json::Map<_, _>>>()?
                .into(),
        })
    }

    proptest! {
        /// Where both read a text, they read the same; where serde_json reads it, so do we.
        #[test]
        fn agrees_with_serde_json(text in "[\\[\\]{}\",:0-9a\\\\untrfle'/* \\n.eE+-]{0,40}") {
            match (first_document(&text), serde_json::from_str::<Value>(&text)) {
                (Ok((node, end)), Ok(value)) => {
                    prop_assert!(text[end..].trim().is_empty());
                    prop_assert_eq!(plain(&node), Some(value));
                }
                (Err(error), Ok(_)) => prop_assert!(false, "{}: {}", text, error),
                (Ok((node, end)), Err(error)) => prop_assert!(
                    !text[end..].trim().is_empty() || plain(&node).is_none() || text.contains("\\u"), "{}: {}", text, error
                ),
                (Err(_), Err(_)) => {}
            }
        }

        #[test]
        fn never_panics(text in "(?s).{0,60}") {
            let _ = first_document(&text);
            let _ = unquoted(&text);
        }
    }
}
