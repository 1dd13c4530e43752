//! Every key that dockerd takes from its file, version by version.
//!
//! dockerd checks a key against the names of its flags (and the plural names that list flags have in the file) and then decodes the file
//! into a structure (moby/moby cmd/dockerd/config*.go, daemon/config/config*.go; since 29 daemon/command). So a name may pass the check and
//! set nothing. Read from 17.12, 20.10, 23.0 to 28.5 and 29.7; between two of them a change is known only to lie somewhere.

use facts::docker::json::{Node, Part};

use super::EngineVersion;

/// What dockerd wants as the value of a key, or does with the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Bool,
    Int,
    Text,
    /// A string that a reader of its own takes, which does not take `null`.
    Size,
    /// A list of strings.
    Texts,
    /// A list.
    List,
    /// An object of strings.
    Strings,
    /// An object of booleans.
    Bools,
    /// An object of objects.
    Objects,
    /// Whatever: dockerd has a reader of its own for it, or none.
    Any,
    /// The name of a flag, which passes the check and sets nothing; the key is another.
    Flag(&'static str),
    /// Passes the check and sets nothing, and no key does.
    Nothing,
    /// `validate`: with true dockerd checks the file and ends.
    Validate,
}

/// From which version on: (it may be known, it is known).
type Since = ((u32, u32), (u32, u32));
/// Until which version: (the last that knows it, the first that surely does not).
type Until = Option<((u32, u32), (u32, u32))>;

const OLD: Since = ((0, 0), (17, 12));
/// Something between 18 and 20.10.
const V20: Since = ((17, 13), (20, 10));
const V23: Since = ((22, 0), (23, 0));
const V24: Since = ((24, 0), (24, 0));
const V25: Since = ((25, 0), (25, 0));
const V27: Since = ((27, 0), (27, 5));
const V28: Since = ((28, 0), (28, 0));
const V29: Since = ((29, 0), (29, 0));
const V29_7: Since = ((29, 1), (29, 7));
const IN_23: Until = Some(((23, 0), (24, 0)));
const IN_25: Until = Some(((25, 0), (26, 0)));
const IN_28: Until = Some(((28, 5), (29, 0)));

/// The newest version that the table was read from.
const NEWEST: EngineVersion = EngineVersion(29, 7);

use Shape::{Any, Bool, Bools, Flag, Int, List, Nothing, Objects, Size, Strings, Text, Texts, Validate};

