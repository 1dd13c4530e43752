//! Plans of hosts that are made up: every reason to refuse, and every way to go.

use std::collections::BTreeMap;

use assess::{Action, Assessment, Event, Remedy, SnapshotRef, Subject, SubjectKind, Summary, Target, WatchKind};
use facts::docker::{
    Cgroup, Container, ContainerProcess, ContainerState, DaemonProcess, Engine, Info, Limit, Network, NetworkEndpoint, RestartPolicy, Unit,
    Version,
};
use facts::host::{Audit, AuditStatus, FileKind, FileStat, Host, TextFile};
use facts::{Fact, Observed, Snapshot, SourceId, Sources, Tool};
use serde_json::{Value, json};

use super::*;

fn seen<T>(value: T) -> Observed<T> {
    Observed::new(SourceId::default(), Fact::Known(value))
}

fn absent<T>() -> Observed<T> {
    Observed::new(SourceId::default(), Fact::Absent)
}

fn stat() -> FileStat {
    FileStat {
        kind: FileKind::File,
        mode: 0o644,
        uid: 0,
        gid: 0,
        size: 10,
        device: 1,
        inode: 2,
        ctime_ns: 100,
        mtime_ns: 100,
        target: None,
        acl: Fact::Absent,
    }
}

fn file(path: &str, text: &str) -> TextFile {
    TextFile { path: path.to_owned(), stat: stat(), text: text.to_owned(), form: Fact::Absent }
}

fn container(name: &str, started_at: &str, policy: &str) -> Container {
    let running = !started_at.is_empty();
    let cgroup = Cgroup {
        version: 2,
        path: "/c".to_owned(),
        memory_max: Fact::Known(Limit::Unlimited),
        memory_swap_max: Fact::Known(Limit::Unlimited),
        memory_current: Fact::Known(10 << 20),
        memory_peak: Fact::Known(20 << 20),
        pids_max: Fact::Known(Limit::At(1708)),
        pids_current: Fact::Known(3),
    };
    Container {
        id: format!("{name:a<64}"),
        name: name.to_owned(),
        state: Fact::Known(ContainerState {
            status: if running { "running" } else { "exited" }.to_owned(),
            running,
            paused: false,
            pid: u32::from(running) * 100,
            started_at: started_at.to_owned(),
        }),
        labels: Fact::Known(Vec::new()),
        memory: Fact::Known(0),
        memory_swap: Fact::Known(0),
        pids_limit: Fact::Absent,
        restart_policy: Fact::Known(RestartPolicy { name: policy.to_owned(), retries: 0 }),
        auto_remove: Fact::Known(false),
        networks: Fact::Known(vec![NetworkEndpoint { name: "bridge".to_owned(), network_id: "n".to_owned() }]),
        process: if running { Fact::Known(ContainerProcess { cgroup: seen(cgroup), ..ContainerProcess::default() }) } else { Fact::Absent },
        ..Container::default()
    }
}

const CONFIG: &str = "{\n  \"log-level\": \"debug\"\n}\n";

