//! The engine's objects: what was asked for, what the kernel holds, and where mounts lead.

use facts::docker::{Container, ContainerProcess, Image, Network};
use facts::{Fact, Observed, Source, Sources};
use serde_json::Value;

use super::cgroup::{OUTSIDE, cgroup};
use super::gather::{ImageObject, Object};
use super::mounts::{self, HostMounts};
use super::programs::{Programs, programs};
use super::{container, image, network};
use crate::gaps::{Gaps, TRACE};
use crate::host::{Reach, resolved};
use crate::obstacle::{Answer, Obstacle};
use crate::parse::{id_map, limits, names_container, status};
use crate::source::{CgroupMount, ProcText};
use crate::world::World;

/// A listing with its members, each by its own reader.
fn objects<T>(
    answer: Answer<Vec<Object>>,
    list: &str,
    what: &str,
    sources: &mut Sources,
    gaps: &Gaps,
    mut read: impl FnMut(&Value, &str, &mut Sources) -> Fact<T>,
) -> Observed<Vec<Observed<T>>> {
    let source = sources.push(Source::Api { path: list.to_owned() });
    let objects = match answer {
        Ok(objects) => objects,
        Err(obstacle) => return Observed::new(source, gaps.unknown(what, list, &obstacle, "membership of the group docker")),
    };
    let members = objects.into_iter().map(|object| {
        let source = sources.push(Source::Api { path: object.path.clone() });
        let fact = match object.answer {
            Ok(value) => read(&value, &object.path, sources),
            Err(obstacle) => gaps.unknown(what, &object.path, &obstacle, "membership of the group docker"),
        };
        Observed::new(source, fact)
    });
    Observed::new(source, Fact::Known(members.collect()))
}

pub(crate) fn images(answer: Answer<Vec<ImageObject>>, sources: &mut Sources, gaps: &Gaps) -> Observed<Vec<Observed<Image>>> {
    let (answer, histories) = match answer {
        Ok(images) => {
            let (objects, histories): (Vec<Object>, Vec<Object>) = images.into_iter().map(|image| (image.object, image.history)).unzip();
            (Ok(objects), histories)
        }
        Err(obstacle) => (Err(obstacle), Vec::new()),
    };
    let mut images = objects(answer, "/images/json", "images", sources, gaps, |value, place, _| image::image(value, place));
    for (image, history) in images.fact.known_mut().into_iter().flatten().zip(histories) {
        let Some(image) = image.fact.known_mut() else { continue };
        let source = sources.push(Source::Api { path: history.path.clone() });
        let fact = match history.answer {
            Ok(value) => image::history(&value, &history.path),
            Err(obstacle) => gaps.unknown("history of images", &history.path, &obstacle, "membership of the group docker"),
        };
        image.history = Observed::new(source, fact);
    }
    images
}

pub(crate) fn networks(answer: Answer<Vec<Object>>, sources: &mut Sources, gaps: &Gaps) -> Observed<Vec<Observed<Network>>> {
    objects(answer, "/networks", "networks", sources, gaps, |value, place, _| network::network(value, place))
}

pub(crate) fn containers(
    answer: Answer<Vec<Object>>,
    world: &World,
    reach: &Reach,
    cgroups: &Answer<Vec<CgroupMount>>,
    host: &HostMounts<'_>,
    sources: &mut Sources,
    gaps: &Gaps,
) -> Observed<Vec<Observed<Container>>> {
    let programs = if reach.no_processes().is_none() { programs(world) } else { Ok(Programs::new()) };
    objects(answer, "/containers/json?all=1", "containers", sources, gaps, |value, place, sources| {
        container::container(value, place).map(|mut container| {
            // Read before the identity of the process is made sure of.
            let table = if reach.no_processes().is_none() { mounts::table(&container, world) } else { None };
            container.process = process(&container, world, reach, cgroups, sources, gaps).map(|mut process| {
                process.programs = programs_of(&container.id, &programs, gaps);
                process
            });
            for mount in container.mounts.known_mut().into_iter().flatten() {
                mount.resolved_source = match reach.no_files() {
                    // A volume of a driver may have no path, and a tmpfs has none.
                    _ if !mount.source.starts_with('/') => Fact::Absent,
                    Some(why) => Fact::unknown(why),
                    None => resolved(world, &mount.source, gaps),
                };
            }
            mounts::compare(&mut container, table, host, gaps);
            container
        })
    })
}

