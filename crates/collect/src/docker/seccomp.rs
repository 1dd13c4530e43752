//! The file of the daemon's own seccomp profile.

use facts::docker::Info;
use facts::host::TextFile;
use facts::{Fact, Observed, Source, Sources};

use crate::gaps::{Gaps, READ};
use crate::host::Reach;
use crate::source::Content;
use crate::world::World;

const WHAT: &str = "the daemon's seccomp profile";

/// The profile that /info names by its path, in brief. Absent: it names a built-in one, or none.
pub(crate) fn seccomp_profile(
    info: &Observed<Info>,
    world: &World,
    reach: &Reach,
    sources: &mut Sources,
    gaps: &Gaps,
) -> Observed<TextFile> {
    let named = info.fact.as_ref().and_then(|info| {
        info.security_options.as_ref().and_then(|options| {
            let profile = options.iter().find_map(|option| option.strip_prefix("name=seccomp,profile="));
            profile.filter(|profile| !matches!(*profile, "default" | "builtin" | "unconfined")).map(str::to_owned).into()
        })
    });
    let path = match named {
        Fact::Known(path) => path,
        Fact::Absent => return Observed::new(info.source, Fact::Absent),
        Fact::Unknown { why } => return Observed::new(info.source, Fact::Unknown { why }),
    };
    let fact = match reach.no_files() {
        Some(why) => Fact::unknown(why),
        None if !path.starts_with('/') => {
            Fact::unknown(format!("{path} is relative to the daemon's working directory, which is not looked at"))
        }
        None => gaps.fact(world.files.text(&path, Content::SeccompProfile), WHAT, &path, READ),
    };
    Observed::new(sources.intern(Source::File { path }), fact)
}
