//! The ssh server: whether it takes connections, and its configuration as text.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::TextFile;
use crate::{Fact, Observed};

/// OpenSSH's server on this host (sshd(8), sshd_config(5)).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Sshd {
    /// Whether an sshd of the host itself runs, or systemd listens for it on one of its ports.
    pub listens: Fact<bool>,
    /// The listener's command line, redacted. Absent: none runs.
    pub argv: Observed<Vec<String>>,
    /// The file that reading starts with: `-f` of the command line, or /etc/ssh/sshd_config.
    pub config_path: String,
    /// That file and all that it includes, by path, redacted. Absent: there is no such file.
    pub files: BTreeMap<String, Observed<TextFile>>,
    /// Files that each pattern of an Include names, by the pattern as written, in the order in which they are read.
    pub includes: BTreeMap<String, Fact<Vec<String>>>,
}

/// One line of sshd_config: a keyword and its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SshdLine {
    /// Line number from 1.
    pub line: u32,
    /// The keyword in lower case.
    pub keyword: String,
    /// Its arguments without quotes.
    pub arguments: Vec<String>,
}

/// Splits sshd_config into lines as sshd reads them: keywords in any case, blanks or one equals sign between keyword and arguments, quotes
/// around arguments, and comments from a number sign at the start of a word. `None` stands for a line that sshd refuses: it does not start
/// with such a file.
pub fn sshd_lines(text: &str) -> Vec<Option<SshdLine>> {
    let numbered = text.lines().zip(1_u32..);
    numbered
        .filter_map(|(text, line)| sshd_line(text).map(|parsed| parsed.map(|(keyword, arguments)| SshdLine { line, keyword, arguments })))
        .collect()
}

/// Outer `None`: nothing on this line. Inner `None`: a quote that does not end.
fn sshd_line(text: &str) -> Option<Option<(String, Vec<String>)>> {
    let text = text.trim_matches([' ', '\t', '\r', '\u{c}']);
    if text.is_empty() || text.starts_with('#') {
        return None;
    }
    let end = text.find([' ', '\t', '=', '"']).unwrap_or(text.len());
    let keyword = text[..end].to_ascii_lowercase();
    let rest = text[end..].trim_start_matches([' ', '\t']);
    let rest = rest.strip_prefix('=').unwrap_or(rest);
    Some(words(rest).map(|arguments| (keyword, arguments)))
}

fn words(text: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut rest = text.chars().peekable();
    loop {
        while rest.next_if(|character| matches!(character, ' ' | '\t')).is_some() {}
        match rest.peek() {
            None | Some('#') => return Some(words),
            Some(_) => {}
        }
        let mut word = String::new();
        let mut quote = None;
        while let Some(character) = rest.next() {
            match (quote, character) {
                (None, ' ' | '\t') => break,
                (None, '"' | '\'') => quote = Some(character),
                (Some(open), close) if open == close => quote = None,
                (_, '\\') if rest.peek().is_some_and(|next| matches!(next, '"' | '\'' | '\\') || (quote.is_none() && *next == ' ')) => {
                    word.extend(rest.next());
                }
                (_, character) => word.push(character),
            }
        }
        if quote.is_some() {
            return None;
        }
        words.push(word);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_as_sshd_reads_them() {
        let lines = sshd_lines(
            "# comment\n\n  PasswordAuthentication\tno # really\nPermitRootLogin=yes\nusePAM = \"no\"\nInclude /a/*.conf 'b c'\nMatch User \"x y\" Address 10.0.0.0/8\r\nPort \"22\nX\n",
        );
        let parsed: Vec<_> = lines.iter().flatten().map(|line| (line.line, line.keyword.as_str(), line.arguments.join("|"))).collect();
        let expect = [
            (3, "passwordauthentication", "no"),
            (4, "permitrootlogin", "yes"),
            (5, "usepam", "no"),
            (6, "include", "/a/*.conf|b c"),
            (7, "match", "User|x y|Address|10.0.0.0/8"),
            (9, "x", ""),
        ];
        assert_eq!(parsed, expect.map(|(line, keyword, arguments)| (line, keyword, arguments.to_owned())));
        assert_eq!(lines.iter().filter(|line| line.is_none()).count(), 1);
        assert_eq!(words("a\\ b c\\\"d"), Some(vec!["a b".to_owned(), "c\"d".to_owned()]));
    }
}
