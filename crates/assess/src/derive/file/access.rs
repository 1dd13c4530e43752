//! Who may speak to the engine through its sockets. To connect takes the right to write (unix(7)).

use facts::Fact;
use facts::host::FileStat;

use super::rights::Entry;
use super::{Reader, Several};
use crate::view::{Listing, Origin, Seen};

/// Everybody but root, with the reason. A group that the host's files do not know leaves the list open.
pub(super) fn api_users(reader: &Reader<'_>, sockets: &Several) -> Seen<Listing<String>> {
    let mut users = Listing { members: Vec::new(), unseen: sockets.unseen.clone() };
    for path in &sockets.paths {
        match reader.stat(path).0 {
            Fact::Known(stat) => of_socket(reader, path, stat, &mut users),
            Fact::Absent => {}
            Fact::Unknown { why } => users.unseen = Some(why),
        }
    }
    users.members.sort();
    users.members.dedup();
    Seen::new(Fact::Known(users), Origin::at(reader.groups.source, ""))
}

fn of_socket(reader: &Reader<'_>, path: &str, stat: &FileStat, users: &mut Listing<String>) {
    let mut add = |who: String| users.members.push(who);
    if stat.mode & 0o002 != 0 {
        add(format!("everybody (mode {:04o} of {path})", stat.mode));
    }
    if stat.uid != 0 && stat.mode & 0o200 != 0 {
        add(format!("user {} (owner of {path})", stat.uid));
    }
    let mut writing_groups = Vec::new();
    match &stat.acl {
        Fact::Absent if stat.mode & 0o020 != 0 => writing_groups.push(stat.gid),
        Fact::Absent => {}
        // With a list the group bits are its mask: what the list says is not known, and neither is what the group may do.
        Fact::Unknown { why } => {
            if stat.mode & 0o020 != 0 {
                users.unseen = Some(why.clone());
            }
        }
        Fact::Known(acl) => {
            let entries: Vec<Entry<'_>> = acl.entries.iter().filter_map(|entry| Entry::read(entry)).collect();
            let mask = entries.iter().find(|entry| entry.tag == "mask").map_or(0o7, |entry| entry.bits);
            for entry in entries.iter().filter(|entry| entry.bits & mask & 0o2 != 0) {
                match (entry.tag, entry.id) {
                    ("user", Some(id)) if id != 0 => add(format!("user {id} (access list of {path})")),
                    ("group", None) => writing_groups.push(stat.gid),
                    ("group", Some(id)) => match u32::try_from(id) {
                        Ok(gid) if reader.groups.known().is_some_and(|groups| groups.iter().any(|group| group.gid == gid)) => {
                            writing_groups.push(gid);
                        }
                        _ => add(format!("group {id} (access list of {path})")),
                    },
                    _ => {}
                }
            }
        }
    }
    for gid in writing_groups {
        members(reader, gid, users);
    }
}

fn members(reader: &Reader<'_>, gid: u32, users: &mut Listing<String>) {
    let groups = match &reader.groups.fact {
        Fact::Known(groups) => groups.as_slice(),
        Fact::Absent => &[],
        Fact::Unknown { why } => {
            users.unseen = Some(why.clone());
            return;
        }
    };
    let mut named = groups.iter().filter(|group| group.gid == gid).peekable();
    if named.peek().is_none() && gid != 0 {
        users.members.push(format!("members of group {gid}, which /etc/group does not name"));
    }
    for group in named {
        users.members.extend(group.members.iter().map(|name| format!("{name} (member of {})", group.name)));
        users.members.extend(group.primary_members.iter().map(|name| format!("{name} (primary group {})", group.name)));
    }
}
