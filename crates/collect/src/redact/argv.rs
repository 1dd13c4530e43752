//! Command lines: the words that may be kept.

use super::{MARK, scrub};

/// dockerd's flags, with whether their value may be kept (dockerd --help, 19.03 to 29).
const FLAGS: &[(&str, Value)] = &[
    ("add-runtime", Value::Hidden),
    ("allow-direct-routing", Value::Switch),
    ("allow-nondistributable-artifacts", Value::Kept),
    ("api-cors-header", Value::Kept),
    ("authorization-plugin", Value::Kept),
    ("bip", Value::Kept),
    ("bip6", Value::Kept),
    ("bridge", Value::Kept),
    ("bridge-accept-fwmark", Value::Kept),
    ("cdi-spec-dir", Value::Kept),
    ("cgroup-parent", Value::Kept),
    ("cluster-advertise", Value::Kept),
    ("cluster-store", Value::Hidden),
    ("cluster-store-opt", Value::Hidden),
    ("config-file", Value::Kept),
    ("containerd", Value::Kept),
    ("containerd-namespace", Value::Kept),
    ("containerd-plugins-namespace", Value::Kept),
    ("cpu-rt-period", Value::Kept),
    ("cpu-rt-runtime", Value::Kept),
    ("cri-containerd", Value::Switch),
    ("data-root", Value::Kept),
    ("debug", Value::Switch),
    ("default-address-pool", Value::Kept),
    ("default-cgroupns-mode", Value::Kept),
    ("default-gateway", Value::Kept),
    ("default-gateway-v6", Value::Kept),
    ("default-ipc-mode", Value::Kept),
    ("default-network-opt", Value::Kept),
    ("default-runtime", Value::Kept),
    ("default-shm-size", Value::Kept),
    ("default-ulimit", Value::Kept),
    ("disable-legacy-registry", Value::Switch),
    ("dns", Value::Kept),
    ("dns-opt", Value::Kept),
    ("dns-search", Value::Kept),
    ("exec-opt", Value::Kept),
    ("exec-root", Value::Kept),
    ("experimental", Value::Switch),
    ("feature", Value::Kept),
    ("firewall-backend", Value::Kept),
    ("fixed-cidr", Value::Kept),
    ("fixed-cidr-v6", Value::Kept),
    ("graph", Value::Kept),
    ("group", Value::Kept),
    ("help", Value::Switch),
    ("host", Value::Kept),
    ("host-gateway-ip", Value::Kept),
    ("http-proxy", Value::Hidden),
    ("https-proxy", Value::Hidden),
    ("icc", Value::Switch),
    ("init", Value::Switch),
    ("init-path", Value::Kept),
    ("insecure-registry", Value::Kept),
    ("ip", Value::Kept),
    ("ip-forward", Value::Switch),
    ("ip-forward-no-drop", Value::Switch),
    ("ip-masq", Value::Switch),
    ("ip6tables", Value::Switch),
    ("iptables", Value::Switch),
    ("ipv6", Value::Switch),
    ("label", Value::Hidden),
    ("live-restore", Value::Switch),
    ("log-driver", Value::Kept),
    ("log-format", Value::Kept),
    ("log-level", Value::Kept),
    ("log-opt", Value::Hidden),
    ("max-concurrent-downloads", Value::Kept),
    ("max-concurrent-uploads", Value::Kept),
    ("max-download-attempts", Value::Kept),
    ("metrics-addr", Value::Kept),
    ("mtu", Value::Kept),
    ("network-control-plane-mtu", Value::Kept),
    ("network-diagnostic-port", Value::Kept),
    ("no-new-privileges", Value::Switch),
    ("no-proxy", Value::Hidden),
    ("node-generic-resource", Value::Hidden),
    ("nri-opt", Value::Hidden),
    ("oom-score-adjust", Value::Kept),
    ("pidfile", Value::Kept),
    ("raw-logs", Value::Switch),
    ("registry-mirror", Value::Kept),
    ("rootless", Value::Switch),
    ("seccomp-profile", Value::Kept),
    ("selinux-enabled", Value::Switch),
    ("shutdown-timeout", Value::Kept),
    ("storage-driver", Value::Kept),
    ("storage-opt", Value::Kept),
    ("swarm-default-advertise-addr", Value::Kept),
    ("tls", Value::Switch),
    ("tlscacert", Value::Kept),
    ("tlscert", Value::Kept),
    ("tlskey", Value::Kept),
    ("tlsverify", Value::Switch),
    ("userland-proxy", Value::Switch),
    ("userland-proxy-path", Value::Kept),
    ("userns-remap", Value::Kept),
    ("validate", Value::Switch),
    ("version", Value::Switch),
];

