//! Their rows against our verdicts.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Serialize;

use super::{NumberedBy, Numbering, PeerOrigin, PeerReport, PeerRow, PeerWord};
use crate::{Assessment, Catalogue, CheckResult, Judgement, SubjectKind, Verdict};

/// How a row of theirs stands to our verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Relation {
    /// Both say the same. What has no meaning here agrees with their pass, what was waived with their failure.
    Agree,
    /// One says that it holds, the other that it does not; or they let something fail that has no meaning here.
    Differ,
    /// Both say that it fails, but not of the same containers or images.
    OtherSubjects,
    /// They give no verdict, and it fails here.
    Overlooked,
    /// They give no verdict, and nothing fails here.
    TheySilent,
    /// They give a verdict, and we can't see it or leave it to a person.
    WeSilent,
    /// Neither gives a verdict.
    BothSilent,
}

impl Relation {
    /// Whether it is shown one by one.
    pub fn is_shown(self) -> bool {
        matches!(self, Self::Differ | Self::OtherSubjects | Self::Overlooked)
    }

    fn of(theirs: Option<bool>, ours: Verdict) -> Self {
        match (theirs, ours) {
            (Some(true), Verdict::Pass | Verdict::NotApplicable) | (Some(false), Verdict::Fail | Verdict::Waived) => Self::Agree,
            (Some(true), Verdict::Fail | Verdict::Waived) | (Some(false), Verdict::Pass | Verdict::NotApplicable) => Self::Differ,
            (Some(_), Verdict::Unknown | Verdict::Manual) => Self::WeSilent,
            (None, Verdict::Fail) => Self::Overlooked,
            (None, Verdict::Pass | Verdict::NotApplicable | Verdict::Waived) => Self::TheySilent,
            (None, Verdict::Unknown | Verdict::Manual) => Self::BothSilent,
        }
    }
}

/// One row of theirs with our answer to it.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ComparedRow {
    /// Number as they print it.
    pub id: String,
    /// Their word.
    pub word: PeerWord,
    /// What they say below it.
    pub said: Vec<String>,
    /// The check of ours that it is about.
    pub check: String,
    /// That check's title.
    pub title: String,
    /// Our verdict.
    pub verdict: Verdict,
    /// How the two stand to each other.
    pub relation: Relation,
    /// What our verdict rests on, where the two differ: the subjects that decide, with facts and the command to repeat it.
    pub judgements: Vec<Judgement>,
    /// Subjects that fail here and that they do not name.
    pub they_miss: Vec<String>,
    /// Subjects that they name and that do not fail here.
    pub they_add: Vec<String>,
    /// Containers that they name and that are not here.
    pub not_here: Vec<String>,
}

/// A row of theirs that no check of ours is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct UnmappedRow {
    /// Number as they print it.
    pub id: String,
    /// Their word.
    pub word: PeerWord,
}

/// Counts of their rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PeerSummary {
    /// Both say the same.
    pub agree: usize,
    /// The verdicts differ.
    pub differ: usize,
    /// Both fail it, on other subjects.
    pub other_subjects: usize,
    /// They give no verdict, and we do.
    pub they_have_none: usize,
    /// Of these: those that fail here.
    pub overlooked: usize,
    /// They give a verdict, and we give none.
    pub we_have_none: usize,
    /// Neither gives one.
    pub neither: usize,
    /// No check of ours is about it.
    pub unmapped: usize,
}

/// A report of another tool against an Assessment: `cofferdam/compare/1` without its envelope.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct PeerComparison {
    /// Where the report comes from.
    pub peer: PeerOrigin,
    /// Whose numbers its rows have: `cis-docker-1.6.0`.
    pub benchmark: String,
    /// How that is known.
    pub numbered_by: NumberedBy,
    /// Counts of their rows.
    pub summary: PeerSummary,
    /// Their rows that a check of ours is about, in their order.
    pub rows: Vec<ComparedRow>,
    /// Their other rows.
    pub unmapped: Vec<UnmappedRow>,
    /// Rows of the benchmark that their report lacks.
    pub not_in_report: Vec<String>,
}

