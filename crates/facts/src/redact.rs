//! Removing secrets before anything is kept. The readers in `collect` call this below the recorder, so that neither Snapshot nor
//! recording nor report ever holds a secret.
//!
//! What stays: names, kinds, lengths, structure. What goes: values of environment, labels, log options, proxy URLs with
//! credentials, registry credentials, and command-line words of processes that are not ours to show.

mod history;
mod leak;
mod token;

use crate::docker::json::{first_document, unquoted};

pub use history::history_line;
pub use leak::leaks;

/// What stands in the place of a removed value.
pub const MARK: &str = "[redacted]";

/// Keys of daemon.json whose string values are never kept.
const DAEMON_JSON_VALUES: &[&str] = &[
    "labels",
    "log-opts",
    "proxies",
    "http-proxy",
    "https-proxy",
    "exec-opts-secret",
    "cluster-store-opts",
    "registry-auth",
    "node-generic-resources",
];

/// Keys of daemon.json whose values are kept (dockerd 19.03 to 29). Any other key may be a future one, or a mistake that holds a secret.
const DAEMON_JSON_KEPT: &[&str] = &[
    "allow-direct-routing",
    "allow-nondistributable-artifacts",
    "api-cors-header",
    "authorization-plugins",
    "bip",
    "bip6",
    "bridge",
    "bridge-accept-fwmark",
    "builder",
    "cdi-spec-dirs",
    "cgroup-parent",
    "cluster-advertise",
    "containerd",
    "containerd-namespace",
    "containerd-plugin-namespace",
    "containerd-plugins-namespace",
    "cpu-rt-period",
    "cpu-rt-runtime",
    "cri-containerd",
    "data-root",
    "debug",
    "default-address-pools",
    "default-cgroupns-mode",
    "default-gateway",
    "default-gateway-v6",
    "default-ipc-mode",
    "default-network-opts",
    "default-runtime",
    "default-shm-size",
    "default-stop-timeout",
    "default-ulimits",
    "deprecated-key-path",
    "disable-legacy-registry",
    "dns",
    "dns-opts",
    "dns-search",
    "exec-opts",
    "exec-root",
    "experimental",
    "features",
    "firewall-backend",
    "fixed-cidr",
    "fixed-cidr-v6",
    "graph",
    "group",
    "host-gateway-ip",
    "host-gateway-ips",
    "hosts",
    "icc",
    "init",
    "init-path",
    "insecure-registries",
    "ip",
    "ip-forward",
    "ip-forward-no-drop",
    "ip-masq",
    "ip6tables",
    "iptables",
    "ipv6",
    "live-restore",
    "log-driver",
    "log-format",
    "log-level",
    "max-concurrent-downloads",
    "max-concurrent-uploads",
    "max-download-attempts",
    "metrics-addr",
    "mtu",
    "network-control-plane-mtu",
    "network-diagnostic-port",
    "no-new-privileges",
    "oom-score-adjust",
    "pidfile",
    "raw-logs",
    "registry-mirrors",
    "rootless",
    "runtimes",
    "seccomp-profile",
    "selinux-enabled",
    "shutdown-timeout",
    "storage-driver",
    "storage-opts",
    "swarm-default-advertise-addr",
    "tls",
    "tlscacert",
    "tlscert",
    "tlskey",
    "tlsverify",
    "userland-proxy",
    "userland-proxy-path",
    "userns-remap",
];

/// Members below a kept key whose values are never kept: what a runtime is started with is another program's command line.
const DAEMON_JSON_NESTED_VALUES: &[&str] = &["runtimeargs", "options"];

/// Whether an environment variable, label or option looks like a credential by its name or by its value.
pub fn looks_like_credential(name: &str, value: &str) -> bool {
    const WORDS: &[&str] =
        &["password", "passwd", "passphrase", "secret", "token", "apikey", "api_key", "api-key", "private_key", "access_key", "credential"];
    const PREFIXES: &[&str] = &["AKIA", "ghp_", "gho_", "github_pat_", "glpat-", "xoxb-", "xoxp-", "sk_live_", "-----BEGIN", "eyJhbGciOi"];
    // Names that end so point to a secret, or to what gives one, and are none; the others only sound like one.
    const POINTERS: &[&str] = &["_file", "_path", "_dir", "_url", "_uri", "_endpoint", "_ttl", ".helper"];
    const OTHERS: &[&str] = &["tokenizer", "allow_empty_password", "token_endpoint"];
    if value.is_empty() {
        return false;
    }
    let lower = name.to_ascii_lowercase();
    // `_pass` as a whole word: FTP_PASSIVE_PORTS and PASSENGER_VERSION are none.
    let whole = |word: &str| lower == word || lower.split(['_', '-', '.']).skip(1).any(|part| part == word);
    let named = (WORDS.iter().any(|word| lower.contains(word)) || whole("pass") || (whole("pwd") && lower != "pwd"))
        && !POINTERS.iter().any(|end| lower.ends_with(end))
        && !OTHERS.iter().any(|other| lower.contains(other))
        && !is_plain(value);
    named || PREFIXES.iter().any(|prefix| value.starts_with(prefix)) || token::kind(value).is_some() || has_url_password(value)
}

