//! Parsers of what the kernel prints. Each takes text that a container may have had a hand in (names, paths), never panics, and says
//! `None` or leaves a line out rather than guess.

mod acl;
mod cgroup;
mod daemon_json;
mod id_map;
mod limits;
mod mountinfo;
mod natural_order;
mod net;
mod status;

pub(crate) use acl::acl;
pub(crate) use cgroup::{UserUnit, cgroup_of, container_ids, names_container, unit_of};
pub(crate) use daemon_json::daemon_json;
pub(crate) use id_map::id_map;
pub(crate) use limits::limits;
pub(crate) use mountinfo::{cgroup_mounts, mount_of, mounts, root_mount};
pub(crate) use natural_order::natural_order;
pub(crate) use net::{tcp_connection, tcp_listeners, unix_listeners};
pub(crate) use status::{stat, status, supplementary_groups};

#[cfg(test)]
mod never_panics;
