//! What was predicted beside what was measured: a difference is a defect of ours or someone else's hand, and is shown as one.

use std::collections::BTreeMap;

use harden::Verification;
use harden::plan::{Plan, PredictedChange};

use super::page::{Page, Span, dim, plain, strong};
use super::plan::{changes, turned};
use crate::style::{Style, Tone};
use crate::words;

/// Differences first, alike ones together, then everything that came as predicted.
pub fn verification(plan: &Plan, verification: &Verification, style: Style) -> String {
    let mut page = Page::new(style);
    let differences = verification.differences.len();
    page.heading("PREDICTED AND MEASURED", &format!("{} as predicted, {differences} different", verification.confirmed));
    if differences == 0 && verification.confirmed == 0 {
        page.paragraph(1, &[plain("Nothing was predicted to change, and nothing did.")]);
    }
    let mut alike: BTreeMap<(&str, &str, &str, &str), Vec<&str>> = BTreeMap::new();
    for found in &verification.differences {
        alike.entry((&found.id, &found.predicted, &found.measured, &found.reason)).or_default().push(&found.subject);
    }
    for ((id, predicted, measured, reason), names) in alike {
        let body = [
            strong(id),
            plain(format!("on {}:", words::names(names, 6))),
            plain(format!("predicted {predicted},")),
            Span::new(Tone::Bad, format!("measured {measured}")),
            dim(if reason.is_empty() { String::new() } else { format!("({reason})") }),
        ];
        page.entry(1, 15, &[Span::new(Tone::Bad, "DIFFERENT")], &body);
    }
    let differs = |change: &PredictedChange| {
        let same = |found: &harden::Difference| {
            found.id == change.what.id() && found.subject == change.subject.name && found.predicted == change.after
        };
        verification.differences.iter().any(same)
    };
    let confirmed: Vec<PredictedChange> = plan.predicted.changes.iter().filter(|change| !differs(change)).cloned().collect();
    for group in changes(&confirmed) {
        let lead = [Span::new(Tone::Good, "as predicted")];
        let who = plain(format!("on {}", words::names(group.names.iter().copied(), 6)));
        page.entry(1, 15, &lead, &[turned(group.before, group.after), strong(group.what), who]);
    }
    page.finish()
}