/// systemd, dockerd 20.10, `-H fd://`, a file with a log level, two running containers and an idle one.
fn host() -> Snapshot {
    let unit = "[Service]\nType=notify\nExecStart=/usr/sbin/dockerd -H fd://\nExecReload=/bin/kill -s HUP $MAINPID\nKillMode=process\n";
    let argv: Vec<String> = ["/usr/sbin/dockerd", "-H", "fd://"].map(str::to_owned).into();
    let bridge = Network {
        id: "n".to_owned(),
        name: "bridge".to_owned(),
        driver: "bridge".to_owned(),
        options: Fact::Known(BTreeMap::from([("com.docker.network.bridge.enable_icc".to_owned(), "true".to_owned())])),
        ..Network::default()
    };
    let containers = [
        container("web", "2026-01-01T10:00:02.5Z", "always"),
        container("db", "2026-01-01T10:00:02Z", "no"),
        container("old", "", "always"),
    ];
    let engine = Engine {
        endpoint: "unix:///run/docker.sock".to_owned(),
        local: true,
        version: seen(Version { version: "20.10.24".to_owned(), api_version: "1.41".to_owned(), ..Version::default() }),
        info: seen(Info {
            live_restore: Fact::Known(false),
            debug: Fact::Known(false),
            swarm_state: Fact::Known("inactive".to_owned()),
            security_options: Fact::Known(Vec::new()),
            userland_proxy: Fact::Absent,
            root_dir: Fact::Known("/var/lib/docker".to_owned()),
            ..Info::default()
        }),
        containers: seen(containers.into_iter().map(seen).collect()),
        networks: seen(vec![seen(bridge)]),
        process: seen(DaemonProcess {
            pid: 7,
            exe: Fact::Known("/usr/sbin/dockerd".to_owned()),
            argv: seen(argv.clone()),
            uid: Fact::Known(0),
            start_ticks: Fact::Known(70),
            unit: Fact::Known("docker.service".to_owned()),
            proxies: Fact::Known(Vec::new()),
            ..DaemonProcess::default()
        }),
        pid_file: seen(FileStat { ctime_ns: 200, ..stat() }),
        config_path: Fact::Known("/etc/docker/daemon.json".to_owned()),
        config_file: seen(file("/etc/docker/daemon.json", CONFIG)),
        unit: Fact::Known(Unit {
            name: "docker.service".to_owned(),
            fragment: seen(file("/lib/systemd/system/docker.service", unit)),
            drop_ins: Fact::Known(Vec::new()),
            socket: absent(),
        }),
        startup: absent(),
        cmdline: seen(argv),
        ..Engine::default()
    };
    let audit = Audit {
        status: seen(AuditStatus { enabled: 1, failure: 1, pid: 300, backlog_limit: 8192, lost: 0 }),
        rules: seen(Vec::new()),
        rule_files: Fact::Known(vec![seen(file("/etc/audit/rules.d/audit.rules", "-D\n"))]),
    };
    Snapshot {
        schema: facts::SCHEMA.to_owned(),
        tool: Tool { name: "test".to_owned(), version: "0".to_owned() },
        taken_at: "2026-01-01T10:00:10Z".to_owned(),
        sources: Sources::default(),
        gaps: Vec::new(),
        host: Host {
            name: Fact::Known("h".to_owned()),
            boot_id: Fact::Known("b".to_owned()),
            memory_total: seen(1 << 30),
            cgroup_version: Fact::Known(2),
            service_manager: Fact::Known("systemd".to_owned()),
            audit,
            ..Host::default()
        },
        docker: Fact::Known(engine),
    }
}

fn engine(snapshot: &mut Snapshot) -> &mut Engine {
    snapshot.docker.known_mut().unwrap()
}

fn info(snapshot: &mut Snapshot) -> &mut Info {
    engine(snapshot).info.fact.known_mut().unwrap()
}

fn of<'s>(snapshot: &'s mut Snapshot, name: &str) -> &'s mut Container {
    let all = engine(snapshot).containers.fact.known_mut().unwrap();
    all.iter_mut().filter_map(|member| member.fact.known_mut()).find(|container| container.name == name).unwrap()
}

fn flags(snapshot: &mut Snapshot, line: &str) {
    engine(snapshot).process.fact.known_mut().unwrap().argv = seen(line.split(' ').map(str::to_owned).collect());
}

fn config(snapshot: &mut Snapshot, text: &str) {
    engine(snapshot).config_file = seen(file("/etc/docker/daemon.json", text));
}

fn remedy(check: &str, id: &str, action: Action) -> Remedy {
    Remedy {
        check: check.to_owned(),
        subject: Subject { kind: SubjectKind::Daemon, id: id.into(), name: id.trim_end_matches('a').into() },
        action,
        text: "do it".into(),
        event: Event::None,
        disrupts: "".into(),
    }
}

fn setting(key: &str, value: impl Into<Value>) -> Remedy {
    remedy(&format!("check.{key}"), "", Action::DaemonSetting { key: key.to_owned(), value: value.into() })
}

fn update(name: &str, memory: Option<u64>, pids_limit: Option<u64>, restart: Option<&str>) -> Remedy {
    let restart = restart.map(|name| RestartPolicy { name: name.to_owned(), retries: 5 });
    remedy("check.limits", &format!("{name:a<64}"), Action::ContainerUpdate { memory, pids_limit, restart })
}

fn watch(path: &str, kind: WatchKind) -> Remedy {
    remedy("check.audit", "", Action::AuditRule { path: path.to_owned(), kind, perm: "wa".to_owned(), key: "docker".to_owned() })
}

