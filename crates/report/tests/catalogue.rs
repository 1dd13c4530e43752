//! The built-in catalogue through every page: nothing is left out, nothing is too wide, nothing panics.

#![allow(clippy::unwrap_used, reason = "this is test code, which clippy does not see outside of test functions")]

mod fixture;

use assess::{Assessment, BenchmarkResult, Catalogue, explain};
use facts::Snapshot;
use fixture::{Names, State, snapshot};
use report::compare::{Comparison, Side, html, markdown, picture};
use report::{Style, text};

struct Judged {
    snapshot: Snapshot,
    assessment: Assessment,
    runs: Vec<BenchmarkResult>,
}

impl Judged {
    fn new(catalogue: &Catalogue, state: State, names: &Names) -> Self {
        let snapshot = snapshot(state, names);
        let assessment = assess::assess(&snapshot, catalogue);
        let runs = catalogue.benchmarks.keys().map(|id| assess::bench(&snapshot, catalogue, id).unwrap()).collect();
        Self { snapshot, assessment, runs }
    }

    fn side(&self) -> Side<'_> {
        Side { snapshot: &self.snapshot, assessment: &self.assessment, benchmarks: &self.runs }
    }
}

#[test]
fn every_id_is_explained() {
    let catalogue = Catalogue::load().unwrap();
    let judged = Judged::new(&catalogue, State::Before, &Names::default());
    let controls =
        catalogue.benchmarks.values().flat_map(|table| table.controls.iter().map(|control| format!("{}:{}", table.id, control.id)));
    let threats = catalogue.threats.iter().chain(&catalogue.kubernetes).map(|threat| threat.id.clone());
    let ids: Vec<String> = catalogue.checks.keys().cloned().chain(controls).chain(threats).collect();
    for id in ids {
        let page = text::explain(&explain(&catalogue, &id).unwrap(), Some(&judged.assessment), Style::default());
        let commands = ["    ", "              cofferdam "];
        for line in page.lines().filter(|line| !commands.iter().any(|command| line.starts_with(command))) {
            assert!(line.chars().count() <= 80, "{id}: {line}");
        }
        assert!(page.lines().count() > 3, "{id}");
    }
}

#[test]
fn the_deliverable_holds_every_threat_and_every_control() {
    let catalogue = Catalogue::load().unwrap();
    for names in [Names::default(), Names::hostile()] {
        let (before, after) = (Judged::new(&catalogue, State::Before, &names), Judged::new(&catalogue, State::After, &names));
        let chosen = ["cis-docker-1.6.0:2.15".to_owned(), "docker.container.memory-limit".to_owned()];
        let comparison = Comparison {
            before: before.side(),
            after: after.side(),
            plan: None,
            chosen: &chosen,
            checks: &catalogue.checks,
            benchmarks: &catalogue.benchmarks,
            threats: &catalogue.threats,
            kubernetes: &catalogue.kubernetes,
        };
        for page in [markdown(&comparison, None), html(&comparison)] {
            for threat in catalogue.threats.iter().chain(&catalogue.kubernetes) {
                assert!(page.contains(&threat.id), "{}", threat.id);
            }
            for control in catalogue.benchmarks.values().flat_map(|table| &table.controls) {
                assert!(
                    page.contains(&format!("| {} |", control.id)) || page.contains(&format!("<td>{}</td>", control.id)),
                    "{}",
                    control.id
                );
            }
            assert!(!page.contains('\u{1b}') && !page.contains('\u{202e}'));
        }
        // The picture is of the benchmark that changed most.
        let picture = picture(&comparison).unwrap();
        let mut rows = catalogue.benchmarks.values().flat_map(|table| &table.controls);
        assert!(rows.any(|control| control.check == "docker.daemon.live-restore" && picture.contains(&control.id)));
        for table in catalogue.benchmarks.values() {
            let run = before.runs.iter().find(|run| run.benchmark == table.id).unwrap();
            assert!(text::bench(&before.assessment, table, run, Style::default()).contains("controls:"));
        }
        assert!(text::assess(&before.assessment, Style::default()).contains("THREATS"));
    }
}

/// A screen shows the same, whether the evidence of what passes was worked out or not.
#[test]
fn what_is_left_out_is_not_shown() {
    let catalogue = Catalogue::load_for_judging().unwrap();
    let host = include_str!("../../cofferdam/tests/fixtures/weak.snapshot.json");
    let snapshot = facts::Snapshot::from_json(host).unwrap();
    let nobody = assess::Operator::default();
    let judged = |evidence_of_all, advice| assess::assess_with(&snapshot, &catalogue, &nobody, assess::Extent { evidence_of_all, advice });
    let (whole, shown, verdicts) = (judged(true, true), judged(false, true), judged(false, false));
    assert!(whole.results.values().flat_map(|result| &result.subjects).all(|one| !one.reproduce.is_empty()));
    assert_eq!((&whole.findings, &whole.advice), (&shown.findings, &shown.advice));
    let style = report::Style::default();
    assert_eq!(report::text::assess(&whole, style), report::text::assess(&shown, style));
    for table in catalogue.benchmarks.values() {
        let bench = |judged| report::text::bench(judged, table, &assess::bench_of(judged, &catalogue, &table.id).unwrap(), style);
        assert_eq!(bench(&whole), bench(&verdicts));
    }
}
