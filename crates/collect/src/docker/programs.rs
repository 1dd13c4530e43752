//! Which programs run in containers: by the control group that each process of the host names, so that nothing is started in there and a
//! container without tools is seen as well as any other.

use std::collections::{BTreeMap, BTreeSet};

use crate::obstacle::{Answer, Obstacle};
use crate::parse::container_ids;
use crate::source::ProcText;
use crate::world::World;

/// Programs by container id.
pub(crate) type Programs = BTreeMap<String, Answer<BTreeSet<String>>>;

/// Looks at every process of the host once. A /proc that does not show init hides processes of others (hidepid): a part of them tells
/// nothing of the rest.
pub(crate) fn programs(world: &World) -> Answer<Programs> {
    if let Err(Obstacle::NotFound | Obstacle::Denied) = world.processes.text(1.into(), ProcText::Stat) {
        return Err(Obstacle::Denied);
    }
    let mut found = Programs::new();
    for pid in world.processes.pids()? {
        let group = match world.processes.text(pid.into(), ProcText::Cgroup) {
            Ok(group) => group,
            // Ended meanwhile; or of a kernel without control groups, which runs no containers.
            Err(Obstacle::NotFound | Obstacle::Unsupported) => continue,
            Err(obstacle) => return Err(obstacle),
        };
        let ids = container_ids(&group);
        if ids.is_empty() {
            continue;
        }
        let exe = world.processes.exe(pid.into());
        for id in ids {
            let programs = found.entry(id).or_insert_with(|| Ok(BTreeSet::new()));
            match (programs.as_mut(), &exe) {
                (Ok(programs), Ok(exe)) => {
                    programs.insert(exe.trim_end_matches(" (deleted)").to_owned());
                }
                // It has ended, or is a zombie: no program runs.
                (_, Err(Obstacle::NotFound)) | (Err(_), _) => {}
                (Ok(_), Err(obstacle)) => *programs = Err(obstacle.clone()),
            }
        }
    }
    Ok(found)
}