const KNOWN: &[(&str, Shape, Since, Until)] = &[
    ("add-runtime", Flag("runtimes"), OLD, None),
    ("allow-direct-routing", Bool, ((28, 2), (28, 2)), None),
    ("allow-nondistributable-artifacts", Any, OLD, None),
    ("api-cors-header", Text, OLD, IN_28),
    ("apparmor-profile", Text, V29_7, None),
    ("authorization-plugin", Flag("authorization-plugins"), OLD, None),
    ("authorization-plugins", Texts, OLD, None),
    ("bip", Text, OLD, None),
    ("bip6", Text, V28, None),
    ("bridge", Text, OLD, None),
    ("bridge-accept-fwmark", Text, V29, None),
    ("builder", Any, V20, None),
    ("cdi-spec-dir", Flag("cdi-spec-dirs"), V25, None),
    ("cdi-spec-dirs", Texts, V25, None),
    ("cgroup-parent", Text, OLD, None),
    ("cluster-advertise", Text, OLD, IN_23),
    ("cluster-store", Text, OLD, IN_23),
    ("cluster-store-opt", Flag("cluster-store-opts"), OLD, IN_23),
    ("cluster-store-opts", Strings, OLD, IN_23),
    ("config-file", Nothing, OLD, None),
    ("containerd", Text, OLD, None),
    ("containerd-namespace", Text, V20, None),
    // The structure calls it containerd-plugin-namespace, which the check does not let pass.
    ("containerd-plugins-namespace", Nothing, V20, None),
    ("cpu-rt-period", Int, OLD, None),
    ("cpu-rt-runtime", Int, OLD, None),
    ("cri-containerd", Bool, V20, None),
    ("data-root", Text, OLD, None),
    ("debug", Bool, OLD, None),
    ("default-address-pool", Flag("default-address-pools"), V20, None),
    ("default-address-pools", List, V20, None),
    ("default-cgroupns-mode", Text, V20, None),
    ("default-gateway", Text, OLD, None),
    ("default-gateway-v6", Text, OLD, None),
    ("default-ipc-mode", Text, OLD, None),
    ("default-network-opt", Flag("default-network-opts"), V24, None),
    ("default-network-opts", Objects, V24, None),
    ("default-runtime", Text, OLD, None),
    ("default-shm-size", Size, OLD, None),
    ("default-stop-timeout", Int, V29_7, None),
    ("default-ulimit", Flag("default-ulimits"), OLD, None),
    ("default-ulimits", Objects, OLD, None),
    ("deprecated-key-path", Any, OLD, None),
    ("disable-legacy-registry", Bool, OLD, Some(((17, 12), (20, 10)))),
    ("dns", Texts, OLD, None),
    ("dns-opt", Flag("dns-opts"), OLD, None),
    ("dns-opts", Texts, OLD, None),
    ("dns-search", Texts, OLD, None),
    ("exec-opt", Flag("exec-opts"), OLD, None),
    ("exec-opts", Texts, OLD, None),
    ("exec-root", Text, OLD, None),
    ("experimental", Bool, OLD, None),
    ("extension-config", Any, V29_7, None),
    ("extension-dir", Flag("extension-dirs"), V29_7, None),
    ("extension-dirs", Texts, V29_7, None),
    ("feature", Flag("features"), V27, None),
    ("features", Bools, V20, None),
    ("firewall-backend", Text, V29, None),
    ("fixed-cidr", Text, OLD, None),
    ("fixed-cidr-v6", Text, OLD, None),
    ("graph", Text, OLD, IN_23),
    ("group", Text, OLD, None),
    ("help", Nothing, OLD, None),
    ("host", Flag("hosts"), OLD, None),
    ("host-gateway-ip", Text, V20, None),
    ("host-gateway-ips", Texts, V28, None),
    ("hosts", Texts, OLD, None),
    ("http-proxy", Flag("proxies"), V23, None),
    ("https-proxy", Flag("proxies"), V23, None),
    ("icc", Bool, OLD, None),
    ("init", Bool, OLD, None),
    ("init-path", Text, OLD, None),
    ("insecure-registries", Texts, OLD, None),
    ("insecure-registry", Flag("insecure-registries"), OLD, None),
    ("ip", Text, OLD, None),
    ("ip-forward", Bool, OLD, None),
    ("ip-forward-no-drop", Bool, V28, None),
    ("ip-masq", Bool, OLD, None),
    ("ip6tables", Bool, V20, None),
    ("iptables", Bool, OLD, None),
    ("ipv6", Bool, OLD, None),
    ("label", Flag("labels"), OLD, None),
    ("labels", Texts, OLD, None),
    ("live-restore", Bool, OLD, None),
    ("log-driver", Text, OLD, None),
    ("log-format", Text, V25, None),
    ("log-level", Text, OLD, None),
    ("log-opt", Flag("log-opts"), OLD, None),
    ("log-opts", Strings, OLD, None),
    ("max-concurrent-downloads", Int, OLD, None),
    ("max-concurrent-uploads", Int, OLD, None),
    ("max-download-attempts", Int, V20, None),
    ("metrics-addr", Text, OLD, None),
    ("min-api-version", Text, V29, None),
    ("mtu", Int, OLD, None),
    ("network-control-plane-mtu", Int, OLD, None),
    ("network-diagnostic-port", Int, OLD, None),
    ("no-new-privileges", Bool, OLD, None),
    ("no-proxy", Flag("proxies"), V23, None),
    ("node-generic-resource", Flag("node-generic-resources"), OLD, None),
    ("node-generic-resources", Texts, OLD, None),
    ("nri-opts", Any, V29_7, None),
    ("oom-score-adjust", Int, OLD, IN_25),
    ("pidfile", Text, OLD, None),
    ("raw-logs", Bool, OLD, None),
    ("registry-mirror", Flag("registry-mirrors"), OLD, None),
    ("registry-mirrors", Texts, OLD, None),
    ("restart", Nothing, OLD, None),
    ("rootless", Bool, V20, None),
    ("runtimes", Objects, OLD, None),
    ("seccomp-profile", Text, OLD, None),
    ("selinux-enabled", Bool, OLD, None),
    ("shutdown-timeout", Int, OLD, None),
    ("storage-driver", Text, OLD, None),
    ("storage-opt", Flag("storage-opts"), OLD, None),
    ("storage-opts", Texts, OLD, None),
    ("swarm-default-advertise-addr", Text, OLD, None),
    ("tls", Bool, OLD, None),
    ("tlscacert", Text, OLD, None),
    ("tlscert", Text, OLD, None),
    ("tlskey", Text, OLD, None),
    ("tlsverify", Bool, OLD, None),
    ("userland-proxy", Bool, OLD, None),
    ("userland-proxy-path", Text, OLD, None),
    ("userns-remap", Text, OLD, None),
    ("validate", Validate, V23, None),
    ("version", Nothing, OLD, None),
];

