//! sshd's configuration: the lines about who may log in and what may be forwarded; of all others the keyword.

use facts::host::sshd_lines;

use super::{MARK, scrub};

/// Keywords in lower case whose arguments are kept (sshd_config(5)).
const KEPT: &[&str] = &[
    "allowagentforwarding",
    "allowstreamlocalforwarding",
    "allowtcpforwarding",
    "authenticationmethods",
    "challengeresponseauthentication",
    "disableforwarding",
    "gssapiauthentication",
    "hostbasedauthentication",
    "include",
    "kbdinteractiveauthentication",
    "listenaddress",
    "match",
    "passwordauthentication",
    "permitemptypasswords",
    "permitrootlogin",
    "permittunnel",
    "port",
    "pubkeyauthentication",
    "skeyauthentication",
    "usepam",
];

/// The text with the same lines, comments left out.
pub fn sshd_config(text: &str) -> String {
    let mut kept: Vec<String> = vec![String::new(); text.lines().count()];
    let mut refused = Vec::new();
    // A line that cannot be read has no number of its own: what the readable ones leave over is looked at by itself.
    for (index, line) in text.lines().enumerate() {
        match sshd_lines(line).into_iter().next() {
            None => {}
            Some(None) => refused.push(index),
            Some(Some(line)) => kept[index] = kept_line(&line.keyword, &line.arguments),
        }
    }
    for index in refused {
        kept[index] = "\"".to_owned();
    }
    let mut text = kept.join("\n");
    text.push('\n');
    text
}

fn kept_line(keyword: &str, arguments: &[String]) -> String {
    let name = if keyword.bytes().all(|byte| byte.is_ascii_alphanumeric()) && keyword.len() <= 40 { keyword } else { MARK };
    if !KEPT.contains(&keyword) {
        return format!("{name} {MARK}");
    }
    let word = |word: &String| {
        let word = scrub(word);
        if word.is_empty() || word.contains([' ', '\t', '"', '\'', '#', '\\']) {
            format!("\"{}\"", word.replace('\\', "\\\\").replace('"', "\\\""))
        } else {
            word
        }
    };
    std::iter::once(name.to_owned()).chain(arguments.iter().map(word)).collect::<Vec<_>>().join(" ")
}

/// sshd's command line: flags, the path behind `-f`, and settings behind `-o` as in the file. The listener writes its own as one word.
pub fn sshd_argv(words: &[String]) -> Vec<String> {
    let joined = words.join(" ");
    let told = joined.strip_prefix("sshd: ").unwrap_or(&joined);
    let told = told.split(" [listener]").next().unwrap_or_default();
    let mut kept = Vec::new();
    let mut words = told.split_whitespace();
    kept.extend(words.next().map(scrub));
    while let Some(word) = words.next() {
        match (word.get(..2), word.get(2..)) {
            (Some(flag @ ("-f" | "-o" | "-p")), Some(rest)) => {
                let value = if rest.is_empty() { words.next().unwrap_or_default() } else { rest };
                kept.push(flag.to_owned());
                kept.push(match flag {
                    "-o" => sshd_config(value).trim_end().to_owned(),
                    _ => scrub(value),
                });
            }
            (Some(flag), Some("")) if flag.starts_with('-') => kept.push(word.to_owned()),
            _ => kept.push(MARK.to_owned()),
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_log_in_stays() {
        let text = "# planted-secret\nPasswordAuthentication no # planted-secret\nAuthorizedKeysCommand /x planted-secret\nMatch User \"a b\"\nPort \"planted-secret\nInclude /a\\\\b\n";
        let kept = sshd_config(text);
        assert_eq!(
            kept,
            format!("\npasswordauthentication no\nauthorizedkeyscommand {MARK}\nmatch User \"a b\"\n\"\ninclude \"/a\\\\b\"\n")
        );
        let again: Vec<_> = sshd_lines(&kept);
        assert_eq!(again.iter().filter(|line| line.is_none()).count(), 1);
        assert_eq!(again[2].as_ref().unwrap().arguments, ["User", "a b"]);
    }

    #[test]
    fn command_lines() {
        let words = |text: &str| sshd_argv(&[text.to_owned()]);
        assert_eq!(words("sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups"), ["/usr/sbin/sshd", "-D"]);
        assert_eq!(
            words("sshd: /usr/sbin/sshd -D -f /x -oPasswordAuthentication=yes -o Banner=planted-secret -hplanted-secret [listener] 1 of"),
            ["/usr/sbin/sshd", "-D", "-f", "/x", "-o", "passwordauthentication yes", "-o", &format!("banner {MARK}"), MARK]
        );
        assert_eq!(sshd_argv(&["/usr/sbin/sshd".to_owned(), "-D".to_owned()]), ["/usr/sbin/sshd", "-D"]);
    }
}
