//! The view of a container: what the kernel holds where it runs, what was asked for where it doesn't.

use std::borrow::Cow;

use facts::docker::{Container, ContainerProcess, IdMapping, Limit, ProcStatus};
use facts::{Fact, Observed, SourceId};

use super::behind::{Behind, Volumes};
use super::namespaces::{Kind, Neighbours};
use super::sockets::RuntimeSockets;
use super::{capability, kleene, limits, mac, mount, port, resources, seccomp, security_opt, user};
use crate::view::{self, Daemon, Host, Listing, Mount, Origin, Seen};

/// What a container's view depends on beside the container.
pub(crate) struct Surroundings<'s> {
    pub(crate) host: OfHost<'s>,
    pub(crate) daemon: OfDaemon<'s>,
    pub(crate) sockets: &'s RuntimeSockets,
    pub(crate) neighbours: Neighbours<'s>,
    /// Whether the filter that the daemon gives to containers which name none is a confinement.
    pub(crate) seccomp_by_default: &'s Fact<bool>,
    pub(crate) volumes: Volumes<'s>,
    /// Where the engine keeps its data.
    pub(crate) data_root: &'s Fact<String>,
}

/// What of the host it depends on, and on nothing else of it: "what if" goes by that.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct OfHost<'s> {
    memory_total: &'s Seen<i64>,
    has_apparmor: &'s Seen<bool>,
    has_selinux: &'s Seen<bool>,
    selinux_enforcing: &'s Seen<bool>,
}

impl<'s> From<&'s Host> for OfHost<'s> {
    fn from(host: &'s Host) -> Self {
        let Host { memory_total, has_apparmor, has_selinux, selinux_enforcing, .. } = host;
        Self { memory_total, has_apparmor, has_selinux, selinux_enforcing }
    }
}

/// What of the daemon it depends on.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct OfDaemon<'s> {
    userns_remap: &'s Seen<bool>,
    rootless: &'s Seen<bool>,
}

impl<'s> From<&'s Daemon> for OfDaemon<'s> {
    fn from(daemon: &'s Daemon) -> Self {
        Self { userns_remap: &daemon.userns_remap, rootless: &daemon.rootless }
    }
}

impl Surroundings<'_> {
    /// Whether a container would look the same in both. Which namespaces it shares is settled when it is created, and its neighbours too.
    pub(crate) fn look_like(&self, other: &Surroundings<'_>) -> bool {
        self.host == other.host
            && self.daemon == other.daemon
            && self.sockets == other.sockets
            && self.data_root == other.data_root
            && self.seccomp_by_default == other.seccomp_by_default
    }
}

