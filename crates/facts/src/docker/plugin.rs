//! Plugins that the engine manages, with what each was granted.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One member of GET /plugins: a managed plugin, which the engine runs as a container of its own kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Plugin {
    /// Name with its tag: `vieux/sshfs:latest`.
    pub name: String,
    /// Enabled: it runs and is asked.
    pub enabled: bool,
    /// Config.Interface.Types: `docker.volumedriver/1.0`, `docker.authz/1.0`.
    pub types: Vec<String>,
    /// Config.Network.Type: `host`, `bridge`, `none`, or empty.
    pub network: String,
    /// Config.PidHost: it is in the host's process namespace.
    pub pid_host: bool,
    /// Config.IpcHost: it is in the host's IPC namespace.
    pub ipc_host: bool,
    /// Config.Linux.Capabilities: those beyond the default set.
    pub capabilities: Vec<String>,
    /// Config.Linux.AllowAllDevices.
    pub all_devices: bool,
    /// Settings.Devices: device files of the host that it holds.
    pub devices: Vec<String>,
    /// Settings.Mounts: what of the host it holds.
    pub mounts: Vec<PluginMount>,
}

/// A folder or file of the host in a plugin.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PluginMount {
    /// Path on the host; empty where none is set.
    pub source: String,
    /// Path in the plugin.
    pub destination: String,
    /// `bind`, `tmpfs`, ...
    pub kind: String,
}
