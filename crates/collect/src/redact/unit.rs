//! Unit files: the directives whose values may be kept.

use super::argv::{DaemonWords, is_daemon};
use super::{MARK, scrub};

/// Directives (lower case) that say how a daemon is run and hold no secret.
const KEPT: &[&str] = &[
    "after",
    "alias",
    "also",
    "ambientcapabilities",
    "backlog",
    "before",
    "bindsto",
    "bindreadonlypaths",
    "bindpaths",
    "capabilityboundingset",
    "conditionpathexists",
    "conflicts",
    "cpuquota",
    "cpuweight",
    "defaultdependencies",
    "delegate",
    "directorymode",
    "environmentfile",
    "exectype",
    "filedescriptorname",
    "fragmentpath",
    "group",
    "guessmainpid",
    "ioweight",
    "ipcnamespacepath",
    "killmode",
    "killsignal",
    "limitas",
    "limitcore",
    "limitcpu",
    "limitmemlock",
    "limitnofile",
    "limitnproc",
    "limitstack",
    "listenfifo",
    "listenstream",
    "listendatagram",
    "lockpersonality",
    "memoryhigh",
    "memorylimit",
    "memorymax",
    "mountflags",
    "networknamespacepath",
    "nice",
    "nonewprivileges",
    "notifyaccess",
    "onfailure",
    "oomscoreadjust",
    "partof",
    "passcredentials",
    "passsecurity",
    "pidfile",
    "privatedevices",
    "privatemounts",
    "privatenetwork",
    "privatetmp",
    "protecthome",
    "protectkernelmodules",
    "protectkerneltunables",
    "protectsystem",
    "readonlypaths",
    "readwritepaths",
    "remainafterexit",
    "removeonstop",
    "requiredby",
    "requires",
    "requisite",
    "restart",
    "restartsec",
    "restrictaddressfamilies",
    "restrictnamespaces",
    "rootdirectory",
    "runtimedirectory",
    "service",
    "slice",
    "socketgroup",
    "socketmode",
    "sockets",
    "socketuser",
    "startlimitaction",
    "startlimitburst",
    "startlimitinterval",
    "startlimitintervalsec",
    "statedirectory",
    "symlinks",
    "systemcallfilter",
    "tasksmax",
    "timeoutsec",
    "timeoutstartsec",
    "timeoutstopsec",
    "type",
    "umask",
    "unsetenvironment",
    "user",
    "wantedby",
    "wants",
    "watchdogsec",
    "workingdirectory",
];

/// Directives that hold a command line.
const COMMANDS: &[&str] = &["execstart", "execstartpre", "execstartpost", "execreload", "execstop", "execstoppost", "execcondition"];

/// Directives that hold assignments, whose names may be kept.
const ASSIGNMENTS: &[&str] = &["environment", "setcredential", "setcredentialencrypted", "loadcredential"];

/// A unit file, line by line: sections and known directives stay, a command line keeps its program and dockerd's flags, assignments keep
/// their names; comments and everything else lose their text. The number of lines stays.
pub fn unit_file(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut continued: Option<Rule> = None;
    for line in text.split_inclusive('\n') {
        let body = line.trim_end_matches(['\n', '\r']);
        let end = &line[body.len()..];
        // A comment between continued lines does not end the directive (systemd.syntax(7)).
        if body.trim_start().starts_with(['#', ';']) {
            out.push('#');
            out.push_str(end);
            continue;
        }
        let (content, continues) = body.strip_suffix('\\').map_or((body, false), |content| (content, true));
        let rule = match continued.take() {
            Some(mut rule) => {
                out.push_str(&rule.value(content));
                rule
            }
            None if content.trim().is_empty() || (content.trim_start().starts_with('[') && content.trim_end().ends_with(']')) => {
                // Names of sections are words; what stands in brackets otherwise may be anything.
                let name = content.trim().trim_start_matches('[').trim_end_matches(']');
                out.push_str(if is_name(name) { content } else { MARK });
                Rule::Hidden
            }
            None => match content.split_once('=').filter(|(key, _)| is_name(key)) {
                Some((key, value)) => {
                    let mut rule = Rule::of(key);
                    out.push_str(key);
                    out.push('=');
                    out.push_str(&rule.value(value));
                    rule
                }
                None => {
                    out.push_str(MARK);
                    Rule::Hidden
                }
            },
        };
        if continues {
            continued = Some(rule);
            out.push('\\');
        }
        out.push_str(end);
    }
    out
}

