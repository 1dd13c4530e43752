//! The law of the product: replacing an observation by Unknown may turn a verdict only into unknown, and a threat's status only into
//! unknown. It never makes anything look better or worse. Tested on whole Snapshots, for every observation in them.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod fixtures;

use std::collections::BTreeMap;

use assess::{Catalogue, Operator, Outlook, SubjectKind, ThreatStatus, Verdict, assess, assess_for, outlook, outlook_for};
use facts::Snapshot;
use serde_json::{Value, json};

/// What is compared: verdicts by check and subject, statuses by threat and element. Host and daemon are one each, whatever their name.
#[derive(Clone, PartialEq)]
struct Outcome {
    checks: BTreeMap<String, Verdict>,
    subjects: BTreeMap<(String, String), Verdict>,
    threats: BTreeMap<(String, String), ThreatStatus>,
    unlisted: Vec<SubjectKind>,
}

fn outcome(assessment: &Outlook) -> Outcome {
    let mut outcome = Outcome { checks: BTreeMap::new(), subjects: BTreeMap::new(), threats: BTreeMap::new(), unlisted: Vec::new() };
    for (id, result) in &assessment.results {
        outcome.checks.insert(id.clone(), result.verdict);
        for one in &result.subjects {
            let subject = match one.subject.kind {
                SubjectKind::Host | SubjectKind::Daemon => one.subject.kind.word().to_owned(),
                _ => one.subject.id.to_string(),
            };
            if subject.is_empty() && !outcome.unlisted.contains(&one.subject.kind) {
                outcome.unlisted.push(one.subject.kind);
            }
            outcome.subjects.insert((id.clone(), subject), one.verdict);
        }
    }
    for threat in &assessment.threats {
        let element = match threat.element.kind.as_str() {
            "docker.host" | "docker.daemon" => threat.element.kind.clone(),
            _ => threat.element.id.clone(),
        };
        if element.is_empty() {
            let kind = match threat.element.kind.as_str() {
                "docker.containers" => SubjectKind::Container,
                "docker.images" => SubjectKind::Image,
                _ => SubjectKind::Network,
            };
            outcome.unlisted.push(kind);
        }
        outcome.threats.insert((threat.id.clone(), element), threat.status);
    }
    outcome
}

/// Every observation of the tree: the place of each `{"known": ..}`, and of each `"absent"`.
fn observations(tree: &Value, at: &str, found: &mut Vec<String>) {
    match tree {
        Value::Object(map) => {
            if map.len() == 1 && map.contains_key("known") {
                found.push(at.to_owned());
            }
            for (key, value) in map {
                observations(value, &format!("{at}/{}", key.replace('~', "~0").replace('/', "~1")), found);
            }
        }
        Value::Array(members) => {
            for (index, member) in members.iter().enumerate() {
                observations(member, &format!("{at}/{index}"), found);
            }
        }
        Value::String(word) if word == "absent" => found.push(at.to_owned()),
        _ => {}
    }
}

fn check(world: &Snapshot, every: usize) {
    check_for(world, every, "");
}

/// The same for an operator who states this.
fn check_for(world: &Snapshot, every: usize, settings: &str) {
    let catalogue = Catalogue::load().unwrap();
    let operator = Operator::parse("cofferdam.yaml", settings, &catalogue).unwrap();
    let before = outcome(&outlook_for(world, &catalogue, &operator));
    let tree: Value = serde_json::from_str(&world.to_json()).unwrap();
    let mut places = Vec::new();
    observations(&tree, "", &mut places);
    assert!(places.len() > 150, "only {} observations were found", places.len());
    let mut wrong = Vec::new();
    let mut changed = 0;
    for place in places.iter().step_by(every) {
        let mut seen = tree.clone();
        *seen.pointer_mut(place).unwrap() = json!({"unknown": {"why": "taken away by the law"}});
        // A text that happens to read "absent" is no observation.
        let Ok(seen) = Snapshot::from_json(&seen.to_string()) else { continue };
        let after = outcome(&outlook_for(&seen, &catalogue, &operator));
        changed += usize::from(before != after);
        wrong.extend(violations(&before, &after).into_iter().map(|what| format!("without {place}: {what}")));
    }
    assert!(changed > 20, "taking observations away changed only {changed} outcomes");
    assert!(wrong.is_empty(), "{} violations:\n{}", wrong.len(), wrong.join("\n"));
}

fn violations(before: &Outcome, after: &Outcome) -> Vec<String> {
    let mut wrong = Vec::new();
    for (check, was) in &before.checks {
        let is = after.checks[check];
        if is != *was && is != Verdict::Unknown {
            wrong.push(format!("{check} was {was} and is {is}"));
        }
    }
    for ((check, subject), was) in &before.subjects {
        match after.subjects.get(&(check.clone(), subject.clone())) {
            Some(is) if is == was || *is == Verdict::Unknown => {}
            Some(is) => wrong.push(format!("{check} on {subject} was {was} and is {is}")),
            None if after.unlisted.is_empty() => wrong.push(format!("{check} on {subject} was {was} and is gone")),
            None => {}
        }
    }
    for ((threat, element), was) in &before.threats {
        match after.threats.get(&(threat.clone(), element.clone())) {
            Some(is) if is == was || *is == ThreatStatus::Unknown => {}
            Some(is) => wrong.push(format!("{threat} on {element} was {} and is {}", was.word(), is.word())),
            None if after.unlisted.is_empty() => wrong.push(format!("{threat} on {element} was {} and is gone", was.word())),
            None => {}
        }
    }
    wrong
}

