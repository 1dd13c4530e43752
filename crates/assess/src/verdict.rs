//! The six verdicts and how those of many subjects become one.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a check says. Unknown never passes. The order is that of a control's worst subject: the first one present wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The facts show that it does not hold.
    Fail,
    /// A fact that it needs could not be seen.
    Unknown,
    /// Only a person can decide; the evidence is collected.
    Manual,
    /// It fails, and the operator has accepted that with a reason.
    Waived,
    /// The facts show that it holds.
    Pass,
    /// It has no meaning here.
    NotApplicable,
}

impl Verdict {
    /// The verdict of a control: the worst of its subjects; without any, or with none that applies, not applicable.
    pub fn worst(verdicts: impl IntoIterator<Item = Self>) -> Self {
        verdicts.into_iter().min().unwrap_or(Self::NotApplicable)
    }

    /// The word used in JSON and in text.
    pub fn word(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Unknown => "unknown",
            Self::Manual => "manual",
            Self::Waived => "waived",
            Self::Pass => "pass",
            Self::NotApplicable => "not-applicable",
        }
    }
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::Verdict::{self, *};

    #[test]
    fn a_control_is_its_worst_subject() {
        assert_eq!(Verdict::worst([Pass, Fail, Unknown]), Fail);
        assert_eq!(Verdict::worst([Pass, Unknown, Manual]), Unknown);
        assert_eq!(Verdict::worst([Pass, NotApplicable]), Pass);
        assert_eq!(Verdict::worst([]), NotApplicable);
    }
}
