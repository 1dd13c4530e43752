//! Who looks: user, groups, capabilities and namespaces of this process.

use facts::{Account, Fact};

use crate::obstacle::{Answer, Obstacle};
use crate::parse::{status, supplementary_groups};
use crate::source::{Namespace, ProcText, ProcessId};
use crate::world::World;

/// The numbers of the initial namespaces, which the kernel gives away for good (include/linux/proc_ns.h).
const INITIAL_PID: &str = "pid:[4026531836]";
const INITIAL_USER: &str = "user:[4026531837]";

/// The account of this process; of a recording: of the process that made it, where it noted that.
pub fn account(world: &World) -> Account {
    let text = world.processes.text(ProcessId::Own, ProcText::Status);
    let read = text.and_then(|text| {
        let (status, more) = (status(&text), supplementary_groups(&text));
        status.zip(more).ok_or_else(|| Obstacle::Malformed("not of the expected form".to_owned()))
    });
    let place = |obstacle: &Obstacle| format!("/proc/self/status: {obstacle}");
    let (status, more) = match read {
        Ok(read) => read,
        Err(obstacle) => {
            let why = place(&obstacle);
            return Account {
                uid: Fact::unknown(&*why),
                groups: Fact::unknown(&*why),
                holds: Fact::unknown(&*why),
                lacks: Fact::unknown(why),
                host_processes: in_namespace(world, Namespace::Pid, INITIAL_PID),
                host_users: in_namespace(world, Namespace::User, INITIAL_USER),
            };
        }
    };
    let mut groups = more;
    groups.push(status.gids[1]);
    groups.sort_unstable();
    groups.dedup();
    let (holds, lacks) = Account::capabilities(&status.cap_effective).unwrap_or_default();
    Account {
        uid: Fact::Known(status.uids[1]),
        groups: Fact::Known(groups),
        holds: Fact::Known(holds),
        lacks: Fact::Known(lacks),
        host_processes: in_namespace(world, Namespace::Pid, INITIAL_PID),
        host_users: in_namespace(world, Namespace::User, INITIAL_USER),
    }
}

fn in_namespace(world: &World, kind: Namespace, initial: &str) -> Fact<bool> {
    let answer: Answer<String> = world.processes.namespace(ProcessId::Own, kind);
    match answer {
        Ok(name) => Fact::Known(name == initial),
        Err(obstacle) => Fact::unknown(format!("/proc/self/ns/{}: {obstacle}", kind.name())),
    }
}