/// A container that looks sees the control groups below its own alone.
fn unseen_limits<T>(pid: u32, obstacle: &Obstacle, gaps: &Gaps) -> Fact<T> {
    const WHAT: &str = "control group limits of containers";
    const NEEDS: &str = "cofferdam on the engine's own host, outside of a container";
    let place = format!("/proc/{pid}/cgroup");
    if matches!(obstacle, Obstacle::Other(why) if why == OUTSIDE) {
        gaps.note(WHAT, OUTSIDE, NEEDS);
        return Fact::unknown(format!("{place}: {OUTSIDE} (needs {NEEDS})"));
    }
    gaps.unknown(WHAT, &place, obstacle, TRACE)
}

/// The programs of one running container. It has a process, so that none was found means that none was seen.
fn programs_of(id: &str, programs: &Answer<Programs>, gaps: &Gaps) -> Fact<Vec<String>> {
    let found = match programs {
        Ok(all) => all.get(id).cloned().unwrap_or(Err(Obstacle::Other("none of its processes was seen".to_owned()))),
        Err(obstacle) => Err(obstacle.clone()),
    };
    match found {
        Ok(found) => Fact::Known(found.into_iter().collect()),
        Err(obstacle) => gaps.unknown("programs that run in containers", "/proc/PID/exe", &obstacle, TRACE),
    }
}

/// What the kernel says of a container's first process.
fn process(
    container: &Container,
    world: &World,
    reach: &Reach,
    cgroups: &Answer<Vec<CgroupMount>>,
    sources: &mut Sources,
    gaps: &Gaps,
) -> Fact<ContainerProcess> {
    let state = match &container.state {
        Fact::Known(state) if !state.running || state.pid == 0 => return Fact::Absent,
        Fact::Known(state) => state,
        Fact::Absent => return Fact::Absent,
        Fact::Unknown { why } => return Fact::unknown(why.clone()),
    };
    if let Some(why) = reach.no_processes() {
        return Fact::unknown(why);
    }
    let pid = state.pid;
    let read = |file: ProcText| world.processes.text(pid.into(), file);
    let texts = [ProcText::Status, ProcText::SecurityLabel, ProcText::UidMap, ProcText::Limits].map(read);
    // Asked last: if the process is this container's now, it was so all the while since the engine named it, for a process id comes back
    // only after very many others.
    let group = match read(ProcText::Cgroup) {
        Ok(group) if names_container(&group, &container.id) => group,
        Ok(_) => {
            let why = format!("process {pid} does not lie in a control group of the container: it has ended, or was moved");
            gaps.note("processes of containers", "their control group does not name the container", "another look");
            return Fact::unknown(why);
        }
        Err(Obstacle::NotFound) => return Fact::unknown(format!("process {pid} ended while it was looked at")),
        Err(obstacle) => return gaps.unknown("processes of containers", &format!("/proc/{pid}/cgroup"), &obstacle, TRACE),
    };
    let mut source = |file: &str| sources.push(Source::Kernel { path: format!("/proc/{pid}/{file}") });
    let ids = ["status", "attr/current", "uid_map", "limits"].map(&mut source);
    fn observed<T>(pid: u32, file: &str, text: Answer<String>, parse: impl FnOnce(&str) -> Option<T>, gaps: &Gaps) -> Fact<T> {
        let value = text.and_then(|text| parse(&text).ok_or_else(|| Obstacle::Malformed("not of the expected form".to_owned())));
        match value {
            Ok(value) => Fact::Known(value),
            Err(Obstacle::NotFound) => Fact::unknown(format!("process {pid} ended while it was looked at")),
            Err(obstacle) => gaps.unknown(&format!("/proc/PID/{file} of containers"), &format!("/proc/{pid}/{file}"), &obstacle, TRACE),
        }
    }
    let [status_text, label_text, map_text, limits_text] = texts;
    // Without a module that labels processes the kernel answers EINVAL: there is no label.
    let label = match label_text {
        Err(Obstacle::Unsupported) => Fact::Absent,
        text => observed(pid, "attr/current", text, |text| Some(text.trim_matches(['\0', '\n']).to_owned()), gaps),
    };
    let limits_of_group = cgroup(world, &group, cgroups, gaps);
    let group_source = sources.push(match &limits_of_group {
        Ok(group) => Source::Kernel { path: group.path.clone() },
        Err(_) => Source::Kernel { path: format!("/proc/{pid}/cgroup") },
    });
    let cgroup = match limits_of_group {
        Ok(group) => Fact::Known(group),
        Err(obstacle) => unseen_limits(pid, &obstacle, gaps),
    };
    Fact::Known(ContainerProcess {
        status: Observed::new(ids[0], observed(pid, "status", status_text, status, gaps)),
        lsm_label: Observed::new(ids[1], label),
        uid_map: Observed::new(ids[2], observed(pid, "uid_map", map_text, id_map, gaps)),
        limits: Observed::new(ids[3], observed(pid, "limits", limits_text, limits, gaps)),
        cgroup: Observed::new(group_source, cgroup),
        programs: Fact::default(),
    })
}
