//! Names come from hosts that may be hostile. Here they lose their power over terminals and readers, and stay legible.

use std::borrow::Cow;
use std::fmt::Write;

/// The text with everything made visible that a terminal would obey or that a reader would not see: control characters and escape
/// sequences, line breaks, overrides of the writing direction, invisible and tag characters. Everything printed goes through here.
pub fn safe(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            control if control.is_ascii_control() => write!(out, "\\x{:02x}", u32::from(control)).expect("writing to a String cannot fail"),
            hidden if is_hidden(hidden) => write!(out, "\\u{{{:x}}}", u32::from(hidden)).expect("writing to a String cannot fail"),
            plain => out.push(plain),
        }
    }
    Cow::Owned(out)
}

/// The lines of a text that may have several, each safe. Tabs stay: they move the cursor and nothing else.
pub(crate) fn safe_lines(text: &str) -> impl Iterator<Item = String> {
    text.split_terminator('\n').map(|line| line.split('\t').map(safe).collect::<Vec<_>>().join("\t"))
}

/// Characters that act on the terminal or cannot be seen.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{00ad}'                      // soft hyphen
            | '\u{034f}'                    // combining grapheme joiner
            | '\u{061c}'                    // Arabic letter mark
            | '\u{115f}'..='\u{1160}'       // Hangul fillers
            | '\u{17b4}'..='\u{17b5}'       // invisible Khmer vowels
            | '\u{180b}'..='\u{180f}'       // Mongolian selectors
            | '\u{200b}'..='\u{200f}'       // zero width, direction marks
            | '\u{2028}'..='\u{202e}'       // line and paragraph separators, direction embeddings and overrides
            | '\u{2060}'..='\u{206f}'       // word joiner, isolates, deprecated formatting
            | '\u{3164}' | '\u{ffa0}'       // Hangul fillers
            | '\u{fe00}'..='\u{fe0f}'       // variation selectors
            | '\u{feff}'                    // byte order mark
            | '\u{fff0}'..='\u{fffb}'       // annotation
            | '\u{1d173}'..='\u{1d17a}'     // musical formatting
            | '\u{e0000}'..='\u{e0fff}'     // tags, variation selectors
        )
}

#[cfg(test)]
mod tests {
    use super::{is_hidden, safe, safe_lines};

    fn check(input: &str, expect: &str) {
        assert_eq!(safe(input), expect, "{input:?}");
    }

    #[test]
    fn ordinary_names_stay() {
        check("web-1_a.b", "web-1_a.b");
        check("/var/run/docker.sock -> /sock", "/var/run/docker.sock -> /sock");
        check("größe 数据 <b>|", "größe 数据 <b>|");
        assert!(matches!(safe("web"), std::borrow::Cow::Borrowed("web")));
    }

    #[test]
    fn what_a_terminal_obeys_becomes_visible() {
        check("\u{1b}[31mred", "\\x1b[31mred");
        check("a\nb\r\tc", "a\\nb\\r\\tc");
        check("\u{7}\u{8}\u{7f}\0", "\\x07\\x08\\x7f\\x00");
        check("\u{9b}31m\u{85}", "\\u{9b}31m\\u{85}");
        check("\u{1b}]8;;http://evil\u{1b}\\x", "\\x1b]8;;http://evil\\x1b\\x");
    }

    #[test]
    fn what_a_reader_does_not_see_becomes_visible() {
        check("abc\u{202e}gpj.exe", "abc\\u{202e}gpj.exe");
        check("a\u{200b}b\u{2066}c\u{feff}", "a\\u{200b}b\\u{2066}c\\u{feff}");
        check("tag\u{e0041}\u{fe0f}", "tag\\u{e0041}\\u{fe0f}");
    }

    #[test]
    fn nothing_hidden_is_left_and_twice_is_once() {
        for character in (0..=0x0010_ffff).filter_map(char::from_u32) {
            let text = character.to_string();
            let once = safe(&text).into_owned();
            assert!(!once.chars().any(is_hidden), "{:x}", u32::from(character));
            assert_eq!(safe(&once), once);
        }
    }

    #[test]
    fn lines_keep_tabs_only() {
        assert_eq!(safe_lines("-\ta\u{1b}\n+b\n").collect::<Vec<_>>(), ["-\ta\\x1b", "+b"]);
    }
}
