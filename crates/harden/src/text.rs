//! Texts from elsewhere made fit to be shown: one line, no terminal escapes, no passwords.

use facts::redact::{MARK, has_url_password, looks_like_credential};

/// The longest foreign text that is shown.
const LONGEST: usize = 500;

/// A foreign text on one line. Control characters become spaces, words that look like credentials are replaced.
pub(crate) fn one_line(text: &str) -> String {
    let clean: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    let words: Vec<&str> = clean
        .split_whitespace()
        .map(|word| {
            let (name, value) = word.split_once('=').unwrap_or(("", word));
            if has_url_password(word) || looks_like_credential(name, value) { MARK } else { word }
        })
        .collect();
    let joined = words.join(" ");
    match joined.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", &joined[..end]),
        None => joined,
    }
}

#[cfg(test)]
mod tests {
    use super::one_line;

    #[test]
    fn hostile_texts() {
        assert_eq!(one_line("a\n\u{1b}[31mb"), "a [31mb");
        assert_eq!(one_line("proxy http://u:pw@h/ failed token=abc"), "proxy [redacted] failed [redacted]");
        assert!(one_line(&"x".repeat(5000)).len() < 600);
    }
}
