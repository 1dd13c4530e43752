//! Audit rule files.

use super::MARK;

/// Rules stay as they are, comments lose their text, and what is neither is replaced. The number of lines stays.
pub fn audit_rules(text: &str) -> String {
    let safe = |line: &str| {
        let body = line.trim_end_matches(['\n', '\r']);
        let kept = match body.trim_start().as_bytes().first() {
            None | Some(b'-') => body,
            Some(b'#') => "#",
            Some(_) => MARK,
        };
        format!("{kept}{}", &line[body.len()..])
    };
    text.split_inclusive('\n').map(safe).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        let text = "# planted-secret\n-w /etc/docker -p wa -k docker\n\n  -e 2\nplanted-secret\n";
        assert_eq!(audit_rules(text), format!("#\n-w /etc/docker -p wa -k docker\n\n  -e 2\n{MARK}\n"));
    }
}