/// Says nothing of anything: what plans predict is tested with the real catalogue elsewhere.
fn judge(_: &Snapshot) -> Assessment {
    Assessment {
        schema: String::new(),
        tool: Tool { name: String::new(), version: String::new() },
        target: Target { kind: String::new(), name: String::new(), engine: None },
        snapshot: SnapshotRef { digest: String::new(), taken_at: String::new() },
        summary: Summary::default(),
        gaps: Vec::new(),
        results: BTreeMap::new(),
        findings: Vec::new(),
        threats: Vec::new(),
        advice: assess::Advice::default(),
        config: None,
        waivers: Vec::new(),
    }
}

fn with(snapshot: &Snapshot, remedies: &[Remedy], options: &Options) -> Result<Plan, Refusal> {
    let made = plan(snapshot, &judge, remedies, options);
    if let Ok(plan) = &made {
        assert_eq!(Plan::from_json(&plan.to_json()).as_ref(), Ok(plan), "a plan survives its file");
        if options.own_container.is_none() {
            assert_eq!(build::steps_for(snapshot, &plan.asked).as_ref(), Ok(&plan.steps), "planned again, it comes out the same");
        }
    }
    made
}

fn make(snapshot: &Snapshot, remedies: &[Remedy]) -> Result<Plan, Refusal> {
    with(snapshot, remedies, &Options::default())
}

#[track_caller]
fn refused(snapshot: &Snapshot, remedies: &[Remedy], words: &str) {
    let refusal = make(snapshot, remedies).expect_err("refused").to_string();
    assert!(refusal.contains(words), "{refusal}");
}

#[track_caller]
fn daemon(plan: &Plan) -> &DaemonChange {
    plan.daemon().expect("a daemon step")
}

#[test]
fn live_restore_alone_is_a_reload() {
    let plan = make(&host(), &[setting("live-restore", true)]).unwrap();
    assert_eq!((daemon(&plan).how, plan.event()), (How::Reload, Event::Reload));
    assert_eq!(plan.affects(), [] as [&str; 0]);
    assert_eq!(
        plan.steps[0].diff,
        "--- a/etc/docker/daemon.json\n+++ b/etc/docker/daemon.json\n@@ -1,3 +1,4 @@\n {\n-  \"log-level\": \"debug\"\n+  \"log-level\": \"debug\",\n+  \"live-restore\": true\n }\n"
    );
    assert!(!plan.preconditions.all_containers);
}

#[test]
fn all_settings_share_one_restart() {
    let plan = make(&host(), &[setting("log-level", "info"), setting("userland-proxy", false), setting("live-restore", true)]).unwrap();
    let change = daemon(&plan);
    assert_eq!((plan.steps.len(), change.how), (1, How::Restart));
    assert_eq!(change.running.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(), ["db", "web"], "in the order of their starts");
    assert_eq!(change.idle.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(), ["old"]);
    assert!(plan.steps[0].notes.iter().any(|note| note.contains("old")), "{:?}", plan.steps[0].notes);
    assert!(plan.steps[0].residue.contains("route_localnet"));
    assert!(change.live_restore_after && change.live_restore_now == Some(false));
    assert_eq!(change.service, ServiceControl::Systemd { unit: "docker.service".to_owned() });
    assert_eq!(change.edits[0].before, Some(json!("debug")));
    assert!(plan.preconditions.all_containers && plan.preconditions.containers.len() == 3);
}

#[test]
fn live_restore_may_be_borrowed_for_a_restart() {
    let plan = make(&host(), &[setting("log-level", "info")]).unwrap();
    assert!(!daemon(&plan).live_restore_after);
    assert!(plan.steps[0].notes.iter().any(|note| note.contains("for the restart only")));
    assert!(!plan.steps[0].diff.contains("live-restore"));
}

#[test]
fn icc_needs_a_window() {
    let plan = make(&host(), &[setting("icc", false), setting("live-restore", true)]).unwrap();
    assert_eq!(daemon(&plan).how, How::Window);
    assert_eq!(plan.affects(), ["db", "web"]);
    assert!(plan.steps[0].notes.iter().any(|note| note.contains("stopped in this order") && note.contains("web, db")));
    let mut idle = host();
    for name in ["web", "db"] {
        *of(&mut idle, name) = container(name, "", "no");
    }
    assert_eq!(daemon(&make(&idle, &[setting("icc", false)]).unwrap()).how, How::Restart);
}

