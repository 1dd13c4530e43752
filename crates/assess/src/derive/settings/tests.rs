use facts::docker::{DaemonProcess, Engine, Info, Network, ProxyProcess, StartupRecord, Version};
use facts::host::{FileKind, FileStat, TextFile};
use facts::{Fact, Observed, Snapshot, Source, SourceId, Sources, Tool};
use serde_json::{Value, json};

use super::{State, settings};

/// A daemon that started at 100 s with these words and this file, which was last changed at `changed`.
pub(crate) fn host(argv: &[&str], file: Option<&str>, changed: i64) -> Snapshot {
    let stat = |ctime: i64| FileStat {
        kind: FileKind::File,
        mode: 0o644,
        uid: 0,
        gid: 0,
        size: 1,
        device: 1,
        inode: 1,
        ctime_ns: ctime * 1_000_000_000,
        mtime_ns: ctime * 1_000_000_000,
        target: None,
        acl: Fact::Absent,
    };
    let mut sources = Sources::default();
    let here = sources.intern(Source::Argv { pid: 812 });
    let path = "/etc/docker/daemon.json".to_owned();
    let known = |fact| Observed { source: here, fact };
    let info = Info {
        live_restore: Fact::Known(false),
        debug: Fact::Known(false),
        security_options: Fact::Known(vec!["name=apparmor".to_owned()]),
        userland_proxy: Fact::Absent,
        ..Info::default()
    };
    let bridge = Network {
        name: "bridge".to_owned(),
        options: Fact::Known([("com.docker.network.bridge.enable_icc".to_owned(), "true".to_owned())].into()),
        ..Network::default()
    };
    let process = DaemonProcess {
        pid: 812,
        argv: Observed::new(here, Fact::Known(argv.iter().map(|word| (*word).to_owned()).collect())),
        start_ticks: Fact::Known(7),
        proxies: Fact::Known(Vec::new()),
        ..DaemonProcess::default()
    };
    let engine = Engine {
        version: Observed::new(here, Fact::Known(Version { api_version: "1.41".to_owned(), ..Version::default() })),
        info: Observed::new(here, Fact::Known(info)),
        networks: Observed::new(here, Fact::Known(vec![Observed::new(here, Fact::Known(bridge))])),
        process: Observed::new(here, Fact::Known(process)),
        pid_file: Observed::new(here, Fact::Known(stat(100))),
        config_path: Fact::Known(path.clone()),
        config_file: known(
            file.map_or(Fact::Absent, |text| Fact::Known(TextFile { path, stat: stat(changed), text: text.to_owned(), form: sound() })),
        ),
        startup: Observed::new(here, Fact::Absent),
        ..Engine::default()
    };
    Snapshot {
        schema: facts::SCHEMA.to_owned(),
        tool: Tool { name: "test".to_owned(), version: "0".to_owned() },
        taken_at: "2026-01-01T00:00:00Z".to_owned(),
        sources,
        gaps: Vec::new(),
        host: facts::host::Host { boot_id: Fact::Known("boot".to_owned()), ..Default::default() },
        docker: Fact::Known(engine),
    }
}

fn sound() -> Fact<facts::host::TextForm> {
    Fact::Known(facts::host::TextForm { sound_encoding: true, json_error: None })
}

pub(crate) fn engine(snapshot: &mut Snapshot) -> &mut Engine {
    snapshot.docker.known_mut().unwrap()
}

fn check(snapshot: &Snapshot, key: &str, value: impl Into<Option<Value>>, state: State, source: &str) {
    let found = settings(snapshot);
    let setting = found.get(key);
    assert_eq!((setting.effective.known().cloned(), setting.state), (value.into(), state), "{setting:#?}");
    assert!(setting.source.contains(source), "{setting:#?}");
}

#[test]
fn one_setting_in_every_spelling() {
    check(&host(&["dockerd"], None, 0), "log-level", json!("info"), State::Effective, "default");
    check(
        &host(&["dockerd"], Some("{\n\"log-level\": \"debug\"}"), 50),
        "log-level",
        json!("debug"),
        State::Effective,
        "daemon.json:2 log-level",
    );
    for argv in [
        &["dockerd", "--log-level=debug"][..],
        &["dockerd", "--log-level", "debug"],
        &["dockerd", "--log_level", "debug"],
        &["dockerd", "-l", "debug"],
    ] {
        check(&host(argv, Some("{}"), 50), "log-level", json!("debug"), State::Effective, "argv[1] --log-level");
    }
    check(&host(&["dockerd", "--log-level", "warn", "-ldebug"], None, 0), "log-level", json!("debug"), State::Effective, "argv[3]");
    check(&host(&["dockerd", "--userland-proxy=0"], None, 0), "userland-proxy", json!(false), State::Effective, "argv[1]");
}