#[test]
fn weak() {
    check(&fixtures::weak(), 1);
}

/// The weak host of the lab as `collect` saw it.
#[test]
fn recorded() {
    let text = include_str!("../../cofferdam/tests/fixtures/weak.snapshot.json");
    check(&Snapshot::from_json(text).unwrap(), 2);
}

/// What the operator states decides what people decide without it, and the law holds for those verdicts too.
const POLICY: &str = "policy:
  trusted_users: [ann]
  accounts_are_local: true
  allowed_registries: [docker.io/library]
  allowed_ports: [8080/tcp]
  memory_ceiling: 300m
  default_ulimits: ['nofile=1024:65536']
  seccomp_profiles: [builtin]
  max_stopped_containers: 0
  max_unused_images: 100
";

#[test]
fn with_a_policy() {
    for world in [fixtures::weak(), fixtures::sound(), fixtures::tricky()] {
        check_for(&world, 2, POLICY);
    }
    let catalogue = Catalogue::load().unwrap();
    let operator = Operator::parse("cofferdam.yaml", POLICY, &catalogue).unwrap();
    let count = |operator: &Operator| {
        let outlook = outlook_for(&fixtures::weak(), &catalogue, operator);
        outlook.results.values().filter(|result| result.verdict == Verdict::Manual).count()
    };
    assert!(count(&operator) + 5 <= count(&Operator::default()), "statements decide");
}

/// Taking an observation away makes nothing waived that was not; what was waived is so still, is unknown, or is what it was underneath.
#[test]
fn with_waivers() {
    let catalogue = Catalogue::load().unwrap();
    let world = fixtures::weak();
    let settings = "waivers:
  - {check: docker.container.*, subject: web, image: 'lab/*', reason: r, owner: o, until: 2999-12-31}
  - {check: docker.container.*, subject: 'container:c?', reason: r, owner: o, until: never}
  - {check: docker.host.*, subject: 'host:lab', reason: r, owner: o, until: never}
  - {check: docker.daemon.*, reason: r, owner: o, until: never}
";
    let operator = Operator::parse("cofferdam.yaml", settings, &catalogue).unwrap();
    let unwaived = outcome(&outlook(&world, &catalogue));
    let judged = |world: &Snapshot| {
        let assessment = assess_for(world, &catalogue, &operator);
        outcome(&Outlook { results: assessment.results, findings: Vec::new(), threats: assessment.threats })
    };
    let before = judged(&world);
    assert!(before.subjects.values().filter(|verdict| **verdict == Verdict::Waived).count() > 10);
    let tree: Value = serde_json::from_str(&world.to_json()).unwrap();
    let mut places = Vec::new();
    observations(&tree, "", &mut places);
    let names = places.iter().position(|place| place == "/host/name").unwrap();
    for index in (0..places.len()).step_by(9).chain([names]) {
        let place = &places[index];
        let mut seen = tree.clone();
        *seen.pointer_mut(place).unwrap() = json!({"unknown": {"why": "taken away by the law"}});
        let Ok(seen) = Snapshot::from_json(&seen.to_string()) else { continue };
        let after = judged(&seen);
        for (key, is) in &after.subjects {
            let Some(was) = before.subjects.get(key) else { continue };
            let lawful = is == was || *is == Verdict::Unknown || (*was == Verdict::Waived && *is == unwaived.subjects[key]);
            assert!(lawful, "without {place}: {key:?} was {was} and is {is}");
        }
        let moved = violations(&Outcome { checks: BTreeMap::new(), subjects: BTreeMap::new(), ..before.clone() }, &after);
        assert!(moved.is_empty(), "without {place}: {}", moved.join("; "));
    }
}

#[test]
fn sound() {
    check(&fixtures::sound(), 1);
}

#[test]
fn unprivileged() {
    check(&fixtures::unprivileged(), 3);
}

#[test]
fn tricky() {
    check(&fixtures::tricky(), 1);
}