#[test]
fn containers_that_a_window_would_harm() {
    let mut removed = host();
    of(&mut removed, "db").auto_remove = Fact::Known(true);
    refused(&removed, &[setting("icc", false)], "db was started with --rm");
    assert!(make(&removed, &[setting("log-level", "info")]).is_ok(), "live restore keeps it");
    let mut paused = host();
    of(&mut paused, "db").state.known_mut().unwrap().paused = true;
    refused(&paused, &[setting("icc", false)], "db is paused");
    let mut pod = host();
    of(&mut pod, "db").labels = Fact::Known(vec!["io.kubernetes.pod.name".to_owned()]);
    refused(&pod, &[setting("icc", false)], "Kubernetes");
    let mut unseen_one = host();
    engine(&mut unseen_one).containers.fact.known_mut().unwrap()[0].fact = Fact::unknown("no right");
    refused(&unseen_one, &[setting("icc", false)], "could not be inspected");
}

#[test]
fn flags_and_keys() {
    let mut flagged = host();
    flags(&mut flagged, "/usr/sbin/dockerd -H fd:// --live-restore=false");
    refused(&flagged, &[setting("live-restore", true)], "--live-restore (argv[3]");
    let mut right = host();
    flags(&mut right, "/usr/sbin/dockerd --userland-proxy=false");
    assert!(make(&right, &[setting("userland-proxy", false)]).unwrap().steps.is_empty());
    let mut both = host();
    flags(&mut both, "/usr/sbin/dockerd --log-level info");
    refused(&both, &[setting("log-level", "info")], "both in the flag --log-level (argv[1])");
    refused(&both, &[setting("live-restore", true)], "refuse its next start");
    let mut list = host();
    flags(&mut list, "/usr/sbin/dockerd --label a=b");
    config(&mut list, "{\"labels\": [\"c=d\"], \"log-level\": \"debug\"}");
    refused(&list, &[setting("log-level", "info")], "`labels` stands both");
}

#[test]
fn swarm() {
    let mut swarm = host();
    info(&mut swarm).swarm_state = Fact::Known("active".to_owned());
    refused(&swarm, &[setting("live-restore", true)], "part of a swarm (active)");
    refused(&swarm, &[setting("log-level", "info")], "cannot carry db, web");
    let accepted = with(&swarm, &[setting("log-level", "info")], &Options { stop_containers: true, ..Options::default() }).unwrap();
    assert_eq!(daemon(&accepted).how, How::Window);
    assert!(!daemon(&accepted).may_carry);
}

#[test]
fn units() {
    let unit = |text: &str| {
        let mut snapshot = host();
        engine(&mut snapshot).unit.known_mut().unwrap().drop_ins =
            Fact::Known(vec![seen(file("/etc/systemd/system/docker.service.d/x.conf", text))]);
        snapshot
    };
    refused(&unit("[Service]\nKillMode=control-group\n"), &[setting("log-level", "info")], "KillMode=control-group");
    assert!(make(&unit("[Service]\nKillMode=control-group\n"), &[setting("live-restore", true)]).is_ok());
    let mut masked = host();
    engine(&mut masked).unit.known_mut().unwrap().fragment = seen(file("/etc/systemd/system/docker.service", ""));
    refused(&masked, &[setting("icc", false)], "masked");
}

#[test]
fn hosts_without_systemd() {
    let mut plain = host();
    plain.host.service_manager = Fact::Absent;
    engine(&mut plain).process.fact.known_mut().unwrap().unit = Fact::Absent;
    let by_hand = make(&plain, &[setting("log-level", "info")]).unwrap();
    assert_eq!(daemon(&by_hand).service, ServiceControl::None);
    assert!(by_hand.steps[0].notes.iter().any(|note| note.contains("a person must restart")));
    let commands =
        ServiceCommands { restart: vec!["rc-service".to_owned(), "docker".to_owned(), "restart".to_owned()], ..ServiceCommands::default() };
    let plan = with(&plain, &[setting("log-level", "info")], &Options { service: Some(commands), ..Options::default() }).unwrap();
    assert!(plan.steps[0].preconditions.iter().any(|line| line.contains("rc-service docker restart")));
}

