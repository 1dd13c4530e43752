use facts::docker::{Component, Info, Plugin};
use facts::{Fact, Snapshot};

use super::daemon;
use crate::derive::settings::settings;
use crate::derive::settings::tests::{engine, host};
use crate::view::{Daemon, Listing, Seen};

fn view(snapshot: &Snapshot) -> Daemon {
    daemon(snapshot, &settings(snapshot))
}

fn info(snapshot: &mut Snapshot) -> &mut Info {
    engine(snapshot).info.fact.known_mut().unwrap()
}

fn of_version(version: &str, argv: &[&str], file: Option<&str>, changed: i64) -> Snapshot {
    let mut snapshot = host(argv, file, changed);
    engine(&mut snapshot).version.fact.known_mut().unwrap().version = version.to_owned();
    snapshot
}

fn members(listing: &Seen<Listing<String>>) -> (&[String], Option<&str>) {
    let listing = listing.known().unwrap();
    (&listing.members, listing.unseen.as_deref())
}

fn texts(words: &[&str]) -> Fact<Vec<String>> {
    Fact::Known(words.iter().map(|word| (*word).to_owned()).collect())
}

#[test]
fn rules_for_ipv6_are_no_choice_of_an_old_engine() {
    let ip6tables = |version: &str, file: Option<&str>, changed| view(&of_version(version, &["dockerd"], file, changed)).ip6tables.fact;
    let off = Some("{\"ip6tables\": false}");
    assert_eq!(ip6tables("26.1.5", None, 0), Fact::Absent);
    assert_eq!(ip6tables("26.1.5", off, 50), Fact::Absent);
    assert_eq!(ip6tables("26.1.5", Some("{\"ip6tables\": true}"), 50), Fact::Known(true));
    assert_eq!(ip6tables("27.0.1", None, 0), Fact::Known(true));
    assert_eq!(ip6tables("27.0.1", off, 50), Fact::Known(false));
    // The file is younger than the process.
    assert!(ip6tables("27.0.1", off, 200).is_unknown());
    assert!(ip6tables("dev", off, 50).is_unknown());
}

#[test]
fn the_size_of_devicemapper_devices_in_every_spelling() {
    let size = |argv: &[&str], file: Option<&str>| view(&host(argv, file, 50)).base_device_size.fact;
    let is = |size: &str| Fact::Known(size.to_owned());
    assert_eq!(size(&["dockerd"], None), Fact::Absent);
    assert_eq!(size(&["dockerd", "--storage-opt", "dm.fs=xfs"], None), Fact::Absent);
    assert_eq!(size(&["dockerd", "--storage-opt", "dm.fs=xfs", "--storage-opt=DM.BaseSize = 20G"], None), is("20G"));
    assert_eq!(size(&["dockerd"], Some("{\"storage-opts\": [\"dm.basesize=1G\", \"dm.basesize=2G\"]}")), is("2G"));
    assert!(size(&["dockerd"], Some("{\"storage-opts\": \"dm.basesize=1G\"}")).is_unknown());
}

#[test]
fn limits_and_control_groups() {
    let both = view(&host(&["dockerd", "--default-ulimit=nofile=1:2", "--cgroup-parent", "/x"], None, 0));
    assert_eq!(members(&both.default_ulimits), (&["nofile=1:2".to_owned()][..], None));
    assert_eq!(both.cgroup_parent.fact, Fact::Known("/x".to_owned()));
    let none = view(&host(&["dockerd", "--cgroup-parent="], None, 0));
    assert_eq!((members(&none.default_ulimits), &none.cgroup_parent.fact), ((&[][..], None), &Fact::Absent));
    let younger = view(&host(&["dockerd"], Some("{}"), 200));
    assert!(younger.default_ulimits.fact.is_unknown() && younger.cgroup_parent.fact.is_unknown());
}

#[test]
fn plugins_count_where_no_reload_can_have_changed_them() {
    let plugins = |shown: &[&str], file: Option<&str>, changed| {
        let mut snapshot = host(&["dockerd"], file, changed);
        info(&mut snapshot).authorization_plugins = texts(shown);
        beside(&mut snapshot, Fact::Known("/run/docker/plugins/opa.sock".to_owned()));
        view(&snapshot).authorization_plugins.fact.map(|listing| listing.members)
    };
    let one = Some("{\"authorization-plugins\": [\"opa\"]}");
    assert_eq!(plugins(&["opa"], one, 50), Fact::Known(vec!["opa".to_owned()]));
    assert_eq!(plugins(&[], None, 0), Fact::Known(Vec::new()));
    assert_eq!(plugins(&[], Some("{\"debug\": true}"), 200), Fact::Known(Vec::new()));
    // Written after the start: perhaps reloaded, perhaps not.
    assert!(plugins(&[], one, 200).is_unknown());
    assert!(plugins(&["opa"], one, 200).is_unknown());
    assert!(plugins(&["opa"], Some("{}"), 200).is_unknown());
    assert!(plugins(&["opa"], Some("{"), 50).is_unknown());
    let mut by_flag = host(&["dockerd", "--authorization-plugin=opa"], None, 0);
    info(&mut by_flag).authorization_plugins = texts(&["opa"]);
    beside(&mut by_flag, Fact::Known("/run/docker/plugins/opa.sock".to_owned()));
    assert_eq!(members(&view(&by_flag).authorization_plugins).0, ["opa"]);
    // Without the file nobody knows what a reload did.
    engine(&mut by_flag).config_file.fact = Fact::unknown("no right");
    assert!(view(&by_flag).authorization_plugins.fact.is_unknown());
}

