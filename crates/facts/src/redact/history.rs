//! A line of an image's history without anything that could be a secret.
//!
//! A line holds a command, and a command may hold a secret in any place: no pattern finds them all. So it is the other way round: the
//! words that checks speak of stay (instructions, shells, package managers, their verbs and options), and every other word goes.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::MARK;

/// A line is cut after so many bytes; [`CUT`] says so.
const LONGEST: usize = 16 << 10;

/// Stands at the end of a line that was cut.
const CUT: &str = " [cut]";

/// Endings of archives that ADD unpacks.
const ARCHIVES: &[&str] =
    &[".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.bz2", ".tbz2", ".tar.zst", ".tzst", ".tar.lz4", ".gz", ".xz", ".bz2", ".zip"];

/// Folders of programs that may stand before a well-known name.
const FOLDERS: &[&str] = &["/bin/", "/sbin/", "/usr/bin/", "/usr/sbin/", "/usr/local/bin/", "/usr/local/sbin/"];

/// Words that stay, in lower case. A line that begins with `#:` tells what the next ones are.
static WORDS: LazyLock<HashSet<&str>> =
    LazyLock::new(|| include_str!("words.txt").lines().filter(|line| !line.starts_with("#:")).flat_map(str::split_whitespace).collect());

/// Letters of which short options may be made: those of `set`, of shells, of curl and of package managers that checks speak of. No word
/// of another meaning is made of them alone.
const CLUSTERS: &[&str] = &["-euxoc", "-fsSLkoO", "-yqfu", "-lc", "-ic"];