#[test]
fn the_branch_that_one_sits_on() {
    let mut remote = host();
    engine(&mut remote).local = false;
    refused(&remote, &[setting("live-restore", true)], "another machine");
    let mut rootless = host();
    engine(&mut rootless).process.fact.known_mut().unwrap().uid = Fact::Known(1000);
    refused(&rootless, &[setting("live-restore", true)], "rootless");
    let inside = Options { own_container: Some("c0ffee".repeat(11)), ..Options::default() };
    let refusal = with(&host(), &[setting("icc", false)], &inside).unwrap_err().to_string();
    assert!(refusal.contains("cofferdam itself runs in container c0ffeec0ffee"), "{refusal}");
}

#[test]
fn what_would_stop_the_next_start() {
    let mut tables = host();
    config(&mut tables, "{\"iptables\": false}");
    refused(&tables, &[setting("icc", false)], "`iptables` is false");
    for (text, words) in [
        ("{\"a\": 1, \"a\": 2}", "stands twice"),
        ("\u{feff}{}", "byte order mark"),
        ("{} // c", "followed by other text"),
        ("[]", "not a JSON object"),
    ] {
        let mut broken = host();
        config(&mut broken, text);
        refused(&broken, &[setting("live-restore", true)], words);
    }
    let mut unread = host();
    engine(&mut unread).config_file = Observed::new(SourceId::default(), Fact::unknown("no right"));
    refused(&unread, &[setting("live-restore", true)], "could not be read: no right");
}

#[test]
fn what_others_left_pending() {
    let mut young = host();
    config(&mut young, "{\"data-root\": \"/srv\"}");
    engine(&mut young).config_file.fact.known_mut().unwrap().stat.ctime_ns = 300;
    refused(&young, &[setting("userland-proxy", false)], "sets `data-root`, which is not provably in force");
    assert!(make(&young, &[setting("live-restore", true)]).is_ok(), "a reload does not touch it");
    let mut plugins = host();
    config(&mut plugins, "{\"authorization-plugins\": [\"p\"]}");
    engine(&mut plugins).config_file.fact.known_mut().unwrap().stat.ctime_ns = 300;
    refused(&plugins, &[setting("live-restore", true)], "authorization-plugins");
}

#[test]
fn a_hardened_host_needs_nothing() {
    let mut hardened = host();
    config(&mut hardened, "{\"live-restore\": true, \"icc\": false, \"no-new-privileges\": true}");
    info(&mut hardened).live_restore = Fact::Known(true);
    let bridge = engine(&mut hardened).networks.fact.known_mut().unwrap()[0].fact.known_mut().unwrap();
    bridge.options = Fact::Known(BTreeMap::from([("com.docker.network.bridge.enable_icc".to_owned(), "false".to_owned())]));
    let wanted = [setting("live-restore", true), setting("icc", false), setting("no-new-privileges", true), setting("log-level", "info")];
    assert!(make(&hardened, &wanted).unwrap().steps.is_empty());
}

#[test]
fn what_the_file_says_already_is_only_taken_up() {
    let mut pending = host();
    config(&mut pending, "{\"live-restore\": true}");
    let plan = make(&pending, &[setting("live-restore", true)]).unwrap();
    assert_eq!((daemon(&plan).edits.len(), daemon(&plan).pending.len(), plan.steps[0].diff.as_str()), (0, 1, ""));
}

#[test]
fn a_missing_file_is_created() {
    let mut bare = host();
    engine(&mut bare).config_file = absent();
    let plan = make(&bare, &[setting("live-restore", true)]).unwrap();
    assert!(daemon(&plan).creates);
    assert!(plan.steps[0].diff.starts_with("--- /dev/null\n+++ b/etc/docker/daemon.json\n"));
}

#[test]
fn a_link_is_followed() {
    let mut linked = host();
    linked.host.resolved_paths.insert("/etc/docker/daemon.json".to_owned(), Fact::Known("/srv/daemon.json".to_owned()));
    assert_eq!(daemon(&make(&linked, &[setting("live-restore", true)]).unwrap()).write_path, "/srv/daemon.json");
}