/// Whether a value cannot be a secret, whatever it is called: a switch, or the path of a file below a usual folder.
fn is_plain(value: &str) -> bool {
    const SWITCHES: &[&str] = &["0", "1", "true", "false", "yes", "no", "on", "off", "none", "null"];
    const FOLDERS: &[&str] = &["app", "config", "data", "etc", "home", "mnt", "opt", "root", "run", "secrets", "srv", "tmp", "usr", "var"];
    let path = || {
        let mut parts = value.strip_prefix('/')?.split('/');
        let first = parts.next()?;
        let safe = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'));
        (FOLDERS.contains(&first) && parts.next().is_some() && value[1..].split('/').all(safe)).then_some(())
    };
    SWITCHES.contains(&value.to_ascii_lowercase().as_str()) || path().is_some()
}

/// Whether a text holds a URL with a password: `scheme://user:password@host`. Over HTTP a user alone may be a token.
pub fn has_url_password(text: &str) -> bool {
    text.match_indices("://").any(|(at, _)| {
        let rest = &text[at + 3..];
        let authority = &rest[..rest.find(['/', '?', '#', ' ', '"']).unwrap_or(rest.len())];
        let over_http = text[..at].ends_with("http") || text[..at].ends_with("https");
        authority.rfind('@').is_some_and(|end| over_http || authority[..end].contains(':'))
    })
}

/// daemon.json with the values of secret-bearing keys replaced, every other byte as it was. Text behind the document is replaced, and
/// text that is no JSON is replaced whole, but for the line structure: what cannot be parsed cannot be told safe.
pub fn daemon_json(text: &str) -> String {
    let body = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    let mut out = String::with_capacity(text.len());
    out.push_str(&text[..text.len() - body.len()]);
    let end = match first_document(body) {
        Ok((_, end)) => {
            Scan { text: &body[..end], index: 0 }.value(&mut out, false, 0);
            end
        }
        Err(_) => 0,
    };
    for line in body[end..].split_inclusive('\n') {
        let content = line.strip_suffix('\n').unwrap_or(line);
        out.push_str(if content.trim().is_empty() { content } else { MARK });
        out.push_str(&line[content.len()..]);
    }
    out
}

const BYTE_ORDER_MARK: char = '\u{feff}';

/// A walk over valid JSON that copies every byte but secret strings.
struct Scan<'t> {
    text: &'t str,
    index: usize,
}

