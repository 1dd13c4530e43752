//! Whole worlds judged: what the benchmarks say of the weak and of the sound host, with which reason, and where the threats stand.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod fixtures;

use std::sync::LazyLock;

use assess::{Assessment, Catalogue, Event, Finding, SubjectKind, ThreatStatus, Verdict, assess, bench_of, outlook};
use facts::docker::RestartPolicy;
use facts::{Fact, Snapshot};

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::load().unwrap());

fn judged(snapshot: &Snapshot) -> Assessment {
    assess(snapshot, &CATALOGUE)
}

fn control(assessment: &Assessment, benchmark: &str, number: &str) -> Verdict {
    let run = bench_of(assessment, &CATALOGUE, benchmark).unwrap();
    run.controls.into_iter().find(|control| control.id == number).unwrap().verdict
}

fn reason<'a>(assessment: &'a Assessment, check: &str, subject: &str) -> &'a str {
    let judgements = &assessment.results[check].subjects;
    &judgements.iter().find(|one| &*one.subject.name == subject).unwrap().reason
}

fn threat(assessment: &Assessment, id: &str, element: &str) -> ThreatStatus {
    assessment.threats.iter().find(|threat| threat.id == id && threat.element.name == element).unwrap().status
}

/// The findings of the five stories, by the numbers that their authors used.
#[test]
fn the_stories_findings() {
    let (weak, sound) = (judged(&fixtures::weak()), judged(&fixtures::sound()));
    let of_160 = ["1.1.3", "1.1.4", "1.1.8", "2.14", "2.15", "2.16"].map(|number| ("cis-docker-1.6.0", number));
    let of_120 = ["1.2.3", "2.1", "2.2", "2.13", "2.17", "5.10", "5.14"].map(|number| ("cis-docker-1.2.0", number));
    for (benchmark, number) in of_160.into_iter().chain(of_120) {
        assert_eq!(control(&weak, benchmark, number), Verdict::Fail, "weak {benchmark} {number}");
        assert_eq!(control(&sound, benchmark, number), Verdict::Pass, "sound {benchmark} {number}");
    }
    for assessment in [&weak, &sound] {
        assert_eq!(control(assessment, "cis-docker-1.6.0", "4.5"), Verdict::Manual);
        assert_eq!(control(assessment, "cis-docker-1.2.0", "4.5"), Verdict::Manual);
        assert_eq!(control(assessment, "cis-docker-1.6.0", "1.1.1"), Verdict::Pass);
        assert_eq!(control(assessment, "cis-docker-1.6.0", "1.1.2"), Verdict::Manual);
        assert_eq!(control(assessment, "cis-docker-1.6.0", "3.21"), Verdict::NotApplicable);
    }
    // Networks of users let their containers speak unless each is told otherwise: no story speaks of them.
    let of_stories = |finding: &&Finding| finding.verdict == Verdict::Fail && finding.subject.kind != SubjectKind::Network;
    // Nor of measures that change how the whole host or a program is run.
    let beyond_stories = [
        "docker.container.cpu-limit",
        "docker.container.runtime-healthcheck",
        "docker.daemon.authz-plugin",
        "docker.daemon.rootless-daemon",
        "docker.daemon.userns-remap",
        "docker.host.kernel-settings",
        "docker.host.ssh-mfa",
    ];
    let failed: Vec<&str> = sound.findings.iter().filter(of_stories).map(|finding| finding.id.as_str()).collect();
    let failed: Vec<&str> = failed.into_iter().filter(|id| !beyond_stories.contains(&id.split('@').next().unwrap_or(id))).collect();
    assert!(failed.is_empty(), "{failed:?}");
}

#[test]
fn reasons_say_the_value_and_the_place() {
    let weak = judged(&fixtures::weak());
    for (check, subject, expect) in [
        ("docker.daemon.log-level-info", "lab", "log level is debug (/etc/docker/daemon.json:2 log-level)"),
        ("docker.daemon.live-restore", "lab", "live restore is off (API /info LiveRestoreEnabled)"),
        ("docker.container.no-privileged", "backup", "it is privileged (API /containers/030303030303…/json HostConfig.Privileged)"),
        ("docker.container.memory-limit", "web", "memory limit is not set (/sys/fs/cgroup/system.slice/docker-1001.scope memory.max)"),
        ("docker.container.no-docker-socket-mount", "ci", "found: /var/run/docker.sock -> /var/run/docker.sock (API"),
        ("docker.host.audit-dockerd-binary", "lab", "do not cover /usr/sbin/dockerd: no loaded rule watches it"),
        ("docker.container.no-new-privileges", "old", "could not be seen: the daemon's default when it was created"),
        ("docker.images.content-trust", "lab", "a person must decide; version is 28.5.2"),
        ("docker.container.apparmor-profile", "old", "does not run"),
    ] {
        let reason = reason(&weak, check, subject);
        assert!(reason.contains(expect), "{check}: {reason}");
    }
    let unprivileged = judged(&fixtures::unprivileged());
    let reason = reason(&unprivileged, "docker.host.audit-etc-docker", "lab");
    assert!(reason.starts_with("host.audit.etc_docker.covered could not be seen: permission denied (needs root)"), "{reason}");
}