/// Whether a version lets a key pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Passes {
    Yes,
    No,
    /// The table was not read from this version, and those around it differ, or it is newer or older than all of them.
    Unsure,
}

/// What the key is in any version.
pub(super) fn shape(key: &str) -> Option<Shape> {
    row(key).map(|row| row.1)
}

fn row(key: &str) -> Option<&'static (&'static str, Shape, Since, Until)> {
    KNOWN.iter().find(|row| row.0 == key)
}

/// Whether this version lets the key pass.
pub(super) fn passes(key: &str, version: EngineVersion) -> Passes {
    let at = |(major, minor): (u32, u32)| EngineVersion(major, minor);
    let Some((_, _, (maybe, sure), until)) = row(key) else {
        // A newer engine may bring it, an older one may have had it.
        return if version > NEWEST || version < at(OLD.1) { Passes::Unsure } else { Passes::No };
    };
    match until {
        Some((_, gone)) if version >= at(*gone) => return Passes::No,
        Some((last, _)) if version > at(*last) => return Passes::Unsure,
        _ => {}
    }
    if version < at(*maybe) {
        Passes::No
    } else if version < at(*sure) || version > NEWEST {
        Passes::Unsure
    } else {
        Passes::Yes
    }
}

/// The key that was probably meant.
pub(super) fn near_miss(key: &str) -> Option<&'static str> {
    let plain = |text: &str| text.to_ascii_lowercase().replace('_', "-");
    let wanted = plain(key);
    KNOWN
        .iter()
        .filter(|row| !matches!(row.1, Flag(_) | Nothing | Validate))
        .map(|row| row.0)
        .find(|known| *known == wanted || known.strip_suffix('s') == Some(&wanted) || wanted.strip_suffix('s') == Some(known))
}

/// The key under which the file holds what a flag sets.
pub(super) fn key_of_flag(flag: &str) -> &str {
    match shape(flag) {
        // These three have no name of their own in the file as far as the check for conflicts goes.
        Some(Flag("proxies")) | None => flag,
        Some(Flag(key)) => key,
        Some(_) => flag,
    }
}

/// Objects that are taken as a whole; of any other object the members are taken for keys.
pub(super) fn is_flat(key: &str, version: EngineVersion) -> bool {
    match key {
        "cluster-store-opts" | "log-opts" | "runtimes" | "default-ulimits" => true,
        "features" | "builder" => version >= EngineVersion(18, 0),
        "default-network-opts" => version >= EngineVersion(24, 0),
        "nri-opts" => version >= EngineVersion(29, 1),
        "extension-config" => version >= EngineVersion(29, 1),
        _ => false,
    }
}