/// Whether it looks like the name of a section or directive, and not like a credential.
fn is_name(text: &str) -> bool {
    let name = text.trim();
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')) && scrub(name) == name
}

/// Whose words a command line holds.
enum Program {
    /// Not seen yet.
    Awaited,
    /// dockerd's, whose flags are known.
    Daemon(DaemonWords),
    /// Any other program's, of which nothing is known.
    Other,
}

impl Program {
    fn word(&mut self, word: &str) -> String {
        match self {
            _ if word.is_empty() => String::new(),
            Self::Awaited => {
                // By what is kept of it: a program that nobody can name any more has no flags that anybody could know.
                let program = scrub(word);
                *self = if is_daemon(&program) { Self::Daemon(DaemonWords::default()) } else { Self::Other };
                program
            }
            Self::Daemon(words) => words.next(word),
            // `kill -s HUP $MAINPID` is how every package reloads the daemon.
            Self::Other if matches!(word, "-s" | "HUP" | "-HUP" | "SIGHUP" | "$MAINPID") => word.to_owned(),
            Self::Other => MARK.to_owned(),
        }
    }
}

enum Rule {
    Kept,
    Assignments,
    Command(Program),
    Hidden,
}

impl Rule {
    fn of(key: &str) -> Self {
        let key = key.trim().to_ascii_lowercase();
        let key = key.as_str();
        if COMMANDS.contains(&key) {
            Self::Command(Program::Awaited)
        } else if ASSIGNMENTS.contains(&key) {
            Self::Assignments
        } else if KEPT.contains(&key) {
            Self::Kept
        } else {
            Self::Hidden
        }
    }

    fn value(&mut self, value: &str) -> String {
        match self {
            Self::Kept => scrub(value),
            Self::Assignments => assignments(value),
            Self::Command(program) => value.split(' ').map(|word| program.word(word)).collect::<Vec<_>>().join(" "),
            Self::Hidden if value.trim().is_empty() => value.to_owned(),
            Self::Hidden => MARK.to_owned(),
        }
    }
}

/// The names of the variables tell that a proxy is set; their values may hold its password.
fn assignments(value: &str) -> String {
    let is_name =
        |name: &&str| !name.is_empty() && scrub(name) == *name && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let names = value.split_whitespace().filter_map(|word| word.trim_matches(['"', '\'']).split_once(['=', ':'])).map(|(name, _)| name);
    names.filter(is_name).map(|name| format!("{name}={MARK}")).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_usual_unit_keeps_what_matters() {
        let unit = "[Unit]\nAfter=network-online.target\nRequires=docker.socket\n\n[Service]\nType=notify\nExecStart=/usr/sbin/dockerd -H fd:// \\\n    --containerd=/run/containerd/containerd.sock $DOCKER_OPTS\nExecReload=/bin/kill -s HUP $MAINPID\nKillMode=process\nLimitNOFILE=infinity\nStartLimitBurst=3\n";
        let safe = unit_file(unit);
        assert_eq!(safe, unit);
    }

    #[test]
    fn secrets_go_and_lines_stay() {
        let unit = "# planted-secret\n[Service]\nEnvironment=\"HTTP_PROXY=http://u:planted-secret@p\" \\\n  # planted-secret\n  \"B=planted-secret\" x planted-secret\nDescription=planted-secret\nExecStart=/usr/sbin/dockerd -H fd:// --label=\"a b=planted-secret c\" \\\n  --log-opt \\\n  planted-secret\nExecStartPre=/bin/sh -c \"curl -u x:planted-secret https://h\" -p planted-secret\nX-Foo=planted-secret\nplanted-secret\n;planted-secret\n";
        let safe = unit_file(unit);
        assert!(!safe.contains("planted"), "{safe}");
        assert_eq!(safe.lines().count(), unit.lines().count());
        assert!(safe.contains("HTTP_PROXY=[redacted]") && safe.contains("ExecStart=/usr/sbin/dockerd -H fd://"), "{safe}");
    }

    #[test]
    fn a_program_on_the_next_line() {
        assert_eq!(
            unit_file("ExecStart=\\\n  /usr/bin/dockerd --icc=false planted\n"),
            format!("ExecStart=\\\n  /usr/bin/dockerd --icc=false {MARK}\n")
        );
    }
}
