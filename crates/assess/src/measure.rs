//! Boolean expressions over names: measures of threats, and checks behind measures.

use std::fmt;

/// An expression with `&`, `|` and parentheses; `&` binds closer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Measure {
    /// A measure or a check, by its id.
    Name(String),
    /// All of them.
    And(Vec<Self>),
    /// One of them.
    Or(Vec<Self>),
}

impl Measure {
    /// Reads an expression. An error has the byte offset of the mistake.
    pub fn parse(text: &str) -> Result<Self, (usize, String)> {
        let mut parser = Parser { text, at: 0 };
        let measure = parser.or()?;
        match parser.peek() {
            None => Ok(measure),
            Some(found) => Err((parser.at, format!("`{found}` is not expected here: join names with & or |"))),
        }
    }

    /// All names in it, in order, each once.
    pub fn names(&self) -> Vec<&str> {
        let mut names = Vec::new();
        self.collect(&mut names);
        names
    }

    fn collect<'m>(&'m self, names: &mut Vec<&'m str>) {
        match self {
            Self::Name(name) => {
                if !names.contains(&name.as_str()) {
                    names.push(name);
                }
            }
            Self::And(parts) | Self::Or(parts) => parts.iter().for_each(|part| part.collect(names)),
        }
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (parts, sign) = match self {
            Self::Name(name) => return f.write_str(name),
            Self::And(parts) => (parts, " & "),
            Self::Or(parts) => (parts, " | "),
        };
        for (index, part) in parts.iter().enumerate() {
            let sign = if index == 0 { "" } else { sign };
            match part {
                Self::Or(_) => write!(f, "{sign}({part})")?,
                Self::Name(_) | Self::And(_) => write!(f, "{sign}{part}")?,
            }
        }
        Ok(())
    }
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
}

type Parsed = Result<Measure, (usize, String)>;

impl Parser<'_> {
    fn peek(&mut self) -> Option<char> {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
        self.text[self.at..].chars().next()
    }

    fn or(&mut self) -> Parsed {
        let parts = self.chain('|', Self::and)?;
        Ok(joined(parts, Measure::Or))
    }

    fn and(&mut self) -> Parsed {
        let parts = self.chain('&', Self::name)?;
        Ok(joined(parts, Measure::And))
    }

    fn chain(&mut self, sign: char, part: fn(&mut Self) -> Parsed) -> Result<Vec<Measure>, (usize, String)> {
        let mut parts = vec![part(self)?];
        while self.peek() == Some(sign) {
            self.at += 1;
            parts.push(part(self)?);
        }
        Ok(parts)
    }

    fn name(&mut self) -> Parsed {
        if self.peek() == Some('(') {
            self.at += 1;
            let inner = self.or()?;
            if self.peek() != Some(')') {
                return Err((self.at, "a parenthesis is not closed".to_owned()));
            }
            self.at += 1;
            return Ok(inner);
        }
        let rest = &self.text[self.at..];
        let length = rest.find(|character: char| !(character.is_ascii_alphanumeric() || ".-_".contains(character))).unwrap_or(rest.len());
        if length == 0 {
            return Err((self.at, "a name is missing here".to_owned()));
        }
        self.at += length;
        Ok(Measure::Name(rest[..length].to_owned()))
    }
}

fn joined(mut parts: Vec<Measure>, join: fn(Vec<Measure>) -> Measure) -> Measure {
    if parts.len() == 1 { parts.remove(0) } else { join(parts) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_prints() {
        for (text, printed) in
            [("a.b-c", "a.b-c"), ("a&b|c", "a & b | c"), ("(a)", "a"), ("a | (b & c)", "a | b & c"), ("(a | b) & c & d", "(a | b) & c & d")]
        {
            assert_eq!(Measure::parse(text).unwrap().to_string(), printed);
        }
        assert_eq!(Measure::parse("a & b | a").unwrap().names(), ["a", "b"]);
        for (text, at) in [("", 0), ("a &", 3), ("a b", 2), ("(a", 2), ("a || b", 3), ("!a", 0)] {
            assert_eq!(Measure::parse(text).unwrap_err().0, at, "{text}");
        }
    }
}
