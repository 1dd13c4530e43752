//! What decides the status of a threat on an element, and the sentence that says so.

use crate::expression::Value;
use crate::judge::leaves::{Leaves, add_new};
use crate::judge::standing::Standing;
use crate::{Threat, ThreatStatus};

/// What decides a status.
pub(super) enum Ground<'j> {
    /// The condition is not measured by this version.
    NotMeasured,
    /// The condition is not met.
    NotMet,
    /// The condition could not be seen.
    ConditionUnseen(String),
    Mitigated,
    NotBuilt,
    Unseen(&'j str),
    ForAPerson(&'j str),
    /// It is not mitigated, and something helps.
    Partly,
    /// It is not mitigated, and what might help could not be seen.
    PerhapsPartly(&'j str),
    Open,
}

impl<'j> Ground<'j> {
    pub(super) fn of(applies: Option<Value>, mitigated: Standing<'j>, own: &Leaves<'j>, reducing: &Leaves<'j>) -> Self {
        match applies {
            None => return Self::NotMeasured,
            Some(Value::Bool(true)) => {}
            Some(Value::Bool(false)) => return Self::NotMet,
            Some(other) => return Self::ConditionUnseen(other.why().unwrap_or("a fact could not be seen").to_owned()),
        }
        match mitigated {
            Standing::Holds => return Self::Mitigated,
            Standing::NotBuilt => return Self::NotBuilt,
            Standing::Unseen(check) => return Self::Unseen(check),
            Standing::ForAPerson(check) => return Self::ForAPerson(check),
            // A measure that has no meaning here does not mitigate.
            Standing::Fails | Standing::Meaningless => {}
        }
        let mut unseen = None;
        for (_, standing) in own.standings.iter().chain(&reducing.standings) {
            match standing {
                Standing::Holds => return Self::Partly,
                Standing::Unseen(check) => unseen = unseen.or(Some(*check)),
                _ => {}
            }
        }
        // Something that could not be seen might reduce it: then it is not certain that nothing does.
        unseen.map_or(Self::Open, Self::PerhapsPartly)
    }

    pub(super) fn status(&self) -> ThreatStatus {
        match self {
            Self::NotMet => ThreatStatus::NotApplicable,
            Self::Mitigated => ThreatStatus::Mitigated,
            Self::Partly => ThreatStatus::Partly,
            Self::Open => ThreatStatus::Open,
            Self::NotMeasured
            | Self::ConditionUnseen(_)
            | Self::NotBuilt
            | Self::Unseen(_)
            | Self::ForAPerson(_)
            | Self::PerhapsPartly(_) => ThreatStatus::Unknown,
        }
    }

    pub(super) fn reason(&self, threat: &Threat, own: &Leaves<'_>, reducing: &Leaves<'_>) -> String {
        let that = |wanted: Standing<'_>| names(own.standings.iter().filter(|(_, standing)| *standing == wanted));
        let lacking = || match that(Standing::Fails) {
            failing if failing.is_empty() => format!("{} has no meaning here", that(Standing::Meaningless)),
            failing => format!("{failing} missing"),
        };
        match self {
            Self::NotMeasured => format!("whether it applies is not measured yet ({})", threat.applies_text),
            Self::NotMet => format!("its condition is not met here: {}", threat.applies_text),
            Self::ConditionUnseen(why) => format!("whether it applies could not be seen ({}): {why}", threat.applies_text),
            Self::Mitigated => format!("{} in force", that(Standing::Holds)),
            Self::NotBuilt => format!("no check is built yet for {}", that(Standing::NotBuilt)),
            Self::Unseen(check) => format!("{check} could not be seen"),
            Self::ForAPerson(check) => format!("{check} is for a person to decide"),
            Self::Partly => {
                let holding = own.standings.iter().chain(&reducing.standings).filter(|(_, standing)| *standing == Standing::Holds);
                format!("{} in force, {}", names(holding), lacking())
            }
            Self::PerhapsPartly(check) => format!("{}; {check} could not be seen", lacking()),
            Self::Open => lacking(),
        }
    }
}

fn names<'n>(standings: impl Iterator<Item = &'n (&'n str, Standing<'n>)>) -> String {
    let mut names: Vec<&str> = Vec::new();
    add_new(&mut names, standings.map(|(name, _)| *name));
    names.join(", ")
}