#[test]
fn conflicts_and_pending_values_are_mentioned() {
    let mut world = fixtures::weak();
    let engine = world.docker.known_mut().unwrap();
    engine.process.fact.known_mut().unwrap().argv.fact.known_mut().unwrap().push("--log-level=info".into());
    let judged = judged(&world);
    let reason = reason(&judged, "docker.daemon.log-level-info", "lab");
    assert!(reason.contains("log level is info (/proc/500/cmdline argv[4] --log-level)"), "{reason}");
    assert!(reason.contains("log-level stands in a flag and in /etc/docker/daemon.json both"), "{reason}");
}

#[test]
fn findings_are_sorted_and_named() {
    let weak = judged(&fixtures::weak());
    let ranks: Vec<_> =
        weak.findings.iter().map(|finding| (finding.severity, finding.check.clone(), finding.subject.name.clone())).collect();
    assert!(ranks.is_sorted());
    let ids: Vec<&str> = weak.findings.iter().map(|finding| finding.id.as_str()).collect();
    assert!(ids.contains(&"docker.daemon.live-restore") && ids.contains(&"docker.container.memory-limit@web"), "{ids:?}");
    let mut unique = ids.clone();
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(unique.len(), ids.len());
    let live_restore = weak.findings.iter().find(|finding| finding.check == "docker.daemon.live-restore").unwrap();
    assert_eq!(live_restore.benchmarks["cis-docker-1.6.0"], ["2.15"]);
    assert_eq!(live_restore.benchmarks["cis-docker-1.2.0"], ["2.13"]);
    assert_eq!(live_restore.remedy.event, Event::Reload);
    let audit = weak.findings.iter().find(|finding| finding.check == "docker.host.audit-dockerd-binary").unwrap();
    let action = serde_json::to_value(&audit.remedy.action).unwrap();
    assert_eq!(action["path"], "/usr/sbin/dockerd");
    let memory = weak.findings.iter().find(|finding| finding.id == "docker.container.memory-limit@web").unwrap();
    assert_eq!(serde_json::to_value(&memory.remedy.action).unwrap()["memory"], 512 << 20);
    assert!(memory.reproduce.contains("docker container inspect --format '{{.HostConfig.Memory}}' web"), "{}", memory.reproduce);
}

#[test]
fn threats_stand_on_real_elements() {
    use ThreatStatus::{Mitigated, NotApplicable, Open, Partly, Unknown};
    let (weak, sound) = (judged(&fixtures::weak()), judged(&fixtures::sound()));
    for (assessment, id, element, expect) in [
        (&weak, "DK-D-04", "lab", Open),
        (&sound, "DK-D-04", "lab", Mitigated),
        (&weak, "DK-E-01", "backup", Open),
        (&weak, "DK-E-01", "web", Mitigated),
        (&weak, "DK-E-02", "ci", Open),
        (&weak, "DK-I-01", "bridge", Open),
        (&weak, "DK-I-01", "app-net", NotApplicable),
        (&weak, "DK-S-01", "registry", Unknown),
        (&weak, "DK-S-03", "lab", NotApplicable),
        (&weak, "DK-S-06", "worker", Partly),
        (&sound, "DK-S-06", "api", Mitigated),
        (&weak, "DK-E-14", "web", Unknown),
    ] {
        assert_eq!(threat(assessment, id, element), expect, "{id} on {element}");
    }
    let letters: Vec<_> = weak.threats.iter().map(|threat| (threat.stride, threat.id.clone(), threat.element.name.clone())).collect();
    assert!(letters.is_sorted());
    let open = weak.threats.iter().find(|threat| threat.id == "DK-D-04").unwrap();
    assert!(open.checks.iter().any(|check| check.check == "docker.daemon.live-restore" && check.verdict == Verdict::Fail));
    assert!(open.facts.iter().any(|fact| &*fact.path == "daemon.live_restore"));
}

/// What the stories get wrong: each measure alone leaves its threat partly open.
#[test]
fn half_measures_stay_half() {
    let mut world = fixtures::weak();
    let engine = world.docker.known_mut().unwrap();
    for network in engine.networks.fact.known_mut().unwrap() {
        if let Some(options) = network.fact.known_mut().and_then(|network| network.options.known_mut()) {
            options.entry("com.docker.network.bridge.enable_icc".into()).and_modify(|value| *value = "false".into());
        }
    }
    engine.info.fact.known_mut().unwrap().security_options.known_mut().unwrap().push("name=no-new-privileges".into());
    let judged = judged(&world);
    assert_eq!(threat(&judged, "DK-I-01", "bridge"), ThreatStatus::Partly, "icc=false alone");
    assert_eq!(judged.results["docker.daemon.daemon-no-new-privileges"].verdict, Verdict::Pass);
    assert_eq!(threat(&judged, "DK-E-03", "web"), ThreatStatus::Partly, "old containers stay as they are");
}