/// No managed plugin, and where one of that name is found beside the engine.
fn beside(snapshot: &mut Snapshot, opa: Fact<String>) {
    engine(snapshot).plugins.fact = Fact::Known(Vec::new());
    engine(snapshot).legacy_plugins = Fact::Known([("opa".to_owned(), opa)].into());
}

/// What /info names is what the daemon started with.
#[test]
fn plugins_that_were_disabled_or_removed_are_not_asked() {
    let file = Some("{\"authorization-plugins\": [\"opa\"]}");
    let judge = |legacy: Fact<String>, managed: Fact<Vec<Plugin>>| {
        let mut snapshot = host(&["dockerd"], file, 50);
        info(&mut snapshot).authorization_plugins = texts(&["opa"]);
        beside(&mut snapshot, legacy);
        engine(&mut snapshot).plugins.fact = managed;
        let found = view(&snapshot).authorization_plugins.known().unwrap().clone();
        (found.members.len(), found.unseen.is_some())
    };
    let managed = |name: &str, enabled| Fact::Known(vec![Plugin { name: name.to_owned(), enabled, ..Plugin::default() }]);
    assert_eq!(judge(Fact::Absent, managed("opa:latest", true)), (1, false));
    assert_eq!(judge(Fact::Absent, managed("docker.io/library/opa:latest", true)), (1, false));
    assert_eq!(judge(Fact::Absent, managed("opa:latest", false)), (0, false));
    assert_eq!(judge(Fact::Absent, managed("opa:2", true)), (0, false));
    assert_eq!(judge(Fact::Absent, Fact::Known(Vec::new())), (0, false));
    assert_eq!(judge(Fact::unknown("no right"), Fact::Known(Vec::new())), (0, true));
    assert_eq!(judge(Fact::Known("/run/docker/plugins/opa.sock".to_owned()), Fact::unknown("no answer")), (0, true));
}

#[test]
fn registries() {
    let mut snapshot = of_version("28.5.2", &["dockerd"], None, 0);
    snapshot.host.engine_files.registry_certs = Fact::Absent;
    info(&mut snapshot).insecure_registries = texts(&["127.0.0.0/8", "::1/128", "localhost:5000", "10.0.0.0/8", "reg:5000"]);
    info(&mut snapshot).registry_mirrors = texts(&["https://a", "HTTP://b", "http://127.0.0.1:5000", "http://127.0.0.1.evil", "c"]);
    let found = view(&snapshot);
    assert_eq!(members(&found.insecure_registries).0, ["10.0.0.0/8", "reg:5000"]);
    assert_eq!(
        members(&found.unverified_registries),
        (&["10.0.0.0/8", "reg:5000", "HTTP://b", "http://127.0.0.1.evil"].map(str::to_owned)[..], None)
    );
    // An older Snapshot has no mirrors: what is known stays, and there may be more.
    info(&mut snapshot).registry_mirrors = Fact::default();
    assert!(matches!(members(&view(&snapshot).unverified_registries), ([_, _], Some(_))));
    info(&mut snapshot).registry_mirrors = texts(&["[redacted]"]);
    assert!(matches!(members(&view(&snapshot).unverified_registries), ([_, _], Some(_))));
    // A hosts.toml may switch verification off, for engines that read one.
    info(&mut snapshot).registry_mirrors = texts(&[]);
    snapshot.host.engine_files.registry_certs = texts(&["/etc/docker/certs.d", "/etc/docker/certs.d/reg/ca.crt"]);
    assert_eq!(members(&view(&snapshot).unverified_registries).1, None);
    snapshot.host.engine_files.registry_certs = texts(&["/etc/docker/certs.d/reg/hosts.toml"]);
    assert!(members(&view(&snapshot).unverified_registries).1.is_some());
    engine(&mut snapshot).version.fact.known_mut().unwrap().version = "27.5.1".to_owned();
    assert_eq!(members(&view(&snapshot).unverified_registries).1, None);
    engine(&mut snapshot).version.fact.known_mut().unwrap().version = "29.0.0".to_owned();
    snapshot.host.engine_files.registry_certs = Fact::unknown("no right");
    assert!(members(&view(&snapshot).unverified_registries).1.is_some());
}