pub(crate) fn container(container: &Container, source: SourceId, around: &Surroundings<'_>) -> view::Container {
    let reader = Reader { container, source, running: container.state.as_ref().map(|state| state.running), around };
    let capabilities = reader.capabilities();
    let memory_limit = reader.memory_limit();
    let pids_limit = reader.pids_limit();
    view::Container {
        name: container.name.clone().into(),
        id: container.id.clone().into(),
        image: reader.asked("Config.Image", container.image.clone()),
        running: reader.asked("State.Running", reader.running.clone()),
        privileged: reader.asked("HostConfig.Privileged", container.privileged.clone()),
        configured_user: reader.asked("Config.User", container.user.clone().absent_as(String::new())),
        runs_as_root: reader.runs_as_root(),
        extra_capabilities: Seen { fact: capabilities.fact.clone().map(capability::beyond_default), ..capabilities.clone() },
        capabilities,
        no_new_privileges: reader.no_new_privileges(),
        seccomp_mode: reader.status("Seccomp", |status| Fact::Known(i64::from(status.seccomp)), || (Fact::Absent, "State")),
        seccomp_confined: reader.status(
            "Seccomp",
            |status| seccomp::of_running(container, status.seccomp, around.seccomp_by_default),
            || (seccomp::of_stopped(container), "HostConfig.SecurityOpt"),
        ),
        apparmor_profile: reader.apparmor_profile(),
        apparmor_confined: reader.apparmor_confined(),
        selinux_label: reader.selinux_label(),
        selinux_confined: reader.selinux_confined(),
        memory_bounded: Seen {
            fact: limits::memory_bounds(&memory_limit.fact, around.host.memory_total.fact.clone().map(i64::unsigned_abs)),
            origin: memory_limit.origin.clone(),
        },
        memory_limit,
        pids_bounded: Seen { fact: pids_limit.fact.clone().map(|limit| limit > 0).absent_as(false), origin: pids_limit.origin.clone() },
        pids_limit,
        cpu_bounded: reader.asked(CPU, container.cpu.as_ref().map(|limits| !resources::cpu(limits).members.is_empty())),
        cpu_limits: reader.asked(CPU, container.cpu.as_ref().map(resources::cpu)),
        cgroup_parent: reader.asked("HostConfig.CgroupParent", container.cgroup_parent.clone()),
        ulimits: reader.asked("HostConfig.Ulimits", container.ulimits.as_ref().map(|all| resources::ulimits(all))),
        devices: reader
            .asked("HostConfig.Devices, DeviceCgroupRules, DeviceRequests, Mounts", resources::devices(container, &around.volumes)),
        restart_policy: reader.asked("HostConfig.RestartPolicy.Name", container.restart_policy.as_ref().map(|policy| policy.name.clone())),
        restart_retries: reader
            .asked("HostConfig.RestartPolicy.MaximumRetryCount", container.restart_policy.as_ref().map(|policy| policy.retries)),
        read_only_rootfs: reader.asked("HostConfig.ReadonlyRootfs", container.read_only_rootfs.clone()),
        networks: reader.asked("NetworkSettings.Networks", reader.networks()),
        on_default_bridge: reader.asked("NetworkSettings.Networks", reader.networks().and_then(super::on_default_bridge)),
        network_mode: reader.asked("HostConfig.NetworkMode", container.network_mode.clone()),
        host_network: reader.asked("HostConfig.NetworkMode", around.neighbours.shares_with_host(container, Kind::Network)),
        host_pid: reader.asked("HostConfig.PidMode", around.neighbours.shares_with_host(container, Kind::Process)),
        host_ipc: reader.asked("HostConfig.IpcMode", around.neighbours.shares_with_host(container, Kind::Ipc)),
        host_uts: reader.asked("HostConfig.UTSMode", container.uts_mode.as_ref().map(|mode| mode == "host")),
        host_users: reader.host_users(),
        programs: reader.programs(),
        mounts: reader.asked("Mounts", reader.mounts()),
        published_ports: reader.asked("HostConfig.PortBindings", port::published(container)),
        exposed_ports: reader.asked("Config.ExposedPorts", container.exposed_ports.clone().map(Listing::from)),
        has_healthcheck: reader.asked("Config.Healthcheck", container.has_healthcheck.clone()),
        health: reader.asked("State.Health.Status", container.health.clone()),
        image_by_digest: reader.asked("Config.Image", container.image.as_ref().map(|image| super::is_by_digest(image))),
    }
}

const CPU: &str = "HostConfig.CpuShares, NanoCpus, CpuQuota, CpusetCpus";

struct Reader<'c> {
    container: &'c Container,
    source: SourceId,
    running: Fact<bool>,
    around: &'c Surroundings<'c>,
}