#[test]
fn one_container_can_pass_alone() {
    let mut world = fixtures::weak();
    let engine = world.docker.known_mut().unwrap();
    let web = engine
        .containers
        .fact
        .known_mut()
        .unwrap()
        .iter_mut()
        .filter_map(|one| one.fact.known_mut())
        .find(|one| one.name == "web")
        .unwrap();
    web.restart_policy = Fact::Known(RestartPolicy { name: "on-failure".into(), retries: 5 });
    let judged = judged(&world);
    assert_eq!(judged.results["docker.container.restart-on-failure-5"].verdict, Verdict::Pass);
}

#[test]
fn without_an_engine_the_host_is_judged() {
    let mut world = fixtures::weak();
    world.docker = Fact::Absent;
    let assessment = judged(&world);
    assert_eq!(assessment.results["docker.daemon.live-restore"].verdict, Verdict::NotApplicable);
    assert_eq!(assessment.results["docker.host.audit-running"].verdict, Verdict::Pass);
    assert!(assessment.threats.is_empty());
    assert_eq!(assessment.target.engine, None);

    world.docker = Fact::unknown("connection refused");
    let assessment = judged(&world);
    assert_eq!(assessment.results["docker.daemon.live-restore"].verdict, Verdict::Unknown);
    assert_eq!(assessment.results["docker.container.memory-limit"].verdict, Verdict::Unknown);
}

/// Advice leaves out what can't differ from before: what it says must be what judging everything anew says.
#[test]
fn advice_agrees_with_judging_anew() {
    let catalogue: &Catalogue = &CATALOGUE;
    let world = fixtures::weak();
    let assessment = assess(&world, catalogue);
    assert!(assessment.advice.fixes.len() >= 8, "{} fixes", assessment.advice.fixes.len());
    for fix in &assessment.advice.fixes {
        let after = outlook(&assess::preview(&world, &fix.remedies), catalogue);
        let status =
            |id: &str, element: &assess::Element| after.threats.iter().find(|one| one.id == id && one.element == *element).unwrap().status;
        let ends: Vec<String> = assessment
            .threats
            .iter()
            .filter(|threat| matches!(threat.status, ThreatStatus::Open | ThreatStatus::Partly))
            .filter(|threat| status(&threat.id, &threat.element) == ThreatStatus::Mitigated)
            .map(|threat| format!("{} {}", threat.id, threat.element.name))
            .collect();
        assert_eq!(fix.ends, ends, "{}", fix.id);
        assert!(
            after.findings.iter().all(|finding| finding.check != fix.id || finding.verdict != Verdict::Fail),
            "{} does not end itself",
            fix.id
        );
    }
}

/// The tool's own words about what it is not: nothing of the weak world's secrets, nothing unescaped.
#[test]
fn hostile_names_are_quoted_for_the_shell() {
    let mut world = fixtures::weak();
    let engine = world.docker.known_mut().unwrap();
    let first = engine.containers.fact.known_mut().unwrap()[0].fact.known_mut().unwrap();
    first.name = "x; rm -rf $HOME".into();
    let judged = judged(&world);
    let finding = judged.findings.iter().find(|finding| &*finding.subject.name == "x; rm -rf $HOME").unwrap();
    assert!(finding.reproduce.contains("'x; rm -rf $HOME'"), "{}", finding.reproduce);
}

#[test]
fn everything_can_be_explained() {
    let catalogue: &Catalogue = &CATALOGUE;
    for id in catalogue.checks.keys().chain(catalogue.threats.iter().chain(&catalogue.kubernetes).map(|threat| &threat.id)) {
        assert!(assess::explain(catalogue, id).is_some(), "{id}");
    }
    for id in ["cis-docker-1.6.0:2.15", "cis-docker-1.6.0:1.1.1", "docker.container.memory-limit@web", "dk-d-04"] {
        assert!(assess::explain(catalogue, id).is_some(), "{id}");
    }
    assert!(assess::explain(catalogue, "2.15").is_none());
    match assess::explain(catalogue, "docker.daemon.live-restore").unwrap() {
        assess::Explanation::Check { numbers, threats, .. } => {
            assert_eq!(numbers["cis-docker-1.6.0"], ["2.15"]);
            assert!(threats.iter().any(|threat| threat.id == "DK-D-04"));
        }
        other => panic!("{other:?}"),
    }
}