/// The line in the builder's spelling, its unknown words replaced, white space and runs of replaced words drawn together.
pub fn history_line(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line.trim();
    while let Some(first) = rest.chars().next() {
        if out.len() > LONGEST {
            out.push_str(CUT);
            break;
        }
        if first == '\\' {
            // An escape: what follows is no quote, no operator and no end of line.
            let escaped = rest[1..].chars().next().filter(|next| !next.is_alphanumeric()).map_or(0, char::len_utf8);
            rest = &rest[1 + escaped..];
            space(&mut out, ' ');
        } else if first.is_whitespace() {
            let end = rest.find(|next: char| !next.is_whitespace()).unwrap_or(rest.len());
            space(&mut out, if rest[..end].contains('\n') { '\n' } else { ' ' });
            rest = &rest[end..];
        } else if is_mark(first) {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        } else {
            let end = rest.find(|next: char| next.is_whitespace() || is_mark(next) || next == '\\').unwrap_or(rest.len());
            word(&mut out, &rest[..end], rest[end..].starts_with('='));
            rest = &rest[end..];
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// Punctuation of a shell, which stays as it is.
fn is_mark(one: char) -> bool {
    matches!(one, ';' | '&' | '|' | '(' | ')' | '<' | '>' | '{' | '}' | '"' | '\'' | '=' | '[' | ']' | '$' | '`')
}

fn space(out: &mut String, one: char) {
    match out.chars().last() {
        None | Some('\n') => {}
        Some(' ') if one == '\n' => {
            out.pop();
            out.push('\n');
        }
        Some(' ') => {}
        Some(_) => out.push(one),
    }
}

fn word(out: &mut String, word: &str, is_name: bool) {
    let lower = word.to_ascii_lowercase();
    let body = lower.trim_matches([',', '*']);
    let program = FOLDERS.iter().find_map(|folder| body.strip_prefix(folder)).unwrap_or(body);
    let single_digit = word.len() == 1 && word.as_bytes()[0].is_ascii_digit();
    if WORDS.contains(body) || WORDS.contains(program) || single_digit || is_cluster(word) {
        out.push_str(word);
        return;
    }
    let dashes = word.bytes().take_while(|byte| *byte == b'-').count().min(2);
    let scheme = ["https://", "http://", "ftp://", "git@", "file:", "dir:", "multi:"].into_iter().find(|scheme| lower.starts_with(scheme));
    let archive =
        ARCHIVES.iter().filter(|ending| lower.len() > ending.len() && lower.ends_with(**ending)).max_by_key(|ending| ending.len());
    let before = scheme.unwrap_or(&word[..dashes]);
    let archive = archive.copied().unwrap_or_default();
    // Two replaced words in a row say no more than one; a name before `=` is another thing than a word.
    let after_replaced = out.strip_suffix(' ').is_some_and(|out| out.rsplit([' ', '\n']).next() == Some(MARK));
    if before.is_empty() && archive.is_empty() && !is_name && after_replaced {
        out.pop();
        return;
    }
    out.push_str(before);
    out.push_str(MARK);
    out.push_str(archive);
}

fn is_cluster(word: &str) -> bool {
    let letters = word.strip_prefix('-').filter(|letters| !letters.is_empty() && letters.len() <= 7);
    letters.is_some_and(|letters| CLUSTERS.iter().any(|cluster| letters.chars().all(|letter| cluster[1..].contains(letter))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::leaks;
    use proptest::prelude::*;

    #[test]
    fn what_checks_speak_of_stays() {
        for (line, kept) in [
            ("/bin/sh -c #(nop) ADD file:0a1b2c in / ", "/bin/sh -c #(nop) ADD file:[redacted] in /"),
            ("/bin/sh -c #(nop)  CMD [\"bash\"]", "/bin/sh -c #(nop) CMD [\"bash\"]"),
            ("ADD alpine-minirootfs-3.20.0-x86_64.tar.gz / # buildkit", "ADD [redacted].tar.gz / # buildkit"),
            ("ADD https://u:p@example.org/x.tar.gz /opt/ # buildkit", "ADD https://[redacted].tar.gz [redacted] # buildkit"),
            (
                "RUN |2 NPM_TOKEN=abc V=1.2 3 /bin/sh -c apt-get update && apt-get install -y --no-install-recommends foo bar=1 # buildkit",
                "RUN |2 [redacted]=[redacted] [redacted]=[redacted] 3 /bin/sh -c apt-get update && apt-get install -y --no-install-recommends [redacted] [redacted]=1 # buildkit",
            ),
            (
                "/bin/bash -eo pipefail -c curl -fsSLk https://x/y | bash -s -- -x",
                "/bin/bash -eo pipefail -c curl -fsSLk https://[redacted] | bash -s -- -x",
            ),
            (
                "RUN /bin/sh -c set -eux; \t apt-get update; \\\n  rm -rf /var/lib/apt/lists/*",
                "RUN /bin/sh -c set -eux; apt-get update; rm -rf /var/lib/apt/lists/*",
            ),
            (
                "RUN /bin/sh -c apt-get update\napt-get install -y curl\n # buildkit",
                "RUN /bin/sh -c apt-get update\napt-get install -y curl\n# buildkit",
            ),
            ("", ""),
        ] {
            assert_eq!(history_line(line), kept);
        }
    }

    #[test]
    fn long_lines_are_cut() {
        let line = format!("RUN /bin/sh -c {}", "echo; ".repeat(10_000));
        let kept = history_line(&line);
        assert!(kept.len() < LONGEST + 100 && kept.ends_with(CUT));
    }

    /// Passwords and tokens as people make them: no word that checks speak of.
    fn secret() -> impl Strategy<Value = String> {
        prop_oneof![
            "[A-Za-z0-9]{3,12}[0-9]{2}[A-Za-z]{2,20}",
            "(ghp_|AKIA|npm_|glpat-)[A-Z0-9]{16}[a-z]{20}",
            "[!-~]{2,8}[a-z]{5}[0-9]{2}[!-~]{2,8}"
        ]
        .prop_filter("punctuation alone is no secret", |secret| secret.chars().filter(char::is_ascii_alphanumeric).count() >= 7)
    }

    const TEMPLATES: &[&str] = &[
        "@",
        "|1 TOKEN=@ /bin/sh -c apt-get update",
        "RUN |2 A=b @ NPM_TOKEN=@ /bin/sh -c npm ci # buildkit",
        "ENV DB_PASSWORD=@",
        "/bin/sh -c #(nop)  ENV A=@",
        "/bin/sh -c #(nop) LABEL secret=@",
        "RUN /bin/sh -c curl -u admin:@ https://u:@@example.org/?token=@ # buildkit",
        "RUN /bin/sh -c curl -H 'Authorization: Bearer @' https://x",
        "RUN /bin/sh -c echo \"root:@\" | chpasswd",
        "RUN /bin/sh -c mysql -p@ --password=@ --token @ && apt-get install -y @",
        "ADD https://x:@@host/a.tar.gz /@/ # buildkit",
        "COPY dir:@ in /@",
        "CMD [\"/bin/x\" \"--password\" \"@\"]",
        "RUN /bin/sh -c cat <<EOF\npassword: @\nEOF # buildkit",
        "cmd /S /C powershell $env:X='@'",
        "# debian.sh --arch '@'",
        "HEALTHCHECK &{[\"CMD-SHELL\" \"curl @\"] \"30s\"}",
    ];

    proptest! {
        #[test]
        fn a_secret_never_survives(secret in secret(), index in 0..TEMPLATES.len()) {
            let line = TEMPLATES[index].replace('@', &secret);
            let kept = format!("{} {:?}", history_line(&line), leaks(&line));
            // The parts between punctuation that are long enough to tell something.
            for part in secret.split(|one: char| !one.is_ascii_alphanumeric()).filter(|part| part.len() >= 6) {
                prop_assert!(!kept.contains(part), "{line:?} gives {kept:?}");
            }
        }

        /// The secret as a word of its own in whatever line.
        #[test]
        fn anywhere(before in ".{0,60}", secret in "[A-Z]{4}[0-9]{4}[a-z]{4}", after in ".{0,60}") {
            let kept = format!("{} {:?}", history_line(&format!("{before} {secret} {after}")), leaks(&format!("{before} {secret} {after}")));
            prop_assert!(!kept.contains(&secret), "{kept:?}");
        }

        #[test]
        fn never_panics(line in any::<String>()) {
            let _ = (history_line(&line), leaks(&line));
        }
    }
}