#[test]
fn limits_of_a_container() {
    let plan = make(&host(), &[update("web", Some(512 << 20), Some(200), Some("on-failure"))]).unwrap();
    let Change::ContainerUpdate(change) = &plan.steps[0].change else { panic!("{:?}", plan.steps) };
    assert_eq!((change.post.memory, change.post.memory_swap, change.post.pids_limit), (Some(512 << 20), Some(512 << 20), Some(200)));
    assert_eq!((change.undo.memory, change.undo.memory_swap), (Some(9_223_372_036_854_771_712), Some(-1)), "v2");
    assert_eq!(change.undo.pids_limit, Some(1708), "the kernel's number");
    assert_eq!(change.undo.restart.as_ref().unwrap().name, "always");
    assert_eq!((change.kernel_after.memory, change.kernel_after.memory_swap), (Some(Limit::At(512 << 20)), Some(Limit::At(0))));
    assert!(plan.steps[0].diff.contains("-restart policy: always\n+restart policy: on-failure:5\n"));
    assert_eq!((plan.event(), plan.affects()), (Event::None, vec!["web".to_owned()]));

    let mut old_kernel = host();
    of(&mut old_kernel, "web").process.known_mut().unwrap().cgroup.fact.known_mut().unwrap().version = 1;
    let plan = make(&old_kernel, &[update("web", Some(512 << 20), None, None)]).unwrap();
    let Change::ContainerUpdate(change) = &plan.steps[0].change else { panic!("{:?}", plan.steps) };
    assert_eq!(change.undo.memory, change.undo.memory_swap, "v1");
    assert_eq!(change.kernel_after.memory_swap, Some(Limit::At(512 << 20)));
}

#[test]
fn limits_that_would_kill() {
    type Spoil = fn(&mut Cgroup);
    let cases: [(Spoil, &str); 4] = [
        (|cgroup| cgroup.memory_current = Fact::Known(600 << 20), "uses 629145600 bytes now"),
        (|cgroup| cgroup.memory_peak = Fact::Known(512 << 20), "at its peak"),
        (|cgroup| cgroup.memory_current = Fact::unknown("no right"), "memory use could not be seen"),
        (|cgroup| cgroup.pids_current = Fact::Known(200), "runs 200 processes now"),
    ];
    for (spoil, words) in cases {
        let mut snapshot = host();
        spoil(of(&mut snapshot, "web").process.known_mut().unwrap().cgroup.fact.known_mut().unwrap());
        refused(&snapshot, &[update("web", Some(512 << 20), Some(200), None)], words);
        // One container's trouble is no other's.
        let plan = make(&snapshot, &[update("web", Some(512 << 20), Some(200), None), update("db", Some(512 << 20), None, None)]).unwrap();
        assert_eq!((plan.steps.len(), plan.refused.len(), plan.refused[0].subject.as_str()), (1, 1, "web"));
    }
    refused(&host(), &[update("web", Some(5 << 20), None, None)], "6 MiB");
    refused(&host(), &[update("web", Some(2 << 30), None, None)], "no limit on a host");
    refused(&host(), &[update("gone", Some(512 << 20), None, None)], "could not be inspected");
}

#[test]
fn containers_that_are_not_ours_to_update() {
    let mut removed = host();
    of(&mut removed, "web").auto_remove = Fact::Known(true);
    refused(&removed, &[update("web", None, None, Some("on-failure"))], "--rm");
    for (label, words) in [("com.docker.swarm.task.id", "swarm service"), ("io.kubernetes.pod.name", "Kubernetes pod")] {
        let mut owned = host();
        of(&mut owned, "web").labels = Fact::Known(vec![label.to_owned()]);
        refused(&owned, &[update("web", None, Some(100), None)], words);
    }
    let mut compose = host();
    of(&mut compose, "web").labels = Fact::Known(vec!["com.docker.compose.project".to_owned()]);
    let plan = make(&compose, &[update("web", None, Some(100), None)]).unwrap();
    assert!(plan.steps[0].notes[0].contains("compose"));
}

#[test]
fn limits_that_are_there() {
    let mut limited = host();
    let cgroup = of(&mut limited, "web").process.known_mut().unwrap().cgroup.fact.known_mut().unwrap();
    cgroup.memory_max = Fact::Known(Limit::At(256 << 20));
    cgroup.pids_max = Fact::Known(Limit::At(100));
    assert!(make(&limited, &[update("web", Some(512 << 20), Some(200), None)]).unwrap().steps.is_empty());
    refused(&host(), &[update("web", Some(512 << 20), None, None), update("web", Some(256 << 20), None, None)], "different values");
}

