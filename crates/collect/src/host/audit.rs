//! Kernel audit and the files that load its rules at the next boot.

use facts::host::{Audit, TextFile};
use facts::{Fact, Observed, Source, Sources};

use super::Reach;
use crate::gaps::{self, Gaps, READ};
use crate::obstacle::{Answer, Obstacle};
use crate::parse::natural_order;
use crate::source::Content;
use crate::world::World;

const RULES_DIR: &str = "/etc/audit/rules.d";
const RULES_FILE: &str = "/etc/audit/audit.rules";

/// The kernel lets nobody else list rules (audit_netlink_ok in kernel/audit.c): neither another pid namespace nor CAP_AUDIT_READ do.
const RIGHTS: &str = "CAP_AUDIT_CONTROL, as root has it, in the initial user and pid namespace";

/// The least that would help. No right brings back what the kernel was built or booted without.
fn needs(obstacle: &Obstacle) -> String {
    match obstacle {
        Obstacle::Other(why) if why.contains("user namespace") => RIGHTS.to_owned(),
        Obstacle::Other(why) if why.contains("audit=0") => "a boot without audit=0".to_owned(),
        Obstacle::Other(why) if why.contains("no audit support") => "a kernel with CONFIG_AUDIT".to_owned(),
        obstacle => gaps::needs(obstacle, RIGHTS),
    }
}

pub(super) fn audit(world: &World, reach: &Reach, sources: &mut Sources, gaps: &Gaps) -> Audit {
    let (status, rules) = requests(sources);
    // "Not there" must not become an absence here: an error is never an empty list.
    fn strict<T>(answer: Answer<T>, what: &str, gaps: &Gaps) -> Fact<T> {
        match answer {
            Ok(value) => Fact::Known(value),
            Err(obstacle) => {
                let needs = needs(&obstacle);
                gaps.note(what, &obstacle.to_string(), &needs);
                Fact::unknown(format!("{what}: {obstacle} (needs {needs})"))
            }
        }
    }
    Audit {
        status: Observed::new(status, strict(world.audit.status(), "kernel audit status", gaps)),
        rules: Observed::new(rules, strict(world.audit.rules(), "kernel audit rules", gaps)),
        rule_files: reach.no_files().map_or_else(|| rule_files(world, sources, gaps), Fact::unknown),
    }
}

pub(super) fn out_of_reach(why: &str, sources: &mut Sources) -> Audit {
    let (status, rules) = requests(sources);
    Audit {
        status: Observed::new(status, Fact::unknown(why)),
        rules: Observed::new(rules, Fact::unknown(why)),
        rule_files: Fact::unknown(why),
    }
}

fn requests(sources: &mut Sources) -> (facts::SourceId, facts::SourceId) {
    let mut netlink = |request: &str| sources.intern(Source::Netlink { request: request.to_owned() });
    (netlink("audit: get status"), netlink("audit: list rules"))
}

/// rules.d in the order in which augenrules joins it, then the file that auditd's start loads.
fn rule_files(world: &World, sources: &mut Sources, gaps: &Gaps) -> Fact<Vec<Observed<TextFile>>> {
    let names = match world.files.names(RULES_DIR) {
        Ok(names) => names,
        Err(Obstacle::NotFound) => Vec::new(),
        Err(obstacle) => return gaps.unknown("audit rule files", RULES_DIR, &obstacle, READ),
    };
    // augenrules: ls -1v | grep "\.rules$"; ls leaves hidden files out.
    let mut names: Vec<&String> = names.iter().filter(|name| name.ends_with(".rules") && !name.starts_with('.')).collect();
    names.sort_by(|left, right| natural_order(left, right));
    let listed = names.into_iter().map(|name| (format!("{RULES_DIR}/{name}"), true));
    let files = listed.chain([(RULES_FILE.to_owned(), false)]).map(|(path, was_listed)| {
        let fact = match world.files.text(&path, Content::AuditRules) {
            Err(Obstacle::NotFound) if was_listed => {
                gaps.unknown("audit rule files", &path, &Obstacle::Other("listed, but cannot be opened by that name".to_owned()), READ)
            }
            answer => gaps.fact(answer, "audit rule files", &path, READ),
        };
        Observed::new(sources.intern(Source::File { path }), fact)
    });
    Fact::Known(files.collect())
}
