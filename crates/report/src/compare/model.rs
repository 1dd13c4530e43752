//! What both templates are filled with. Values are plain text; the templates' formatter makes them safe and escapes them.

use std::collections::BTreeSet;

use assess::{Assessment, Summary, ThreatStatus};
use facts::Gap;
use serde::Serialize;

use super::benchmarks::{self, Run};
use super::chosen::{self, Chosen};
use super::system::{self, Part};
use super::threats::{self, Letter, ModelBoundary, ModelComponent, Reference};
use super::{Comparison, Side};
use crate::words;

/// The whole report.
#[derive(Debug, Serialize)]
pub(super) struct Model {
    pub(super) title: String,
    pub(super) made_by: String,
    /// Anything that limits what the comparison can say.
    pub(super) warnings: Vec<String>,
    pub(super) before: State,
    pub(super) after: State,
    pub(super) counts: Vec<Count>,
    pub(super) components: Vec<Part>,
    pub(super) boundaries: Vec<Part>,
    pub(super) threats: Vec<Letter>,
    pub(super) kubernetes: Vec<Reference>,
    pub(super) kubernetes_rows: usize,
    pub(super) kubernetes_components: Vec<ModelComponent>,
    pub(super) kubernetes_boundaries: Vec<ModelBoundary>,
    pub(super) chosen: Vec<Chosen>,
    /// Whether the chosen findings were named, or are those that changed.
    pub(super) named: bool,
    pub(super) has_plan: bool,
    pub(super) passing: usize,
    pub(super) runs: Vec<Run>,
    pub(super) corrections: Vec<Correction>,
    pub(super) gaps: Vec<SeenGap>,
}

/// Which host was seen when.
#[derive(Debug, Serialize)]
pub(super) struct State {
    pub(super) host: String,
    pub(super) engine: String,
    pub(super) time: String,
    pub(super) digest: String,
    pub(super) checks: String,
}

/// One number, before and after.
#[derive(Debug, Serialize)]
pub(super) struct Count {
    pub(super) what: &'static str,
    pub(super) before: usize,
    pub(super) after: usize,
    /// Whether the change is for the better.
    pub(super) better: bool,
}

/// A correction of what is often said of a threat.
#[derive(Debug, Serialize)]
pub(super) struct Correction {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) text: String,
}

/// What could not be seen, and in which state.
#[derive(Debug, Serialize)]
pub(super) struct SeenGap {
    pub(super) what: String,
    pub(super) why: String,
    pub(super) needs: String,
    pub(super) when: &'static str,
}

pub(super) fn build(comparison: &Comparison<'_>) -> Model {
    let (before, after) = (comparison.before.assessment, comparison.after.assessment);
    let chosen = chosen::build(comparison);
    let host = &after.target.name;
    Model {
        title: format!("Hardening report: {host}"),
        made_by: format!("{} {}", after.tool.name, after.tool.version),
        warnings: warnings(comparison),
        before: state(&comparison.before),
        after: state(&comparison.after),
        counts: counts(before, after),
        components: system::components(comparison.before.snapshot, comparison.after.snapshot),
        boundaries: system::boundaries(comparison.before.snapshot, comparison.after.snapshot),
        threats: threats::measured(comparison),
        kubernetes: threats::reference(comparison.kubernetes),
        kubernetes_rows: comparison.kubernetes.len(),
        kubernetes_components: threats::reference_components(comparison.kubernetes),
        kubernetes_boundaries: threats::reference_boundaries(),
        named: !comparison.chosen.is_empty(),
        has_plan: comparison.plan.is_some(),
        passing: chosen.iter().filter(|chosen| chosen.after.verdict == "pass").count(),
        chosen,
        runs: benchmarks::build(comparison),
        corrections: comparison
            .threats
            .iter()
            .filter_map(|threat| {
                let text = threat.correction.clone()?;
                Some(Correction { id: threat.id.clone(), title: threat.title.clone(), text })
            })
            .collect(),
        gaps: gaps(&before.gaps, &after.gaps),
    }
}

fn warnings(comparison: &Comparison<'_>) -> Vec<String> {
    let (before, after) = (comparison.before.assessment, comparison.after.assessment);
    let mut warnings = Vec::new();
    if before.target.name != after.target.name {
        warnings.push(format!("The two states are of different hosts: {} and {}.", before.target.name, after.target.name));
    }
    if before.snapshot.taken_at > after.snapshot.taken_at {
        warnings.push("The state called before was seen later than the one called after.".to_owned());
    }
    if before.target.engine != after.target.engine {
        warnings.push("The engine's version differs between the two states.".to_owned());
    }
    if before.tool.version != after.tool.version {
        warnings.push(format!("The two states were judged by different versions: {} and {}.", before.tool.version, after.tool.version));
    }
    if let Some(plan) = comparison.plan.filter(|plan| plan.snapshot.digest != before.snapshot.digest) {
        let digest = words::digest(&plan.snapshot);
        warnings.push(format!("The plan was made from another snapshot ({digest}) than the one called before."));
    }
    warnings
}

fn state(side: &Side<'_>) -> State {
    let assessment = side.assessment;
    State {
        host: assessment.target.name.clone(),
        engine: assessment.target.engine.clone().unwrap_or_else(|| "not seen".to_owned()),
        time: words::time(&assessment.snapshot.taken_at),
        digest: assessment.snapshot.digest.clone(),
        checks: summary(&assessment.summary),
    }
}

/// `5 fail, 2 unknown, ...` with zeros left out.
pub(super) fn summary(summary: &Summary) -> String {
    let parts = [
        (summary.fail, "fail"),
        (summary.unknown, "unknown"),
        (summary.manual, "manual"),
        (summary.waived, "waived"),
        (summary.pass, "pass"),
        (summary.not_applicable, "not applicable"),
    ];
    parts.iter().filter(|(number, _)| *number > 0).map(|(number, word)| format!("{number} {word}")).collect::<Vec<_>>().join(", ")
}

fn counts(before: &Assessment, after: &Assessment) -> Vec<Count> {
    let threats = |assessment: &Assessment, wanted: ThreatStatus| {
        words::worst_statuses(&assessment.threats).values().filter(|status| **status == wanted).count()
    };
    let count = |what, before: usize, after: usize, fewer_is_better: bool| Count {
        what,
        before,
        after,
        better: if fewer_is_better { after < before } else { after > before },
    };
    vec![
        count("checks that fail", before.summary.fail, after.summary.fail, true),
        count("checks that pass", before.summary.pass, after.summary.pass, false),
        count("threats open", threats(before, ThreatStatus::Open), threats(after, ThreatStatus::Open), true),
        count("threats mitigated", threats(before, ThreatStatus::Mitigated), threats(after, ThreatStatus::Mitigated), false),
    ]
}

fn gaps(before: &[Gap], after: &[Gap]) -> Vec<SeenGap> {
    let all: BTreeSet<&Gap> = before.iter().chain(after).collect();
    all.into_iter()
        .map(|gap| SeenGap {
            what: gap.what.clone(),
            why: gap.why.clone(),
            needs: gap.needs.clone(),
            when: match (before.contains(gap), after.contains(gap)) {
                (true, true) => "before and after",
                (true, false) => "before",
                _ => "after",
            },
        })
        .collect()
}
