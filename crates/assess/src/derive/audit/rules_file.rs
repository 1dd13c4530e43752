//! Rule files as augenrules and `auditctl -R` read them: fields are parted by spaces, a backslash keeps a space, there are no quotes.

use super::rule::{Rule, Target};
use super::syscall::Mask;

/// One line that does something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// `-a`, `-A` (in front) or `-w`.
    Add {
        rule: Rule,
        /// `-w`: whether it watches a file or a folder is decided when it is loaded.
        is_watch: bool,
        in_front: bool,
    },
    /// `-d` or `-W`.
    Delete(Rule),
    /// `-D`, of one key or of all.
    DeleteAll { key: Option<String> },
    /// `-i` or `-c`: go on after an error.
    IgnoreErrors,
    /// A line that auditctl refuses, so that loading stops.
    Broken(String),
}

/// The lines of one file.
pub(super) fn lines(text: &str) -> Vec<Line> {
    text.lines().filter_map(|line| line_of(line.trim_end_matches('\r'))).collect()
}

fn line_of(line: &str) -> Option<Line> {
    let words = words(line);
    let first = words.first()?;
    if first.trim_start().starts_with('#') {
        return None;
    }
    match options(&words) {
        Ok(options) => action(&options, line.trim()).unwrap_or_else(|| Some(Line::Broken(line.trim().to_owned()))),
        Err(()) => Some(Line::Broken(line.trim().to_owned())),
    }
}

fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        match (character, characters.peek()) {
            ('\\', Some(' ' | '\\')) => word.extend(characters.next()),
            (' ', _) => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            _ => word.push(character),
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// getopt's view of the words: option and argument, attached or apart.
fn options(words: &[String]) -> Result<Vec<(String, String)>, ()> {
    const WITH_ARGUMENT: &str = "aAdbefrmRtqwWkpSFC";
    const BARE: &str = "icDslv";
    let mut found = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if let Some(long) = word.strip_prefix("--") {
            let (name, value) = long.split_once('=').unwrap_or((long, ""));
            let takes_value = ["backlog_wait_time", "signal"].contains(&name) && value.is_empty();
            let value = if takes_value { words.next().cloned().ok_or(())? } else { value.to_owned() };
            found.push((format!("--{name}"), value));
            continue;
        }
        let Some(letter) = word.strip_prefix('-').and_then(|rest| rest.chars().next()) else { return Err(()) };
        let rest = &word[1 + letter.len_utf8()..];
        if WITH_ARGUMENT.contains(letter) {
            let value = if rest.is_empty() { words.next().cloned().ok_or(())? } else { rest.to_owned() };
            found.push((letter.to_string(), value));
        } else if BARE.contains(letter) && rest.chars().all(|other| BARE.contains(other)) {
            found.push((letter.to_string(), String::new()));
            found.extend(rest.chars().map(|other| (other.to_string(), String::new())));
        } else {
            return Err(());
        }
    }
    Ok(found)
}

/// What a line does; the outer none: it is refused, the inner none: nothing that matters here.
fn action(options: &[(String, String)], text: &str) -> Option<Option<Line>> {
    let mut rule = Rule::all("exit", true, text);
    let (mut verb, mut key, mut calls) = (None, None, Vec::new());
    for (option, value) in options {
        match option.as_str() {
            "a" | "A" | "d" => {
                (rule.list, rule.always) = list_and_action(value)?;
                verb = Some(option.as_str());
            }
            "w" | "W" => {
                rule.target = Some(Target::File(absolute(value)?));
                rule.perms.get_or_insert_with(|| "rwxa".to_owned());
                verb = Some(option.as_str());
            }
            "p" if value.chars().all(|letter| "rwxaRWXA".contains(letter)) && value.len() <= 4 => {
                // -p belongs to a watch; a rule by fields has -F perm=.
                rule.perms = Some(value.to_ascii_lowercase());
            }
            "p" => return None,
            "k" => key = Some(value.clone()),
            "S" => calls.extend(value.split(',').map(str::to_owned)),
            "F" => {
                let (name, operator, value) = comparison(value)?;
                if ["path", "dir"].contains(&name) {
                    absolute(value)?;
                }
                rule.field(name, operator, value);
            }
            "C" => rule.narrowing.push(value.clone()),
            "D" => verb = Some("D"),
            "i" | "c" => return Some(Some(Line::IgnoreErrors)),
            _ => {}
        }
    }
    if !calls.is_empty() && !calls.iter().any(|call| call == "all") {
        rule.mask = Mask::Names(calls);
    }
    Some(match verb {
        Some("a") => Some(Line::Add { rule, is_watch: false, in_front: false }),
        Some("A") => Some(Line::Add { rule, is_watch: false, in_front: true }),
        Some("w") => Some(Line::Add { rule, is_watch: true, in_front: false }),
        Some("d" | "W") => Some(Line::Delete(rule)),
        Some(_) => Some(Line::DeleteAll { key }),
        None => None,
    })
}

fn absolute(path: &str) -> Option<String> {
    path.starts_with('/').then(|| crate::derive::paths::trimmed(path).to_owned())
}

/// `always,exit` in either order.
fn list_and_action(value: &str) -> Option<(String, bool)> {
    let (one, other) = value.split_once(',')?;
    let (list, action) = if ["always", "never", "possible"].contains(&one) { (other, one) } else { (one, other) };
    let known = ["exit", "task", "user", "exclude", "filesystem", "io_uring"].contains(&list);
    (known && ["always", "never"].contains(&action)).then(|| (list.to_owned(), action == "always"))
}

fn comparison(field: &str) -> Option<(&str, &str, &str)> {
    let at = field.find(['=', '!', '<', '>', '&'])?;
    let operator = ["!=", "<=", ">=", "&=", "=", "<", ">", "&"].into_iter().find(|operator| field[at..].starts_with(operator))?;
    (at > 0).then(|| (&field[..at], operator, &field[at + operator.len()..]))
}
