//! A waiver: what the operator accepts, on whom, why, who answers for it, until when.

use std::collections::BTreeSet;
use std::fmt;

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::file::is_single;
use super::pattern::Pattern;
use crate::yaml::Place;
use crate::{SubjectKind, Verdict};

/// The last day on which a waiver holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// That day included, in UTC.
    Day(Date),
    /// It never ends by itself; the operator wrote so.
    Never,
}

impl fmt::Display for Until {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(day) => write!(f, "{day}"),
            Self::Never => f.write_str("never"),
        }
    }
}

/// Whom a waiver is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whom {
    /// Of this kind alone; none: of the kind that the check asks about.
    pub kind: Option<SubjectKind>,
    /// By name. None: host or daemon, of which there is one.
    pub name: Option<Pattern>,
    /// Containers of this image alone.
    pub image: Option<OfImage>,
}

/// Which image a container must have been created from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OfImage {
    /// By the id of its content, or the beginning of it: nobody can give another image this id.
    Id(String),
    /// By the name that the container was created with: whoever may tag images on this host may choose it.
    Name(Pattern),
}

/// One waiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiver {
    /// The check as it was written.
    pub check: String,
    /// The checks that it names.
    pub checks: BTreeSet<String>,
    /// The subject as it was written; none: left out.
    pub subject: Option<String>,
    /// The image as it was written.
    pub image: Option<String>,
    /// Whom it is about.
    pub whom: Whom,
    /// Why this is accepted.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// The last day.
    pub until: Until,
    /// Where it stands in its file.
    pub place: Place,
}

impl Waiver {
    /// Whether it has ended on a day. A day that is not known ends every dated waiver: what can't be shown to hold does not hold.
    pub fn has_ended(&self, today: Option<Date>) -> bool {
        match (self.until, today) {
            (Until::Never, _) => false,
            (Until::Day(last), Some(today)) => today > last,
            (Until::Day(_), None) => true,
        }
    }

    /// Whether it takes in more than anybody can have looked at: every check, or everything of a kind whatever its name or image.
    pub fn is_broad(&self) -> bool {
        let is_everyone = self.whom.image.is_none() && self.whom.name.as_ref().is_some_and(Pattern::is_everything);
        let is_one = self.whom.kind.is_some_and(is_single);
        (is_everyone && !is_one) || Pattern::new(&self.check).is_ok_and(|check| check.is_everything())
    }
}

/// The acceptance of one finding, as reports show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Waived {
    /// The verdict without the waiver: `fail` or `manual`.
    pub verdict: Verdict,
    /// Why this is accepted.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// The last day, `2027-03-31`, or `never`.
    pub until: String,
    /// Where the waiver stands: `/etc/cofferdam.yaml:3`.
    pub source: String,
}

/// What came of a waiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WaiverState {
    /// It covers a finding.
    Used,
    /// It has ended: it changes nothing.
    Expired,
    /// There is nothing that it covers.
    Unused,
}

impl WaiverState {
    /// The word used in JSON and in text.
    pub fn word(self) -> &'static str {
        match self {
            Self::Used => "used",
            Self::Expired => "expired",
            Self::Unused => "unused",
        }
    }
}

/// One waiver with what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WaiverUse {
    /// The check as it was written: an id, a benchmark's number, or a pattern.
    pub check: String,
    /// The subject as it was written; null: left out.
    pub subject: Option<String>,
    /// The image as it was written; null: left out.
    pub image: Option<String>,
    /// Why this is accepted.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// The last day, `2027-03-31`, or `never`.
    pub until: String,
    /// Where it stands: `/etc/cofferdam.yaml:3`.
    pub source: String,
    /// What came of it.
    pub state: WaiverState,
    /// It takes in every check, or everything of a kind, whatever its name or image.
    pub broad: bool,
    /// The findings that it covers; of one that has ended: those that it would cover.
    pub findings: Vec<String>,
    /// What else a reader must know: why it covers nothing, what is close to what it names.
    pub notes: Vec<String>,
}