impl Scan<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.index).copied()
    }

    fn copy_while(&mut self, out: &mut String, keep: impl Fn(u8) -> bool) {
        let start = self.index;
        while self.peek().is_some_and(&keep) {
            self.index += 1;
        }
        out.push_str(&self.text[start..self.index]);
    }

    /// The quoted string at the cursor, as written; the cursor goes behind it.
    fn string(&mut self) -> &str {
        let start = self.index;
        self.index += 1;
        while let Some(byte) = self.peek() {
            self.index += if byte == b'\\' { 2 } else { 1 };
            if byte == b'"' {
                break;
            }
        }
        &self.text[start..self.index.min(self.text.len())]
    }

    fn value(&mut self, out: &mut String, secret: bool, depth: usize) {
        self.copy_while(out, |byte| byte.is_ascii_whitespace());
        match self.peek() {
            Some(b'"') => {
                let quoted = self.string().to_owned();
                let plain = unquoted(&quoted).unwrap_or_default();
                if secret || has_url_password(&plain) || looks_like_credential("", &plain) {
                    out.push('"');
                    out.push_str(MARK);
                    out.push('"');
                } else {
                    out.push_str(&quoted);
                }
            }
            Some(b'{') => self.object(out, secret, depth),
            Some(b'[') => self.array(out, secret, depth),
            Some(_) if secret => {
                let start = self.index;
                while self.peek().is_some_and(|byte| !matches!(byte, b',' | b'}' | b']') && !byte.is_ascii_whitespace()) {
                    self.index += 1;
                }
                let word = &self.text[start..self.index];
                out.push_str(if matches!(word, "true" | "false" | "null") { word } else { "0" });
            }
            Some(_) => self.copy_while(out, |byte| !matches!(byte, b',' | b'}' | b']') && !byte.is_ascii_whitespace()),
            None => {}
        }
    }

    fn object(&mut self, out: &mut String, secret: bool, depth: usize) {
        out.push('{');
        self.index += 1;
        loop {
            self.copy_while(out, |byte| byte.is_ascii_whitespace() || byte == b',');
            match self.peek() {
                Some(b'"') => {
                    let quoted = self.string().to_owned();
                    let key = unquoted(&quoted).unwrap_or_default();
                    out.push_str(&quoted);
                    self.copy_while(out, |byte| byte.is_ascii_whitespace() || byte == b':');
                    let lower = key.to_ascii_lowercase();
                    let named = if depth == 0 {
                        DAEMON_JSON_VALUES.contains(&lower.as_str()) || !DAEMON_JSON_KEPT.contains(&lower.as_str())
                    } else {
                        DAEMON_JSON_NESTED_VALUES.contains(&lower.as_str())
                    };
                    let hides = secret || named || looks_like_credential(&key, "x");
                    self.value(out, hides, depth + 1);
                }
                Some(_) => {
                    self.index += 1;
                    out.push('}');
                    return;
                }
                None => return,
            }
        }
    }

    fn array(&mut self, out: &mut String, secret: bool, depth: usize) {
        out.push('[');
        self.index += 1;
        loop {
            self.copy_while(out, |byte| byte.is_ascii_whitespace() || byte == b',');
            match self.peek() {
                Some(b']') => {
                    self.index += 1;
                    out.push(']');
                    return;
                }
                Some(_) => self.value(out, secret, depth + 1),
                None => return,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn daemon_json_keeps_layout() {
        let text = "{\n\t\"log-level\" : \"debug\",  \"labels\":[\"team=planted-secret\"],\n \"log-opts\": {\"token\": \"planted-secret\", \"n\": 5},\"insecure-registries\": [\"https://u:planted-secret@r\"],\n \"max\": 3 }\n";
        let safe = daemon_json(text);
        assert!(!safe.contains("planted-secret"), "{safe}");
        assert!(safe.contains("\"log-level\" : \"debug\","));
        assert_eq!(safe.lines().count(), text.lines().count());
        let keys = |text: &str| crate::docker::parse_config(text).unwrap().into_iter().map(|e| (e.key, e.line)).collect::<Vec<_>>();
        assert_eq!(keys(&safe), keys(text));
        assert_eq!(daemon_json("{\"icc\": false}\n"), "{\"icc\": false}\n");
        assert_eq!(daemon_json(""), "");
        assert!(!daemon_json("{\"x\": \"planted-secret\",}").contains("planted"));
        assert_eq!(daemon_json("\u{feff}{\"icc\": true} planted\n\n planted"), "\u{feff}{\"icc\": true}[redacted]\n\n[redacted]");
        assert_eq!(daemon_json("{\"a\n"), "[redacted]\n");
        // A key or value that only Go reads hides nothing.
        assert!(!daemon_json(r#"{"builder": {"to\ud800ken": "ghp_planted", "\u0074oken\ud800": "planted"}}"#).contains("planted"));
        let others = "{\"future-key\": [\"planted-secret\"], \"runtimes\": {\"x\": {\"path\": \"/x\", \"runtimeArgs\": [\"planted-secret\"]}}, \"registry-mirrors\": [\"https://planted-secret@m\"], \"default-ulimits\": {\"nofile\": {\"Name\": \"nofile\", \"Soft\": 5}}}";
        let safe = daemon_json(others);
        assert!(!safe.contains("planted") && safe.contains("\"/x\"") && safe.contains("\"Soft\": 5"), "{safe}");
    }

    #[test]
    fn credentials() {
        assert!(looks_like_credential("DB_PASSWORD", "x"));
        assert!(!looks_like_credential("DB_PASSWORD_FILE", "/run/secrets/db"));
        assert!(looks_like_credential("URL", "postgres://u:p@h/db"));
        assert!(!looks_like_credential("URL", "https://example.org/a:b@c"));
        assert!(!looks_like_credential("PATH", "/bin"));
        for (name, value) in [
            ("DB_PASS", "x"),
            ("pass", "x"),
            ("MYSQL_PWD", "x"),
            ("POSTGRES_PASSWORD", "/x"),
            ("API_TOKEN", "/wJalrXUtnFEMI/K7MDENG"),
            ("X", "npm_0123456789abcdefghijABCDEFGHIJ012345"),
        ] {
            assert!(looks_like_credential(name, value), "{name}");
        }
        for (name, value) in [
            ("ALLOW_EMPTY_PASSWORD", "anything"),
            ("MYSQL_RANDOM_ROOT_PASSWORD", "yes"),
            ("GOOGLE_APPLICATION_CREDENTIALS", "/var/run/key.json"),
            ("TOKENIZERS_PARALLELISM", "x"),
            ("PHP_PASSENGER_VERSION", "6"),
            ("FTP_PASSIVE_PORTS", "1"),
            ("PWD", "/x"),
            ("OAUTH_TOKEN_URL", "https://example.org/token"),
            ("GPG_KEY", "E3FF2839C048B25C084DEBE9B26995E310250568"),
        ] {
            assert!(!looks_like_credential(name, value), "{name}");
        }
    }
}
