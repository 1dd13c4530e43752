//! What people read in a terminal. Each page is a snapshot: read it before accepting it.
#![allow(clippy::unwrap_used, reason = "this is test code, which clippy does not see outside of test functions")]

mod fixture;

use assess::peer::{ComparedRow, NumberedBy, PeerComparison, PeerForm, PeerOrigin, PeerSummary, PeerTool, PeerWord, Relation, UnmappedRow};
use assess::{Assessment, Explanation};
use fixture::{HOSTILE, Names, State, assessment, benchmark, benchmark_result};
use harden::{Difference, Direction, Outcome, Report, RunState, RunStatus, StepStatus, Verification};
use report::{Style, text};

fn pages(names: &Names, style: Style) -> Vec<(&'static str, String)> {
    let assessment = assessment(State::Before, names);
    let benchmark = benchmark(true);
    let result = benchmark_result(&benchmark, &assessment);
    let plan = fixture::plan(names);
    let (checks, threats, kubernetes) = (fixture::checks(), fixture::docker_threats(), fixture::kubernetes_threats());
    let numbers = std::collections::BTreeMap::from([("cis-docker-1.6.0".to_owned(), vec!["2.15".to_owned()])]);
    let of = |id: &str| Explanation::Check { check: &checks[id], numbers: numbers.clone(), threats: vec![&threats[6]] };
    let difference = |id: &str, subject: &str, predicted: &str, measured: &str, reason: &str| Difference {
        id: id.into(),
        subject: subject.into(),
        predicted: predicted.into(),
        measured: measured.into(),
        reason: reason.into(),
    };
    let verification = Verification {
        confirmed: 82,
        differences: vec![
            difference("docker.container.memory-limit", &names.web, "pass", "unknown", "memory.max could not be read: permission denied"),
            difference("docker.daemon.live-restore", &names.host, "pass", "fail", "live restore is off"),
        ],
    };
    let report = |direction, outcome| Report {
        run: "20261121T031200Z-1".into(),
        direction,
        outcome,
        steps: vec![format!("update container {}", names.web)],
        notes: vec![format!("{} did not start again", names.web)],
    };
    vec![
        ("assess", text::assess(&assessment, style)),
        ("threats", text::threats(&assessment, style)),
        ("advice", text::advice(&assessment, 4, style)),
        ("bench", text::bench(&assessment, &benchmark, &result, style)),
        ("comparison", text::comparison(&assessment, &comparison(&assessment, names), style)),
        ("plan", text::plan(&plan, Some("cofferdam harden apply --plan plan.json"), style)),
        ("explain_check", text::explain(&of("docker.container.no-runtime-socket"), Some(&assessment), style)),
        ("explain_check_anywhere", text::explain(&of("docker.daemon.live-restore"), None, style)),
        ("explain_threat", text::explain(&Explanation::Threat(&threats[6]), Some(&assessment), style)),
        ("explain_reference", text::explain(&Explanation::Reference(&kubernetes[1]), Some(&assessment), style)),
        ("verification", text::verification(&plan, &verification, style)),
        ("outcome_done", text::outcome(&report(Direction::Forward, Outcome::Done), style)),
        ("outcome_back", text::outcome(&report(Direction::Back, Outcome::Done), style)),
        (
            "outcome_partly",
            text::outcome(
                &report(Direction::Forward, Outcome::Partly { why: format!("the engine refused the update of {}", names.web) }),
                style,
            ),
        ),
        ("runs", text::runs(&runs(names), style)),
        ("refusal", text::refusal(&fixture::refusal(names), style)),
    ]
}