#[test]
fn in_both_is_a_conflict_and_the_flag_rules() {
    let both = host(&["dockerd", "--log-level=warn"], Some("{\"log-level\": \"debug\"}"), 200);
    check(&both, "log-level", json!("warn"), State::Conflict, "argv[1]");
    assert_eq!(settings(&both).conflicts, Fact::Known(vec!["log-level".to_owned()]));
}

#[test]
fn a_file_younger_than_the_daemon_proves_nothing() {
    let younger = host(&["dockerd"], Some("{\"log-level\": \"info\", \"icc\": false}"), 200);
    check(&younger, "log-level", None, State::Unknown, "");
    // The bridge still shows what is in force.
    check(&younger, "icc", json!(true), State::PendingRestart, "API /networks/bridge");
}

#[test]
fn our_own_record_proves_what_the_daemon_started_with() {
    let mut snapshot = host(&["dockerd"], Some("{\"log-level\": \"info\"}"), 200);
    let record = |pid| StartupRecord {
        config_path: "/etc/docker/daemon.json".to_owned(),
        config_text: Some("{\"log-level\": \"debug\"}".to_owned()),
        pid,
        start_ticks: 7,
        boot_id: "boot".to_owned(),
    };
    engine(&mut snapshot).startup = Observed::new(SourceId(0), Fact::Known(record(812)));
    check(&snapshot, "log-level", json!("debug"), State::PendingRestart, "as it was when the daemon started");
    engine(&mut snapshot).startup = Observed::new(SourceId(0), Fact::Known(record(999)));
    check(&snapshot, "log-level", None, State::Unknown, "");
}

#[test]
fn icc_in_the_file_and_provably_not_in_force() {
    let restarted = host(&["dockerd"], Some("{\"icc\": false, \"live-restore\": true}"), 50);
    check(&restarted, "icc", json!(true), State::NotInForce, "API /networks/bridge");
    check(&restarted, "live-restore", json!(false), State::PendingRestart, "API /info");
}

#[test]
fn a_proxy_process_disproves_the_file() {
    let mut snapshot = host(&["dockerd"], Some("{\"userland-proxy\": false}"), 50);
    check(&snapshot, "userland-proxy", json!(false), State::Effective, "daemon.json:1");
    let process = engine(&mut snapshot).process.fact.known_mut().unwrap();
    process.proxies = Fact::Known(vec![ProxyProcess { pid: 5, host_port: Some(80) }]);
    check(&snapshot, "userland-proxy", json!(true), State::NotInForce, "process 5");
    engine(&mut snapshot).process.fact.known_mut().unwrap().proxies = Fact::unknown("no right");
    check(&snapshot, "userland-proxy", None, State::Unknown, "");
}

#[test]
fn new_engines_show_no_new_privileges() {
    let mut snapshot = host(&["dockerd"], Some("{\"no-new-privileges\": true}"), 50);
    check(&snapshot, "no-new-privileges", json!(true), State::Effective, "daemon.json:1");
    engine(&mut snapshot).version.fact.known_mut().unwrap().api_version = "1.43".to_owned();
    check(&snapshot, "no-new-privileges", json!(false), State::NotInForce, "API /info");
}

#[test]
fn a_file_that_cannot_be_parsed_is_named() {
    let broken = host(&["dockerd"], Some("{\"log-level\": \"info\","), 50);
    assert!(settings(&broken).file_error.is_some());
    check(&broken, "log-level", None, State::Unknown, "");
}