/// A manager of a swarm, with registries and mirrors that are not verified.
#[test]
fn swarm() {
    use facts::docker::{EnvVar, Listener, Network, SwarmCluster, SwarmMember, SwarmService};
    use facts::{Fact, Observed};

    let mut world = fixtures::sound();
    let engine = world.docker.known_mut().unwrap();
    let text = |text: &str| Fact::Known(text.to_owned());
    let cluster = SwarmCluster {
        created: text("2026-01-01T00:00:00Z"),
        autolock: Fact::Known(false),
        node_certificate_lifetime: Fact::Known(7_776_000_000_000_000),
        root_rotation_in_progress: Fact::Known(false),
        ca_not_before: text("2026-01-01T00:00:00Z"),
        ca_not_after: text("2046-01-01T00:00:00Z"),
        data_path_port: Fact::Known(4789),
    };
    let info = engine.info.fact.known_mut().unwrap();
    info.swarm_state = text("active");
    info.insecure_registries = Fact::Known(vec!["10.0.0.0/8".to_owned()]);
    info.registry_mirrors = Fact::Known(vec!["http://mirror".to_owned()]);
    info.swarm = Fact::Known(SwarmMember {
        manager: Fact::Known(true),
        node_address: text("10.0.0.1"),
        manager_address: text("10.0.0.1:2400"),
        nodes: Fact::Known(3),
        managers: Fact::Known(3),
        cluster: Fact::Known(cluster),
    });
    let variable = EnvVar { name: "DB_PASSWORD".to_owned(), length: 3, looks_like_credential: true };
    engine.swarm_services.fact = Fact::Known(vec![SwarmService { name: "web".to_owned(), env: vec![variable], secrets: Vec::new() }]);
    engine.swarm_secrets.fact = Fact::Known(1);
    let source = engine.networks.source;
    for (name, option) in [("ingress", "mtu"), ("app", "encrypted")] {
        let options = Fact::Known([(option.to_owned(), String::new())].into());
        let network = Network {
            id: name.to_owned(),
            name: name.to_owned(),
            driver: "overlay".to_owned(),
            scope: "swarm".to_owned(),
            internal: Fact::Known(false),
            options,
            containers: Fact::Known(Vec::new()),
        };
        engine.networks.fact.known_mut().unwrap().push(Observed::new(source, Fact::Known(network)));
    }
    let listener = |address: &str, port, is_api| Listener {
        address: address.to_owned(),
        port,
        is_api: Fact::Known(is_api),
        tls: Fact::Known(true),
        answers_without_certificate: Fact::Known(false),
    };
    let sockets = vec![listener("::", 2400, false), listener("10.0.0.1", 7946, false), listener("::", 2377, true)];
    engine.process.fact.known_mut().unwrap().listeners = Fact::Known(sockets);
    let catalogue = Catalogue::load().unwrap();
    let verdicts = outcome(&outlook(&world, &catalogue)).checks;
    for (check, verdict) in [
        ("docker.swarm.swarm-manager-count", Verdict::Pass),
        ("docker.swarm.swarm-listen-addr", Verdict::Fail),
        ("docker.swarm.swarm-overlay-encrypted", Verdict::Fail),
        ("docker.swarm.swarm-secrets-used", Verdict::Manual),
        ("docker.swarm.swarm-autolock", Verdict::Fail),
        ("docker.swarm.swarm-node-cert-rotation", Verdict::Pass),
        ("docker.daemon.swarm-not-enabled", Verdict::Fail),
        ("docker.daemon.no-insecure-registries", Verdict::Fail),
        ("docker.enterprise.ucp-rbac", Verdict::NotApplicable),
    ] {
        assert_eq!(verdicts[check], verdict, "{check}");
    }
    check(&world, 2);
}

/// The law holds step by step, until nothing is seen any more.
#[test]
fn one_after_the_other() {
    for world in [fixtures::tricky(), fixtures::sound()] {
        let catalogue = Catalogue::load().unwrap();
        let mut tree: Value = serde_json::from_str(&world.to_json()).unwrap();
        let mut before = outcome(&outlook(&world, &catalogue));
        let mut places = Vec::new();
        observations(&tree, "", &mut places);
        // A fixed shuffle: the same order in every run.
        places.sort_by_key(|place| place.bytes().fold(7_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)));
        for place in places {
            let Some(node) = tree.pointer_mut(&place) else { continue };
            *node = json!({"unknown": {"why": "taken away by the law"}});
            let Ok(seen) = Snapshot::from_json(&tree.to_string()) else { panic!("{place} was no observation") };
            let after = outcome(&outlook(&seen, &catalogue));
            let wrong = violations(&before, &after);
            assert!(wrong.is_empty(), "without {place}: {}", wrong.join("\n"));
            before = after;
        }
        assert!(before.checks.values().all(|verdict| matches!(verdict, Verdict::Unknown | Verdict::Manual)));
    }
}

/// Same Snapshot, same bytes; and the order in which the engine listed its objects does not matter.
#[test]
fn order_does_not_matter() {
    let catalogue = Catalogue::load().unwrap();
    let world = fixtures::weak();
    let first = facts::canonical_json(&assess(&world, &catalogue));
    assert_eq!(first, facts::canonical_json(&assess(&world, &catalogue)));

    let mut turned = world.clone();
    let engine = turned.docker.known_mut().unwrap();
    engine.containers.fact.known_mut().unwrap().reverse();
    engine.images.fact.known_mut().unwrap().reverse();
    engine.networks.fact.known_mut().unwrap().reverse();
    let mut second = assess(&turned, &catalogue);
    // The digest is that of the Snapshot as it was taken.
    second.snapshot.digest = assess(&world, &catalogue).snapshot.digest;
    assert_eq!(first, facts::canonical_json(&second));
}
