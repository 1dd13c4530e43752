//! What cofferdam's own journal knows of the configuration that the running daemon started with.

use facts::docker::{DaemonProcess, StartupRecord};
use facts::{Fact, Observed, Source, Sources};

use crate::gaps::{Gaps, READ};
use crate::host::Reach;
use crate::obstacle::Obstacle;
use crate::source::Content;
use crate::world::World;

/// The record, if it speaks of this very process. Absent: there is none, or it is another process's.
pub(crate) fn startup(
    state_dir: &str,
    process: Option<&DaemonProcess>,
    boot_id: &Fact<String>,
    world: &World,
    reach: &Reach,
    sources: &mut Sources,
    gaps: &Gaps,
) -> Observed<StartupRecord> {
    let path = format!("{}/daemon-start.json", state_dir.trim_end_matches('/'));
    let fact = match (reach.no_files(), process) {
        (Some(why), _) => Fact::unknown(why),
        (None, None) => Fact::unknown("the daemon's process was not found"),
        (None, Some(process)) => match world.files.text(&path, Content::StartupRecord) {
            // Whoever else could write here could make a setting look as if it were in force.
            Ok(file) if file.stat.uid != 0 || file.stat.mode & 0o022 != 0 => {
                Fact::unknown(format!("{path}: not trusted, since others than root may write it"))
            }
            Ok(file) => match serde_json::from_str::<StartupRecord>(&file.text) {
                Ok(record) => speaks_of(record, process, boot_id),
                Err(_) => gaps.unknown("cofferdam's own journal", &path, &Obstacle::Malformed("not a startup record".to_owned()), READ),
            },
            Err(Obstacle::NotFound) => Fact::Absent,
            Err(obstacle) => gaps.unknown("cofferdam's own journal", &path, &obstacle, READ),
        },
    };
    Observed::new(sources.intern(Source::File { path }), fact)
}

fn speaks_of(record: StartupRecord, process: &DaemonProcess, boot_id: &Fact<String>) -> Fact<StartupRecord> {
    process.start_ticks.as_ref().and_then(|ticks| {
        boot_id.as_ref().and_then(|boot_id| {
            let same = record.pid == process.pid && record.start_ticks == *ticks && record.boot_id == *boot_id;
            if same { Fact::Known(record) } else { Fact::Absent }
        })
    })
}
