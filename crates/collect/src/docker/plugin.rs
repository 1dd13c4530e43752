//! GET /plugins, and the files by which the engine finds plugins that it does not manage.

use std::collections::BTreeMap;

use facts::docker::{Info, Plugin, PluginMount};
use facts::{Fact, Observed, Source, Sources};
use serde_json::Value;

use super::members::{Members, optional_text};
use crate::gaps::{Gaps, READ};
use crate::host::Reach;
use crate::obstacle::{Answer, Obstacle};
use crate::world::World;

const PLACE: &str = "/plugins";

/// Where a plugin that is a program beside the engine shows its socket (Docker's plugin API, "plugin discovery").
const SOCKETS: &str = "/run/docker/plugins";
/// Where files name the address of one.
const SPECS: [&str; 2] = ["/etc/docker/plugins", "/usr/lib/docker/plugins"];

/// All that is known of plugins.
pub(crate) struct Plugins {
    /// Those that the engine manages.
    pub(crate) managed: Observed<Vec<Plugin>>,
    /// Where each authorization plugin is found beside the engine.
    pub(crate) legacy: Fact<BTreeMap<String, Fact<String>>>,
}

/// Managed plugins by name; and for each authorization plugin of the daemon's start the file by which an unmanaged one of that name is
/// found.
pub(crate) fn plugins(
    answer: Answer<Value>,
    info: &Observed<Info>,
    world: &World,
    reach: &Reach,
    sources: &mut Sources,
    gaps: &Gaps,
) -> Plugins {
    let source = sources.intern(Source::Api { path: PLACE.to_owned() });
    let managed = match answer {
        Ok(value) => managed(&value),
        // An engine without plugins of its own (Podman) does not know the question.
        Err(Obstacle::Status(404 | 501)) => Fact::Absent,
        Err(obstacle) => gaps.unknown("plugins", PLACE, &obstacle, "membership of the group docker"),
    };
    let asked = info.fact.as_ref().and_then(|info| info.authorization_plugins.clone());
    let legacy = asked.map(|names| names.into_iter().map(|name| (name.clone(), found(&name, world, reach, gaps))).collect());
    Plugins { managed: Observed::new(source, managed), legacy }
}

fn managed(value: &Value) -> Fact<Vec<Plugin>> {
    // The answer is a list; `null` where there is none.
    let wrapped = serde_json::json!({ "Plugins": value });
    let members = Members { value: &wrapped, place: PLACE };
    let list: Fact<Vec<Plugin>> = match members.at("Plugins") {
        Some(Value::Null) => Fact::Known(Vec::new()),
        Some(Value::Array(values)) => {
            values.iter().map(plugin).collect::<Option<Vec<_>>>().map_or_else(|| members.missing("list"), Fact::Known)
        }
        _ => members.missing("list"),
    };
    list.map(|mut plugins| {
        plugins.sort_by(|a, b| a.name.cmp(&b.name));
        plugins
    })
}

fn plugin(value: &Value) -> Option<Plugin> {
    let none = Value::Null;
    let at = |path: &str| value.pointer(path).unwrap_or(&none);
    let flag = |path: &str| match at(path) {
        Value::Null => Some(false),
        value => value.as_bool(),
    };
    let texts = |path: &str| -> Option<Vec<String>> { list(at(path))?.iter().map(|value| Some(value.as_str()?.to_owned())).collect() };
    let types = list(at("/Config/Interface/Types"))?.iter().map(interface).collect::<Option<_>>()?;
    let mount = |value: &Value| {
        Some(PluginMount {
            source: optional_text(value, "Source")?,
            destination: optional_text(value, "Destination")?,
            kind: optional_text(value, "Type")?,
        })
    };
    Some(Plugin {
        name: value.get("Name")?.as_str()?.to_owned(),
        enabled: value.get("Enabled")?.as_bool()?,
        types,
        network: optional_text(at("/Config/Network"), "Type")?,
        pid_host: flag("/Config/PidHost")?,
        ipc_host: flag("/Config/IpcHost")?,
        capabilities: texts("/Config/Linux/Capabilities")?,
        all_devices: flag("/Config/Linux/AllowAllDevices")?,
        devices: list(at("/Settings/Devices"))?.iter().map(|value| optional_text(value, "Path")).collect::<Option<_>>()?,
        mounts: list(at("/Settings/Mounts"))?.iter().map(mount).collect::<Option<_>>()?,
    })
}

/// Written as one text, `docker.authz/1.0`; a struct in the engine's own code.
fn interface(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn list(value: &Value) -> Option<&[Value]> {
    match value {
        Value::Null => Some(&[]),
        value => value.as_array().map(Vec::as_slice),
    }
}

/// The file by which the engine finds an unmanaged plugin. Absent: there is none.
fn found(name: &str, world: &World, reach: &Reach, gaps: &Gaps) -> Fact<String> {
    if let Some(why) = reach.no_files() {
        return Fact::unknown(why);
    }
    let harmless = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b':');
    if name.is_empty() || name.contains("..") || !name.bytes().all(|byte| harmless(byte) || byte == b'/') {
        return Fact::unknown("the plugin's name leads to no file name");
    }
    let base = name.rsplit('/').next().unwrap_or(name);
    let sockets = [format!("{SOCKETS}/{name}.sock"), format!("{SOCKETS}/{name}/{base}.sock")];
    let specs = SPECS.iter().flat_map(|folder| {
        ["spec", "json"]
            .into_iter()
            .flat_map(move |ending| [format!("{folder}/{name}.{ending}"), format!("{folder}/{name}/{base}.{ending}")])
    });
    for path in sockets.into_iter().chain(specs) {
        match world.files.lstat(&path) {
            Ok(_) => return Fact::Known(path),
            Err(Obstacle::NotFound) => {}
            Err(obstacle) => return gaps.unknown("sockets of plugins", &path, &obstacle, READ),
        }
    }
    Fact::Absent
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_a_plugin_was_granted() {
        let plugins = managed(&json!([
            {"Name": "z:latest", "Enabled": false},
            {"Name": "authz:latest", "Enabled": true, "Config": {"Interface": {"Types": ["docker.authz/1.0"]}, "Network": {"Type": "host"},
                "PidHost": true, "IpcHost": false, "Linux": {"Capabilities": ["CAP_SYS_ADMIN"], "AllowAllDevices": true}},
                "Settings": {"Mounts": [{"Source": "/", "Destination": "/host", "Type": "bind"}], "Devices": [{"Path": "/dev/fuse"}]}},
        ]));
        let plugins = plugins.known().unwrap();
        assert_eq!(plugins[1], Plugin { name: "z:latest".into(), ..Plugin::default() });
        let granted = &plugins[0];
        assert_eq!(
            (granted.types[0].as_str(), granted.network.as_str(), granted.pid_host, granted.all_devices),
            ("docker.authz/1.0", "host", true, true)
        );
        assert_eq!((granted.mounts[0].source.as_str(), granted.devices[0].as_str()), ("/", "/dev/fuse"));
        assert_eq!(managed(&Value::Null), Fact::Known(Vec::new()));
        assert!(managed(&json!({})).is_unknown() && managed(&json!([{"Name": "x"}])).is_unknown());
    }
}
