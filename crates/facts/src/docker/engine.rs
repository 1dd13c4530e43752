//! The engine: what its API says of itself, its process, its configuration, its objects.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Container, DaemonProcess, Image, Network, Plugin, SwarmMember, SwarmService, Unit, Volume};
use crate::host::{FileStat, TextFile};
use crate::{Fact, Observed};

/// One container engine.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Engine {
    /// URL that was spoken to: `unix:///run/docker.sock`.
    pub endpoint: String,
    /// `Docker`, or `Podman` where GET /version names the component `Podman Engine`: then nothing that presumes a dockerd is known.
    pub product: Fact<String>,
    /// Whether the engine runs on this machine, so that /proc and files speak of the same host.
    pub local: bool,
    /// GET /version.
    pub version: Observed<Version>,
    /// GET /info.
    pub info: Observed<Info>,
    /// GET /containers/json?all=1 and /containers/ID/json. One member each; a member that could not be inspected is Unknown.
    pub containers: Observed<Vec<Observed<Container>>>,
    /// GET /images/json and /images/ID/json.
    pub images: Observed<Vec<Observed<Image>>>,
    /// GET /networks and /networks/ID.
    pub networks: Observed<Vec<Observed<Network>>>,
    /// GET /volumes.
    pub volumes: Observed<Vec<Volume>>,
    /// GET /plugins: plugins that the engine manages. Absent: this engine manages none.
    pub plugins: Observed<Vec<Plugin>>,
    /// For each authorization plugin of the daemon's start: the socket or file by which one that the engine does not manage is found.
    /// Absent: there is none.
    pub legacy_plugins: Fact<BTreeMap<String, Fact<String>>>,
    /// The daemon's process.
    pub process: Observed<DaemonProcess>,
    /// Inode of the daemon's pid file: its ctime is the time the daemon started.
    pub pid_file: Observed<FileStat>,
    /// Path of the configuration file: --config-file, or the default.
    pub config_path: Fact<String>,
    /// The configuration file, redacted. Absent: there is none.
    pub config_file: Observed<TextFile>,
    /// The seccomp profile that the daemon names by its path, in brief (see [`super::SeccompProfile`]). Absent: it names none.
    pub seccomp_profile: Observed<TextFile>,
    /// The systemd unit that runs the daemon. Absent: it runs under none.
    pub unit: Fact<Unit>,
    /// What cofferdam's own journal knows of the configuration that this daemon process started with. Absent: nothing.
    pub startup: Observed<StartupRecord>,
    /// GET /debug/vars `cmdline`: the daemon's own argv by its own word, redacted.
    pub cmdline: Observed<Vec<String>>,
    /// GET /services. Absent: this engine manages no swarm.
    pub swarm_services: Observed<Vec<SwarmService>>,
    /// GET /secrets: how many there are. Absent: this engine manages no swarm.
    pub swarm_secrets: Observed<u64>,
}

/// The configuration file as it was when a daemon process started. `harden` writes it (STATE/daemon-start.json) before it changes the
/// file of a running daemon and after each restart, so that values stay provable although the file is younger than the process.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct StartupRecord {
    /// Path of the configuration file.
    pub config_path: String,
    /// Its redacted text at the start; none: there was no file.
    pub config_text: Option<String>,
    /// Process id of the daemon that this speaks of.
    pub pid: u32,
    /// Its start time in clock ticks since boot.
    pub start_ticks: u64,
    /// The boot that it ran in.
    pub boot_id: String,
}

/// GET /version.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Version {
    /// Engine version, `20.10.24+dfsg1`.
    pub version: String,
    /// Newest API version it speaks.
    pub api_version: String,
    /// Kernel release by its word.
    pub kernel: String,
    /// Components with their versions: Engine, containerd, runc, docker-init.
    pub components: Vec<Component>,
}

/// One part of the engine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Component {
    /// `Engine`, `containerd`, `runc`, ...
    pub name: String,
    /// Its version.
    pub version: String,
}

/// GET /info, the members that checks speak of. Absent: this engine version does not send it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Info {
    /// Host name by the engine's word.
    pub name: Fact<String>,
    /// Stable id of the engine.
    pub id: Fact<String>,
    /// LiveRestoreEnabled.
    pub live_restore: Fact<bool>,
    /// SecurityOptions: `name=apparmor`, `name=seccomp,profile=default`, `name=no-new-privileges` (engine >= 24), ...
    pub security_options: Fact<Vec<String>>,
    /// Swarm.LocalNodeState.
    pub swarm_state: Fact<String>,
    /// DockerRootDir.
    pub root_dir: Fact<String>,
    /// Debug.
    pub debug: Fact<bool>,
    /// Driver: the storage driver.
    pub storage_driver: Fact<String>,
    /// LoggingDriver.
    pub logging_driver: Fact<String>,
    /// CgroupDriver.
    pub cgroup_driver: Fact<String>,
    /// CgroupVersion.
    pub cgroup_version: Fact<String>,
    /// Insecure registries: RegistryConfig.InsecureRegistryCIDRs and IndexConfigs that are not Secure, sorted.
    pub insecure_registries: Fact<Vec<String>>,
    /// RegistryConfig.Mirrors: where images of Docker Hub are asked for first, as URLs without user information.
    pub registry_mirrors: Fact<Vec<String>>,
    /// Plugins.Authorization: the plugins of the daemon's start; a reload that changed them does not show here.
    pub authorization_plugins: Fact<Vec<String>>,
    /// Warnings, e.g. of a TCP API without TLS.
    pub warnings: Fact<Vec<String>>,
    /// FirewallBackend.Info EnableUserlandProxy (engine >= 29.5).
    pub userland_proxy: Fact<bool>,
    /// MemTotal in bytes.
    pub memory_total: Fact<u64>,
    /// ExperimentalBuild.
    pub experimental: Fact<bool>,
    /// Swarm. Absent: the engine is in no swarm.
    pub swarm: Fact<SwarmMember>,
}
