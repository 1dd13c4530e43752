//! What a check said in one state, with facts, sources and the time.

use std::collections::BTreeMap;

use assess::{Judgement, Verdict};
use serde::Serialize;

use super::Side;
use crate::words;

/// One check in one state.
#[derive(Debug, Serialize)]
pub(super) struct Measured {
    pub(super) verdict: &'static str,
    pub(super) time: String,
    pub(super) groups: Vec<Alike>,
    /// Subjects beyond those that are shown.
    pub(super) more: usize,
}

/// Subjects with one verdict and one reason.
#[derive(Debug, Serialize)]
pub(super) struct Alike {
    pub(super) verdict: &'static str,
    pub(super) names: String,
    pub(super) reason: String,
    /// Facts of the first of them.
    pub(super) facts: Vec<Seen>,
    /// Whose facts they are, where there are several.
    pub(super) of: Option<String>,
}

/// One fact and where it was read.
#[derive(Debug, Serialize)]
pub(super) struct Seen {
    pub(super) path: String,
    pub(super) value: String,
    pub(super) source: String,
}

/// Groups that are shown.
const GROUPS: usize = 4;

pub(super) fn measured(side: &Side<'_>, check: &str) -> Measured {
    let time = words::time(&side.assessment.snapshot.taken_at);
    let Some(result) = side.assessment.results.get(check) else {
        return Measured { verdict: "not judged", time, groups: Vec::new(), more: 0 };
    };
    let mut groups: BTreeMap<(Verdict, &str), Vec<&Judgement>> = BTreeMap::new();
    for judgement in &result.subjects {
        groups.entry((judgement.verdict, &judgement.reason)).or_default().push(judgement);
    }
    let more = groups.values().skip(GROUPS).map(Vec::len).sum();
    let groups = groups.into_values().take(GROUPS).map(|group| alike(&group)).collect();
    Measured { verdict: result.verdict.word(), time, groups, more }
}

fn alike(group: &[&Judgement]) -> Alike {
    let first = group[0];
    Alike {
        verdict: first.verdict.word(),
        names: words::names(group.iter().map(|judgement| &*judgement.subject.name), 6),
        reason: first.reason.to_string(),
        facts: words::evidence(&first.reason, &first.facts)
            .map(|fact| Seen { path: words::fact_name(fact).to_owned(), value: words::value(&fact.value), source: fact.source.to_string() })
            .collect(),
        of: (group.len() > 1).then(|| first.subject.name.to_string()),
    }
}
