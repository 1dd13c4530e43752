//! What a program says on stderr, in part and made harmless.

use std::sync::{Mutex, PoisonError};

use crate::redact;

/// More than a message and a banner.
const MOST: usize = 4096;

/// The beginning of what was said. What goes beyond is read and forgotten, so that the program never waits.
#[derive(Default)]
pub(super) struct LastWords(Mutex<Vec<u8>>);

impl LastWords {
    pub(super) fn hear(&self, bytes: &[u8]) {
        let mut heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let room = MOST.saturating_sub(heard.len());
        heard.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    /// One line, without control characters and without what looks like a credential. None: nothing was said.
    pub(super) fn said(&self) -> Option<String> {
        let heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8_lossy(&heard);
        let clean = |line: &str| line.chars().filter(|character| !character.is_control()).collect::<String>().trim().to_owned();
        let lines: Vec<String> = text.lines().map(clean).filter(|line| !line.is_empty()).map(|line| redact::scrub(&line)).collect();
        // Complaints come last, after banners.
        let last = lines.iter().rev().take(4).rev().cloned().collect::<Vec<_>>().join("; ");
        (!last.is_empty()).then_some(last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_repeated_is_harmless_and_short() {
        let words = LastWords::default();
        assert_eq!(words.said(), None);
        words.hear(b"banner\n\x1b[31mPermission denied\x07 (publickey).\r\n\n");
        assert_eq!(words.said().as_deref(), Some("banner; [31mPermission denied (publickey)."));
        for _ in 0..10 {
            words.hear(&[b'x'; 4096]);
        }
        assert!(words.said().unwrap().len() <= MOST);
    }
}
