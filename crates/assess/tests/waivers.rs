//! The laws of waivers and policy, on whole Snapshots: a waiver touches only what it matches, turns nothing into a pass, moves no threat,
//! and is judged by the Snapshot's time alone.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod fixtures;

use std::sync::LazyLock;

use assess::{Assessment, Catalogue, Operator, SubjectKind, ThreatStatus, Verdict, WaiverState, assess, assess_for};
use facts::{Fact, Snapshot};
use proptest::prelude::*;

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::load().unwrap());
static WEAK: LazyLock<(Snapshot, Assessment)> = LazyLock::new(|| {
    let world = fixtures::weak();
    let judged = assess(&world, &CATALOGUE);
    (world, judged)
});

fn operator(text: &str) -> Operator {
    Operator::parse("cofferdam.yaml", text, &CATALOGUE).unwrap_or_else(|errors| panic!("{text}\n{errors}"))
}

fn waiver(check: &str, more: &str) -> String {
    format!("  - {{check: '{check}', {more} reason: r, owner: o, until: never}}\n")
}

fn with(waivers: &[(&str, &str)]) -> Assessment {
    let text: String = waivers.iter().map(|(check, more)| waiver(check, more)).collect();
    assess_for(&WEAK.0, &CATALOGUE, &operator(&format!("waivers:\n{text}")))
}

/// A container of the weak world that fails a check, and the check.
fn failing(kind: SubjectKind) -> (String, String) {
    let finding = WEAK.1.findings.iter().find(|one| one.verdict == Verdict::Fail && one.subject.kind == kind).unwrap();
    (finding.check.clone(), finding.subject.name.to_string())
}

/// Everything that must hold of an assessment beside the one without waivers.
fn lawful(with: &Assessment) {
    let without = &WEAK.1;
    for (id, result) in &with.results {
        for (now, before) in result.subjects.iter().zip(&without.results[id].subjects) {
            assert_eq!((&now.subject, &now.reason, &now.facts), (&before.subject, &before.reason, &before.facts), "{id}: facts stay");
            match &now.waiver {
                None => assert_eq!(now.verdict, before.verdict, "{id}"),
                Some(waiver) => {
                    assert_eq!((now.verdict, waiver.verdict), (Verdict::Waived, before.verdict), "{id}");
                    assert!(matches!(before.verdict, Verdict::Fail | Verdict::Manual), "{id} was {}", before.verdict);
                }
            }
        }
        assert_eq!(result.verdict, Verdict::worst(result.subjects.iter().map(|one| one.verdict)), "{id}");
        assert!(result.verdict != Verdict::Pass || without.results[id].verdict == Verdict::Pass, "{id} passes by a waiver");
    }
    let status = |threats: &[assess::ThreatFinding]| -> Vec<(String, String, ThreatStatus)> {
        threats.iter().map(|threat| (threat.id.clone(), threat.element.id.clone(), threat.status)).collect()
    };
    assert_eq!(status(&with.threats), status(&without.threats), "no waiver moves a threat");
    // Each use is a finding, and each waived finding is the use of one waiver.
    let mut used: Vec<&String> = with.waivers.iter().filter(|one| one.state == WaiverState::Used).flat_map(|one| &one.findings).collect();
    let mut waived: Vec<&String> = with.findings.iter().filter(|one| one.verdict == Verdict::Waived).map(|one| &one.id).collect();
    used.sort();
    waived.sort();
    assert_eq!(used, waived);
    assert!(
        with.advice.fixes.iter().flat_map(|fix| &fix.findings).all(|finding| !waived.contains(&finding)),
        "advice offers what is waived"
    );
}

#[test]
fn one_container() {
    let (check, name) = failing(SubjectKind::Container);
    let judged = with(&[(&check, &format!("subject: 'container:{name}',"))]);
    lawful(&judged);
    let waived: Vec<&str> = judged.findings.iter().filter(|one| one.waiver.is_some()).map(|one| &*one.subject.name).collect();
    assert_eq!(waived, [name.as_str()]);
    assert_eq!((judged.waivers[0].state, judged.waivers[0].broad), (WaiverState::Used, false));
    assert_eq!(judged.config.as_deref(), Some("cofferdam.yaml"));
    let waiver = judged.findings.iter().find_map(|one| one.waiver.as_ref()).unwrap();
    assert_eq!((waiver.source.as_str(), waiver.until.as_str(), waiver.verdict), ("cofferdam.yaml:2", "never", Verdict::Fail));
}

#[test]
fn a_slash_in_front_and_another_name() {
    let (check, name) = failing(SubjectKind::Container);
    let covers = |subject: &str| !with(&[(&check, &format!("subject: '{subject}',"))]).waivers[0].findings.is_empty();
    assert!(covers(&name) && covers(&format!("/{name}")) && covers(&format!("container:/{name}")));
    for other in [format!("{name}x"), name[..name.len() - 1].to_owned(), name.to_uppercase(), format!("x{name}")] {
        assert!(!covers(&other), "{other}");
    }
}

