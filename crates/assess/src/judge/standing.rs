//! Kleene logic over measures, with a fourth value for what has no meaning here: it leaves `&` and `|` to the other side.

use crate::Verdict;
use crate::measure::Measure;

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

    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Meaningless, other) | (other, Self::Meaningless) => other,
            (Self::Fails, _) | (_, Self::Fails) => Self::Fails,
            (Self::Unseen(check), _) | (_, Self::Unseen(check)) => Self::Unseen(check),
            (Self::ForAPerson(check), _) | (_, Self::ForAPerson(check)) => Self::ForAPerson(check),
            (Self::NotBuilt, _) | (_, Self::NotBuilt) => Self::NotBuilt,
            (Self::Holds, Self::Holds) => Self::Holds,
        }
    }

    fn or(self, other: Self) -> Self {
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

/// Where an expression stands, given where its names stand.
pub(super) fn standing<'c>(measure: &'c Measure, of: &mut dyn FnMut(&'c str) -> Standing<'c>) -> Standing<'c> {
    match measure {
        Measure::Name(name) => of(name),
        Measure::And(parts) => parts.iter().map(|part| standing(part, of)).reduce(Standing::and).unwrap_or(Standing::Meaningless),
        Measure::Or(parts) => parts.iter().map(|part| standing(part, of)).reduce(Standing::or).unwrap_or(Standing::Meaningless),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn truth_table() {
        let stands = |text: &str| {
            let measure: &'static Measure = Box::leak(Box::new(Measure::parse(text).unwrap()));
            standing(measure, &mut |name| match name {
                "t" => Standing::Holds,
                "f" => Standing::Fails,
                "u" => Standing::Unseen("u"),
                "p" => Standing::ForAPerson("p"),
                "b" => Standing::NotBuilt,
                _ => Standing::Meaningless,
            })
        };
        let undecided = || Standing::Unseen("u");
        for (text, expect) in [
            ("t & t", Standing::Holds),
            ("t & f", Standing::Fails),
            ("u & f", Standing::Fails),
            ("u & t", undecided()),
            ("u | t", Standing::Holds),
            ("u | f", undecided()),
            ("p & u", undecided()),
            ("p & t", Standing::ForAPerson("p")),
            ("p | f", Standing::ForAPerson("p")),
            ("b & t", Standing::NotBuilt),
            ("b & u", undecided()),
            ("b | t", Standing::Holds),
            ("b & f", Standing::Fails),
            ("n & t", Standing::Holds),
            ("n | f", Standing::Fails),
            ("n & n", Standing::Meaningless),
            ("(f | u) & (t | f)", undecided()),
        ] {
            assert_eq!(stands(text), expect, "{text}");
        }
    }
}
