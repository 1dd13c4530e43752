//! The engine and all that it holds.

mod cgroup;
mod config;
mod container;
mod containers;
mod daemon;
mod gather;
mod image;
mod info;
mod listeners;
mod members;
mod mounts;
mod network;
mod plugin;
mod podman;
mod process;
mod programs;
mod seccomp;
mod startup;
mod swarm;
mod unit;
mod volume;

pub(crate) use config::{ToldSockets, api_ports, command_line, config_file, config_path, pid_file, tls_files, told_sockets};
pub(crate) use containers::{containers, images, networks};
pub(crate) use daemon::{BY_PID_FILE, Daemon, NotFound, find, find_by_connection, program};
pub(crate) use gather::{Gathered, gather};
pub(crate) use info::{info, version};
pub(crate) use listeners::{listeners, listening, published};
pub(crate) use mounts::HostMounts;
pub(crate) use plugin::plugins;
pub(crate) use podman::{networks_of_podman, of_podman, podman};
pub(crate) use process::daemon_process;
pub(crate) use seccomp::seccomp_profile;
pub(crate) use startup::startup;
pub(crate) use swarm::{secrets, services};
pub(crate) use unit::{unit, unit_paths};
pub(crate) use volume::volumes;
