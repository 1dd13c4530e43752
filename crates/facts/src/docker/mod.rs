//! The container engine and all that it holds.

mod arguments;
mod config;
mod container;
mod engine;
mod image;
pub mod json;
mod network;
mod plugin;
mod process;
mod seccomp;
mod swarm;
mod unit;
mod volume;

pub use arguments::{Argument, arguments};
pub use config::{ConfigEntry, ConfigError, ConfigReading, Duplicate, parse_config, read_config};
pub use container::{
    Cgroup, Container, ContainerProcess, ContainerState, CpuLimits, Device, EnvVar, IdMapping, Limit, Mount, NetworkEndpoint, PortBinding,
    ProcStatus, ResourceLimit, RestartPolicy, Ulimit,
};
pub use engine::{Component, Engine, Info, StartupRecord, Version};
pub use image::{HistoryEntry, Image, Leak};
pub use network::Network;
pub use plugin::{Plugin, PluginMount};
pub use process::{DaemonProcess, Listener, ProxyProcess};
pub use seccomp::SeccompProfile;
pub use swarm::{SwarmCluster, SwarmMember, SwarmService};
pub use unit::Unit;
pub use volume::{Backing, Volume, VolumeOptions};
