//! Kleene logic over measures, with a fourth value for what has no meaning here: it leaves `&` and `|` to the other side.

use crate::Verdict;

/// Where a measure stands on an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing<'c> {
    Holds,
    Fails,
    /// A fact that this check needs could not be seen.
    Unseen(&'c str),
    /// Only a person can answer this check.
    ForAPerson(&'c str),
    /// No check says it yet. It does not depend on anything that was seen.
    NotBuilt,
    /// It has no meaning here.
    Meaningless,
}

impl<'c> Standing<'c> {
    /// A person's question never mitigates, and an accepted risk is still a risk.
    pub(super) fn of(verdict: Verdict, check: &'c str) -> Self {
        match verdict {
            Verdict::Pass => Self::Holds,
            Verdict::Fail | Verdict::Waived => Self::Fails,
            Verdict::Unknown => Self::Unseen(check),
            Verdict::Manual => Self::ForAPerson(check),
            Verdict::NotApplicable => Self::Meaningless,
        }
    }

    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Meaningless, other) | (other, Self::Meaningless) => other,
            (Self::Fails, _) | (_, Self::Fails) => Self::Fails,
            (Self::Unseen(check), _) | (_, Self::Unseen(check)) => Self::Unseen(check),
            (Self::ForAPerson(check), _) | (_, Self::ForAPerson(check)) => Self::ForAPerson(check),
            (Self::NotBuilt, _) | (_, Self::NotBuilt) => Self::NotBuilt,
            (Self::Holds, Self::Holds) => Self::Holds,
        }
    }

    pub(super) fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Meaningless, other) | (other, Self::Meaningless) => other,
            (Self::Holds, _) | (_, Self::Holds) => Self::Holds,
            (Self::Unseen(check), _) | (_, Self::Unseen(check)) => Self::Unseen(check),
            (Self::ForAPerson(check), _) | (_, Self::ForAPerson(check)) => Self::ForAPerson(check),
            (Self::NotBuilt, _) | (_, Self::NotBuilt) => Self::NotBuilt,
            (Self::Fails, Self::Fails) => Self::Fails,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::measure::Measure;

    fn stands(measure: &Measure) -> Standing<'static> {
        match measure {
            Measure::Name(name) => match name.as_str() {
                "t" => Standing::Holds,
                "f" => Standing::Fails,
                "u" => Standing::Unseen("u"),
                "p" => Standing::ForAPerson("p"),
                "b" => Standing::NotBuilt,
                _ => Standing::Meaningless,
            },
            Measure::And(parts) => parts.iter().map(stands).reduce(Standing::and).unwrap(),
            Measure::Or(parts) => parts.iter().map(stands).reduce(Standing::or).unwrap(),
        }
    }

    #[test]
    fn truth_table() {
        for (text, expect) in [
            ("t & t", Standing::Holds),
            ("t & f", Standing::Fails),
            ("u & f", Standing::Fails),
            ("u & t", Standing::Unseen("u")),
            ("u | t", Standing::Holds),
            ("u | f", Standing::Unseen("u")),
            ("p & u", Standing::Unseen("u")),
            ("p & t", Standing::ForAPerson("p")),
            ("p | f", Standing::ForAPerson("p")),
            ("b & t", Standing::NotBuilt),
            ("b & u", Standing::Unseen("u")),
            ("b | t", Standing::Holds),
            ("b & f", Standing::Fails),
            ("n & t", Standing::Holds),
            ("n | f", Standing::Fails),
            ("n & n", Standing::Meaningless),
            ("(f | u) & (t | f)", Standing::Unseen("u")),
        ] {
            assert_eq!(stands(&Measure::parse(text).unwrap()), expect, "{text}");
        }
    }
}
