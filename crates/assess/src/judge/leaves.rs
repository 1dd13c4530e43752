//! The measures of a threat, with the verdicts that they rest on looked up once for all elements.

use crate::judge::checks::Verdicts;
use crate::judge::relations::Relations;
use crate::judge::standing::Standing;
use crate::measure::Measure;
use crate::{Catalogue, SubjectKind, Verdict};

/// A measure whose names are resolved.
pub(super) enum Tree<'j> {
    /// A measure by name: where it stands is told apart.
    Measure(&'j str, Box<Self>),
    Check {
        id: &'j str,
        subject: SubjectKind,
        verdicts: &'j [Verdict],
    },
    NotBuilt,
    And(Vec<Self>),
    Or(Vec<Self>),
}

/// What the measures of one threat say on one element.
#[derive(Default)]
pub(super) struct Leaves<'j> {
    pub(super) standings: Vec<(&'j str, Standing<'j>)>,
    /// Checks with their verdict, and the subject that decided.
    pub(super) checks: Vec<(&'j str, Verdict, Option<usize>)>,
}

impl<'j> Tree<'j> {
    /// An expression over measures, or check ids.
    pub(super) fn of(measure: &'j Measure, catalogue: &'j Catalogue, verdicts: &'j Verdicts<'j>) -> Self {
        match measure {
            Measure::Name(name) => Self::named(name, catalogue, verdicts),
            Measure::And(parts) => Self::And(parts.iter().map(|part| Self::of(part, catalogue, verdicts)).collect()),
            Measure::Or(parts) => Self::Or(parts.iter().map(|part| Self::of(part, catalogue, verdicts)).collect()),
        }
    }

    /// One measure, or one check.
    pub(super) fn named(name: &'j str, catalogue: &'j Catalogue, verdicts: &'j Verdicts<'j>) -> Self {
        let inner = match catalogue.measures.get(name) {
            Some(Some(measure)) => Self::over_checks(measure, catalogue, verdicts),
            Some(None) => Self::NotBuilt,
            None => Self::check(name, catalogue, verdicts),
        };
        Self::Measure(name, Box::new(inner))
    }

    fn over_checks(measure: &'j Measure, catalogue: &'j Catalogue, verdicts: &'j Verdicts<'j>) -> Self {
        match measure {
            Measure::Name(name) => Self::check(name, catalogue, verdicts),
            Measure::And(parts) => Self::And(parts.iter().map(|part| Self::over_checks(part, catalogue, verdicts)).collect()),
            Measure::Or(parts) => Self::Or(parts.iter().map(|part| Self::over_checks(part, catalogue, verdicts)).collect()),
        }
    }

    fn check(id: &'j str, catalogue: &'j Catalogue, verdicts: &'j Verdicts<'j>) -> Self {
        match (catalogue.checks.get(id), verdicts.get(id)) {
            (Some(check), Some(verdicts)) => Self::Check { id: &check.id, subject: check.subject, verdicts },
            _ => Self::NotBuilt,
        }
    }

    /// Where it stands on an element, noting what it rests on.
    pub(super) fn standing(&self, kind: SubjectKind, index: usize, relations: &Relations, leaves: &mut Leaves<'j>) -> Standing<'j> {
        let mut part = |part: &Self| part.standing(kind, index, relations, leaves);
        match self {
            Self::Measure(name, inner) => {
                let found = part(inner);
                add_new(&mut leaves.standings, [(*name, found)]);
                found
            }
            Self::Check { id, subject, verdicts } => {
                let (verdict, member) = worst(verdicts, relations, kind, index, *subject);
                add_new(&mut leaves.checks, [(*id, verdict, member)]);
                Standing::of(verdict, id)
            }
            Self::NotBuilt => Standing::NotBuilt,
            Self::And(parts) => parts.iter().map(part).reduce(Standing::and).unwrap_or(Standing::Meaningless),
            Self::Or(parts) => parts.iter().map(part).reduce(Standing::or).unwrap_or(Standing::Meaningless),
        }
    }
}

/// A check on the subjects that an element touches: the worst of them, and which that is.
fn worst(verdicts: &[Verdict], relations: &Relations, kind: SubjectKind, index: usize, subject: SubjectKind) -> (Verdict, Option<usize>) {
    let touched = relations.touched(kind, index, subject);
    let worst = touched.members().filter_map(|member| Some((*verdicts.get(member)?, member))).min();
    match (worst, touched.is_whole()) {
        (Some((Verdict::Fail, member)), _) => (Verdict::Fail, Some(member)),
        (_, false) => (Verdict::Unknown, None),
        (Some((verdict, member)), true) => (verdict, Some(member)),
        // Nobody whom it could concern: it holds for all of them.
        (None, true) => (Verdict::Pass, None),
    }
}

/// Appends what is not in the list yet.
pub(super) fn add_new<T: PartialEq>(list: &mut Vec<T>, more: impl IntoIterator<Item = T>) {
    for one in more {
        if !list.contains(&one) {
            list.push(one);
        }
    }
}
