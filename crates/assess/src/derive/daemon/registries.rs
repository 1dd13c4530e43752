//! Registries that are reached without proof of who they are.

use std::net::IpAddr;

use facts::Fact;
use facts::redact::MARK;

use super::Reader;
use crate::derive::settings::{EngineVersion, engine_version};
use crate::view::{Listing, Origin, Seen};

impl Reader<'_> {
    pub(super) fn insecure_registries(&self) -> Seen<Listing<String>> {
        self.info("RegistryConfig.InsecureRegistryCIDRs", |info| {
            let beyond = |registry: &String| !is_loopback(registry);
            info.insecure_registries.clone().map(|all| Listing::from(all.into_iter().filter(beyond).collect::<Vec<_>>()))
        })
    }

    /// The engine always speaks TLS to a mirror without a scheme.
    pub(super) fn unverified_registries(&self) -> Seen<Listing<String>> {
        self.info("RegistryConfig", |info| {
            let mut all = Listing::default();
            let mut add = |registries: &Fact<Vec<String>>, counts: fn(&str) -> bool| match registries {
                Fact::Known(registries) => {
                    all.members.extend(registries.iter().filter(|registry| counts(registry)).cloned());
                    // A text that could not be kept may be any address.
                    if registries.iter().any(|registry| registry.contains(MARK)) {
                        all.unseen = Some("an address looks like a credential and was not kept".to_owned());
                    }
                }
                Fact::Absent => {}
                Fact::Unknown { why } => all.unseen = Some(why.clone()),
            };
            add(&info.insecure_registries, |registry| !is_loopback(registry) && !registry.contains(MARK));
            add(&info.registry_mirrors, |mirror| {
                let (scheme, rest) = mirror.split_once("://").unwrap_or(("https", mirror));
                scheme.eq_ignore_ascii_case("http") && !is_loopback(rest.split('/').next().unwrap_or_default())
            });
            if let Some(why) = self.hosts_files() {
                all.unseen = Some(why);
            }
            Fact::Known(all)
        })
    }

    /// Engines from 28.0 also obey `skip_verify` and `http://` in certs.d/HOST/hosts.toml, which is not read here. None: there is no such
    /// file.
    fn hosts_files(&self) -> Option<String> {
        if engine_version(self.engine).known().is_some_and(|version| *version < EngineVersion(28, 0)) {
            return None;
        }
        match &self.snapshot.host.engine_files.registry_certs {
            Fact::Known(files) => {
                let file = files.iter().find(|file| file.ends_with("/hosts.toml"))?;
                Some(format!("{file} may leave a registry unverified, and what it says is not read"))
            }
            Fact::Absent => None,
            Fact::Unknown { why } => Some(format!("whether certs.d has a hosts.toml was not seen: {why}")),
        }
    }

    /// Engines from 17.12 removed the protocol; the flag went with it.
    pub(super) fn legacy_registry(&self) -> Seen<bool> {
        let version = engine_version(self.engine);
        let at_version = Origin::at(self.engine.version.source, "Version");
        match version {
            Fact::Known(version) if version >= EngineVersion(17, 12) => Seen::new(Fact::Absent, at_version),
            Fact::Known(_) => {
                let key = "disable-legacy-registry";
                Seen::new(crate::derive::kleene::not(self.settings.bool(key)), self.origin(key))
            }
            other => Seen::new(other.and_then(|_| Fact::Absent), at_version),
        }
    }
}

/// Whether a registry or a network of registries is on this machine alone. Docker trusts 127.0.0.0/8 and ::1/128 always, so an entry
/// inside them changes nothing.
pub(super) fn is_loopback(registry: &str) -> bool {
    if let Some((address, bits)) = registry.split_once('/') {
        return match (address.parse::<IpAddr>(), bits.parse::<u8>()) {
            (Ok(IpAddr::V4(address)), Ok(bits)) => address.is_loopback() && (8..=32).contains(&bits),
            (Ok(IpAddr::V6(address)), Ok(bits)) => address.is_loopback() && bits == 128,
            _ => false,
        };
    }
    // `host`, `host:port`, `::1`, `[::1]`, `[::1]:port`
    let host = match (registry.parse::<IpAddr>(), registry.rsplit_once(':')) {
        (Err(_), Some((host, port))) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => registry,
    };
    crate::derive::is_loopback(&host.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::is_loopback;

    #[test]
    fn loopback() {
        for registry in
            ["127.0.0.0/8", "::1/128", "127.0.0.1/32", "127.0.0.1:5000", "localhost:5000", "LOCALHOST", "[::1]:5000", "::1", "127.9.9.9"]
        {
            assert!(is_loopback(registry), "{registry}");
        }
        // A network that holds more than loopback, or a name that only begins like it.
        for registry in [
            "126.0.0.0/7",
            "0.0.0.0/0",
            "127.0.0.0/7",
            "::/0",
            "::1/64",
            "10.0.0.0/8",
            "localhost.example.org",
            "127.0.0.1.example.org:5000",
            "reg:5000",
            "",
            "/",
        ] {
            assert!(!is_loopback(registry), "{registry}");
        }
    }
}
