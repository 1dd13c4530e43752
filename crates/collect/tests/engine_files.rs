//! Where the engine's files are: what the running processes say goes before every default.

#![allow(clippy::unwrap_used, reason = "helpers of tests may")]

mod common;

use collect::{World, collect};
use common::host::{Host, Process, listening};
use common::options;
use facts::host::EngineFiles;
use facts::{Fact, Snapshot};
use serde_json::json;

async fn look(host: &Host) -> Snapshot {
    let (world, recorder) = host.world().recording();
    let snapshot = collect(&world, &options()).await.unwrap();
    let again = collect(&World::replaying(recorder.recording(&options())), &options()).await.unwrap();
    assert_eq!(again.to_json(), snapshot.to_json());
    snapshot
}

fn files(snapshot: &Snapshot) -> &EngineFiles {
    &snapshot.host.engine_files
}

fn paths(fact: &Fact<Vec<String>>) -> Vec<&str> {
    fact.known().unwrap().iter().map(String::as_str).collect()
}

/// A host as a distribution sets it up, with a containerd of its own.
fn host() -> Host {
    let mut host = Host::with_socket_activation();
    for path in
        ["/usr/bin/containerd-shim-runc-v2", "/usr/sbin/runc", "/usr/bin/containerd", "/usr/sbin/dockerd", "/var/lib/docker/image/x"]
    {
        host.texts.insert(path.to_owned(), String::new());
    }
    let mut containerd = Process::new("/usr/bin/containerd");
    (containerd.sockets, containerd.unix) = (vec![500], vec![listening("/run/containerd/containerd.sock", 500)]);
    host.processes.insert(700, containerd);
    host.processes.get_mut(&812).unwrap().unix.push(listening("/run/containerd/containerd.sock", 500));
    let info = host.answers.get_mut("/info").unwrap();
    info["DockerRootDir"] = json!("/var/lib/docker");
    info["Runtimes"] = json!({"runc": {"path": "runc"}, "other": {"path": "/opt/other"}, "wasm": {}, "lost": {"path": "lost"}});
    host.mounts = [("/", "8:1"), ("/var/lib/docker", "8:16")].map(|(path, device)| (path.to_owned(), device.to_owned())).into();
    host
}

#[tokio::test]
async fn programs_by_the_processes() {
    let snapshot = look(&host()).await;
    let found = files(&snapshot);
    assert_eq!(found.containerd_exe, Fact::Known("/usr/bin/containerd".into()));
    assert_eq!(found.containerd_config, Fact::Known("/etc/containerd/config.toml".into()));
    assert_eq!(found.shims["containerd-shim-runc-v2"], Fact::Known("/usr/bin/containerd-shim-runc-v2".into()));
    assert!(found.shims["containerd-shim"].is_absent() && found.shims["containerd-shim-runc-v1"].is_absent());
    let runtimes: Vec<(&str, Option<&str>)> =
        found.runtimes.known().unwrap().iter().map(|one| (one.name.as_str(), one.path.known().map(String::as_str))).collect();
    assert_eq!(runtimes, [("lost", None), ("other", Some("/opt/other")), ("runc", Some("/usr/sbin/runc"))]);
    // Their inodes are asked for, and so are the usual files, there or not.
    for path in ["/usr/bin/containerd", "/usr/sbin/runc", "/opt/other", "/etc/default/docker", "/etc/tmpfiles.d/cofferdam.conf"] {
        assert!(snapshot.host.files.contains_key(path), "{path}");
    }
    assert!(snapshot.host.files["/etc/sysconfig/docker"].fact.is_absent());
    assert_eq!(found.mounts["/var/lib/docker"].known().unwrap().device, "8:16");
    assert_eq!(
        (found.mounts["/var/lib"].known().unwrap().device.as_str(), found.mounts["/"].known().unwrap().device.as_str()),
        ("8:1", "8:1")
    );

    // Another program by that name holds no socket, and a process elsewhere has a socket of that name.
    let mut host = host();
    let mut liar = Process::new("/tmp/containerd");
    (liar.sockets, liar.unix) = (vec![666], vec![listening("/tmp/containerd.sock", 666)]);
    host.processes.insert(600, liar);
    host.processes.get_mut(&700).unwrap().argv = ["containerd", "--config", "/srv/c.toml"].map(str::to_owned).to_vec();
    let snapshot = look(&host).await;
    assert_eq!(files(&snapshot).containerd_exe, Fact::Known("/usr/bin/containerd".into()));
    assert_eq!(files(&snapshot).containerd_config, Fact::Known("/srv/c.toml".into()));
    // Nobody who holds it is seen: then a shim may also lie beside a program that is not known.
    host.processes.remove(&700);
    let snapshot = look(&host).await;
    assert!(files(&snapshot).containerd_exe.why().unwrap().contains("no containerd process"));
    assert!(files(&snapshot).shims["containerd-shim"].is_unknown());
    assert!(files(&snapshot).shims["containerd-shim-runc-v2"].known().is_some());
}

