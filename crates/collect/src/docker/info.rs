//! GET /version and GET /info.

use facts::Fact;
use facts::docker::{Component, Info, Version};
use serde_json::Value;

use super::members::{Members, optional_text};

/// Reads /version. `None`: it has no version in it, so this is no engine's answer.
pub(crate) fn version(value: &Value) -> Option<Version> {
    let text = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let component = |value: &Value| Some(Component { name: optional_text(value, "Name")?, version: optional_text(value, "Version")? });
    let components = match value.get("Components") {
        None | Some(Value::Null) => Vec::new(),
        Some(list) => list.as_array()?.iter().map(component).collect::<Option<_>>()?,
    };
    Some(Version {
        version: text("Version")?,
        api_version: text("ApiVersion")?,
        kernel: text("KernelVersion").unwrap_or_default(),
        components,
    })
}

/// Reads /info. A member that this engine's version does not send yet is absent; one that every engine sends is unknown when missing.
pub(crate) fn info(value: &Value) -> Info {
    let members = Members { value, place: "/info" };
    Info {
        name: members.text("Name"),
        id: members.text("ID"),
        live_restore: members.boolean("LiveRestoreEnabled"),
        security_options: members.texts("SecurityOptions"),
        swarm_state: members.text("Swarm.LocalNodeState"),
        root_dir: members.text("DockerRootDir"),
        debug: members.boolean("Debug"),
        storage_driver: members.text("Driver"),
        logging_driver: members.text("LoggingDriver"),
        cgroup_driver: members.text("CgroupDriver"),
        cgroup_version: if members.at("CgroupVersion").is_none() { Fact::Absent } else { members.text("CgroupVersion") },
        insecure_registries: insecure_registries(members),
        registry_mirrors: members.texts("RegistryConfig.Mirrors").map(|mut mirrors| {
            mirrors.sort();
            mirrors
        }),
        authorization_plugins: members.texts("Plugins.Authorization"),
        warnings: members.texts("Warnings"),
        userland_proxy: userland_proxy(members),
        memory_total: members.unsigned("MemTotal"),
        experimental: members.boolean("ExperimentalBuild"),
    }
}

/// Networks, and named registries that are not secure. The engine sends them in a random order, so they are sorted.
fn insecure_registries(members: Members<'_>) -> Fact<Vec<String>> {
    members.texts("RegistryConfig.InsecureRegistryCIDRs").and_then(|mut networks| {
        let insecure = |name: &str, index: &Value| Some((name.to_owned(), index.get("Secure")?.as_bool()?));
        members.entries("RegistryConfig.IndexConfigs", insecure).map(|indexes| {
            networks.extend(indexes.into_iter().filter(|(_, secure)| !secure).map(|(name, _)| name));
            networks.sort();
            networks.dedup();
            networks
        })
    })
}

/// Listed under FirewallBackend.Info by engines from 29.5, when it is on. What its absence means depends on the version: that is for
/// the one who judges.
fn userland_proxy(members: Members<'_>) -> Fact<bool> {
    let pair = |value: &Value| -> Option<(String, String)> {
        let [name, value] = value.as_array()?.as_slice() else { return None };
        Some((name.as_str()?.to_owned(), value.as_str()?.to_owned()))
    };
    if members.at("FirewallBackend.Info").is_none() {
        return Fact::Absent;
    }
    members.list("FirewallBackend.Info", pair).and_then(|pairs| {
        let found = pairs.into_iter().find(|(name, _)| name == "EnableUserlandProxy");
        found.map_or(Fact::Absent, |(_, value)| match value.as_str() {
            "true" => Fact::Known(true),
            "false" => Fact::Known(false),
            _ => Fact::unknown("/info: EnableUserlandProxy is neither true nor false"),
        })
    })
}