#[test]
fn defaults_follow_the_version() {
    for (version, ip6tables, legacy) in [
        ("17.03.2-ce", Some(false), Some(false)),
        ("17.06.0-ce", Some(false), Some(true)),
        ("20.10.24+dfsg1", Some(false), Some(true)),
        ("26.1.5", Some(false), Some(true)),
        ("27.0.1", Some(true), Some(true)),
        ("29.7.2", Some(true), Some(true)),
        ("dev", None, None),
    ] {
        let mut snapshot = host(&["dockerd"], None, 0);
        engine(&mut snapshot).version.fact.known_mut().unwrap().version = version.to_owned();
        let found = settings(&snapshot);
        assert_eq!(found.bool("ip6tables").known().copied(), ip6tables, "{version}");
        assert_eq!(found.bool("disable-legacy-registry").known().copied(), legacy, "{version}");
        // What is asked for needs no version.
        engine(&mut snapshot).config_file = host(&[], Some("{\"ip6tables\": true}"), 50).engine().unwrap().config_file.clone();
        assert_eq!(settings(&snapshot).bool("ip6tables"), Fact::Known(true), "{version}");
    }
}

#[test]
fn flags_that_are_repeated_and_named_otherwise() {
    let mut flags = host(&["dockerd", "--storage-opt", "a=1", "--storage_opt=b=2", "--default-ulimit=nofile=1:2", "-s=overlay2"], None, 0);
    engine(&mut flags).info.fact.known_mut().unwrap().storage_driver = Fact::Known("overlay2".to_owned());
    check(&flags, "storage-opts", json!(["a=1", "b=2"]), State::Effective, "argv[3] --storage-opt");
    check(&flags, "default-ulimits", json!(["nofile=1:2"]), State::Effective, "argv[4]");
    check(&flags, "storage-driver", json!("overlay2"), State::Effective, "argv[5] --storage-driver");
    let both = host(&["dockerd", "--storage-opt=a=1"], Some("{\"storage-opts\": [\"a=1\"]}"), 50);
    check(&both, "storage-opts", json!(["a=1"]), State::Conflict, "argv[1]");
    // The flag is singular, the key plural: the daemon knows no other spelling, so another one sets nothing.
    let singular = host(&["dockerd"], Some("{\"storage-opt\": [\"a=1\"]}"), 50);
    check(&singular, "storage-opts", None, State::Effective, "default");
    check(&host(&["dockerd", "--ip6tables=F"], None, 0), "ip6tables", json!(false), State::Effective, "argv[1]");
}

#[test]
fn what_the_engine_shows_goes_before_file_and_default() {
    let mut snapshot = host(&["dockerd"], Some("{\"experimental\": true, \"log-driver\": \"syslog\", \"storage-driver\": \"btrfs\"}"), 200);
    let info = engine(&mut snapshot).info.fact.known_mut().unwrap();
    info.experimental = Fact::Known(false);
    info.logging_driver = Fact::Known("json-file".to_owned());
    info.storage_driver = Fact::Known("overlay2".to_owned());
    info.security_options = Fact::Known(vec!["name=seccomp,profile=default".to_owned()]);
    check(&snapshot, "experimental", json!(false), State::PendingRestart, "API /info ExperimentalBuild");
    check(&snapshot, "log-driver", json!("json-file"), State::PendingRestart, "API /info LoggingDriver");
    check(&snapshot, "storage-driver", json!("overlay2"), State::PendingRestart, "API /info Driver");
    check(&snapshot, "seccomp-profile", json!("builtin"), State::Effective, "API /info SecurityOptions");
    engine(&mut snapshot).config_file.fact = Fact::Absent;
    check(&snapshot, "storage-driver", json!("overlay2"), State::Effective, "API /info Driver");
    engine(&mut snapshot).info.fact = Fact::unknown("no right");
    check(&snapshot, "log-driver", None, State::Unknown, "");
}

/// What is wrong with a file that was changed after the start, in the eyes of an engine.
fn wrong(version: &str, argv: &[&str], text: &str) -> (Vec<String>, Vec<String>) {
    let mut snapshot = host(argv, Some(text), 200);
    engine(&mut snapshot).version.fact.known_mut().unwrap().version = version.to_owned();
    let found = settings(&snapshot).problems.known().unwrap().clone();
    assert_eq!((found.refused.unseen, found.misleading.unseen), (None, None), "{text}");
    (found.refused.members, found.misleading.members)
}

