//! The simple commands of a shell script, as far as checks must know them: which program, and with which words.
//!
//! Scripts come from image histories, where most words were replaced. A program that cannot be named is a fact of its own: it may do
//! anything, so nothing is said about what it does not do.

use super::history::{REMOVED, is_shell};

/// One simple command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Command {
    /// Name of the program without its folder; empty: it was replaced or comes from a variable.
    pub(crate) program: String,
    /// The words behind it.
    pub(crate) words: Vec<String>,
    /// Its output goes into the next command.
    pub(crate) piped: bool,
}

/// A family of package managers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manager {
    /// apt, apt-get, aptitude.
    Apt,
    /// apk.
    Apk,
    /// yum, dnf, microdnf, tdnf.
    Dnf,
    /// zypper.
    Zypper,
    /// pacman.
    Pacman,
    /// opkg.
    Opkg,
}

/// What a call of a package manager does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    /// It brings the index up to date and installs nothing.
    Index,
    /// It installs or upgrades.
    Install,
    /// Something else.
    Else,
    /// Its verb could not be read.
    Unread,
}

/// Programs that run the command behind them.
const WRAPPERS: &[&str] = &["sudo", "eatmydata", "exec", "command", "time", "timeout", "nice", "xargs", "env", "retry"];

/// Words of the shell that stand before a command.
const KEYWORDS: &[&str] = &["if", "then", "else", "elif", "fi", "while", "until", "do", "done", "!", "{", "}", "time", "eof"];

/// Programs and builtins that install nothing.
const HARMLESS: &[&str] = &[
    "set",
    "echo",
    "printf",
    "rm",
    "mkdir",
    "cd",
    "true",
    "false",
    ":",
    "sed",
    "cat",
    "cp",
    "mv",
    "ln",
    "export",
    "unset",
    "tee",
    "touch",
    "chmod",
    "chown",
    "find",
    "grep",
    "sleep",
    "test",
    "[",
    "ls",
    "date",
    "gpg",
    "apt-key",
    "apt-cache",
    "apt-mark",
    "apt-config",
    "curl",
    "wget",
    "add-apt-repository",
    "apt-add-repository",
    "update-ca-certificates",
    "locale-gen",
    "groupadd",
    "useradd",
    "addgroup",
    "adduser",
    "for",
    "case",
    "esac",
    "break",
    "continue",
    "exit",
    ".",
    "source",
    "install",
    "in",
];

impl Command {
    /// The package manager that it calls.
    pub(crate) fn manager(&self) -> Option<Manager> {
        Some(match self.program.as_str() {
            "apt" | "apt-get" | "aptitude" => Manager::Apt,
            "apk" => Manager::Apk,
            "yum" | "dnf" | "dnf5" | "microdnf" | "tdnf" => Manager::Dnf,
            "zypper" => Manager::Zypper,
            "pacman" => Manager::Pacman,
            "opkg" => Manager::Opkg,
            _ => return None,
        })
    }

    /// What it does with packages; none: it calls no package manager.
    pub(crate) fn deed(&self) -> Option<Deed> {
        let manager = self.manager()?;
        if manager == Manager::Pacman {
            return Some(self.pacman());
        }
        let (index, install): (&[&str], &[&str]) = match manager {
            Manager::Apt => (
                &["update"],
                &["install", "reinstall", "upgrade", "dist-upgrade", "full-upgrade", "safe-upgrade", "build-dep", "source", "download"],
            ),
            Manager::Apk => (&["update"], &["add", "upgrade", "fix", "fetch"]),
            // yum update upgrades what is installed.
            Manager::Dnf => (
                &["makecache", "check-update", "check-upgrade"],
                &[
                    "install",
                    "localinstall",
                    "groupinstall",
                    "group",
                    "reinstall",
                    "update",
                    "upgrade",
                    "distro-sync",
                    "swap",
                    "builddep",
                    "module",
                    "downgrade",
                    "download",
                ],
            ),
            Manager::Zypper => {
                (&["refresh", "ref"], &["install", "in", "update", "up", "patch", "dup", "dist-upgrade", "source-install", "download"])
            }
            Manager::Opkg => (&["update"], &["install", "upgrade"]),
            Manager::Pacman => (&[], &[]),
        };
        let others: &[&str] = &[
            "clean",
            "autoclean",
            "autoremove",
            "remove",
            "purge",
            "list",
            "search",
            "show",
            "info",
            "del",
            "config-manager",
            "repolist",
            "addrepo",
            "ar",
            "removerepo",
            "rr",
            "lr",
            "version",
            "cache",
            "policy",
            "enable",
            "disable",
        ];
        let mut unread = false;
        for word in &self.words {
            match word.as_str() {
                word if index.contains(&word) => return Some(Deed::Index),
                word if install.contains(&word) => return Some(Deed::Install),
                word if others.contains(&word) => return Some(Deed::Else),
                word if word.starts_with('-') => {}
                // The value of an option, or a verb that was replaced.
                _ => unread = true,
            }
        }
        Some(if unread { Deed::Unread } else { Deed::Else })
    }