#[test]
fn old_protocol_of_registries() {
    let legacy = |version: &str, argv: &[&str]| view(&of_version(version, argv, None, 0)).legacy_registry.fact;
    assert_eq!(legacy("17.03.2-ce", &["dockerd"]), Fact::Known(true));
    assert_eq!(legacy("17.03.2-ce", &["dockerd", "--disable-legacy-registry"]), Fact::Known(false));
    assert_eq!(legacy("17.06.0-ce", &["dockerd"]), Fact::Known(false));
    assert_eq!(legacy("17.09.1-ce", &["dockerd", "--disable-legacy-registry=0"]), Fact::Known(true));
    assert_eq!(legacy("17.12.0-ce", &["dockerd"]), Fact::Absent);
    assert_eq!(legacy("29.7.2", &["dockerd"]), Fact::Absent);
    assert!(legacy("dev", &["dockerd"]).is_unknown());
}

#[test]
fn filters_and_versions() {
    let mut snapshot = host(&["dockerd"], None, 0);
    let mut profile = |options: &[&str]| {
        info(&mut snapshot).security_options = texts(options);
        view(&snapshot).seccomp_profile.fact
    };
    assert_eq!(profile(&["name=seccomp,profile=default"]), Fact::Known("builtin".to_owned()));
    assert_eq!(profile(&["name=seccomp,profile=/a,b"]), Fact::Known("/a,b".to_owned()));
    assert_eq!(profile(&["name=seccomp,profile=unconfined"]), Fact::Known("unconfined".to_owned()));
    assert_eq!(profile(&["name=apparmor"]), Fact::Absent);
    let version = engine(&mut snapshot).version.fact.known_mut().unwrap();
    version.components = vec![Component { name: "runc".to_owned(), version: "1.1.5".to_owned() }];
    let found = view(&snapshot);
    assert_eq!((found.runc_version.fact, found.containerd_version.fact), (Fact::Known("1.1.5".to_owned()), Fact::Absent));
    engine(&mut snapshot).version.fact = Fact::unknown("no right");
    assert!(view(&snapshot).runc_version.fact.is_unknown() && view(&snapshot).kernel.fact.is_unknown());
}

#[test]
fn swarm() {
    use facts::Observed;
    use facts::docker::{EnvVar, Network, SwarmCluster, SwarmMember, SwarmService};

    let mut snapshot = host(&["dockerd"], None, 0);
    info(&mut snapshot).swarm = Fact::Absent;
    assert!(view(&snapshot).swarm.fact.is_absent());
    info(&mut snapshot).swarm = Fact::default();
    assert!(view(&snapshot).swarm.fact.is_unknown());
    let cluster =
        SwarmCluster { node_certificate_lifetime: Fact::Known(172_800_000_000_001), autolock: Fact::Known(true), ..Default::default() };
    info(&mut snapshot).swarm = Fact::Known(SwarmMember { managers: Fact::Known(1), cluster: Fact::Known(cluster), ..Default::default() });
    let source = engine(&mut snapshot).networks.source;
    let overlay = |name: &str, options: &[&str]| {
        let options = Fact::Known(options.iter().map(|option| ((*option).to_owned(), String::new())).collect());
        Observed::new(source, Fact::Known(Network { name: name.to_owned(), driver: "overlay".to_owned(), options, ..Network::default() }))
    };
    let networks = engine(&mut snapshot).networks.fact.known_mut().unwrap();
    networks.extend([overlay("ingress", &["com.docker.network.driver.overlay.vxlanid_list"]), overlay("app", &["encrypted"])]);
    let variable = EnvVar { name: "DB_PASSWORD".to_owned(), length: 3, looks_like_credential: true };
    let service = SwarmService { name: "web".to_owned(), env: vec![variable], secrets: Vec::new() };
    engine(&mut snapshot).swarm_services.fact = Fact::Known(vec![service]);
    let found = view(&snapshot).swarm.known().unwrap().clone();
    assert_eq!(members(&found.unencrypted_overlays), (&["ingress".to_owned()][..], None));
    assert_eq!(members(&found.exposed_credentials).0, ["web DB_PASSWORD"]);
    assert_eq!((found.node_certificate_hours.fact, found.autolock.fact), (Fact::Known(49), Fact::Known(true)));
    assert_eq!(found.managers.fact, Fact::Known(1));
    assert!(found.secrets.fact.is_unknown() && found.manager.fact.is_unknown());
}