/// Each row was tried on both daemons: `dockerd --validate` of 29.7.2, and a start of 20.10.24.
#[test]
fn what_each_daemon_refuses() {
    const BOTH: (bool, bool) = (true, true);
    const NEITHER: (bool, bool) = (false, false);
    for (text, refused, misleads) in [
        ("{\"icc\": false, \"icc\": true}", NEITHER, true),
        ("{\"log-opts\": {\"max-size\": \"1m\"}, \"log-opts\": {\"max-file\": \"3\"}}", NEITHER, true),
        ("{\"live-restore\": true} trailing", (false, true), true),
        ("{\"live-restore\": true, \"no-such\": 1}", BOTH, false),
        ("{\"Live-Restore\": true}", BOTH, false),
        ("{\"live_restore\": true}", BOTH, false),
        ("{\"label\": [\"a=b\"]}", NEITHER, true),
        ("{\"wrap\": {\"icc\": false, \"log-driver\": \"none\"}}", NEITHER, true),
        ("{\"icc\": null}", NEITHER, true),
        ("{\"log-driver\": null}", NEITHER, false),
        ("null", NEITHER, false),
        ("[]", BOTH, false),
        ("", (true, false), false),
        (" \n", (true, false), false),
        ("\u{feff}{\"live-restore\": true}", (true, false), false),
        ("{\"live-restore\": true // c\n}", BOTH, false),
        ("{\"mtu\": NaN}", BOTH, false),
        ("{\"mtu\": 1e999}", BOTH, false),
        ("{\"mtu\": 123456789012345678901234567890}", BOTH, false),
        ("{\"mtu\": 1400.5}", BOTH, false),
        ("{\"mtu\": 1.4e3}", BOTH, false),
        ("{\"live-restore\": \"true\"}", BOTH, false),
        ("{\"labels\": [\"a=\\ud800\"]}", NEITHER, false),
        ("{\"log-driver\": \"\", \"log-level\": \"\"}", NEITHER, false),
        ("{\"version\": true}", NEITHER, true),
        ("{\"validate\": true}", BOTH, false),
        ("{\"labels\": [\"a=\tb\"]}", BOTH, false),
        ("{\"firewall-backend\": \"nftables\"}", (true, false), false),
        ("{\"graph\": \"/x\"}", (false, true), false),
        ("{\"proxies\": {\"http-proxy\": \"http://p\"}}", (true, false), false),
        ("{\"proxies\": {\"default\": {\"httpProxy\": \"http://p\"}}}", BOTH, false),
        ("{\"default-ulimits\": {\"nofile\": \"100:100\"}}", BOTH, false),
        ("{\"log-opts\": {\"max-file\": 3}}", BOTH, false),
        ("{\"log-level\": {\"icc\": true}}", BOTH, true),
    ] {
        let (old, new) = (wrong("20.10.24+dfsg1", &["dockerd"], text), wrong("29.7.2", &["dockerd"], text));
        assert_eq!((!old.0.is_empty(), !new.0.is_empty()), refused, "{text}: {old:?} {new:?}");
        assert_eq!(!old.1.is_empty() || !new.1.is_empty(), misleads, "{text}: {old:?} {new:?}");
    }
}

#[test]
fn a_key_and_its_flag() {
    for (argv, text, conflict) in [
        (&["dockerd", "--label", "c=d"][..], "{\"labels\": [\"a=b\"]}", Some("labels")),
        (&["dockerd", "-H", "fd://"], "{\"hosts\": []}", Some("hosts")),
        (&["dockerd", "--mtu=1500"], "{\n\n\"mtu\": 1500}", Some("mtu")),
        (&["dockerd", "--label", "c=d"], "{\"wrap\": {\"labels\": [\"a=b\"]}}", Some("labels")),
        (&["dockerd", "--add-runtime", "a=/b"], "{\"runtimes\": {\"c\": {\"path\": \"/d\"}}}", None),
        (&["dockerd", "--icc=false"], "{\"debug\": true}", None),
    ] {
        let (refused, _) = wrong("28.5.2", argv, text);
        assert_eq!(refused.first().and_then(|why| why.split('`').nth(1)), conflict, "{refused:?}");
        let snapshot = host(argv, Some(text), 200);
        assert_eq!(settings(&snapshot).conflicts, Fact::Known(conflict.map(str::to_owned).into_iter().collect()));
    }
    assert_eq!(
        wrong("28.5.2", &["dockerd", "--mtu=1500"], "{\n\n\"mtu\": 1500}").0,
        ["line 3: `mtu` is set by the flag --mtu too (argv[1])"]
    );
}

