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
        config_file: known(file.map_or(Fact::Absent, |text| Fact::Known(TextFile { path, stat: stat(changed), text: text.to_owned() }))),
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
    assert_eq!(settings(&both).conflicts(), ["log-level"]);
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
    let broken = host(&["dockerd"], Some("{\"log-level\": \"info\", \"log-level\": \"debug\"}"), 50);
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
    let flags = host(&["dockerd", "--storage-opt", "a=1", "--storage_opt=b=2", "--default-ulimit=nofile=1:2", "-s=overlay2"], None, 0);
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