#[test]
fn audit_rules() {
    let remedies = [
        watch("/usr/sbin/dockerd", WatchKind::File),
        watch("/run/containerd", WatchKind::Dir),
        watch("/run/containerd/containerd.sock", WatchKind::File),
    ];
    let plan = make(&host(), &remedies).unwrap();
    let Change::AuditRules(change) = &plan.steps[0].change else { panic!("{:?}", plan.steps) };
    assert!(change.load);
    assert_eq!((change.rules.len(), change.rules_lines.len()), (3, 6));
    assert_eq!(change.tmpfiles_lines, ["d /run/containerd 0711 root root -"]);
    assert!(plan.steps[0].diff.contains("+-a always,exit -F arch=b32 -F dir=/run/containerd -F perm=wa -F key=docker\n"));
    // Judged again on the host as it will be: nothing is left to do.
    let hardened = assess::preview(&host(), &remedies);
    assert!(make(&hardened, &remedies).unwrap().steps.is_empty());
}

#[test]
fn audit_states() {
    let status = |change: fn(&mut AuditStatus)| {
        let mut snapshot = host();
        change(snapshot.host.audit.status.fact.known_mut().unwrap());
        snapshot
    };
    let rule = [watch("/usr/sbin/dockerd", WatchKind::File)];
    refused(&status(|status| status.failure = 2), &rule, "panic");
    let locked = make(&status(|status| status.enabled = 2), &rule).unwrap();
    assert!(matches!(&locked.steps[0].change, Change::AuditRules(change) if !change.load));
    assert!(locked.steps[0].notes[0].contains("next boot"));
    for (snapshot, words) in [
        (status(|s| s.enabled = 0), "switched off"),
        (status(|s| s.pid = 0), "kernel log only"),
        (status(|s| s.backlog_limit = 64), "only 64"),
    ] {
        let plan = make(&snapshot, &rule).unwrap();
        assert!(plan.steps[0].notes.iter().any(|note| note.contains(words)), "{words}: {:?}", plan.steps[0].notes);
    }
    refused(&host(), &[watch("/a b", WatchKind::File)], "cannot express");
    let mut linked = host();
    linked.host.resolved_paths.insert("/usr/bin/dockerd".to_owned(), Fact::Known("/usr/sbin/dockerd".to_owned()));
    let plan = make(&linked, &[watch("/usr/bin/dockerd", WatchKind::File)]).unwrap();
    assert_eq!(plan.steps[0].title, "audit /usr/sbin/dockerd");
}

#[test]
fn without_systemd_rules_below_run_are_not_kept() {
    let mut plain = host();
    plain.host.service_manager = Fact::Absent;
    let plan = make(&plain, &[watch("/run/containerd", WatchKind::Dir)]).unwrap();
    let Change::AuditRules(change) = &plan.steps[0].change else { panic!("{:?}", plan.steps) };
    assert!(change.load && change.rules_lines.is_empty() && change.tmpfiles_lines.is_empty());
}

#[test]
fn a_crash_loop_is_one_fact() {
    let mut looping = host();
    let state = of(&mut looping, "web").state.known_mut().unwrap();
    state.status = "restarting".to_owned();
    state.pid = 0;
    let first = make(&looping, &[setting("log-level", "info")]).unwrap();
    of(&mut looping, "web").state.known_mut().unwrap().started_at = "2026-01-01T11:00:00Z".to_owned();
    let second = make(&looping, &[setting("log-level", "info")]).unwrap();
    assert_eq!((&first.steps, &first.preconditions), (&second.steps, &second.preconditions));
}

#[test]
fn order_and_advice() {
    let by_hand = remedy("check.trust", "", Action::Manual);
    let plan =
        make(&host(), &[setting("icc", false), by_hand, watch("/usr/sbin/dockerd", WatchKind::File), update("web", None, Some(100), None)])
            .unwrap();
    let kinds: Vec<&str> = plan
        .steps
        .iter()
        .map(|step| match step.change {
            Change::ContainerUpdate(_) => "container",
            Change::AuditRules(_) => "audit",
            Change::Daemon(_) => "daemon",
        })
        .collect();
    assert_eq!(kinds, ["container", "audit", "daemon"]);
    assert_eq!(plan.steps.iter().map(|step| step.id.as_str()).collect::<Vec<_>>(), ["step-1", "step-2", "step-3"]);
    assert_eq!(plan.advice, [AdviceItem { check: "check.trust".to_owned(), subject: String::new(), text: "do it".to_owned() }]);
    let only_advice = make(&host(), &[remedy("check.trust", "", Action::Manual)]).unwrap();
    assert!(only_advice.steps.is_empty());
}
