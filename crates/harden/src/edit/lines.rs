//! Files that are lists of lines, of which some are ours: lines are added at the end and taken away by content, others stay.

/// The text with the lines that it lacks added at the end. No text: a new file, which gets the header first.
pub(crate) fn add(text: Option<&str>, header: &str, lines: &[String]) -> String {
    let mut out = text.unwrap_or(header).to_owned();
    if !out.is_empty() && !out.ends_with('\n') {
        out.push('\n');
    }
    for line in lines {
        if !out.lines().any(|present| present.trim_end() == line) {
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

/// The text without these lines; none if nothing but the header (comments and blank lines) is left.
pub(crate) fn remove(text: &str, lines: &[String]) -> Option<String> {
    let out: String = text.split_inclusive('\n').filter(|present| !lines.iter().any(|line| present.trim_end() == line)).collect();
    let says_something = rules(&out).next().is_some();
    says_something.then_some(out)
}

/// The lines that say something: neither blank nor a comment.
pub(crate) fn rules(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn adds_and_removes() {
        let ours = ["x 1".to_owned(), "x 2".to_owned()];
        let text = add(None, "# head\n", &ours);
        assert_eq!(text, "# head\nx 1\nx 2\n");
        assert_eq!(add(Some(&text), "# head\n", &ours), text);
        assert_eq!(remove(&text, &ours), None);
        assert_eq!(remove(&text, &ours[..1]).as_deref(), Some("# head\nx 2\n"));
        assert_eq!(add(Some("y"), "# head\n", &ours[..1]), "y\nx 1\n");
    }

    proptest! {
        #[test]
        fn removal_undoes_addition(text in "([a-z #]{0,5}\n){0,6}") {
            let ours = ["-a our rule".to_owned()];
            let added = add(Some(&text), "", &ours);
            let keeps = rules(&text).next().is_some();
            prop_assert_eq!(remove(&added, &ours), keeps.then_some(text));
        }
    }
}
