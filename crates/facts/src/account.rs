//! Who looks: the account of the process that collects, for those who ask why it cannot see something.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Fact;

/// Capabilities that looking takes, with their bits in CapEff of /proc/PID/status (capabilities(7)).
const OF_A_READER: [(&str, u32); 3] = [("CAP_DAC_READ_SEARCH", 2), ("CAP_SYS_PTRACE", 19), ("CAP_AUDIT_CONTROL", 30)];

/// The account and the namespaces of the looking process.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Account {
    /// Effective user id, `Uid` of /proc/self/status.
    pub uid: Fact<u32>,
    /// Effective and supplementary group ids, sorted.
    pub groups: Fact<Vec<u32>>,
    /// Effective capabilities of those that looking takes: `CAP_SYS_PTRACE`.
    pub holds: Fact<Vec<String>>,
    /// Of the same, those that it has not.
    pub lacks: Fact<Vec<String>>,
    /// Whether it is in the initial pid namespace, so that processes are the host's.
    pub host_processes: Fact<bool>,
    /// Whether it is in the initial user namespace, so that its rights are the host's.
    pub host_users: Fact<bool>,
}

impl Account {
    /// The capabilities of a CapEff mask that a reader would use: those it holds, those it lacks. None: no such mask.
    pub fn capabilities(mask: &str) -> Option<(Vec<String>, Vec<String>)> {
        let mask = u64::from_str_radix(mask, 16).ok()?;
        let (held, lacking): (Vec<_>, Vec<_>) = OF_A_READER.into_iter().partition(|(_, bit)| mask & (1 << bit) != 0);
        let names = |list: Vec<(&str, u32)>| list.into_iter().map(|(name, _)| name.to_owned()).collect();
        Some((names(held), names(lacking)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks() {
        let of = |mask| Account::capabilities(mask).map(|(held, lacking)| (held.join(" "), lacking.join(" ")));
        assert_eq!(of("0000000000000000").unwrap().0, "");
        assert_eq!(of("000001ffffffffff").unwrap().1, "");
        // Docker's default set: none of them.
        assert_eq!(of("00000000a80425fb").unwrap().1, "CAP_DAC_READ_SEARCH CAP_SYS_PTRACE CAP_AUDIT_CONTROL");
        assert_eq!(of("000001fffff7ffff").unwrap(), ("CAP_DAC_READ_SEARCH CAP_AUDIT_CONTROL".into(), "CAP_SYS_PTRACE".into()));
        assert_eq!(of("x"), None);
    }
}