#[tokio::test]
async fn sockets_by_the_descriptors() {
    let mut host = host();
    for path in ["/srv/api/docker.sock", "/run/docker/metrics.sock", "/run/docker/api.sock", "/run/docker/swarm/control.sock"] {
        host.texts.insert(path.to_owned(), String::new());
    }
    host.texts.insert("/etc/group".to_owned(), "docker:x:998:ann\nops:x:1001:bob\nother:x:7:eve\n".to_owned());
    host.texts.insert("/etc/passwd".to_owned(), "cid:x:1002:1001:::\n".to_owned());
    host.gids.insert("/srv/api/docker.sock".to_owned(), 1001);
    let daemon = host.processes.get_mut(&812).unwrap();
    daemon.sockets.extend([1, 2, 3, 4]);
    daemon.unix.extend([
        listening("/srv/api/docker.sock", 1),
        listening("/run/docker/metrics.sock", 2),
        listening("/run/docker/api.sock", 3),
        listening("/run/docker/swarm/control.sock", 4),
        // Another process's.
        listening("/run/other.sock", 99),
        // Nobody can reach one whose name is gone.
        listening("/run/gone.sock", 1),
    ]);
    // Of those below the exec root only the one that it was told to serve on.
    daemon.argv.extend(["-H", "unix:///run/docker/api.sock"].map(str::to_owned));
    let snapshot = look(&host).await;
    assert_eq!(paths(&files(&snapshot).api_sockets), ["/run/docker.sock", "/run/docker/api.sock", "/srv/api/docker.sock"]);
    let groups = files(&snapshot).groups.known().unwrap();
    assert_eq!(groups.iter().map(|group| group.name.as_str()).collect::<Vec<_>>(), ["docker", "ops"]);
    assert_eq!(groups[1].primary_members, ["cid"]);
    assert!(!snapshot.to_json().contains("eve"), "people of other groups are nobody's business");
    // Without the right to look at descriptors nothing is complete.
    host.denied = vec![812];
    assert!(files(&look(&host).await).api_sockets.is_unknown());
}

#[tokio::test]
async fn units_and_certificates() {
    let mut host = host();
    for path in [
        "/usr/lib/systemd/system/docker.service",
        "/etc/systemd/system/docker.service.d/a.conf",
        "/etc/systemd/system/docker.socket.d/b.conf",
        "/usr/lib/systemd/system/docker.socket",
        "/etc/docker/certs.d/r.example/ca.crt",
        "/etc/docker/certs.d/r.example/client.key",
    ] {
        host.texts.insert(path.to_owned(), String::new());
    }
    let snapshot = look(&host).await;
    let found = files(&snapshot);
    assert_eq!(
        paths(&found.units["docker.service"]),
        ["/usr/lib/systemd/system/docker.service", "/etc/systemd/system/docker.service.d/a.conf"]
    );
    assert_eq!(
        paths(&found.units["docker.socket"]),
        ["/usr/lib/systemd/system/docker.socket", "/etc/systemd/system/docker.socket.d/b.conf"]
    );
    let certs = "/etc/docker/certs.d";
    assert_eq!(
        paths(&found.registry_certs),
        [certs.to_owned(), format!("{certs}/r.example"), format!("{certs}/r.example/ca.crt"), format!("{certs}/r.example/client.key")]
    );
    // Without a unit of its own the usual one is looked for all the same; a masked one is none.
    host.processes.get_mut(&812).unwrap().texts.insert("cgroup", "0::/\n".to_owned());
    host.links.insert("/etc/systemd/system/docker.socket".to_owned(), "/dev/null".to_owned());
    let snapshot = look(&host).await;
    assert_eq!(files(&snapshot).units["docker.service"].known().unwrap().len(), 2);
    assert_eq!(files(&snapshot).units["docker.socket"], Fact::Known(vec![]));
    // A folder without end is not gone through.
    for index in 0..600 {
        host.texts.insert(format!("{certs}/r.example/{index}.crt"), String::new());
    }
    assert!(files(&look(&host).await).registry_certs.why().unwrap().contains("more than"));
    assert!(files(&look(&Host::with_socket_activation()).await).registry_certs.is_absent());
}

#[tokio::test]
async fn out_of_reach() {
    let mut host = host();
    host.processes.get_mut(&812).unwrap().shares_root = false;
    let snapshot = look(&host).await;
    let found = files(&snapshot);
    assert!(found.units.values().all(Fact::is_unknown) && found.registry_certs.is_unknown() && found.api_sockets.is_unknown());
    assert!(found.containerd_exe.is_unknown() && found.groups.fact.is_unknown() && found.runtimes.is_unknown());
}
