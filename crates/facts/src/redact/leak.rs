//! What in a line of an image's history looks like a credential. Each finding says what kind it is, and never the value.

use super::{MARK, looks_like_credential, token};
use crate::docker::Leak;

/// Options whose value is a credential, also as the next word.
const OPTIONS: &[&str] = &[
    "--password",
    "--passwd",
    "--passphrase",
    "--token",
    "--auth-token",
    "--access-token",
    "--api-key",
    "--apikey",
    "--api-token",
    "--client-secret",
    "--secret-key",
    "--access-key",
    "--secret-access-key",
    "--http-password",
    "--ftp-password",
    "--proxy-password",
    "--db-password",
    "--private-token",
];

/// Names of headers that carry one.
const HEADERS: &[&str] = &["private-token", "x-api-key", "x-auth-token", "x-vault-token", "api-key", "job-token"];

/// Files that hold a credential by their usual use.
const FILES: &[&str] = &[
    "id_rsa",
    "id_dsa",
    "id_ecdsa",
    "id_ed25519",
    ".netrc",
    ".git-credentials",
    ".pypirc",
    ".aws/credentials",
    ".docker/config.json",
    ".kube/config",
];

/// More than this is not listed of one line.
const MOST: usize = 50;

/// Everything in the line that looks like a credential, without repetition, in the order of kind and name.
pub fn leaks(line: &str) -> Vec<Leak> {
    let (instruction, arguments) = parts(line);
    let mut found = std::collections::BTreeSet::new();
    let mut note = |kind: &str, name: &str| {
        if found.len() < MOST {
            found.insert(Leak { kind: kind.to_owned(), name: name.to_owned() });
        }
    };
    if line.contains("-----BEGIN ") && line.contains("PRIVATE KEY") {
        note("private key", "");
    }
    let of_instruction = match instruction {
        "ENV" => "environment variable",
        "LABEL" => "label",
        "ARG" => "build argument",
        _ => "assignment in a command",
    };
    let words: Vec<&str> = words(line).collect();
    let mut rest = line;
    for (index, word) in words.iter().enumerate() {
        // Where the word stands tells whether it is among the build arguments.
        let at = rest.find(word).unwrap_or_default();
        let offset = line.len() - rest.len() + at;
        rest = &rest[at + word.len()..];
        let next = words.get(index + 1).copied().unwrap_or_default();
        let before = index.checked_sub(1).and_then(|index| words.get(index)).copied().unwrap_or_default();
        for part in word.split(['=', ':', '@', '/', '?', '&', ',']) {
            if let Some(kind) = token::kind(part) {
                note(kind, "");
            }
        }
        if has_literal_password(word) {
            note("password in a URL", "");
        }
        for pair in word.split(['?', '&']) {
            let Some((name, value)) = pair.split_once('=') else { continue };
            let name = name.rsplit(['/', ':', ';']).next().unwrap_or_default();
            if !is_literal(value) || !looks_like_credential(name, value) {
                continue;
            }
            match name.strip_prefix("--") {
                Some(_) if OPTIONS.contains(&name) => note("option", name),
                Some(_) => {}
                None => note(if arguments.contains(&offset) { "build argument" } else { of_instruction }, harmless(name)),
            }
        }
        let lower = word.to_ascii_lowercase();
        if OPTIONS.contains(&lower.as_str()) && is_literal(next) && !next.starts_with('-') {
            note("option", &lower);
        }
        if *word == "-p" && (before == "sshpass" || words[..index].ends_with(&["docker", "login"])) && is_literal(next) {
            note("option", "-p");
        }
        let name_and_password = |text: &str| text.split_once(':').is_some_and(|(user, password)| !user.is_empty() && is_literal(password));
        if matches!(*word, "-u" | "--user") && words[..index].contains(&"curl") && name_and_password(next) {
            note("name and password", "curl --user");
        }
        if matches!(before, "echo" | "-e" | "printf")
            && words[index..].iter().take(6).any(|word| *word == "chpasswd")
            && name_and_password(word)
        {
            note("name and password", "chpasswd");
        }
        let header = lower.strip_suffix(':').unwrap_or_default();
        let value = if matches!(next.to_ascii_lowercase().as_str(), "bearer" | "basic" | "token") {
            words.get(index + 2).copied().unwrap_or_default()
        } else {
            next
        };
        if (header == "authorization" || HEADERS.contains(&header)) && is_literal(value) {
            note("header", if header == "authorization" { "Authorization" } else { header });
        }
        if matches!(instruction, "COPY" | "ADD")
            && let Some(file) =
                FILES.iter().find(|file| word.strip_suffix(*file).is_some_and(|rest| rest.is_empty() || rest.ends_with('/')))
        {
            note("file", file);
        }
    }
    found.into_iter().collect()
}

/// The instruction of a line, and where its `|N` build arguments stand.
fn parts(line: &str) -> (&str, std::ops::Range<usize>) {
    let text = line.find("#(nop)").map_or(line, |at| &line[at + 6..]).trim_start();
    let first = text.split_whitespace().next().unwrap_or_default();
    let counted = line.strip_prefix("RUN ").unwrap_or(line).trim_start();
    let begin = line.len() - counted.len();
    let arguments = match counted.strip_prefix('|') {
        // They end where the shell begins.
        Some(_) => {
            begin
                ..["sh -c ", "bash -c ", "sh -e", "bash -e", "bash -o ", "sh -o "]
                    .iter()
                    .filter_map(|shell| line.find(shell))
                    .min()
                    .unwrap_or(line.len())
        }
        None => 0..0,
    };
    (first, arguments)
}

