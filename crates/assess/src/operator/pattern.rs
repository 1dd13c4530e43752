//! Names with `*` and `?`, as the operator writes them.

use std::fmt;

/// A pattern: `*` stands for any characters, `/` included, `?` for one, `\` takes the meaning from the character behind it. Everything
/// else is itself, case included. Only the pattern is read so: a name with a `*` in it is a name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pattern {
    text: String,
    parts: Vec<Part>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    One(char),
    AnyOne,
    AnyMany,
}

impl Pattern {
    /// Reads a pattern. An error says what is wrong.
    pub fn new(text: &str) -> Result<Self, String> {
        let mut parts: Vec<Part> = Vec::new();
        let mut letters = text.chars();
        while let Some(letter) = letters.next() {
            match letter {
                // Several in a row mean the same as one.
                '*' if parts.last() == Some(&Part::AnyMany) => {}
                '*' => parts.push(Part::AnyMany),
                '?' => parts.push(Part::AnyOne),
                '\\' => match letters.next() {
                    Some(next) => parts.push(Part::One(next)),
                    None => {
                        return Err("a `\\` at the end takes the meaning from nothing: write `\\\\` for the character itself".to_owned());
                    }
                },
                other => parts.push(Part::One(other)),
            }
        }
        if parts.is_empty() {
            return Err("the pattern is empty: write `*` for every name".to_owned());
        }
        Ok(Self { text: text.to_owned(), parts })
    }

    /// Whether a name is meant. Takes at most the product of both lengths.
    pub fn matches(&self, name: &str) -> bool {
        let name: Vec<char> = name.chars().collect();
        let (mut part, mut at) = (0, 0);
        // The last `*`, and where what it stands for ends so far.
        let mut star: Option<(usize, usize)> = None;
        while at < name.len() {
            match self.parts.get(part) {
                Some(Part::One(letter)) if *letter == name[at] => (part, at) = (part + 1, at + 1),
                Some(Part::AnyOne) => (part, at) = (part + 1, at + 1),
                Some(Part::AnyMany) => {
                    star = Some((part, at));
                    part += 1;
                }
                _ => match star {
                    Some((of, end)) => {
                        star = Some((of, end + 1));
                        (part, at) = (of + 1, end + 1);
                    }
                    None => return false,
                },
            }
        }
        self.parts[part..].iter().all(|part| *part == Part::AnyMany)
    }

    /// Whether it means every name.
    pub fn is_everything(&self) -> bool {
        self.parts == [Part::AnyMany]
    }

    /// The one name that it means; none: it has `*` or `?`.
    pub fn name(&self) -> Option<String> {
        self.parts.iter().map(|part| if let Part::One(letter) = part { Some(*letter) } else { None }).collect()
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn matches(pattern: &str, name: &str) -> bool {
        Pattern::new(pattern).unwrap().matches(name)
    }

    #[test]
    fn what_is_meant() {
        for (pattern, name) in [
            ("web", "web"),
            ("web-*", "web-"),
            ("web-*", "web-1"),
            ("*", ""),
            ("w?b", "wäb"),
            ("a*b*c", "a/x/b/c"),
            (r"\*", "*"),
            (r"a\\", r"a\"),
        ] {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [
            ("web", "web1"),
            ("web", "Web"),
            ("web-*", "my-web-1"),
            ("w?b", "wb"),
            (r"\*", "web"),
            ("web", "*"),
            ("web?", "web"),
            ("w", "*"),
        ] {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
        assert!(Pattern::new("").is_err() && Pattern::new("a\\").is_err());
        assert!(Pattern::new("**").unwrap().is_everything() && !Pattern::new("*?").unwrap().is_everything());
        assert_eq!((Pattern::new(r"a\*b").unwrap().name().as_deref(), Pattern::new("a*").unwrap().name()), (Some("a*b"), None));
    }

    #[test]
    fn no_pattern_is_slow() {
        let pattern = Pattern::new(&"*a".repeat(500)).unwrap();
        assert!(!pattern.matches(&"a".repeat(20_000).replace("aa", "ab")) || pattern.parts.len() == 1_000);
    }

    /// The obvious way, for comparison.
    fn obvious(parts: &[Part], name: &[char]) -> bool {
        match (parts.split_first(), name.split_first()) {
            (None, rest) => rest.is_none(),
            (Some((Part::AnyMany, parts)), rest) => {
                obvious(parts, name) || rest.is_some_and(|(_, name)| obvious(&[&[Part::AnyMany], parts].concat(), name))
            }
            (Some((Part::AnyOne, parts)), Some((_, name))) => obvious(parts, name),
            (Some((Part::One(wanted), parts)), Some((letter, name))) => wanted == letter && obvious(parts, name),
            (Some(_), None) => false,
        }
    }

    proptest! {
        #[test]
        fn as_the_obvious_way(pattern in r"[ab*?\\]{1,8}", name in "[ab*]{0,10}") {
            if let Ok(pattern) = Pattern::new(&pattern) {
                let letters: Vec<char> = name.chars().collect();
                prop_assert_eq!(pattern.matches(&name), obvious(&pattern.parts, &letters));
            }
        }

        #[test]
        fn a_name_is_never_read_as_a_pattern(name in r"[ -~]{1,12}", other in r"[ -~]{1,12}") {
            let escaped: String = name.chars().flat_map(|letter| ['\\', letter]).collect();
            let pattern = Pattern::new(&escaped).unwrap();
            prop_assert!(pattern.matches(&name));
            prop_assert_eq!(pattern.matches(&other), name == other);
        }
    }
}
