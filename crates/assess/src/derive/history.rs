//! A line of an image's history, read. Both spellings of builders: `/bin/sh -c #(nop) ADD file:… in /` of the classic one and
//! `ADD … / # buildkit` of BuildKit and others.

use super::command::{Command, commands};

/// What a line of a history is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// ADD, with its arguments.
    Add(Vec<String>),
    /// COPY.
    Copy,
    /// RUN in a shell, or without one where the program is well known.
    Run(Vec<Command>),
    /// RUN of something that cannot be read: another system's shell, a program whose text is not in the line.
    RunUnread,
    /// WORKDIR, which may make a folder.
    Workdir,
    /// An instruction that changes no file: ENV, CMD, LABEL, USER, ...
    Setting,
    /// No instruction: an imported archive, a committed container, a squashed layer, another tool's line.
    Other,
}

impl Line {
    /// Whether it is an instruction of a Dockerfile.
    pub(crate) fn is_instruction(&self) -> bool {
        *self != Self::Other
    }

    /// Whether it may have made a layer.
    pub(crate) fn may_make_a_layer(&self) -> bool {
        *self != Self::Setting
    }
}

/// What stands in the place of a word that was removed, while a line is read.
pub(super) const REMOVED: char = '…';

const SETTINGS: &[&str] = &[
    "ENV",
    "ARG",
    "CMD",
    "ENTRYPOINT",
    "EXPOSE",
    "LABEL",
    "USER",
    "VOLUME",
    "STOPSIGNAL",
    "HEALTHCHECK",
    "ONBUILD",
    "SHELL",
    "MAINTAINER",
];

/// Reads one line as it was kept.
pub(crate) fn line(created_by: &str) -> Line {
    let text = created_by.replace(facts::redact::MARK, "…");
    let text = text.trim();
    let text = text.strip_suffix("# buildkit").unwrap_or(text).trim_end();
    // The classic builder: whatever shell is set, and then a comment for it.
    if let Some(rest) = behind_shell(text).map(str::trim_start).and_then(|rest| rest.strip_prefix("#(nop)")) {
        return instruction(rest.trim_start()).unwrap_or(Line::Other);
    }
    if let Some(line) = instruction(text) {
        return line;
    }
    match (text.strip_prefix('|'), behind_shell(text)) {
        (Some(arguments), _) => behind_arguments(arguments),
        (None, Some(script)) => Line::Run(commands(script)),
        // Exec form looks like the command of a committed container: believed where the program can be named.
        (None, None) => {
            let read = commands(text);
            if read.len() == 1 && read[0].manager().is_some() { Line::Run(read) } else { Line::Other }
        }
    }
}

fn instruction(text: &str) -> Option<Line> {
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let rest = rest.trim_start();
    Some(match word {
        "ADD" => Line::Add(words(rest)),
        "COPY" => Line::Copy,
        "WORKDIR" => Line::Workdir,
        "RUN" => run(rest),
        word if SETTINGS.contains(&word) => Line::Setting,
        _ => return None,
    })
}