/// Names that look like patterns are names, and a container does not become exempt by one.
#[test]
fn names_with_glob_characters() {
    let mut world = fixtures::weak();
    let engine = world.docker.known_mut().unwrap();
    let first = engine.containers.fact.known_mut().unwrap()[0].fact.known_mut().unwrap();
    first.name = "*".to_owned();
    let check = "docker.container.memory-limit";
    let covered = |subject: &str| {
        let text = format!("waivers:\n{}", waiver(check, &format!("subject: '{subject}',")));
        assess_for(&world, &CATALOGUE, &operator(&text)).waivers.remove(0).findings
    };
    assert_eq!(covered("worker"), [format!("{check}@worker")]);
    assert_eq!(covered("work*"), [format!("{check}@worker")]);
    assert_eq!(covered(r"\*"), [format!("{check}@*")]);
    assert!(covered("*").len() >= 5 && covered("web").is_empty());
}

#[test]
fn bound_to_an_image() {
    let containers = WEAK.0.engine().unwrap().containers.known().unwrap();
    let (check, name) = failing(SubjectKind::Container);
    let container = containers.iter().filter_map(|one| one.known()).find(|one| one.name == name).unwrap();
    let mut world = fixtures::weak();
    let digits = "0123456789abcdef".repeat(4);
    let id = format!("sha256:{digits}");
    let one = world
        .docker
        .known_mut()
        .unwrap()
        .containers
        .fact
        .known_mut()
        .unwrap()
        .iter_mut()
        .find_map(|one| one.fact.known_mut().filter(|one| one.id == container.id))
        .unwrap();
    one.image_id = Fact::Known(id.clone());
    let uses = |world: &Snapshot, image: &str| {
        let text = format!("waivers:\n{}", waiver(&check, &format!("subject: '{name}', image: '{image}',")));
        assess_for(world, &CATALOGUE, &operator(&text)).waivers.remove(0)
    };
    assert_eq!(uses(&world, &id).state, WaiverState::Used);
    let other = format!("sha256:{}", "f".repeat(64));
    let missed = uses(&world, &other);
    assert!(missed.state == WaiverState::Unused && missed.notes[0].contains(&format!("its image is {id}")), "{:?}", missed.notes);
    // An image that could not be seen is not the one that is meant.
    let one = world
        .docker
        .known_mut()
        .unwrap()
        .containers
        .fact
        .known_mut()
        .unwrap()
        .iter_mut()
        .find_map(|one| one.fact.known_mut().filter(|one| one.id == container.id))
        .unwrap();
    one.image_id = Fact::unknown("no right");
    assert_eq!(uses(&world, &id).state, WaiverState::Unused);
}

#[test]
fn the_day_is_that_of_the_snapshot() {
    let (check, name) = failing(SubjectKind::Container);
    let state = |taken_at: &str| {
        let mut world = fixtures::weak();
        world.taken_at = taken_at.to_owned();
        let text = format!("waivers:\n  - {{check: {check}, subject: '{name}', reason: r, owner: o, until: 2026-12-31}}\n");
        let judged = assess_for(&world, &CATALOGUE, &operator(&text));
        let verdict = judged.results[&check].subjects.iter().find(|one| *one.subject.name == *name).unwrap().verdict;
        (judged.waivers[0].state, verdict)
    };
    assert_eq!(state("2026-12-31T23:59:59Z"), (WaiverState::Used, Verdict::Waived));
    assert_eq!(state("2027-01-01T00:00:00Z"), (WaiverState::Expired, Verdict::Fail));
    assert_eq!(state("no time"), (WaiverState::Expired, Verdict::Fail));
}

#[test]
fn what_covers_nothing_says_why() {
    let (check, name) = failing(SubjectKind::Container);
    let note = |check: &str, more: &str| {
        let judged = with(&[(check, more)]);
        lawful(&judged);
        assert_eq!(judged.waivers[0].state, WaiverState::Unused);
        judged.waivers[0].notes.join("; ")
    };
    let swapped: String = name.chars().rev().collect();
    assert!(note(&check, &format!("subject: '{name}z',")).contains(&format!("did you mean `{name}`?")));
    assert!(note(&check, &format!("subject: '{}',", name.to_uppercase())).contains("capitals count"));
    assert!(note(&check, &format!("subject: 'zzzz{swapped}zzzz',")).contains("no container here is called"));
    let passing = WEAK.1.results.values().find_map(|result| {
        let one = result.subjects.iter().find(|one| one.verdict == Verdict::Pass && one.subject.kind == SubjectKind::Container)?;
        Some((result.check.clone(), one.subject.name.clone()))
    });
    let (passing, on) = passing.unwrap();
    assert!(note(&passing, &format!("subject: '{on}',")).contains("nothing to waive"));
    // The second of two that mean the same finding has nothing left to do.
    let both = with(&[(&check, &format!("subject: '{name}',")), (&check, &format!("subject: 'container:{name}*',"))]);
    let second = &both.waivers[1];
    assert_eq!(second.state, WaiverState::Unused);
    assert!(second.notes[0].contains("covered by the waiver of line 2 already"), "{:?}", second.notes);
}

