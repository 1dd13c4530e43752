//! /proc/PID/limits.

use facts::docker::{Limit, ResourceLimit};

/// One limit a line: a name of several words, soft limit, hard limit, and perhaps a unit. `None`: a line that is no limit.
pub(crate) fn limits(text: &str) -> Option<Vec<ResourceLimit>> {
    text.lines()
        .skip(1)
        .map(|line| {
            // The name is padded with blanks; within it, words are separated by one.
            let (name, rest) = line.split_once("  ")?;
            let mut words = rest.split_whitespace();
            Some(ResourceLimit { name: name.to_owned(), soft: limit(words.next()?)?, hard: limit(words.next()?)? })
        })
        .collect()
}

fn limit(word: &str) -> Option<Limit> {
    if word == "unlimited" { Some(Limit::Unlimited) } else { word.parse().ok().map(Limit::At) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        let text = "Limit                     Soft Limit           Hard Limit           Units     \n\
                    Max cpu time              unlimited            unlimited            seconds   \n\
                    Max open files            1024                 1048576              files     \n\
                    Max nice priority         0                    0                    \n";
        let found = limits(text).unwrap();
        assert_eq!(found.len(), 3);
        assert_eq!(found[1], ResourceLimit { name: "Max open files".to_owned(), soft: Limit::At(1024), hard: Limit::At(1_048_576) });
        assert_eq!(limits("head\nMax open files  x y\n"), None);
        assert_eq!(limits("head\nnonsense\n"), None);
        assert_eq!(limits("").unwrap(), []);
    }
}