    fn pacman(&self) -> Deed {
        let short = |letter: char| self.words.iter().any(|word| word.starts_with("-S") && word.contains(letter));
        let has = |long: &str| self.words.iter().any(|word| word == long);
        let sync = short('S') || has("--sync");
        let operands = self.words.iter().any(|word| !word.starts_with('-'));
        match (sync, short('y') || has("--refresh"), short('u') || has("--sysupgrade") || operands) {
            (true, _, true) => Deed::Install,
            (true, true, false) => Deed::Index,
            (true, false, false) => Deed::Else,
            (false, ..) => {
                if self.words.iter().any(|word| word.contains(REMOVED)) {
                    Deed::Unread
                } else {
                    Deed::Else
                }
            }
        }
    }

    /// Whether it certainly installs nothing by other means than a package manager.
    pub(crate) fn is_harmless(&self) -> bool {
        self.manager().is_some() || HARMLESS.contains(&self.program.as_str())
    }
}

/// The commands of a script, those of nested shells among them.
pub(crate) fn commands(script: &str) -> Vec<Command> {
    // A quote that is never closed is a word's apostrophe in a comment: then quotes mean nothing.
    let quoted = split(script, true).unwrap_or_else(|| split(script, false).unwrap_or_default());
    quoted.into_iter().flat_map(|(words, piped)| command(words, piped, 0)).collect()
}

type Words = (Vec<String>, bool);

/// The words of each simple command, and whether its output is piped on. None: a quote is left open.
fn split(script: &str, quotes: bool) -> Option<Vec<Words>> {
    let mut all: Vec<Words> = Vec::new();
    let (mut words, mut word) = (Vec::new(), String::new());
    let mut open: Option<char> = None;
    let mut comment = false;
    let mut chars = script.chars().peekable();
    let end_word = |words: &mut Vec<String>, word: &mut String| {
        if !word.is_empty() {
            words.push(std::mem::take(word));
        }
    };
    while let Some(one) = chars.next() {
        if comment && one != '\n' {
            continue;
        }
        comment = false;
        match (open, one) {
            (Some(quote), one) if one == quote => open = None,
            (Some(_), one) => word.push(one),
            (None, '"' | '\'') if quotes => open = Some(one),
            (None, '#') if word.is_empty() => comment = true,
            (None, ';' | '\n' | '&' | '|' | '(' | ')' | '`') => {
                end_word(&mut words, &mut word);
                let next = chars.peek().copied();
                // Redirections: 2>&1 and &>file.
                if one == '&' && (next == Some('>') || words.last().is_some_and(|word: &String| word.ends_with('>'))) {
                    continue;
                }
                let piped = one == '|' && next != Some('|');
                if next == Some(one) {
                    chars.next();
                }
                if !words.is_empty() {
                    all.push((std::mem::take(&mut words), piped));
                }
            }
            (None, '>' | '<') => {
                end_word(&mut words, &mut word);
                words.push(one.to_string());
            }
            (None, '"' | '\'') => end_word(&mut words, &mut word),
            (None, one) if one.is_whitespace() => end_word(&mut words, &mut word),
            (None, one) => word.push(one),
        }
    }
    end_word(&mut words, &mut word);
    if !words.is_empty() {
        all.push((words, false));
    }
    open.is_none().then_some(all)
}