/// Holds a report against an Assessment by the same catalogue.
pub fn compare(report: &PeerReport, numbering: &Numbering, assessment: &Assessment, catalogue: &Catalogue) -> PeerComparison {
    let here = containers(assessment);
    let mut rows = Vec::new();
    let mut unmapped = Vec::new();
    for (row, check) in report.rows.iter().zip(&numbering.checks) {
        let found = check.as_ref().and_then(|check| Some((catalogue.checks.get(check)?, assessment.results.get(check)?)));
        match found {
            Some((check, result)) => rows.push(compared(row, &check.title, result, &here)),
            None => unmapped.push(UnmappedRow { id: row.id.clone(), word: row.word }),
        }
    }
    let answered: BTreeSet<&str> = rows.iter().map(|row| row.check.as_str()).collect();
    let controls = catalogue.benchmarks.get(&numbering.benchmark).map_or(&[][..], |table| &table.controls);
    PeerComparison {
        peer: report.origin.clone(),
        benchmark: numbering.benchmark.clone(),
        numbered_by: numbering.by,
        summary: summary(&rows, unmapped.len()),
        not_in_report: controls
            .iter()
            .filter(|control| !answered.contains(control.check.as_str()))
            .map(|control| control.id.clone())
            .collect(),
        rows,
        unmapped,
    }
}

/// Names of the containers that anything was asked of.
fn containers(assessment: &Assessment) -> BTreeSet<&str> {
    let subjects = assessment.results.values().flat_map(|result| &result.subjects).map(|judgement| &judgement.subject);
    subjects.filter(|subject| subject.kind == SubjectKind::Container).map(|subject| &*subject.name).collect()
}

fn compared(row: &PeerRow, title: &str, result: &CheckResult, here: &BTreeSet<&str>) -> ComparedRow {
    let named = Named::of(row, result, here);
    let mut relation = Relation::of(row.holds, result.verdict);
    let (mut they_miss, mut they_add) = (Vec::new(), Vec::new());
    if row.holds == Some(false) {
        they_miss = named.missed;
        they_add = named.added;
        if relation == Relation::Agree && !(they_miss.is_empty() && they_add.is_empty()) {
            relation = Relation::OtherSubjects;
        }
    }
    let of_interest = |judgement: &&Judgement| {
        let has = |names: &[String]| names.iter().any(|name| **name == *judgement.subject.name);
        match relation {
            Relation::OtherSubjects => has(&they_miss) || has(&they_add),
            Relation::Differ if !they_add.is_empty() => has(&they_add),
            Relation::Differ | Relation::Overlooked => judgement.verdict == result.verdict,
            _ => false,
        }
    };
    let judgements = result.subjects.iter().filter(of_interest).cloned().collect();
    ComparedRow {
        id: row.id.clone(),
        word: row.word,
        said: row.said.clone(),
        check: result.check.clone(),
        title: title.to_owned(),
        verdict: result.verdict,
        relation,
        judgements,
        they_miss,
        they_add,
        not_here: named.not_here,
    }
}

/// Whom a row names, held against the subjects of our check.
#[derive(Default)]
struct Named {
    missed: Vec<String>,
    added: Vec<String>,
    not_here: Vec<String>,
}