/// One-letter flags of dockerd. All of their values may be kept.
const SHORT_WITH_VALUE: &str = "bgGHlps";
const SHORT_SWITCHES: &str = "Dvh";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Value {
    /// Takes no separate value; `=value` may be kept.
    Switch,
    /// Takes a value that may be kept.
    Kept,
    /// Takes a value that is never kept.
    Hidden,
}

/// A dockerd command line with every word replaced that is not a known flag or its harmless value. The number of words stays, so that an index still points to its word.
pub fn daemon_argv(argv: &[String]) -> Vec<String> {
    let mut words = DaemonWords::default();
    argv.iter().enumerate().map(|(index, word)| if index == 0 { program(word) } else { words.next(word) }).collect()
}

/// docker-proxy's command line: the flags that it has, each with a harmless value.
pub fn proxy_argv(argv: &[String]) -> Vec<String> {
    flags_alone(argv, &["proto", "host-ip", "host-port", "container-ip", "container-port", "use-listen-fd"])
}

/// containerd's command line: where it finds its configuration and listens; every other word is replaced.
pub fn containerd_argv(argv: &[String]) -> Vec<String> {
    flags_alone(argv, &["config", "c", "address", "a", "root", "state", "log-level", "l"])
}

/// The program, these flags and the word after each; every other word is replaced, and so is a value that looks like a credential.
fn flags_alone(argv: &[String], flags: &[&str]) -> Vec<String> {
    let mut kept_value = false;
    argv.iter()
        .enumerate()
        .map(|(index, word)| {
            if index == 0 {
                return program(word);
            }
            if std::mem::take(&mut kept_value) {
                return scrub(word);
            }
            let name = word.trim_start_matches('-');
            let known = word.starts_with('-') && flags.contains(&name.split_once('=').map_or(name, |(name, _)| name));
            kept_value = known && !name.contains('=');
            if known { scrub(word) } else { MARK.to_owned() }
        })
        .collect()
}

/// Whether a path, perhaps with systemd's prefix, names dockerd or its rootless wrapper.
pub(crate) fn is_daemon(program: &str) -> bool {
    program.trim_start_matches(['-', '@', '+', '!', ':']).rsplit('/').next().is_some_and(|name| name.starts_with("dockerd"))
}

/// The first word of a command line is a program's path, or whatever a process chose to write there.
fn program(word: &str) -> String {
    if word.contains(char::is_whitespace) || word.contains('=') { MARK.to_owned() } else { scrub(word) }
}

/// A walk over the words after the program.
#[derive(Default)]
pub(super) struct DaemonWords {
    /// What the last word, a flag without `=`, says of this one.
    waiting: Option<Value>,
}

impl DaemonWords {
    pub(super) fn next(&mut self, word: &str) -> String {
        match self.waiting.take() {
            Some(Value::Kept) => return scrub(word),
            Some(Value::Hidden) => return MARK.to_owned(),
            Some(Value::Switch) | None => {}
        }
        if let Some(long) = word.strip_prefix("--").filter(|long| !long.is_empty()) {
            self.long(word, long)
        } else if let Some(letters) = word.strip_prefix('-').filter(|letters| !letters.is_empty()) {
            self.short(word, letters)
        } else if word == "--" || word == "-" || is_variable(word) {
            // A unit file's $DOCKER_OPTS names a variable and not its value.
            word.to_owned()
        } else {
            MARK.to_owned()
        }
    }

