//! Options of the daemon that need more than their value in force.

use std::collections::BTreeMap;

use facts::Fact;
use serde_json::Value;

use super::Reader;
use crate::derive::settings::{EngineVersion, engine_version};
use crate::view::{Listing, Origin, Seen};

impl Reader<'_> {
    /// Before 27.0 the rules for IPv6 were an experiment that is off unless asked for: off is then no choice of this host.
    pub(super) fn ip6tables(&self) -> Seen<bool> {
        let fact = match self.settings.bool("ip6tables") {
            Fact::Known(false) => engine_version(self.engine)
                .and_then(|version| if version < EngineVersion(27, 0) { Fact::Absent } else { Fact::Known(false) }),
            other => other,
        };
        Seen::new(fact, self.origin("ip6tables"))
    }

    /// The last option of that name counts; the driver reads names in any case (graphdriver/devmapper, until 24.0).
    pub(super) fn base_device_size(&self) -> Seen<String> {
        let fact = self.texts("storage-opts").and_then(|options| {
            let sizes = options.iter().filter_map(|option| option.split_once('='));
            let is_size = |name: &str| name.trim().eq_ignore_ascii_case("dm.basesize");
            sizes.rev().find(|(name, _)| is_size(name)).map(|(_, size)| size.trim().to_owned()).into()
        });
        Seen::new(fact, self.origin("storage-opts"))
    }

    /// In the file an object of objects, on the command line `NAME=SOFT[:HARD]`.
    pub(super) fn default_ulimits(&self) -> Seen<Listing<String>> {
        let key = "default-ulimits";
        let fact = match &self.settings.get(key).effective {
            Fact::Known(value) => ulimits(value).map_or_else(
                || Fact::unknown(format!("{key} is {value}, which is no set of limits")),
                |limits| Fact::Known(Listing::from(limits)),
            ),
            Fact::Absent => Fact::Known(Listing::default()),
            Fact::Unknown { why } => Fact::unknown(why.clone()),
        };
        Seen::new(fact, self.origin(key))
    }

    /// An empty text is what is not set.
    pub(super) fn cgroup_parent(&self) -> Seen<String> {
        let fact = self.settings.text("cgroup-parent").and_then(|parent| Some(parent).filter(|parent| !parent.is_empty()).into());
        Seen::new(fact, self.origin("cgroup-parent"))
    }

    /// /info shows the plugins of the start. A reload may have changed them since (dockerd's daemon/reload.go), without a trace in the
    /// API, so a plugin counts only where the file provably asks for the same as it did at the start.
    pub(super) fn authorization_plugins(&self) -> Seen<Listing<String>> {
        let shown = self.info("Plugins.Authorization", |info| info.authorization_plugins.clone());
        let setting = self.settings.get("authorization-plugins");
        let in_file = self.settings.readable.clone().map(|()| setting.in_file.as_ref().map(|given| given.value.clone()));
        let fact = shown.fact.and_then(|plugins| {
            in_file.and_then(|now| match &setting.at_start {
                Fact::Known(start) if *start == now => Fact::Known(self.asked_plugins(&plugins)),
                // Nothing at the start, nothing in the file, and no reload takes back what an earlier one brought.
                _ if plugins.is_empty() && now.as_ref().is_none_or(|now| now.as_array().is_some_and(Vec::is_empty)) => {
                    Fact::Known(Listing::default())
                }
                Fact::Unknown { why } => Fact::unknown(format!("a reload may have changed the plugins: {why}")),
                _ => Fact::unknown("the file names other plugins than the daemon started with, and a reload may have put them in force"),
            })
        });
        Seen::new(fact, shown.origin)
    }

    /// Those of the daemon's start that are asked now. A managed plugin that was disabled or removed since stays in /info, and requests pass
    /// it by (dockerd takes it out of the chain); one that the engine does not manage is asked for as long as it can be found.
    fn asked_plugins(&self, names: &[String]) -> Listing<String> {
        let mut asked = Listing::default();
        for name in names {
            let legacy = self.engine.legacy_plugins.as_ref().and_then(|found| match found.get(name) {
                Some(fact) => fact.clone().map(|_| true).absent_as(false),
                None => Fact::unknown(format!("whether {name} is a plugin beside the engine was not looked at")),
            });
            let managed = self
                .engine
                .plugins
                .fact
                .as_ref()
                .map(|plugins| plugins.iter().find(|plugin| same_plugin(&plugin.name, name)).map(|plugin| plugin.enabled));
            let answers = managed.and_then(|managed| match managed {
                Some(enabled) => Fact::Known(enabled),
                None => legacy,
            });
            match answers {
                Fact::Known(true) => asked.members.push(name.clone()),
                Fact::Known(false) => {}
                Fact::Absent => asked.unseen = Some(format!("whether {name} is enabled was not found out")),
                Fact::Unknown { why } => asked.unseen = Some(format!("whether {name} is enabled was not seen: {why}")),
            }
        }
        asked
    }

    /// Absent: the kernel filters no system calls.
    pub(super) fn seccomp_profile(&self) -> Seen<String> {
        let shown = self.info("SecurityOptions", |info| {
            info.security_options.clone().and_then(|options| {
                let profile = options.iter().find_map(|option| option.strip_prefix("name=seccomp,profile="));
                // Engines before 23.0 call the built-in profile `default`.
                profile.map(|profile| if profile == "default" { "builtin".to_owned() } else { profile.to_owned() }).into()
            })
        });
        Seen { origin: Origin { note: self.origin("seccomp-profile").note, ..shown.origin }, ..shown }
    }

    /// Version of a component by the engine's word.
    pub(super) fn component(&self, name: &'static str) -> Seen<String> {
        let version = |version: &facts::docker::Version| {
            version.components.iter().find(|component| component.name == name).map(|component| component.version.clone())
        };
        let fact = self.engine.version.fact.as_ref().and_then(|known| version(known).filter(|version| !version.is_empty()).into());
        Seen::new(fact, Origin::at(self.engine.version.source, format!("Components {name}")))
    }

    /// Kernel release by the engine's word.
    pub(super) fn kernel(&self) -> Seen<String> {
        let fact =
            self.engine.version.fact.as_ref().and_then(|version| Some(version.kernel.clone()).filter(|kernel| !kernel.is_empty()).into());
        Seen::new(fact, Origin::at(self.engine.version.source, "KernelVersion"))
    }

    /// A list of texts in force. Absent: not set.
    fn texts(&self, key: &str) -> Fact<Vec<String>> {
        self.settings.get(key).effective.clone().and_then(|value| {
            let texts = value.as_array().and_then(|members| members.iter().map(|text| text.as_str().map(str::to_owned)).collect());
            texts.map_or_else(|| Fact::unknown(format!("{key} is set to {value}, which is no list of texts")), Fact::Known)
        })
    }
}

