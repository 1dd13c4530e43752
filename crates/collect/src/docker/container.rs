//! GET /containers/ID/json.

use facts::Fact;
use facts::docker::{Container, ContainerState, CpuLimits, Device, Mount, NetworkEndpoint, PortBinding, RestartPolicy, Ulimit};
use serde_json::Value;

use super::image::{has_healthcheck, variable};
use super::members::{Members, optional_text};

/// Reads one container, all but what the kernel says of its process and where its mounts lead.
pub(super) fn container(value: &Value, place: &str) -> Fact<Container> {
    let members = Members { value, place };
    members.text("Id").and_then(|id| {
        members.text("Name").map(|name| Container {
            id,
            name: name.strip_prefix('/').unwrap_or(&name).to_owned(),
            created: members.text("Created"),
            image: members.text("Config.Image"),
            image_id: members.text("Image"),
            state: state(members),
            user: members.set_text("Config.User"),
            env: members.list("Config.Env", variable),
            labels: members.texts("Config.Labels").map(|mut names| {
                names.sort();
                names
            }),
            privileged: members.boolean("HostConfig.Privileged"),
            cap_add: members.texts("HostConfig.CapAdd"),
            cap_drop: members.texts("HostConfig.CapDrop"),
            security_opt: members.texts("HostConfig.SecurityOpt"),
            read_only_rootfs: members.boolean("HostConfig.ReadonlyRootfs"),
            memory: members.integer("HostConfig.Memory"),
            memory_swap: members.integer("HostConfig.MemorySwap"),
            pids_limit: match members.at("HostConfig.PidsLimit") {
                Some(Value::Null) => Fact::Absent,
                _ => members.integer("HostConfig.PidsLimit"),
            },
            restart_policy: restart_policy(members),
            network_mode: members.text("HostConfig.NetworkMode"),
            pid_mode: members.text("HostConfig.PidMode"),
            ipc_mode: members.text("HostConfig.IpcMode"),
            userns_mode: members.text("HostConfig.UsernsMode"),
            uts_mode: members.text("HostConfig.UTSMode"),
            cgroup_parent: members.text("HostConfig.CgroupParent"),
            cpu: cpu(members),
            devices: members.list("HostConfig.Devices", device),
            device_rules: members.texts("HostConfig.DeviceCgroupRules"),
            device_requests: members.list("HostConfig.DeviceRequests", |value| optional_text(value, "Driver")),
            ulimits: members.list("HostConfig.Ulimits", ulimit),
            publish_all: members.boolean("HostConfig.PublishAllPorts"),
            exposed_ports: exposed_ports(members),
            active_ports: ports(members, "NetworkSettings.Ports"),
            has_healthcheck: has_healthcheck(members),
            health: health(members),
            auto_remove: members.boolean("HostConfig.AutoRemove"),
            links: members.texts("HostConfig.Links"),
            apparmor_profile: members.text("AppArmorProfile"),
            process_label: members.text("ProcessLabel"),
            // The engine sends them in another order each time (a Go map).
            mounts: members.list("Mounts", mount).map(|mut mounts| {
                mounts.sort_by(|left, right| (&left.destination, &left.source).cmp(&(&right.destination, &right.source)));
                mounts
            }),
            networks: members.entries("NetworkSettings.Networks", |name, endpoint| {
                Some(NetworkEndpoint { name: name.to_owned(), network_id: optional_text(endpoint, "NetworkID")? })
            }),
            ports: ports(members, "HostConfig.PortBindings"),
            process: Fact::default(),
        })
    })
}

fn state(members: Members<'_>) -> Fact<ContainerState> {
    let read = || -> Option<ContainerState> {
        Some(ContainerState {
            status: members.at("State.Status")?.as_str()?.to_owned(),
            running: members.at("State.Running")?.as_bool()?,
            paused: members.at("State.Paused")?.as_bool()?,
            pid: members.at("State.Pid")?.as_u64()?.try_into().ok()?,
            started_at: members.at("State.StartedAt")?.as_str()?.to_owned(),
        })
    };
    read().map_or_else(|| members.missing("State"), Fact::Known)
}

fn restart_policy(members: Members<'_>) -> Fact<RestartPolicy> {
    members.text("HostConfig.RestartPolicy.Name").and_then(|name| {
        members
            .integer("HostConfig.RestartPolicy.MaximumRetryCount")
            .map(|retries| RestartPolicy { name: if name.is_empty() { "no".to_owned() } else { name }, retries })
    })
}

fn mount(value: &Value) -> Option<Mount> {
    let name = optional_text(value, "Name")?;
    Some(Mount {
        kind: optional_text(value, "Type")?,
        name: (!name.is_empty()).then_some(name),
        source: optional_text(value, "Source")?,
        driver: optional_text(value, "Driver")?,
        resolved_source: Fact::default(),
        kernel_paths: Fact::default(),
        destination: value.get("Destination")?.as_str()?.to_owned(),
        rw: value.get("RW")?.as_bool()?,
        propagation: optional_text(value, "Propagation")?,
    })
}

/// Left out by the engine where the image and the command line expose none.
fn exposed_ports(members: Members<'_>) -> Fact<Vec<String>> {
    if members.at("Config.ExposedPorts").is_none() && members.at("Config.Image").is_some() {
        return Fact::Known(Vec::new());
    }
    members.texts("Config.ExposedPorts").map(|mut ports| {
        ports.sort();
        ports
    })
}

/// Left out by the engine where nothing checks.
fn health(members: Members<'_>) -> Fact<String> {
    match (members.at("State.Health"), members.at("State.Status")) {
        (None | Some(Value::Null), Some(_)) => Fact::Absent,
        _ => members.text("State.Health.Status"),
    }
}

fn cpu(members: Members<'_>) -> Fact<CpuLimits> {
    let integer = |name: &str| members.at(&format!("HostConfig.{name}"))?.as_i64();
    let read = || {
        Some(CpuLimits {
            shares: integer("CpuShares")?,
            nano_cpus: integer("NanoCpus")?,
            quota: integer("CpuQuota")?,
            cpuset: members.at("HostConfig.CpusetCpus")?.as_str()?.to_owned(),
        })
    };
    read().map_or_else(|| members.missing("HostConfig.CpuShares, NanoCpus, CpuQuota, CpusetCpus"), Fact::Known)
}

fn device(value: &Value) -> Option<Device> {
    Some(Device {
        host_path: optional_text(value, "PathOnHost")?,
        container_path: optional_text(value, "PathInContainer")?,
        permissions: optional_text(value, "CgroupPermissions")?,
    })
}

fn ulimit(value: &Value) -> Option<Ulimit> {
    let number = |name: &str| value.get(name)?.as_i64();
    Some(Ulimit { name: optional_text(value, "Name")?, soft: number("Soft")?, hard: number("Hard")? })
}

fn ports(members: Members<'_>, path: &str) -> Fact<Vec<PortBinding>> {
    let one = |container_port: &str, value: &Value| {
        Some(PortBinding {
            address: optional_text(value, "HostIp")?,
            host_port: optional_text(value, "HostPort")?,
            container_port: container_port.to_owned(),
        })
    };
    let per_port = members.entries(path, |port, bindings| match bindings {
        Value::Null => Some(Vec::new()),
        Value::Array(bindings) => bindings.iter().map(|binding| one(port, binding)).collect(),
        _ => None,
    });
    per_port.map(|ports| {
        let mut ports = ports.concat();
        ports.sort();
        ports
    })
}