/// The words of a line, quotes and operators of a shell taken off.
fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|one: char| one.is_whitespace() || matches!(one, '"' | '\'' | '`' | ';' | '|' | '<' | '>' | '(' | ')' | '[' | ']' | '\\'))
        .filter(|word| !word.is_empty())
}

/// Whether it is a value, and no variable that gets one elsewhere, no example and nothing already removed.
fn is_literal(value: &str) -> bool {
    let stands_for = value.starts_with(['$', '%', '<', '{', '*', '@']) || value.contains("${") || value == MARK || value == "redacted";
    !value.is_empty() && !stands_for && !value.bytes().all(|byte| matches!(byte, b'x' | b'X' | b'.' | b'-'))
}

fn has_literal_password(word: &str) -> bool {
    word.match_indices("://").any(|(at, _)| {
        let rest = &word[at + 3..];
        let authority = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
        let user = authority.rfind('@').map(|end| &authority[..end]);
        user.and_then(|user| user.split_once(':')).is_some_and(|(_, password)| is_literal(password))
    })
}

/// A name as programs write them; anything else may be a value.
fn harmless(name: &str) -> &str {
    let fits = name.len() <= 64 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'));
    if fits && token::kind(name).is_none() { name } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(line: &str) -> Vec<String> {
        leaks(line).into_iter().map(|leak| format!("{} {}", leak.kind, leak.name).trim().to_owned()).collect()
    }

    #[test]
    fn what_is_found() {
        for (line, wanted) in [
            ("RUN |1 NPM_TOKEN=abcdef /bin/sh -c npm ci # buildkit", "build argument NPM_TOKEN"),
            ("|2 A=b DB_PASSWORD=hunter2 /bin/sh -c make", "build argument DB_PASSWORD"),
            ("ENV DB_PASSWORD=hunter2", "environment variable DB_PASSWORD"),
            ("/bin/sh -c #(nop)  ENV API_KEY=hunter2", "environment variable API_KEY"),
            ("LABEL deploy.token=hunter2", "label deploy.token"),
            ("ARG SECRET_KEY=hunter2", "build argument SECRET_KEY"),
            ("/bin/sh -c export TOKEN=hunter2 && make", "assignment in a command TOKEN"),
            ("/bin/sh -c git clone https://u:hunter2@example.org/x", "password in a URL"),
            ("/bin/sh -c wget https://example.org/x?access_token=hunter2", "assignment in a command access_token"),
            ("RUN /bin/sh -c x --password hunter2 y # buildkit", "option --password"),
            ("RUN /bin/sh -c x --token=hunter2 # buildkit", "option --token"),
            ("RUN /bin/sh -c curl -u admin:hunter2 https://x", "name and password curl --user"),
            ("RUN /bin/sh -c curl -H \"Authorization: Bearer hunter2\" https://x", "header Authorization"),
            ("RUN /bin/sh -c curl -H 'PRIVATE-TOKEN: hunter2' https://x", "header private-token"),
            ("RUN /bin/sh -c echo 'root:hunter2' | chpasswd", "name and password chpasswd"),
            ("RUN /bin/sh -c sshpass -p hunter2 ssh x", "option -p"),
            ("RUN /bin/sh -c aws configure set x AKIAIOSFODNN7EXAMPLE", "AWS access key id"),
            ("RUN /bin/sh -c printf -----BEGIN RSA PRIVATE KEY-----", "private key"),
            ("COPY id_rsa /root/.ssh/id_rsa # buildkit", "file id_rsa"),
            ("/bin/sh -c #(nop) COPY file:abc in /root/.netrc", "file .netrc"),
        ] {
            assert_eq!(found(line), [wanted], "{line}");
        }
    }

    #[test]
    fn what_is_not() {
        for line in [
            "RUN |1 NPM_TOKEN= /bin/sh -c npm ci # buildkit",
            "RUN /bin/sh -c npm config set //registry.npmjs.org/:_authToken=${NPM_TOKEN} # buildkit",
            "RUN /bin/sh -c x --password \"$PASS\" --token $(cat /run/secrets/x) # buildkit",
            "RUN /bin/sh -c docker login --password-stdin # buildkit",
            "RUN /bin/sh -c curl https://$USER:$PASS@example.org/ # buildkit",
            "RUN --mount=type=secret,id=npm_token npm ci",
            "ENV GPG_KEY=E3FF2839C048B25C084DEBE9B26995E310250568",
            "ENV ALLOW_EMPTY_PASSWORD=yes PYTHON_SHA256=85cd12e9cf1d6d5a45f17f7afe1cebe7ee628d3282281c492e86adf636defa3f",
            "ENV POSTGRES_PASSWORD_FILE=/run/secrets/db",
            "RUN /bin/sh -c git config --global credential.helper=store",
            "RUN /bin/sh -c echo \"$USER:$PASS\" | chpasswd",
            "COPY id_rsa.pub /x # buildkit",
            "RUN /bin/sh -c passwd -d root",
            "",
        ] {
            assert!(found(line).is_empty(), "{line}: {:?}", found(line));
        }
    }
}
