//! The states that a lab host can be in before a test.

use std::fmt;

const TREE: &str = include_str!("../image/tree.sh");
const COMMON: &str = include_str!("../worlds/common.sh");

/// A prepared host. What each one holds is said in `lab/README.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum World {
    /// A host as `apt-get install docker.io` and hurried people leave it.
    Weak,
    /// The same kind of host with the findings of the five stories fixed.
    Sound,
}

impl World {
    /// Every world there is.
    pub const ALL: [Self; 2] = [Self::Weak, Self::Sound];

    /// The world's name, as in the cache folder.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Weak => "weak",
            Self::Sound => "sound",
        }
    }

    /// The shell script that turns a fresh host into this world.
    pub(crate) fn script(self) -> String {
        let own = match self {
            Self::Weak => include_str!("../worlds/weak.sh"),
            Self::Sound => include_str!("../worlds/sound.sh"),
        };
        format!("{TREE}\n{COMMON}\n{own}\n")
    }
}

impl fmt::Display for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