    fn long(&mut self, word: &str, long: &str) -> String {
        let (name, value) = long.split_once('=').map_or((long, None), |(name, value)| (name, Some(value)));
        let normal = name.replace('_', "-");
        let rule = FLAGS.iter().find(|(known, _)| *known == normal).map(|(_, rule)| *rule);
        match (rule, value) {
            (Some(Value::Kept | Value::Switch), Some(value)) => {
                if scrub(value) == value {
                    word.to_owned()
                } else {
                    format!("--{name}={MARK}")
                }
            }
            (Some(Value::Hidden) | None, Some(_)) => format!("--{}={MARK}", flag_name(name)),
            (Some(rule), None) => {
                self.waiting = (rule != Value::Switch).then_some(rule);
                word.to_owned()
            }
            // Whether an unknown flag takes the next word is unknown: a next word that is no flag is replaced either way.
            (None, None) => format!("--{}", flag_name(name)),
        }
    }

    fn short(&mut self, word: &str, letters: &str) -> String {
        for (offset, letter) in letters.char_indices() {
            if SHORT_WITH_VALUE.contains(letter) {
                let value = &letters[offset + letter.len_utf8()..];
                if value.is_empty() {
                    self.waiting = Some(Value::Kept);
                }
                return if scrub(value) == value { word.to_owned() } else { format!("-{letter}{MARK}") };
            }
            if !SHORT_SWITCHES.contains(letter) {
                return format!("-{MARK}");
            }
        }
        word.to_owned()
    }
}

/// The name of a flag that is not known, if it looks like a name.
fn flag_name(name: &str) -> &str {
    let fits = name.len() <= 64 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if fits { name } else { MARK }
}

fn is_variable(word: &str) -> bool {
    let name = word.trim_matches('"').trim_start_matches('$').trim_matches(['{', '}']);
    word.trim_start_matches('"').starts_with('$')
        && !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn dockerd_keeps_what_checks_need() {
        for line in [
            "dockerd -H fd:// --containerd=/run/containerd/containerd.sock",
            "/usr/bin/dockerd --log_level debug --icc=false -Dl debug -H=unix:///x --config-file /etc/x.json",
            "dockerd --insecure-registry 10.0.0.0/8 --tlscacert=/etc/ca.pem --tlsverify",
        ] {
            assert_eq!(daemon_argv(&words(line)), words(line));
        }
    }

    #[test]
    fn everything_else_goes() {
        for line in [
            "dockerd --label planted-secret",
            "dockerd --label=x=planted-secret",
            "dockerd --log-opt planted-secret --http-proxy=http://planted-secret@p --https_proxy planted-secret",
            "dockerd --future-flag planted-secret --other=planted-secret planted-secret",
            "dockerd --registry-mirror=https://u:planted-secret@m --registry-mirror https://u:planted-secret@m",
            "dockerd server.py planted-secret -x planted-secret -zplanted-secret --planted-secret!=1",
            "dockerd TCP:planted-secret,x=planted-secret",
        ] {
            let safe = daemon_argv(&words(line)).join(" ");
            assert!(!safe.contains("planted"), "{safe}");
            assert_eq!(safe.split(' ').count(), words(line).len());
        }
        assert_eq!(daemon_argv(&["planted secret=x".to_owned()]), [MARK]);
        assert!(daemon_argv(&[]).is_empty());
    }

    #[test]
    fn proxies() {
        let line =
            "/usr/sbin/docker-proxy -proto tcp -host-ip 0.0.0.0 -host-port 8080 -container-ip 172.17.0.2 -container-port 80 -use-listen-fd";
        assert_eq!(proxy_argv(&words(line)), words(line));
        assert_eq!(proxy_argv(&words("p --x planted")), ["p", MARK, MARK]);
        let line = "/usr/bin/containerd --config /etc/x.toml -a=/run/c.sock";
        assert_eq!(containerd_argv(&words(line)), words(line));
        assert_eq!(containerd_argv(&words("c --x planted")), ["c", MARK, MARK]);
    }
}
