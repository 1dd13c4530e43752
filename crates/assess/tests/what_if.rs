//! Advice works out anew only what a fix can have changed. Here everything is: the result must be the same.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod fixtures;

use std::collections::{BTreeMap, BTreeSet};

use assess::{Action, Catalogue, Finding, Remedy, ThreatStatus, Verdict, assess, outlook, preview};
use facts::{Fact, Snapshot};

/// What a fix ends, ends and reduces by judging all of the preview.
#[derive(Debug, PartialEq)]
struct Effect {
    findings: Vec<String>,
    ends: Vec<String>,
    reduces: Vec<String>,
}

fn by_judging_all(snapshot: &Snapshot, catalogue: &Catalogue) -> BTreeMap<String, Effect> {
    let before = assess(snapshot, catalogue);
    let carried_out = |finding: &&Finding| {
        let action = &finding.remedy.action;
        finding.verdict == Verdict::Fail
            && matches!(action, Action::DaemonSetting { .. } | Action::AuditRule { .. } | Action::ContainerUpdate { .. })
    };
    let mut groups: BTreeMap<&str, Vec<Remedy>> = BTreeMap::new();
    for finding in before.findings.iter().filter(carried_out) {
        groups.entry(&finding.check).or_default().push(finding.remedy.clone());
    }
    let effect = |remedies: &Vec<Remedy>| {
        let after = outlook(&preview(snapshot, remedies), catalogue);
        let fails = |finding: &&Finding| finding.verdict == Verdict::Fail;
        let still: BTreeSet<&str> = after.findings.iter().filter(fails).map(|finding| finding.id.as_str()).collect();
        let ended = before.findings.iter().filter(fails).filter(|finding| !still.contains(finding.id.as_str()));
        assert_eq!(before.threats.len(), after.threats.len());
        let changed = |from: &[ThreatStatus], to: ThreatStatus| {
            let pairs = before.threats.iter().zip(&after.threats).filter(|(was, is)| from.contains(&was.status) && is.status == to);
            pairs.map(|(was, _)| format!("{} {}", was.id, was.element.name)).collect()
        };
        Effect {
            findings: ended.map(|finding| finding.id.clone()).collect(),
            ends: changed(&[ThreatStatus::Open, ThreatStatus::Partly], ThreatStatus::Mitigated),
            reduces: changed(&[ThreatStatus::Open], ThreatStatus::Partly),
        }
    };
    let effects = groups.iter().map(|(check, remedies)| ((*check).to_owned(), effect(remedies)));
    effects.filter(|(_, effect)| !effect.findings.is_empty()).collect()
}

fn by_advice(snapshot: &Snapshot, catalogue: &Catalogue) -> BTreeMap<String, Effect> {
    let fixes = assess(snapshot, catalogue).advice.fixes.into_iter();
    fixes.map(|fix| (fix.id, Effect { findings: fix.findings, ends: fix.ends, reduces: fix.reduces })).collect()
}

#[test]
fn nothing_is_left_out() {
    let catalogue = Catalogue::load().unwrap();
    let mut fixes = 0;
    for (name, world) in worlds() {
        let expected = by_judging_all(&world, &catalogue);
        assert_eq!(by_advice(&world, &catalogue), expected, "{name}");
        fixes += expected.len();
    }
    assert!(fixes > 50, "{fixes} fixes in all worlds");
}

/// Hosts that differ in what fixes and views depend on.
fn worlds() -> Vec<(&'static str, Snapshot)> {
    let mut worlds = vec![
        ("weak", fixtures::weak()),
        ("sound", fixtures::sound()),
        ("unprivileged", fixtures::unprivileged()),
        ("tricky", fixtures::tricky()),
    ];
    let mut with = |name, change: &dyn Fn(&mut Snapshot)| {
        let mut world = fixtures::weak();
        change(&mut world);
        worlds.push((name, world));
    };
    with("no engine", &|world| world.docker = Fact::Absent);
    with("engine not seen", &|world| world.docker = Fact::unknown("the engine may not be asked"));
    with("no containers", &|world| containers(world).clear());
    with("containers not listed", &|world| world.docker.known_mut().unwrap().containers.fact = Fact::unknown("HTTP status 500"));
    with("images not listed", &|world| world.docker.known_mut().unwrap().images.fact = Fact::unknown("HTTP status 500"));
    with("one container not seen", &|world| containers(world)[0].fact = Fact::unknown("HTTP status 500"));
    with("no configuration file seen", &|world| world.docker.known_mut().unwrap().config_file.fact = Fact::unknown("permission denied"));
    with("no process seen", &|world| world.docker.known_mut().unwrap().process.fact = Fact::unknown("permission denied"));
    with("nothing runs", &|world| {
        for container in containers(world).iter_mut().filter_map(|one| one.fact.known_mut()) {
            if let Some(state) = container.state.known_mut() {
                state.running = false;
            }
        }
    });
    worlds
}

fn containers(world: &mut Snapshot) -> &mut Vec<facts::Observed<facts::docker::Container>> {
    world.docker.known_mut().unwrap().containers.fact.known_mut().unwrap()
}
