//! A wall that could not be built.

use std::fmt;

/// What this kernel, or what surrounds this process, did not let us give up, and why. Reads as the end of a sentence:
/// `seccomp: this kernel has no filters (CONFIG_SECCOMP_FILTER)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    wall: &'static str,
    why: String,
}

impl Missing {
    pub(crate) fn seccomp(why: impl Into<String>) -> Self {
        Self { wall: "seccomp", why: why.into() }
    }

    pub(crate) fn landlock(why: impl Into<String>) -> Self {
        Self { wall: "Landlock", why: why.into() }
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.wall, self.why)
    }
}

impl std::error::Error for Missing {}
