//! Why a waiver covers nothing, or not what it seems to: the part that does not match, and what is close to it.

use std::collections::BTreeMap;

use super::matching::Ready;
use super::subjects::Faces;
use super::waiver::{OfImage, Until, WaiverState, Whom};
use crate::near_miss::near_miss;
use crate::{CheckResult, Judgement, SubjectKind, Verdict};

/// Why something that a waiver means is not covered by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Candidate {
    /// The waiver of this line covers it already.
    CoveredBy(usize),
    /// Its verdict is not one that can be waived.
    Is(Verdict),
}

/// What a reader must know of a waiver.
pub(super) fn notes(ready: &Ready<'_>, state: WaiverState, results: &BTreeMap<String, CheckResult>, faces: &Faces<'_>) -> Vec<String> {
    let mut notes = Vec::new();
    if state == WaiverState::Expired {
        notes.push(match (ready.waiver.until, ready.today) {
            (Until::Day(last), Some(today)) => format!("it ended after {last}; the snapshot is of {today}"),
            _ => "when the snapshot was taken can't be read, so it can't be shown that it still holds".to_owned(),
        });
    }
    if ready.waiver.is_broad() {
        notes.push("it takes in whatever comes later too".to_owned());
    }
    if !ready.covers.is_empty() {
        return notes;
    }
    if ready.meant.is_empty() {
        notes.push(missed(&ready.waiver.whom, &judged(ready, results), faces));
    } else {
        notes.extend(uncovered(&ready.meant));
    }
    notes
}

/// What it means is there, and needs no waiver or can't have one.
fn uncovered(meant: &[(String, Candidate)]) -> Vec<String> {
    let mut by_cause: BTreeMap<Candidate, Vec<&str>> = BTreeMap::new();
    for (finding, cause) in meant {
        by_cause.entry(*cause).or_default().push(finding);
    }
    let said = |(cause, findings): (Candidate, Vec<&str>)| {
        let shown = findings.iter().take(3).copied().collect::<Vec<_>>().join(", ");
        let more = if findings.len() > 3 { format!(" and {} more", findings.len() - 3) } else { String::new() };
        let cause = match cause {
            Candidate::CoveredBy(line) => format!("covered by the waiver of line {line} already"),
            Candidate::Is(Verdict::Pass) => "passes, so there is nothing to waive".to_owned(),
            Candidate::Is(Verdict::NotApplicable) => "has no meaning here".to_owned(),
            Candidate::Is(Verdict::Unknown) => "could not be seen, and what is not seen is not accepted".to_owned(),
            Candidate::Is(verdict) => format!("is {verdict}"),
        };
        format!("{shown}{more}: {cause}")
    };
    by_cause.into_iter().map(said).collect()
}

/// Everything that the checks of a waiver are asked about, each subject once.
fn judged<'r>(ready: &Ready<'_>, results: &'r BTreeMap<String, CheckResult>) -> Vec<&'r Judgement> {
    let mut of_kind: BTreeMap<SubjectKind, &Vec<Judgement>> = BTreeMap::new();
    for check in &ready.waiver.checks {
        if let Some(result) = results.get(check)
            && let Some(first) = result.subjects.first()
        {
            of_kind.entry(first.subject.kind).or_insert(&result.subjects);
        }
    }
    of_kind.into_values().flatten().collect()
}

/// Nothing that is judged here is meant: the nearest that is there.
fn missed(whom: &Whom, judged: &[&Judgement], faces: &Faces<'_>) -> String {
    if judged.is_empty() {
        return "there is nothing here that its check could be asked about".to_owned();
    }
    let of_kind: Vec<_> = judged.iter().filter(|one| whom.takes(one.subject.kind)).collect();
    let face = |one: &Judgement| faces.get(&one.subject);
    // The name is right, the image is not.
    if let Some(image) = &whom.image
        && let Some(one) = of_kind.iter().find(|one| whom.names(face(one)))
    {
        let seen = face(one).and_then(|face| match image {
            OfImage::Id(_) => face.image_id,
            OfImage::Name(_) => face.image,
        });
        return match seen {
            Some(seen) => format!("{} is there, and its image is {seen}", one.subject.name),
            None => format!("{} is there, and its image could not be seen", one.subject.name),
        };
    }
    let kinds = || {
        let mut kinds: Vec<&str> = judged.iter().map(|one| one.subject.kind.word()).collect();
        kinds.dedup();
        kinds.join(" or ")
    };
    let Some(word) = whom.word() else { return format!("no {} here has such a name", kinds()) };
    let names: Vec<&str> = of_kind.iter().filter_map(|one| face(one)).flat_map(|face| face.names.iter().copied()).collect();
    if let Some(other) = names.iter().find(|name| name.eq_ignore_ascii_case(&word)) {
        return format!("no {} here is called `{word}`, but there is `{other}`: capitals count", kinds());
    }
    if let Some(other) = near_miss(&word, names.iter().copied()) {
        return format!("no {} here is called `{word}`, did you mean `{other}`?", kinds());
    }
    if let Some(other) = names.iter().find(|name| name.starts_with(&word) || name.ends_with(&word)) {
        return format!("no {} here is called `{word}`, but there is `{other}`: a name is exact without `*`", kinds());
    }
    match faces.of_another_kind(&word, judged) {
        Some(kind) => format!("`{word}` is a {} here, and the check asks about the {}", kind.word(), kinds()),
        None => format!("no {} here is called `{word}`", kinds()),
    }
}
