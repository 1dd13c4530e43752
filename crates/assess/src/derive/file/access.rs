//! Who may speak to the engine through its sockets. To connect takes the right to write (unix(7)).

use facts::Fact;
use facts::host::FileStat;

use super::rights::Entry;
use super::{Reader, Several};
use crate::view::{Listing, Origin, Seen};

/// Who may use the sockets, root left out.
pub(super) struct Access {
    /// With the reason.
    pub(super) users: Seen<Listing<String>>,
    /// By account.
    pub(super) accounts: Seen<Listing<String>>,
}

/// Everybody but root. A group that the host's files do not know leaves the lists open.
pub(super) fn access(reader: &Reader<'_>, sockets: &Several) -> Access {
    let mut users = Users { found: Vec::new(), unseen: sockets.unseen.clone() };
    for path in &sockets.paths {
        match reader.stat(path).0 {
            Fact::Known(stat) => of_socket(reader, path, stat, &mut users),
            Fact::Absent => {}
            Fact::Unknown { why } => users.unseen = Some(why),
        }
    }
    let listed = |pick: fn(&User) -> String| {
        let mut members: Vec<String> = users.found.iter().map(pick).collect();
        members.sort();
        members.dedup();
        Seen::new(Fact::Known(Listing { members, unseen: users.unseen.clone() }), Origin::at(reader.groups.source, ""))
    };
    Access { users: listed(|user| format!("{} ({})", user.words, user.reason)), accounts: listed(|user| user.account.clone()) }
}

struct Users {
    found: Vec<User>,
    unseen: Option<String>,
}

struct User {
    /// For people: `user 1000`.
    words: String,
    /// For the operator's list: `uid:1000`. What is no single account has a blank in it, and so is no name that a list may hold.
    account: String,
    reason: String,
}

impl Users {
    fn name(&mut self, name: &str, reason: String) {
        self.found.push(User { words: name.to_owned(), account: name.to_owned(), reason });
    }

    fn uid(&mut self, uid: i64, reason: String) {
        self.found.push(User { words: format!("user {uid}"), account: format!("uid:{uid}"), reason });
    }

    fn several(&mut self, words: &str, reason: String) {
        self.found.push(User { words: words.to_owned(), account: format!("{words} ({reason})"), reason });
    }
}

fn of_socket(reader: &Reader<'_>, path: &str, stat: &FileStat, users: &mut Users) {
    if stat.mode & 0o002 != 0 {
        users.several("everybody", format!("mode {:04o} of {path}", stat.mode));
    }
    if stat.uid != 0 && stat.mode & 0o200 != 0 {
        users.uid(i64::from(stat.uid), format!("owner of {path}"));
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
                    ("user", Some(id)) if id != 0 => users.uid(id, format!("access list of {path}")),
                    ("group", None) => writing_groups.push(stat.gid),
                    ("group", Some(id)) => match u32::try_from(id) {
                        Ok(gid) if reader.groups.known().is_some_and(|groups| groups.iter().any(|group| group.gid == gid)) => {
                            writing_groups.push(gid);
                        }
                        _ => users.several(&format!("group {id}"), format!("access list of {path}")),
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

fn members(reader: &Reader<'_>, gid: u32, users: &mut Users) {
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
        users.several(&format!("members of group {gid}"), "/etc/group does not name it".to_owned());
    }
    for group in named {
        group.members.iter().for_each(|name| users.name(name, format!("member of {}", group.name)));
        group.primary_members.iter().for_each(|name| users.name(name, format!("primary group {}", group.name)));
    }
}