impl Reader<'_> {
    /// What was asked for.
    fn asked<T>(&self, pointer: impl Into<Cow<'static, str>>, fact: Fact<T>) -> Seen<T> {
        Seen::new(fact, Origin::at(self.source, pointer))
    }

    /// From one object of the running process, or from the configuration of a container that does not run.
    fn kernel<O, T>(
        &self,
        object: impl FnOnce(&ContainerProcess) -> &Observed<O>,
        pointer: &'static str,
        pick: impl FnOnce(&O) -> Fact<T>,
        asked: impl FnOnce() -> (Fact<T>, &'static str),
    ) -> Seen<T> {
        match (&self.running, &self.container.process) {
            (Fact::Known(true), Fact::Known(process)) => {
                let observed = object(process);
                let fact = match &observed.fact {
                    Fact::Known(object) => pick(object),
                    // What a running process must have is not absent but gone.
                    Fact::Absent => Fact::unknown("its process ended while it was looked at"),
                    Fact::Unknown { why } => Fact::unknown(why.clone()),
                };
                Seen::new(fact, Origin::at(observed.source, pointer))
            }
            (Fact::Known(true), Fact::Absent) => self.asked("State.Pid", Fact::unknown("its process ended while it was looked at")),
            (Fact::Known(true), Fact::Unknown { why }) => self.asked("State.Pid", Fact::unknown(why.clone())),
            (Fact::Known(false), _) => {
                let (fact, pointer) = asked();
                self.asked(pointer, fact)
            }
            (Fact::Absent, _) => self.asked("State", Fact::unknown("its state is not there")),
            (Fact::Unknown { why }, _) => self.asked("State", Fact::unknown(why.clone())),
        }
    }

    fn status<T>(
        &self,
        pointer: &'static str,
        pick: impl FnOnce(&ProcStatus) -> Fact<T>,
        asked: impl FnOnce() -> (Fact<T>, &'static str),
    ) -> Seen<T> {
        self.kernel(|process| &process.status, pointer, pick, asked)
    }

    fn runs_as_root(&self) -> Seen<bool> {
        // The kernel shows ids in the reader's namespace: user namespaces are seen through already. Any of the four lets it be root.
        let is_root = |status: &ProcStatus| Fact::Known(status.uids.contains(&0));
        let mut seen = self.status("Uid", is_root, || (self.would_run_as_root(), "Config.User"));
        if seen.known() == Some(&false)
            && let Some(outside) = self.root_of_own_namespace()
        {
            seen.origin.note = Some(format!("root of its own user namespace, uid {outside} on the host").into());
        }
        seen
    }

    /// The host's uid behind root of the container's user namespace, where its first process is that.
    fn root_of_own_namespace(&self) -> Option<u64> {
        let process = self.container.process.known()?;
        let uid = u64::from(process.status.known()?.uids[1]);
        let mapping = process.uid_map.known()?.iter().find(|mapping| mapping.inside == 0)?;
        (mapping.outside == uid && uid != 0).then_some(uid)
    }

    fn would_run_as_root(&self) -> Fact<bool> {
        let configured = self.container.user.clone().absent_as(String::new()).map(|user| user::is_root(&user));
        kleene::and(configured, self.would_share_users())
    }

    /// Whether a container that does not run would get the host's ids.
    fn would_share_users(&self) -> Fact<bool> {
        let in_host_namespace = self.container.userns_mode.clone().absent_as(String::new()).map(|mode| mode == "host");
        let remapped = kleene::and(self.around.daemon.userns_remap.fact.clone(), kleene::not(in_host_namespace));
        kleene::not(kleene::or(remapped, self.around.daemon.rootless.fact.clone()))
    }

    fn programs(&self) -> Seen<Listing<String>> {
        let fact = self.running.clone().and_then(|running| match running {
            true => self.container.process.as_ref().and_then(|process| process.programs.clone()).map(Listing::from),
            false => Fact::Known(Listing::default()),
        });
        Seen::new(fact, Origin::words("/proc/PID/exe of its processes"))
    }

    fn host_users(&self) -> Seen<bool> {
        let is_identity = |map: &Vec<IdMapping>| Fact::Known(map.iter().any(|line| line.inside == 0 && line.outside == 0));
        self.kernel(|process| &process.uid_map, "", is_identity, || (self.would_share_users(), "HostConfig.UsernsMode"))
    }

    fn capabilities(&self) -> Seen<Listing<String>> {
        self.status(
            "CapBnd",
            |status| capability::from_mask(&status.cap_bounding),
            || {
                let add = self.container.cap_add.clone().absent_as(Vec::new());
                let drop = self.container.cap_drop.clone().absent_as(Vec::new());
                let fact = self.container.privileged.clone().absent_as(false).and_then(|privileged| {
                    if privileged {
                        return Fact::Known(capability::asked_for(true, &[], &[]));
                    }
                    add.and_then(|add| drop.map(|drop| capability::asked_for(false, &add, &drop)))
                });
                (fact, "HostConfig.CapAdd, CapDrop, Privileged")
            },
        )
    }

    fn no_new_privileges(&self) -> Seen<bool> {
        self.status(
            "NoNewPrivs",
            |status| Fact::Known(status.no_new_privileges),
            || {
                let fact = self.security_opt().and_then(|options| match security_opt::no_new_privileges(&options) {
                    Some(value) => Fact::Known(value),
                    None => Fact::unknown("the daemon's default when it was created is not shown while it does not run (start it to see)"),
                });
                (fact, "HostConfig.SecurityOpt")
            },
        )
    }

    fn security_opt(&self) -> Fact<Vec<String>> {
        self.container.security_opt.clone().absent_as(Vec::new())
    }

    /// The profile that a container that does not run would get.
    fn asked_apparmor(&self) -> Fact<String> {
        let stored = self.container.apparmor_profile.clone().absent_as(String::new());
        stored.and_then(|stored| {
            if !stored.is_empty() {
                return Fact::Known(stored);
            }
            self.security_opt().and_then(|options| {
                if let Some(profile) = security_opt::value(&options, "apparmor") {
                    return Fact::Known(profile.to_owned());
                }
                self.container.privileged.clone().absent_as(false).and_then(|privileged| match privileged {
                    true => Fact::Known("unconfined".to_owned()),
                    false => self.has_apparmor().map(|has| if has { "docker-default".to_owned() } else { String::new() }),
                })
            })
        })
    }

    fn has_apparmor(&self) -> Fact<bool> {
        self.around.host.has_apparmor.fact.clone()
    }

    fn apparmor_profile(&self) -> Seen<String> {
        let from_label =
            |label: &String| self.has_apparmor().map(|has| if has { mac::apparmor_profile(label).to_owned() } else { String::new() });
        self.kernel(|process| &process.lsm_label, "", from_label, || (self.asked_apparmor(), "AppArmorProfile"))
    }

    fn apparmor_confined(&self) -> Seen<bool> {
        let by_label = |label: &String| Fact::Known(mac::apparmor_confines(label));
        let mut seen = self.kernel(
            |process| &process.lsm_label,
            "",
            by_label,
            || {
                let fact = self.asked_apparmor().and_then(|profile| match profile.as_str() {
                    "docker-default" => Fact::Known(true),
                    "unconfined" | "" => Fact::Known(false),
                    _ => Fact::unknown(format!("the mode of profile {profile} shows only while it runs")),
                });
                (fact, "AppArmorProfile")
            },
        );
        seen.fact = kleene::and(self.has_apparmor(), seen.fact);
        seen
    }

    fn selinux_label(&self) -> Seen<String> {
        self.asked("ProcessLabel", self.container.process_label.clone().absent_as(String::new()))
    }

    fn selinux_confined(&self) -> Seen<bool> {
        let by_label = |label: &String| Fact::Known(mac::selinux_confines(label));
        let asked =
            || (self.container.process_label.clone().absent_as(String::new()).map(|label| mac::selinux_confines(&label)), "ProcessLabel");
        let mut seen = self.kernel(|process| &process.lsm_label, "", by_label, asked);
        let host = self.around.host;
        let enforced = kleene::and(host.has_selinux.fact.clone(), host.selinux_enforcing.fact.clone());
        seen.fact = kleene::and(enforced, seen.fact);
        seen
    }

    fn cgroup(
        &self,
        file: fn(&facts::docker::Cgroup) -> (&Fact<Limit>, &'static str),
        asked: impl FnOnce() -> (Fact<i64>, &'static str),
    ) -> Seen<i64> {
        let mut name = "";
        let seen = self.kernel(
            |process| &process.cgroup,
            "",
            |cgroup| {
                let (limit, file_name) = file(cgroup);
                name = file_name;
                match limit {
                    Fact::Known(limit) => limits::bound(*limit),
                    Fact::Absent => Fact::unknown("its control group does not show the limit"),
                    Fact::Unknown { why } => Fact::unknown(why.clone()),
                }
            },
            asked,
        );
        if name.is_empty() { seen } else { Seen { origin: Origin { pointer: name.into(), ..seen.origin }, ..seen } }
    }

    fn memory_limit(&self) -> Seen<i64> {
        self.cgroup(
            |cgroup| (&cgroup.memory_max, if cgroup.version == 1 { "memory.limit_in_bytes" } else { "memory.max" }),
            || (self.container.memory.clone().absent_as(0).and_then(limits::asked_for), "HostConfig.Memory"),
        )
    }

    fn pids_limit(&self) -> Seen<i64> {
        let asked_for = self.container.pids_limit.clone().absent_as(0).and_then(limits::asked_for);
        let mut seen = self.cgroup(|cgroup| (&cgroup.pids_max, "pids.max"), || (asked_for.clone(), "HostConfig.PidsLimit"));
        if self.running == Fact::Known(true) && seen.known().is_some() && asked_for.is_absent() {
            seen.origin.note = Some("not asked for: it is systemd's TasksMax for the container's scope".into());
        }
        seen
    }

    fn networks(&self) -> Fact<Listing<String>> {
        self.container.networks.as_ref().map(|all| all.iter().map(|network| network.name.clone()).collect::<Vec<_>>().into())
    }

    fn mounts(&self) -> Fact<Listing<Mount>> {
        self.container.mounts.as_ref().map(|mounts| {
            let view = |mount: &facts::docker::Mount| {
                let behind = Behind::of(mount, &self.around.volumes);
                Mount {
                    kind: mount.kind.clone().into(),
                    source: mount.source.clone().into(),
                    destination: mount.destination.clone().into(),
                    rw: mount.rw.into(),
                    reaches_runtime_socket: self.around.sockets.reached_by(&behind).into(),
                    sensitive: mount::sensitive(&behind, self.around.data_root).into(),
                    shared: mount::is_shared(&mount.propagation).into(),
                    propagation: mount.propagation.clone().into(),
                    host_paths: Listing { members: behind.paths(), unseen: behind.unseen.clone() }.into(),
                    text: mount::text(mount, &behind).into(),
                }
            };
            mounts.iter().map(view).collect::<Vec<_>>().into()
        })
    }
}