#[test]
fn everything_at_once_is_broad_and_hides_no_threat() {
    let judged = with(&[("*", "subject: '*',")]);
    lawful(&judged);
    assert!(judged.waivers[0].broad && judged.summary.fail == 0 && judged.summary.manual == 0 && judged.summary.waived > 0);
    assert!(judged.summary.unknown >= WEAK.1.summary.unknown, "what could not be seen is not accepted");
    assert!(judged.advice.fixes.is_empty());
    let open: Vec<_> = judged.threats.iter().filter(|threat| threat.status == ThreatStatus::Open).collect();
    assert!(!open.is_empty());
    assert!(open.iter().any(|threat| threat.reason.contains("is waived, until never (o)")), "{:?}", open[0].reason);
    assert!(open.iter().all(|threat| threat.checks.iter().all(|check| (check.verdict == Verdict::Waived) == check.waiver.is_some())));
}

/// Taking a name away may end a waiver and never makes one.
#[test]
fn without_a_name_nothing_is_waived_anew() {
    let mut world = fixtures::weak();
    let host = world.host.name.known().unwrap().clone();
    let text = format!("waivers:\n{}", waiver("docker.daemon.live-restore", &format!("subject: 'daemon:{host}',")));
    assert_eq!(assess_for(&world, &CATALOGUE, &operator(&text)).results["docker.daemon.live-restore"].verdict, Verdict::Waived);
    world.host.name = Fact::unknown("no right");
    assert_eq!(assess_for(&world, &CATALOGUE, &operator(&text)).results["docker.daemon.live-restore"].verdict, Verdict::Fail);
    // What stands in place of an unknown name is no name.
    let placeholder = text.replace(&format!("daemon:{host}"), "daemon:host");
    assert_eq!(assess_for(&world, &CATALOGUE, &operator(&placeholder)).results["docker.daemon.live-restore"].verdict, Verdict::Fail);
}

#[test]
fn a_ceiling_bounds_the_remedy_too() {
    let operator = operator("policy: {memory_ceiling: 128m}\n");
    let judged = assess_for(&WEAK.0, &CATALOGUE, &operator);
    let finding = judged.findings.iter().find(|one| one.check == "docker.container.memory-limit" && one.verdict == Verdict::Fail).unwrap();
    let assess::Action::ContainerUpdate { memory: Some(memory), .. } = finding.remedy.action else { panic!("{finding:?}") };
    assert_eq!(memory, 128 << 20);
    assert!(
        finding
            .facts
            .iter()
            .any(|fact| &*fact.path == "policy.memory_ceiling" && &*fact.source == "cofferdam.yaml:1 policy.memory_ceiling")
    );
    let fix = judged.advice.fixes.iter().find(|fix| fix.id == "docker.container.memory-limit").unwrap();
    assert!(fix.findings.contains(&finding.id), "the remedy makes it pass");
}

prop_compose! {
    fn any_waiver()(check in prop_oneof![
        Just("*".to_owned()), Just("docker.container.*".to_owned()), Just("docker.*.no-*".to_owned()),
        proptest::sample::select(CATALOGUE.checks.keys().cloned().collect::<Vec<_>>()),
    ], subject in prop_oneof![
        Just("*".to_owned()), Just("container:*".to_owned()), "[a-z*?]{1,4}",
        proptest::sample::select(WEAK.1.findings.iter().map(|one| one.subject.name.to_string()).collect::<Vec<_>>()),
    ], until in prop_oneof![Just("never"), Just("2001-01-01"), Just("2999-01-01")]) -> String {
        let escaped = subject.replace('\'', "''");
        format!("  - {{check: '{check}', subject: '{escaped}', reason: r, owner: o, until: {until}}}\n")
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn any_waivers_are_lawful(waivers in proptest::collection::vec(any_waiver(), 1..6)) {
        // What makes no sense together (a container's name for a check of the host) does not load, and that is tested elsewhere.
        let loads = |one: &String| Operator::parse("c", &format!("waivers:\n{one}"), &CATALOGUE).is_ok();
        let text: String = waivers.into_iter().filter(loads).collect::<std::collections::BTreeSet<_>>().into_iter().collect();
        if let Ok(operator) = Operator::parse("c", &format!("waivers:\n{text}"), &CATALOGUE) {
            let judged = assess_for(&WEAK.0, &CATALOGUE, &operator);
            lawful(&judged);
            prop_assert_eq!(facts::canonical_json(&judged), facts::canonical_json(&assess_for(&WEAK.0, &CATALOGUE, &operator)));
        }
    }
}