/// Another tool's report of that host: one row of each kind.
fn comparison(assessment: &Assessment, names: &Names) -> PeerComparison {
    let row = |id: &str, word, said: &str, check: &str, relation| {
        let result = &assessment.results[check];
        let judgements = result.subjects.iter().filter(|one| one.verdict == result.verdict).cloned().collect();
        ComparedRow {
            id: id.into(),
            word,
            said: (!said.is_empty()).then(|| said.into()).into_iter().collect(),
            check: check.into(),
            title: format!("What {check} says"),
            verdict: result.verdict,
            relation,
            judgements,
            they_miss: vec![],
            they_add: vec![],
            not_here: vec![],
        }
    };
    let mut memory = row("5.11", PeerWord::Warn, "", "docker.container.memory-limit", Relation::OtherSubjects);
    memory.they_miss = vec![names.web.clone()];
    memory.not_here = vec![format!("old-{}", names.web)];
    let silent = ComparedRow { judgements: vec![], ..row("5.29", PeerWord::Pass, "", "docker.container.pids-limit", Relation::WeSilent) };
    PeerComparison {
        peer: PeerOrigin {
            tool: PeerTool::DockerBenchSecurity,
            form: PeerForm::Text,
            version: Some("1.6.0".into()),
            claims: Some("cis-docker-1.6.0".into()),
            made_at: Some(names.web.clone()),
            runs: 2,
            complete: false,
        },
        benchmark: "cis-docker-1.5.0".into(),
        numbered_by: NumberedBy::Titles,
        summary: PeerSummary {
            differ: 1,
            other_subjects: 1,
            they_have_none: 1,
            overlooked: 1,
            we_have_none: 1,
            unmapped: 1,
            ..PeerSummary::default()
        },
        rows: vec![
            row("2.15", PeerWord::Pass, "", "docker.daemon.live-restore", Relation::Differ),
            memory,
            row("5.31", PeerWord::Info, &names.web, "docker.container.no-runtime-socket", Relation::Overlooked),
            silent,
        ],
        unmapped: vec![UnmappedRow { id: "C.1".into(), word: PeerWord::Info }],
        not_in_report: vec!["2.18".into()],
    }
}

fn runs(names: &Names) -> Vec<RunStatus> {
    let step = |n: usize, title: String, state| StepStatus {
        id: format!("step-{n}"),
        title,
        state,
        residue: "inspect shows a number instead of 0".into(),
    };
    let run = |id: &str, state, words: String, steps, next: Vec<String>| RunStatus {
        id: id.into(),
        began: "2026-11-21T03:12:00Z".into(),
        state,
        words,
        verified: None,
        steps,
        notes: vec![],
        next,
    };
    let web = &names.web;
    vec![
        run(
            "20261121T031200Z-1",
            RunState::Interrupted,
            format!(
                "interrupted in step-1 (update container {web}), when it was about to update {web} or had just done so, and the machine was booted again since"
            ),
            vec![step(1, format!("update container {web}"), "begun"), step(2, "change daemon.json".into(), "not begun")],
            vec![
                "cofferdam harden resume 20261121T031200Z-1      # finish it".into(),
                "cofferdam harden rollback 20261121T031200Z-1    # take it back".into(),
            ],
        ),
        run(
            "20261120T020000Z-1",
            RunState::RolledBack,
            "taken back".into(),
            vec![step(1, format!("update container {web}"), "taken back")],
            vec![],
        ),
    ]
}

#[test]
fn every_page() {
    for (name, page) in pages(&Names::default(), Style::default()) {
        insta::assert_snapshot!(name, page);
    }
}

#[test]
fn after_hardening() {
    insta::assert_snapshot!(text::assess(&assessment(State::After, &Names::default()), Style::default()));
}

/// Commands and diffs are never broken: they are to be copied.
fn may_be_long(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with("cofferdam ") || line.starts_with("$ ") || line.starts_with(['+', '-', ' ', '@'])
}

#[test]
fn lines_fit_the_width() {
    for width in [60, 80, 132] {
        for (name, page) in pages(&Names::default(), Style { width, colour: false }) {
            for line in page.lines().filter(|line| !may_be_long(line)) {
                assert!(line.chars().count() <= width, "{name} at {width}: {line}");
            }
        }
    }
}

/// Pages that speak of the catalogue, or of the daemon alone.
fn names_nobody(page: &str) -> bool {
    page.starts_with("explain_") && page != "explain_check"
}

#[test]
fn hostile_names_have_no_power() {
    for colour in [false, true] {
        for (name, page) in pages(&Names::hostile(), Style { width: 80, colour }) {
            assert!(!page.contains(HOSTILE) && !page.contains('\u{202e}') && !page.contains("\u{1b}[31m<"), "{name}");
            assert!(page.contains("\\x1b[31m") || names_nobody(name), "{name} shows what was there");
            if !colour {
                assert!(page.chars().all(|character| !character.is_control() || matches!(character, '\n' | '\t')), "{name}");
            }
        }
    }
}

#[test]
fn colour_changes_nothing_but_colour() {
    let plain = pages(&Names::default(), Style { width: 80, colour: false });
    let coloured = pages(&Names::default(), Style { width: 80, colour: true });
    for ((name, plain), (_, coloured)) in plain.iter().zip(&coloured) {
        assert!(coloured.contains("\u{1b}["), "{name}");
        let mut stripped = String::new();
        let mut rest = coloured.as_str();
        while let Some(at) = rest.find('\u{1b}') {
            stripped.push_str(&rest[..at]);
            rest = &rest[at + rest[at..].find('m').unwrap() + 1..];
        }
        stripped.push_str(rest);
        assert_eq!(&stripped, plain, "{name}");
    }
}