impl Named {
    fn of(row: &PeerRow, result: &CheckResult, here: &BTreeSet<&str>) -> Self {
        let kind = result.subjects.first().map(|judgement| judgement.subject.kind);
        if row.names.is_empty() || !matches!(kind, Some(SubjectKind::Container | SubjectKind::Image)) {
            return Self::default();
        }
        let plain = |name| if kind == Some(SubjectKind::Container) { container_in(name) } else { name };
        let names: BTreeSet<&str> = row.names.iter().map(|name| plain(name.as_str())).collect();
        let is_named = |judgement: &Judgement| {
            let subject = &judgement.subject;
            names.contains(&*subject.name) || names.iter().any(|name| is_id_of(name, &subject.id))
        };
        // Their rows about images may name containers: then nothing can be said of the images.
        let understood = result.subjects.iter().any(is_named);
        let not_here: Vec<String> = match kind {
            Some(SubjectKind::Container) => names.iter().filter(|name| !here.contains(*name)).map(|name| (*name).to_owned()).collect(),
            _ => Vec::new(),
        };
        if !understood && kind == Some(SubjectKind::Image) {
            return Self::default();
        }
        let mut by_verdict: BTreeMap<bool, Vec<String>> = BTreeMap::new();
        for judgement in &result.subjects {
            let differs = match judgement.verdict {
                Verdict::Fail => !is_named(judgement),
                Verdict::Pass | Verdict::NotApplicable => is_named(judgement),
                // Waived fails as well, and is accepted: naming it or not is both right.
                Verdict::Unknown | Verdict::Manual | Verdict::Waived => false,
            };
            if differs {
                by_verdict.entry(judgement.verdict == Verdict::Fail).or_default().push(judgement.subject.name.to_string());
            }
        }
        Self { missed: by_verdict.remove(&true).unwrap_or_default(), added: by_verdict.remove(&false).unwrap_or_default(), not_here }
    }
}

/// docker-bench-security's JSON names a container `NAME`, `NAME:PORT` or `ID:NAME`; a name itself holds no colon.
fn container_in(item: &str) -> &str {
    match item.split_once(':') {
        Some((id, name)) if id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit()) => name,
        Some((name, _)) => name,
        None => item,
    }
}

/// An image is named by the first digits of its id where it has no tag.
fn is_id_of(name: &str, id: &str) -> bool {
    let (name, id) = (name.trim_start_matches("sha256:"), id.trim_start_matches("sha256:"));
    name.len() >= 12 && id.starts_with(name)
}

fn summary(rows: &[ComparedRow], unmapped: usize) -> PeerSummary {
    let count = |relation: Relation| rows.iter().filter(|row| row.relation == relation).count();
    PeerSummary {
        agree: count(Relation::Agree),
        differ: count(Relation::Differ),
        other_subjects: count(Relation::OtherSubjects),
        they_have_none: count(Relation::TheySilent) + count(Relation::Overlooked),
        overlooked: count(Relation::Overlooked),
        we_have_none: count(Relation::WeSilent),
        neither: count(Relation::BothSilent),
        unmapped,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relations() {
        use Verdict::{Fail, Manual, NotApplicable, Pass, Unknown, Waived};
        for (theirs, agree, differ) in [
            (Some(true), &[Pass, NotApplicable][..], &[Fail, Waived][..]),
            (Some(false), &[Fail, Waived], &[Pass, NotApplicable]),
            (None, &[], &[]),
        ] {
            for ours in [Fail, Unknown, Manual, Waived, Pass, NotApplicable] {
                let relation = Relation::of(theirs, ours);
                assert_eq!(relation == Relation::Agree, agree.contains(&ours), "{theirs:?} {ours}");
                assert_eq!(relation == Relation::Differ, differ.contains(&ours), "{theirs:?} {ours}");
                // What we can't see is never held against them, nor what they did not look at for them.
                let silent = matches!(ours, Unknown | Manual);
                assert_eq!(matches!(relation, Relation::WeSilent | Relation::BothSilent), silent, "{theirs:?} {ours}");
            }
        }
        assert_eq!(Relation::of(None, Fail), Relation::Overlooked);
        assert_eq!(Relation::of(None, Pass), Relation::TheySilent);
    }

    #[test]
    fn names_of_containers_and_images() {
        let id = "2cc202c0d254c4cf82b6566647759199eff8ca2f03941da10317f538736a2ebd";
        assert_eq!(container_in("web"), "web");
        assert_eq!(container_in("web:8080"), "web");
        assert_eq!(container_in(&format!("{id}:web")), "web");
        assert!(is_id_of(&id[..12], &format!("sha256:{id}")) && !is_id_of(&id[..4], id) && !is_id_of("web", id));
    }
}
