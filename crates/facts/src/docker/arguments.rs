//! dockerd's command line as pflag reads it: what was given, and where.

/// One flag as given. The last one wins, except for list flags, which add up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Argument {
    /// Flag name with `_` written as `-`: `log-level`.
    pub name: String,
    /// Value; `None` for a boolean flag that was given bare (which means true).
    pub value: Option<String>,
    /// Index in argv of the flag itself.
    pub index: usize,
}

/// Flags that take no separate value: `--icc=false` is possible, `--icc false` is not (pflag's NoOptDefVal).
const BOOLEAN: &[&str] = &[
    "allow-nondistributable-artifacts-legacy",
    "bridge-accept-fwmark",
    "cpu-rt",
    "debug",
    "disable-legacy-registry",
    "experimental",
    "help",
    "icc",
    "init",
    "ip-forward",
    "ip-forward-no-drop",
    "ip-masq",
    "ip6tables",
    "iptables",
    "ipv6",
    "live-restore",
    "no-new-privileges",
    "raw-logs",
    "rootless",
    "selinux-enabled",
    "tls",
    "tlsverify",
    "userland-proxy",
    "validate",
    "version",
];

/// One-letter flags with their long names (dockerd --help).
const SHORT: &[(char, &str)] = &[
    ('b', "bridge"),
    ('D', "debug"),
    ('g', "data-root"),
    ('G', "group"),
    ('H', "host"),
    ('l', "log-level"),
    ('p', "pidfile"),
    ('s', "storage-driver"),
    ('v', "version"),
    ('h', "help"),
];

/// The flags of a dockerd command line, in order. `argv[0]` is the program; words that are no flag are skipped.
pub fn arguments(argv: &[String]) -> Vec<Argument> {
    let mut found = Vec::new();
    let mut index = 1;
    while index < argv.len() {
        let word = &argv[index];
        if word == "--" {
            break;
        }
        let at = index;
        if let Some(long) = word.strip_prefix("--") {
            let (name, mut value) = match long.split_once('=') {
                Some((name, value)) => (normal(name), Some(value.to_owned())),
                None => (normal(long), None),
            };
            if value.is_none() && !BOOLEAN.contains(&name.as_str()) && index + 1 < argv.len() {
                index += 1;
                value = Some(argv[index].clone());
            }
            found.push(Argument { name, value, index: at });
        } else if let Some(letters) = word.strip_prefix('-').filter(|letters| !letters.is_empty()) {
            index = short(letters, argv, index, &mut found);
        }
        index += 1;
    }
    found
}

/// Reads a group of one-letter flags; returns the index of the last word used.
fn short(letters: &str, argv: &[String], index: usize, found: &mut Vec<Argument>) -> usize {
    for (offset, letter) in letters.char_indices() {
        let name = SHORT.iter().find(|(known, _)| *known == letter).map_or_else(|| letter.to_string(), |(_, long)| (*long).to_owned());
        let rest = &letters[offset + letter.len_utf8()..];
        if BOOLEAN.contains(&name.as_str()) {
            if let Some(value) = rest.strip_prefix('=') {
                found.push(Argument { name, value: Some(value.to_owned()), index });
                return index;
            }
            found.push(Argument { name, value: None, index });
            continue;
        }
        if !rest.is_empty() {
            found.push(Argument { name, value: Some(rest.strip_prefix('=').unwrap_or(rest).to_owned()), index });
            return index;
        }
        let value = argv.get(index + 1).cloned();
        let used = index + usize::from(value.is_some());
        found.push(Argument { name, value, index });
        return used;
    }
    index
}

fn normal(name: &str) -> String {
    name.replace('_', "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expect: &[(&str, Option<&str>, usize)]) {
        let argv: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let found = arguments(&argv);
        let got: Vec<_> = found.iter().map(|a| (a.name.as_str(), a.value.as_deref(), a.index)).collect();
        assert_eq!(got, expect, "{line}");
    }

    #[test]
    fn spellings() {
        check("dockerd --log-level=debug", &[("log-level", Some("debug"), 1)]);
        check("dockerd --log-level debug --icc=false", &[("log-level", Some("debug"), 1), ("icc", Some("false"), 3)]);
        check("dockerd --log_level debug", &[("log-level", Some("debug"), 1)]);
        check("dockerd -l debug -D", &[("log-level", Some("debug"), 1), ("debug", None, 3)]);
        check("dockerd -Dldebug", &[("debug", None, 1), ("log-level", Some("debug"), 1)]);
        check("dockerd -H fd:// --containerd=/run/c.sock", &[("host", Some("fd://"), 1), ("containerd", Some("/run/c.sock"), 3)]);
        check("dockerd -Hfd:// --live-restore", &[("host", Some("fd://"), 1), ("live-restore", None, 2)]);
        check("dockerd --icc false --debug", &[("icc", None, 1), ("debug", None, 3)]);
        check("dockerd -- --icc=false", &[]);
        check("dockerd --label", &[("label", None, 1)]);
    }
}