#[test]
fn a_start_outweighs_the_table() {
    let text = Some("{\"key-of-a-patched-engine\": true, \"icc\": false, \"icc\": true}");
    let problems = |snapshot: &Snapshot| settings(snapshot).problems;
    let started = host(&["dockerd"], text, 50);
    assert!(problems(&started).known().unwrap().refused.members.is_empty());
    assert_eq!(problems(&started).known().unwrap().misleading.members.len(), 1);
    let mut unseen = started.clone();
    engine(&mut unseen).pid_file.fact = Fact::unknown("no right");
    let found = problems(&unseen).known().unwrap().refused.clone();
    assert!(found.members.is_empty() && found.unseen.is_some());
    let mut unnamed = host(&["dockerd"], text, 200);
    engine(&mut unnamed).version.fact = Fact::unknown("no right");
    let found = problems(&unnamed).known().unwrap().clone();
    assert!(found.refused.unseen.is_some() && found.misleading.unseen.is_some());
    let mut newer = host(&["dockerd"], text, 200);
    engine(&mut newer).version.fact.known_mut().unwrap().version = "30.1.0".to_owned();
    let found = problems(&newer).known().unwrap().refused.clone();
    assert!(found.members.is_empty() && found.unseen.is_some());
}

#[test]
fn a_file_that_is_none() {
    let problems = |snapshot: &Snapshot| settings(snapshot).problems;
    assert_eq!(problems(&host(&["dockerd"], None, 0)), Fact::Absent);
    let asked_for = problems(&host(&["dockerd", "--config-file=/etc/docker/daemon.json"], None, 0));
    assert!(asked_for.known().unwrap().refused.members[0].contains("does not exist"));
    let mut folder = host(&["dockerd"], None, 0);
    engine(&mut folder).config_file.fact = Fact::unknown("not a regular file");
    assert!(problems(&folder).is_unknown());
    let stat = FileStat { kind: FileKind::Directory, ..engine(&mut folder).pid_file.known().unwrap().clone() };
    let seen = Observed { source: SourceId(0), fact: Fact::Known(stat) };
    folder.host.files.insert("/etc/docker/daemon.json".to_owned(), seen);
    folder.host.resolved_paths.insert("/etc/docker".to_owned(), Fact::Known("/etc/docker".to_owned()));
    assert_eq!(problems(&folder).known().unwrap().refused.members, ["it is a folder"]);
}

#[test]
fn the_value_is_the_one_that_dockerd_takes() {
    for (text, key, value) in [
        ("{\"userns-remap\": \"default\", \"userns-remap\": \"\"}", "userns-remap", None),
        ("{\"log-level\": \"debug\", \"log-level\": \"info\"}", "log-level", Some(json!("info"))),
        ("{\"log-level\": \"\"}", "log-level", Some(json!("info"))),
        ("{\"log-level\": null}", "log-level", Some(json!("info"))),
        ("{\"iptables\": null}", "iptables", Some(json!(false))),
        ("{\"iptables\": false} {\"iptables\": true}", "iptables", Some(json!(false))),
        ("{\"wrap\": {\"iptables\": false}}", "iptables", Some(json!(false))),
        ("{\"iptables\": true, \"wrap\": {\"iptables\": false}}", "iptables", Some(json!(true))),
        ("\u{feff}{\"log-level\": \"warn\"}", "log-level", Some(json!("warn"))),
    ] {
        check(&host(&["dockerd"], Some(text), 50), key, value, State::Effective, "");
    }
    let mut chance = host(&["dockerd"], Some("{\"iptables\": false, \"wrap\": {\"iptables\": true}}"), 50);
    check(&chance, "iptables", None, State::Unknown, "");
    engine(&mut chance).version.fact.known_mut().unwrap().version = "20.10.24".to_owned();
    assert!(settings(&chance).unwritable().is_some());
    // Of a file that is not the one of the start nothing is in force, and all of it is pending.
    let later = host(&["dockerd"], Some("{\"icc\": true, \"icc\": false}"), 200);
    check(&later, "icc", json!(true), State::PendingRestart, "");
}
