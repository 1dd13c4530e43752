//! The deliverable, in Markdown, HTML and as a picture.
#![allow(clippy::unwrap_used, reason = "this is test code, which clippy does not see outside of test functions")]

mod fixture;

use std::collections::BTreeMap;

use assess::{Benchmark, BenchmarkResult, Check, Threat};
use fixture::{HOSTILE, Names, State, assessment, benchmark_result, snapshot};
use report::compare::{Comparison, Side, html, markdown, picture};

/// Everything that a comparison borrows.
struct Fixture {
    snapshots: [facts::Snapshot; 2],
    assessments: [assess::Assessment; 2],
    results: [Vec<BenchmarkResult>; 2],
    plan: harden::plan::Plan,
    benchmarks: BTreeMap<String, Benchmark>,
    checks: BTreeMap<String, Check>,
    threats: Vec<Threat>,
    kubernetes: Vec<Threat>,
    chosen: Vec<String>,
}

impl Fixture {
    fn new(names: &Names) -> Self {
        let assessments = [State::Before, State::After].map(|state| assessment(state, names));
        let benchmarks = fixture::benchmarks();
        let results = [0, 1].map(|side| benchmarks.values().map(|table| benchmark_result(table, &assessments[side])).collect());
        Self {
            snapshots: [State::Before, State::After].map(|state| snapshot(state, names)),
            results,
            plan: fixture::plan(names),
            checks: fixture::checks(),
            threats: fixture::docker_threats(),
            kubernetes: fixture::kubernetes_threats(),
            chosen: ["docker.container.memory-limit", "cis-docker-1.6.0:2.15", "docker.host.audit-dockerd-binary"].map(String::from).into(),
            assessments,
            benchmarks,
        }
    }

    fn comparison(&self) -> Comparison<'_> {
        let side = |at: usize| Side { snapshot: &self.snapshots[at], assessment: &self.assessments[at], benchmarks: &self.results[at] };
        Comparison {
            before: side(0),
            after: side(1),
            plan: Some(&self.plan),
            chosen: &self.chosen,
            checks: &self.checks,
            benchmarks: &self.benchmarks,
            threats: &self.threats,
            kubernetes: &self.kubernetes,
        }
    }
}

#[test]
fn the_report_in_every_format() {
    let fixture = Fixture::new(&Names::default());
    let comparison = fixture.comparison();
    insta::assert_snapshot!("markdown", markdown(&comparison, Some("before-after.svg")));
    insta::assert_snapshot!("html", html(&comparison));
    insta::assert_snapshot!("picture", picture(&comparison).unwrap());
}

#[test]
fn without_a_choice_those_that_changed_are_shown() {
    let fixture = Fixture::new(&Names::default());
    let page = markdown(&Comparison { chosen: &[], plan: None, ..fixture.comparison() }, None);
    assert!(page.contains("3 findings were changed from fail to pass; 3 of them pass now."));
    assert!(page.contains("No plan was given"));
    let section = page.split("## 3. ").nth(1).unwrap().split("\n## ").next().unwrap();
    insta::assert_snapshot!("markdown_unchosen", section);
}

#[test]
fn nothing_changed_and_nothing_known() {
    let fixture = Fixture::new(&Names::default());
    let before = fixture.comparison().before;
    let (checks, benchmarks) = (BTreeMap::new(), BTreeMap::new());
    let empty = Comparison {
        before,
        after: before,
        plan: None,
        chosen: &[],
        checks: &checks,
        benchmarks: &benchmarks,
        threats: &[],
        kubernetes: &[],
    };
    for page in [markdown(&empty, None), html(&empty)] {
        assert!(page.contains("no check went from fail to pass"));
    }
}

#[test]
fn hostile_names_have_no_power() {
    let fixture = Fixture::new(&Names::hostile());
    let comparison = fixture.comparison();
    let svg = picture(&comparison).unwrap();
    for (name, page) in [("markdown", markdown(&comparison, None)), ("html", html(&comparison)), ("svg", svg)] {
        assert!(!page.contains(HOSTILE), "{name}");
        assert!(page.contains("\\x1b") || page.contains("\\\\x1b"), "{name} shows what was there");
        // A fenced block shows its text as it is; that nothing ends it early is tested below and in the crate.
        let marked_up: String = page.split("```").step_by(2).collect::<String>().replace("\\]", "");
        for raw in ["<script", "\u{1b}", "\u{202e}"] {
            assert!(!marked_up.contains(raw), "{name} has {raw:?}");
        }
        assert!(name != "markdown" || !marked_up.contains("](javascript:"));
        assert!(page.chars().all(|character| !character.is_control() || character == '\n'), "{name}");
    }
    let page = markdown(&comparison, None);
    let mut fenced = false;
    for line in page.lines() {
        if line.starts_with("```") {
            fenced = !fenced;
        } else if !fenced && line.starts_with('|') {
            let cells = line.replace("\\|", "").matches('|').count();
            assert!((3..=7).contains(&cells), "{line}");
        }
        assert!(fenced || !line.contains("|\n"), "{line}");
    }
    assert!(!fenced);
}

#[test]
fn the_page_needs_nothing_else() {
    let fixture = Fixture::new(&Names::default());
    let page = html(&fixture.comparison());
    let without_namespace = page.replace("http://www.w3.org/2000/svg", "");
    for outside in ["http://", "https://", "src=", "@import", "url(", "<script", "<link"] {
        assert!(!without_namespace.contains(outside), "{outside}");
    }
}