fn command(words: Vec<String>, piped: bool, depth: usize) -> Vec<Command> {
    let mut words = without_redirections(words).into_iter().peekable();
    // What stands before the program: keywords, assignments, programs that run another one.
    let mut wrapped = false;
    while let Some(word) = words.peek() {
        let name = word.rsplit('/').next().unwrap_or_default();
        let assigns = word.contains('=') && !word.starts_with('-');
        // sudo -E, timeout 60, env A=b: what belongs to the wrapper.
        let of_wrapper = wrapped && (word.starts_with('-') || word.contains(REMOVED) || word.bytes().all(|byte| byte.is_ascii_digit()));
        if KEYWORDS.contains(&name) || assigns || of_wrapper {
            words.next();
        } else if WRAPPERS.contains(&name) {
            wrapped = true;
            words.next();
        } else {
            break;
        }
    }
    let Some(first) = words.next() else {
        // Assignments alone do nothing; a wrapper of a program that was replaced does anything.
        return if wrapped { vec![Command { piped, ..Command::default() }] } else { Vec::new() };
    };
    let rest: Vec<String> = words.collect();
    if is_shell(&first) && depth < 4 {
        let script = rest
            .iter()
            .position(|word| word.starts_with('-') && !word.starts_with("--") && word.ends_with('c'))
            .and_then(|at| rest.get(at + 1));
        if let Some(script) = script {
            let inner = split(script, true).or_else(|| split(script, false)).unwrap_or_default();
            return inner.into_iter().flat_map(|(words, inner_piped)| command(words, inner_piped || piped, depth + 1)).collect();
        }
    }
    let known = first.chars().all(|one| one != REMOVED && one != '$' && one != '=');
    let program = if known { first.rsplit('/').next().unwrap_or_default().to_owned() } else { String::new() };
    vec![Command { program, words: rest, piped }]
}

/// `> file`, `2>&1`, `<<EOF`: neither operator nor file are words of the command.
fn without_redirections(words: Vec<String>) -> Vec<String> {
    let mut out: Vec<String> = Vec::with_capacity(words.len());
    let mut skip = false;
    for word in words {
        match word.as_str() {
            ">" | "<" => {
                // The number of a descriptor: `2>`.
                if !skip && out.last().is_some_and(|last| last.len() == 1 && last.as_bytes()[0].is_ascii_digit()) {
                    out.pop();
                }
                skip = true;
            }
            _ if skip => skip = false,
            _ => out.push(word),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deeds(script: &str) -> Vec<String> {
        commands(&facts::redact::history_line(script).replace(facts::redact::MARK, "…"))
            .into_iter()
            .map(|command| match command.deed() {
                Some(deed) => format!("{deed:?}"),
                None if command.is_harmless() => "harmless".to_owned(),
                None => format!("? {}", command.program).trim_end().to_owned(),
            })
            .collect()
    }

    #[test]
    fn what_commands_do() {
        for (script, wanted) in [
            ("apt-get update", "Index"),
            ("apt-get -qq -o Acquire::Retries=3 update", "Index"),
            ("/usr/bin/apt-get update -y 2>&1 >/dev/null", "Index"),
            ("DEBIAN_FRONTEND=noninteractive apt-get install -y curl", "Install"),
            ("apt update && apt upgrade -y", "Index Install"),
            ("sudo -E apt-get update", "Index"),
            ("apk update", "Index"),
            ("apk add --update --no-cache curl", "Install"),
            ("apk --no-cache --virtual .deps add x", "Install"),
            ("yum -y update", "Install"),
            ("yum makecache fast; dnf check-update", "Index Index"),
            ("microdnf update", "Install"),
            ("zypper --non-interactive refresh; zypper in -y x", "Index Install"),
            ("pacman -Sy", "Index"),
            ("pacman -Sy --noconfirm", "Index"),
            ("pacman -Syu --noconfirm", "Install"),
            ("pacman -Sy --noconfirm git", "Install"),
            ("pacman -Scc", "Else"),
            ("apt-get clean && rm -rf /var/lib/apt/lists/*", "Else harmless"),
            ("apt-get $ACTION", "Unread"),
            ("echo apt-get update", "harmless"),
            ("echo 'apt-get update; apt-get install x'", "harmless"),
            ("bash -c 'apt-get update && apt-get install -y x'", "Index Install"),
            ("sh -c \"apt-get update\"", "Index"),
            ("if true; then apt-get update; fi", "harmless Index"),
            ("for i in 1 2 3; do apt-get update && break; sleep 5; done", "harmless Index harmless harmless"),
            ("apt-get update && ./setup.sh", "Index ?"),
            ("apt-get update | tee /tmp/x", "Index harmless"),
            ("curl -fsSL https://x/y | bash -", "harmless ? bash"),
            ("# don't\napt-get update", "Index"),
            ("it's\napt-get update", "? Index"),
            ("(cd /x; apt-get update)", "harmless Index"),
            ("xargs -a pkgs.txt apt-get install -y", "Install"),
            ("A=b C=d", ""),
            ("", ""),
        ] {
            assert_eq!(deeds(script).join(" "), wanted, "{script}");
        }
    }
}