impl Shape {
    /// Why dockerd refuses the value; none: it takes it. Go takes `null` for everything.
    pub(super) fn refuses(self, node: &Node) -> Option<&'static str> {
        let text = |node: &Node| matches!(node.part, Part::Text(_) | Part::Null);
        let members = |wanted: fn(&Part) -> bool| match &node.part {
            Part::Object(members) => members.iter().all(|member| wanted(&member.node.part)),
            _ => false,
        };
        let fits = match (self, &node.part) {
            (Any | Flag(_) | Nothing, _) => true,
            (Size, part) => matches!(part, Part::Text(_)),
            (_, Part::Null) => true,
            (Bool | Validate, part) => matches!(part, Part::Bool(_)),
            // Digits only: Go does not take 1.0 or 1e3 for a whole number.
            (Int, Part::Number(number)) => number.parse::<i64>().is_ok(),
            (Text, Part::Text(_)) | (List, Part::List(_)) => true,
            (Texts, Part::List(nodes)) => nodes.iter().all(text),
            (Strings, _) => members(|part| matches!(part, Part::Text(_) | Part::Null)),
            (Bools, _) => members(|part| matches!(part, Part::Bool(_) | Part::Null)),
            (Objects, _) => members(|part| matches!(part, Part::Object(_) | Part::Null)),
            _ => false,
        };
        (!fits).then_some(match self {
            Bool | Validate => "true or false, without quotes",
            Int => "a whole number",
            Text | Size => "a text in quotes",
            Texts => "a list of texts",
            List => "a list",
            Strings => "an object whose values are texts in quotes",
            Bools => "an object whose values are true or false",
            Objects => "an object of objects",
            Any | Flag(_) | Nothing => "anything",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use facts::docker::json::first_document;

    #[test]
    fn by_version() {
        let at = |key: &str, major, minor| passes(key, EngineVersion(major, minor));
        assert_eq!(at("icc", 20, 10), Passes::Yes);
        assert_eq!(at("no-such", 20, 10), Passes::No);
        assert_eq!(at("Live-Restore", 29, 7), Passes::No);
        assert_eq!(at("firewall-backend", 28, 5), Passes::No);
        assert_eq!(at("firewall-backend", 29, 0), Passes::Yes);
        assert_eq!(at("features", 19, 3), Passes::Unsure);
        assert_eq!(at("default-stop-timeout", 29, 3), Passes::Unsure);
        assert_eq!((at("graph", 23, 0), at("graph", 24, 0)), (Passes::Yes, Passes::No));
        assert_eq!((at("api-cors-header", 28, 5), at("api-cors-header", 29, 0)), (Passes::Yes, Passes::No));
        assert_eq!((at("no-such", 30, 0), at("icc", 30, 0), at("icc", 17, 3)), (Passes::Unsure, Passes::Unsure, Passes::Unsure));
    }

    #[test]
    fn the_table_is_sorted_and_leads_somewhere() {
        assert!(KNOWN.is_sorted_by_key(|row| row.0));
        for (name, shape, ..) in KNOWN {
            if let Flag(key) = shape {
                assert!(*key == "proxies" || row(key).is_some_and(|row| !matches!(row.1, Flag(_))), "{name}");
            }
        }
        for (key, flag, _) in super::super::keys::KEYS {
            assert!(row(key).is_some() && row(flag).is_some(), "{key}");
            assert_eq!(key_of_flag(flag), *key);
        }
    }

    #[test]
    fn shapes() {
        let refused = |key: &str, text: &str| shape(key).unwrap().refuses(&first_document(text).unwrap().0).is_some();
        for (key, taken, wrong) in [
            ("icc", "false", "\"false\""),
            ("mtu", "1400", "1.4e3"),
            ("mtu", "-1", "123456789012345678901234567890"),
            ("log-level", "\"info\"", "1"),
            ("hosts", "[\"a\", null]", "\"a\""),
            ("hosts", "[]", "[1]"),
            ("log-opts", "{\"max-file\": \"3\"}", "{\"max-file\": 3}"),
            ("features", "{\"x\": true}", "{\"x\": 1}"),
            ("default-ulimits", "{\"nofile\": {}}", "{\"nofile\": \"1:2\"}"),
        ] {
            assert!(!refused(key, taken) && refused(key, wrong) && !refused(key, "null"), "{key}");
        }
        assert_eq!(near_miss("Live_Restore"), Some("live-restore"));
        assert_eq!(near_miss("insecure-registries "), None);
        assert_eq!(near_miss("Labels"), Some("labels"));
    }
}