fn run(text: &str) -> Line {
    // Some tools keep the options of RUN: --mount=type=cache,...
    let mut text = text;
    while text.starts_with("--") {
        let (_, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        text = rest.trim_start();
    }
    if let Some(arguments) = text.strip_prefix('|') {
        return behind_arguments(arguments);
    }
    match behind_shell(text) {
        Some(script) => Line::Run(commands(script)),
        None => exec(text),
    }
}

/// RUN without a shell, or of one that is not of this world.
fn exec(text: &str) -> Line {
    let program = text.trim_start_matches(['[', '"', ' ']).split(['"', ' ', ',', '/']).next().unwrap_or_default();
    if matches!(program.to_ascii_lowercase().as_str(), "" | "cmd" | "cmd.exe" | "powershell" | "powershell.exe" | "pwsh") {
        return Line::RunUnread;
    }
    let read = commands(text);
    if read.iter().any(|command| command.manager().is_some()) { Line::Run(read) } else { Line::RunUnread }
}

/// `|2 A=b C=d /bin/sh -c …`: values may hold spaces, so the shell's name ends them.
fn behind_arguments(text: &str) -> Line {
    let starts = text.char_indices().filter(|(at, one)| *one == ' ' && !text[at + 1..].starts_with(' ')).map(|(at, _)| at + 1);
    starts.filter_map(|at| behind_shell(&text[at..])).map(|script| Line::Run(commands(script))).next().unwrap_or(Line::RunUnread)
}

/// The script behind `/bin/sh -c`, `/bin/bash -o pipefail -c` and the like.
fn behind_shell(text: &str) -> Option<&str> {
    let (program, mut rest) = text.split_once(' ')?;
    if !is_shell(program) {
        return None;
    }
    loop {
        rest = rest.trim_start();
        let (word, behind) = rest.split_once(' ').unwrap_or((rest, ""));
        match word {
            "pipefail" | "errexit" | "nounset" | "xtrace" => rest = behind,
            _ if word.starts_with('-') && !word.starts_with("--") && word.ends_with('c') => return Some(behind),
            _ if word.starts_with('-') && word.len() > 1 => rest = behind,
            _ => return None,
        }
    }
}

/// Whether a program is a shell of the Bourne family.
pub(super) fn is_shell(program: &str) -> bool {
    let name = program.rsplit('/').next().unwrap_or_default();
    let absolute = !program.contains('/') || program.starts_with("/bin/") || program.starts_with("/usr/");
    absolute && matches!(name, "sh" | "bash" | "ash" | "dash" | "zsh" | "ksh")
}

fn words(text: &str) -> Vec<String> {
    text.split(|one: char| one.is_whitespace() || matches!(one, '"' | '[' | ']' | ','))
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Whether an ADD unpacks a root file system: of an archive, or of what the classic builder hides behind a digest, at `/`.
pub(crate) fn adds_root(arguments: &[String]) -> bool {
    let Some((destination, sources)) = arguments.split_last() else { return false };
    let sources: Vec<&str> = sources.iter().map(String::as_str).filter(|word| !word.starts_with("--")).collect();
    let of_archive = |source: &&str| {
        let (_, ending) = source.split_once(REMOVED).unwrap_or(("", source));
        source.starts_with("file:") || (!ending.is_empty() && ending.starts_with('.') && ending != ".gz" && ending != ".zip")
    };
    let sources: Vec<&str> = sources.into_iter().filter(|word| *word != "in").collect();
    destination == "/" && !sources.is_empty() && sources.iter().all(of_archive)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// As the collector keeps it.
    fn kept(created_by: &str) -> Line {
        line(&facts::redact::history_line(created_by))
    }

    #[test]
    fn instructions_of_both_builders() {
        for text in [
            "/bin/sh -c #(nop) ADD file:0a1b in /app ",
            "/bin/bash -o pipefail -c #(nop) ADD multi:0a1b in /app/ ",
            "ADD app.jar /app # buildkit",
            "ADD --chown=1:1 https://example.org/x /app # buildkit",
        ] {
            assert!(matches!(kept(text), Line::Add(_)), "{text}");
        }
        for text in
            ["COPY ADD /app # buildkit", "/bin/sh -c #(nop) COPY file:0a1b in /ADD ", "COPY dir:x in /ADD", "COPY <<EOF /x # buildkit"]
        {
            assert_eq!(kept(text), Line::Copy, "{text}");
        }
        for text in
            ["ENV WORD=ADD", "/bin/sh -c #(nop)  ENV X=apt-get update", "CMD [\"ADD\"]", "LABEL a=ADD b in /", "EXPOSE map[80/tcp:{}]"]
        {
            assert_eq!(kept(text), Line::Setting, "{text}");
        }
        for text in [
            "",
            "bash",
            "/bin/bash",
            "nginx -g daemon off;",
            "bazel build ADD",
            "# debian.sh --arch 'amd64' out/ 'trixie' '@1755500000'",
            "ADDED x",
            "add x /",
            "cmd /S /C powershell ADD",
            "ko build ko://x",
        ] {
            assert_eq!(kept(text), Line::Other, "{text}");
        }
        for text in
            ["RUN cmd /S /C dir # buildkit", "RUN powershell -Command x # buildkit", "RUN /dev/pipes/EOF # buildkit", "RUN |1 A=b x y"]
        {
            assert_eq!(kept(text), Line::RunUnread, "{text}");
        }
        for text in [
            "/bin/sh -c echo #(nop) ADD x in /",
            "RUN /bin/sh -c echo ADD # buildkit",
            "RUN |1 A=b c /bin/sh -c make # buildkit",
            "|1 A=b c /bin/sh -c make",
            "/bin/ash -eo pipefail -c make",
            "RUN /bin/bash -o errexit -o pipefail -c make # buildkit",
            "RUN /bin/sh -c <<EOF\nmake\nEOF # buildkit",
            "RUN apt-get update # buildkit",
            "apt-get update",
            "RUN --mount=type=secret,id=x /bin/sh -c make",
        ] {
            assert!(matches!(kept(text), Line::Run(_)), "{text}: {:?}", kept(text));
        }
    }

    #[test]
    fn root_file_systems() {
        let is_root = |text: &str| matches!(kept(text), Line::Add(arguments) if adds_root(&arguments));
        for text in [
            "/bin/sh -c #(nop) ADD file:0a1b2c in / ",
            "ADD rootfs.tar.xz / # buildkit",
            "ADD alpine-minirootfs-3.20.0-x86_64.tar.gz / # buildkit",
            "ADD fedora-20240101.tar / # buildkit",
        ] {
            assert!(is_root(text), "{text}");
        }
        for text in [
            "ADD rootfs.tar.xz /opt # buildkit",
            "ADD main / # buildkit",
            "/bin/sh -c #(nop) ADD file:0a1b2c in /app ",
            "/bin/sh -c #(nop) ADD dir:0a1b2c in / ",
            "ADD app.gz / # buildkit",
            "ADD / # buildkit",
            "COPY rootfs.tar.xz / # buildkit",
        ] {
            assert!(!is_root(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in any::<String>()) {
            let _ = (line(&text), kept(&text));
        }

        #[test]
        fn never_panics_on_pieces(pieces in proptest::collection::vec(prop_oneof![
            Just("RUN "), Just("/bin/sh -c "), Just("#(nop) "), Just("ADD "), Just("|1 "), Just("'"), Just("\""), Just(" in /"), Just("apt-get update"),
            Just(" && "), Just("\n"), Just("# buildkit"), Just("…"), Just("é"), Just("-"), Just("--"), Just("sudo "), Just("="), Just("$(")
        ], 0..12)) {
            let text = pieces.concat();
            let _ = (line(&text), kept(&text));
        }
    }
}