/// `authz` and `docker.io/library/authz:latest` are one plugin.
fn same_plugin(one: &str, other: &str) -> bool {
    let full = |name: &str| {
        let name = name.trim_start_matches("docker.io/").trim_start_matches("library/").to_owned();
        if name.rsplit('/').next().is_some_and(|last| last.contains([':', '@'])) { name } else { format!("{name}:latest") }
    };
    full(one) == full(other)
}

/// `nofile=1024:2048`, one for each name: the last one wins.
fn ulimits(value: &Value) -> Option<Vec<String>> {
    let mut limits: BTreeMap<String, String> = BTreeMap::new();
    match value {
        Value::Array(flags) => {
            for flag in flags {
                let (name, limit) = flag.as_str()?.split_once('=')?;
                let limit = if limit.contains(':') { limit.to_owned() } else { format!("{limit}:{limit}") };
                limits.insert(name.to_owned(), limit);
            }
        }
        Value::Object(members) => {
            for (key, limit) in members {
                let limit = limit.as_object()?;
                // Go reads names of members in any case.
                let member = |name: &str| limit.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value);
                let number = |name: &str| member(name).map_or(Some(0), Value::as_i64);
                let name = member("Name").map_or(Some(key.as_str()), Value::as_str)?;
                limits.insert(name.to_owned(), format!("{}:{}", number("Soft")?, number("Hard")?));
            }
        }
        _ => return None,
    }
    Some(limits.into_iter().map(|(name, limit)| format!("{name}={limit}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn limits_of_file_and_flags() {
        let file = json!({"nofile": {"Name": "nofile", "Hard": 2048, "Soft": 1024}, "nproc": {"name": "nproc", "hard": 10}});
        assert_eq!(ulimits(&file).unwrap(), ["nofile=1024:2048", "nproc=0:10"]);
        assert_eq!(ulimits(&json!(["nofile=1", "nproc=2:3", "nofile=4:5"])).unwrap(), ["nofile=4:5", "nproc=2:3"]);
        assert_eq!(ulimits(&json!({})).unwrap(), Vec::<String>::new());
        for wrong in [json!("x"), json!([1]), json!({"nofile": "100:100"}), json!(null)] {
            assert_eq!(ulimits(&wrong), None, "{wrong}");
        }
    }
}
