//! The one command to type next.

use facts::{Account, Contact};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Diagnosis, Readable};

const OUTSIDE: &str = "on the engine's own host, outside of this container";

/// A command, and what it is good for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Next {
    /// What it is good for.
    pub why: String,
    /// To copy.
    pub command: String,
}

/// What to type after reading this diagnosis. `file`: the snapshot that was read in place of the live system.
pub fn next(diagnosis: &Diagnosis, account: Option<&Account>, contact: Option<&Contact>, file: Option<&str>) -> Next {
    let say = |why: &str, command: String| Next { why: why.to_owned(), command };
    let foreign = |account: &Account| [&account.host_processes, &account.host_users].iter().any(|fact| fact.known() == Some(&false));
    let away = account.is_some_and(foreign) || diagnosis.needs().iter().any(|(need, _)| need.contains("outside of a container"));
    if let Some(contact) = contact.filter(|contact| !contact.next.is_empty()) {
        return say(if away { OUTSIDE } else { "on the way to an engine that answers" }, contact.next.clone());
    }
    let benchmark = format!("docker --benchmark {}", diagnosis.benchmark);
    let costs = diagnosis.accesses.iter().any(|access| access.unknown.verdicts > 0 && access.readable != Readable::Nothing);
    if let Some(file) = file {
        return match costs {
            true => say(
                "take the snapshot again on that host, as root and outside of containers",
                "sudo cofferdam snapshot --output FILE".to_owned(),
            ),
            false => say("judge it", format!("cofferdam bench {benchmark} --snapshot {}", crate::template::shell(file))),
        };
    }
    let is_root = account.and_then(|account| account.uid.known()) == Some(&0);
    let lacks = account.and_then(|account| account.lacks.known()).filter(|lacks| !lacks.is_empty());
    match (costs, is_root, lacks) {
        (false, ..) => say("judge this host", format!("cofferdam bench {benchmark}")),
        (true, ..) if away => say(OUTSIDE, format!("sudo cofferdam doctor {benchmark}")),
        (true, false, _) => say("see what root sees", format!("sudo cofferdam doctor {benchmark}")),
        (true, true, Some(lacks)) => {
            say(&format!("from a shell that was not stripped of {}", lacks.join(", ")), format!("cofferdam doctor {benchmark}"))
        }
        (true, true, None) => say(
            "judge what can be seen; the rest stays unknown until what is named above is mended",
            format!("cofferdam bench {benchmark}"),
        ),
    }
}
