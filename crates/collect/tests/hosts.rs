//! Hosts of every shape: which process is the daemon, which files and units are its own, what its ports say.

#![allow(clippy::unwrap_used, reason = "helpers of tests may")]

mod common;

use collect::source::{MountLine, Peer, Probe};
use collect::{Obstacle, World, collect};
use common::host::{Host, Process, listening, tcp};
use common::{container, options};
use facts::docker::{Engine, Limit, Listener};
use facts::host::MountPoint;
use facts::{Fact, Snapshot};
use serde_json::{Value, json};

async fn look(host: &Host) -> Snapshot {
    let (world, recorder) = host.world().recording();
    let snapshot = collect(&world, &options()).await.unwrap();
    // Whatever the host: a replay gives the same bytes.
    let again = collect(&World::replaying(recorder.recording(&options())), &options()).await.unwrap();
    assert_eq!(again.to_json(), snapshot.to_json());
    snapshot
}

fn engine(snapshot: &Snapshot) -> &Engine {
    snapshot.engine().unwrap()
}

#[tokio::test]
async fn socket_activation_and_a_linked_path() {
    let snapshot = look(&Host::with_socket_activation()).await;
    let process = engine(&snapshot).process.known().unwrap();
    // Init holds the socket too, and is its peer; the path goes through a link.
    assert_eq!((process.pid, process.found_by.as_str()), (812, "socket inode"));
    assert_eq!(process.start_ticks.known(), Some(&4242));
    assert_eq!(process.unit.known().map(String::as_str), Some("docker.service"));
    assert_eq!(process.containerd_socket.known().map(String::as_str), Some("/run/containerd/containerd.sock"));
    assert!(engine(&snapshot).local);
    assert!(engine(&snapshot).pid_file.known().is_some());
    assert_eq!(engine(&snapshot).config_path.known().map(String::as_str), Some("/etc/docker/daemon.json"));
    assert!(engine(&snapshot).config_file.fact.is_absent());
    let host = &snapshot.host;
    assert_eq!(host.lsms.known().unwrap()[4], "apparmor");
    assert!(host.selinux_enforcing.fact.is_absent());
    assert_eq!(host.memory_total.known(), Some(&(2048 * 1024)));
    assert_eq!((host.cgroup_version.known(), host.service_manager.known().map(String::as_str)), (Some(&2), Some("systemd")));
    assert_eq!(host.resolved_paths["/var/run/docker.sock"].known().map(String::as_str), Some("/run/docker.sock"));
    assert!(host.files.contains_key("/run/docker.sock"), "the target of a link is looked at too");
    // An error of the kernel's audit, whatever it is, is never an empty list.
    assert!(host.audit.status.fact.is_unknown() && host.audit.rules.fact.is_unknown());
}

/// A host with an ssh server: process 700 listens, 701 is a connection, 702 runs in a container.
fn with_sshd() -> Host {
    let mut host = Host::with_socket_activation();
    for (path, text) in [
        ("/etc/ssh/sshd_config", "Include sshd_config.d/*.conf\nPort 2222\nPasswordAuthentication yes\n"),
        ("/etc/ssh/sshd_config.d/20-b.conf", "PermitRootLogin no\n"),
        ("/etc/ssh/sshd_config.d/10-a.conf", "Include /etc/ssh/sshd_config.d/10-a.conf /nowhere/*\nPasswordAuthentication no\n"),
        ("/etc/ssh/sshd_config.d/.hidden.conf", "PasswordAuthentication yes\n"),
        ("/etc/ssh/sshd_config.d/x.conf.bak", "PasswordAuthentication yes\n"),
    ] {
        host.texts.insert(path.to_owned(), text.to_owned());
    }
    for (pid, parent, shares_root) in [(690, 1, false), (700, 1, true), (701, 700, true)] {
        let mut process = Process::new("/usr/sbin/sshd");
        process.texts.insert("stat", format!("{pid} (sshd) S {parent} 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4242 20"));
        (process.parent, process.shares_root) = (parent, shares_root);
        process.argv = vec!["/usr/sbin/sshd".to_owned(), "-D".to_owned()];
        host.processes.insert(pid, process);
    }
    host
}

#[tokio::test]
async fn the_ssh_server_and_its_files() {
    let mut host = with_sshd();
    let sshd = look(&host).await.host.sshd;
    assert_eq!((sshd.listens, sshd.argv.known().map(Vec::len)), (Fact::Known(true), Some(2)));
    let found = ["10-a.conf", "20-b.conf"].map(|name| format!("/etc/ssh/sshd_config.d/{name}"));
    assert_eq!(sshd.includes["sshd_config.d/*.conf"], Fact::Known(found.to_vec()));
    assert_eq!(sshd.includes["/nowhere/*"], Fact::Known(Vec::new()));
    assert_eq!(sshd.files.len(), 3);

    // Another file by its command line.
    host.processes.get_mut(&700).unwrap().argv.extend(["-f".to_owned(), "/srv/sshd_config".to_owned()]);
    let sshd = look(&host).await.host.sshd;
    assert_eq!(sshd.config_path, "/srv/sshd_config");
    assert!(sshd.files["/srv/sshd_config"].fact.is_absent());

    // None runs but in a container. Then systemd may listen for it, on a port that the file names.
    host.processes.remove(&700);
    host.processes.remove(&701);
    assert_eq!(look(&host).await.host.sshd.listens, Fact::Known(false));
    let init = host.processes.get_mut(&1).unwrap();
    init.tcp = vec![tcp("::", 2222, 77)];
    assert_eq!(look(&host).await.host.sshd.listens, Fact::Known(false), "somebody else's");
    host.processes.get_mut(&1).unwrap().sockets.push(77);
    assert_eq!(look(&host).await.host.sshd.listens, Fact::Known(true));
    host.denied.push(1);
    assert!(look(&host).await.host.sshd.listens.is_unknown());
    // A /proc that hides init hides others too.
    host.processes.remove(&1);
    assert!(look(&host).await.host.sshd.listens.is_unknown());
}

#[tokio::test]
async fn volumes_and_what_their_options_name() {
    let mut host = Host::with_socket_activation();
    host.texts.insert("/etc/shadow".to_owned(), String::new());
    host.texts.insert("/dev/sda1".to_owned(), String::new());
    host.texts.insert("/sys/class/block/sda1/dev".to_owned(), "8:1\n".to_owned());
    host.links.insert("/srv/link".to_owned(), "/etc".to_owned());
    host.links.insert("/dev/disk".to_owned(), "/dev/sda1".to_owned());
    let line = |mount_point: &str, device: &str| MountLine {
        mount: MountPoint { mount_point: mount_point.to_owned(), root: "/".to_owned(), device: device.to_owned(), kind: "ext4".to_owned() },
        source: String::new(),
    };
    host.mount_tables.insert(812, vec![line("/", "8:1"), line("/boot", "8:1"), line("/v/disk", "8:1"), line("/x", "8:2")]);
    let volume =
        |name: &str, options: Value| json!({"Name": name, "Driver": "local", "Mountpoint": format!("/v/{name}"), "Options": options});
    let list = json!({"Volumes": [
        volume("own", Value::Null),
        volume("link", json!({"type": "none", "o": "bind", "device": "/srv/link"})),
        volume("disk", json!({"type": "ext4", "device": "/dev/disk"})),
        volume("lost", json!({"type": "ext4", "device": "/dev/lost"})),
    ]});
    host.answers.insert("/volumes".to_owned(), list);
    let snapshot = look(&host).await;
    let volumes = engine(&snapshot).volumes.known().unwrap();
    let named = |name: &str| volumes.iter().find(|volume| volume.name == name).unwrap();
    assert!(named("own").options.is_absent() && named("own").device_mounts.is_absent());
    assert_eq!(named("link").resolved["/srv/link"], Fact::Known("/etc".to_owned()));
    assert_eq!(named("disk").device_mounts, Fact::Known(vec!["/".to_owned()]));
    assert!(named("lost").device_mounts.is_unknown());

    for broken in [json!({"Volumes": [{"Name": 1}]}), json!({"Volumes": {}}), json!([])] {
        host.answers.insert("/volumes".to_owned(), broken);
        assert!(engine(&look(&host).await).volumes.fact.is_unknown());
    }
    host.answers.insert("/volumes".to_owned(), json!({"Volumes": null}));
    assert_eq!(engine(&look(&host).await).volumes.known(), Some(&Vec::new()));
}

#[tokio::test]
async fn the_pid_file_may_be_gone_or_stale() {
    let mut host = Host::with_socket_activation();
    host.texts.remove("/run/docker.pid");
    let snapshot = look(&host).await;
    assert_eq!(engine(&snapshot).process.known().unwrap().pid, 812);
    assert!(engine(&snapshot).pid_file.fact.is_absent());
    host.texts.insert("/run/docker.pid".to_owned(), "900".to_owned());
    let snapshot = look(&host).await;
    assert_eq!(engine(&snapshot).process.known().unwrap().pid, 812);
    assert!(engine(&snapshot).pid_file.fact.why().unwrap().contains("does not name"));
    // A second holder, for instance a child that inherited the socket: the pid file decides, else nothing does.
    let mut child = host.processes[&812].clone();
    child.parent = 812;
    host.processes.insert(813, child);
    host.texts.insert("/run/docker.pid".to_owned(), "812".to_owned());
    assert_eq!(engine(&look(&host).await).process.known().unwrap().pid, 812);
    host.texts.remove("/run/docker.pid");
    assert!(engine(&look(&host).await).process.fact.why().unwrap().contains("several processes"));
}

#[tokio::test]
async fn a_process_that_only_says_dockerd_is_not_it() {
    let mut host = Host::with_socket_activation();
    let mut liar = Process::new("/usr/sbin/dockerd");
    liar.argv = ["dockerd", "--icc=false", "--no-new-privileges"].map(str::to_owned).to_vec();
    // A socket of the same name elsewhere.
    (liar.sockets, liar.unix) = (vec![666], vec![listening("/tmp/docker.sock", 666)]);
    host.processes.insert(5000, liar);
    host.texts.remove("/run/docker.pid");
    let snapshot = look(&host).await;
    let process = engine(&snapshot).process.known().unwrap();
    assert_eq!(process.pid, 812);
    assert!(!process.argv.known().unwrap().iter().any(|word| word.contains("icc")));
}

#[tokio::test]
async fn engines_out_of_reach() {
    // In a container with the socket mounted: the peer is in no pid namespace of ours.
    let mut host = Host::with_socket_activation();
    host.processes.retain(|pid, _| *pid == 900);
    host.peer = Some(Peer { pid: 0, uid: 0 });
    let snapshot = look(&host).await;
    assert!(!engine(&snapshot).local);
    assert!(
        snapshot.host.lsms.fact.is_unknown()
            && snapshot.host.audit.rule_files.is_unknown()
            && snapshot.host.files["/etc/docker"].fact.is_unknown()
    );
    assert!(engine(&snapshot).config_file.fact.is_unknown() && engine(&snapshot).unit.is_unknown());
    assert!(snapshot.gaps.iter().any(|gap| gap.what == "the engine's host"));

    // In a container with --pid=host: processes are the engine's, files are not.
    let mut host = Host::with_socket_activation();
    host.processes.get_mut(&812).unwrap().shares_root = false;
    let snapshot = look(&host).await;
    assert!(engine(&snapshot).local && engine(&snapshot).process.known().is_some());
    assert!(engine(&snapshot).config_file.fact.is_unknown() && snapshot.host.files["/etc/docker"].fact.is_unknown());
    assert!(snapshot.host.lsms.known().is_some());

    // A forwarded socket, as `ssh -L` makes one: an engine answers, and it is not here.
    let mut host = Host::with_socket_activation();
    host.processes.get_mut(&812).unwrap().exe = "/usr/bin/ssh".to_owned();
    let snapshot = look(&host).await;
    assert!(!engine(&snapshot).local);
    assert!(engine(&snapshot).process.fact.why().unwrap().contains("`ssh`"));

    // The same, seen without the right to look at descriptors: the peer's name is enough.
    host.denied = vec![1, 812, 900];
    host.peer = Some(Peer { pid: 812, uid: 0 });
    assert!(engine(&look(&host).await).process.fact.why().unwrap().contains("`ssh`"));

    // A /proc that hides other users' processes is no proof that the engine is elsewhere.
    let mut host = Host::with_socket_activation();
    host.processes.retain(|pid, _| *pid == 900);
    let snapshot = look(&host).await;
    assert!(engine(&snapshot).local && engine(&snapshot).process.fact.why().unwrap().contains("needs CAP_SYS_PTRACE, as root has it"));

    // A service manager of a user's own opened the socket for dockerd.
    let mut host = Host::with_socket_activation();
    host.processes.insert(500, host.processes[&1].clone());
    host.peer = Some(Peer { pid: 500, uid: 1000 });
    assert_eq!(engine(&look(&host).await).process.known().unwrap().pid, 812);

    // Without root: nobody else's descriptors. The pid file still names the daemon, and says less surely so.
    let mut host = Host::with_socket_activation();
    host.denied = vec![1, 812, 900];
    let snapshot = look(&host).await;
    assert_eq!(engine(&snapshot).process.known().unwrap().found_by, "pid file");
    host.texts.remove("/run/docker.pid");
    let snapshot = look(&host).await;
    assert!(engine(&snapshot).process.fact.why().unwrap().contains("root"));
    assert!(engine(&snapshot).local, "nothing says that it is elsewhere");
}

#[tokio::test]
async fn units_and_drop_ins() {
    let mut host = Host::with_socket_activation();
    for (path, text) in [
        ("/usr/lib/systemd/system/docker.service", "[Service]\nExecStart=/usr/sbin/dockerd -H fd://\n"),
        ("/usr/lib/systemd/system/docker.socket", "[Socket]\nListenStream=/run/docker.sock\n"),
        ("/usr/lib/systemd/system/docker.service.d/20-b.conf", "[Service]\nLimitNOFILE=1\n"),
        ("/etc/systemd/system/docker.service.d/10-a.conf", "[Service]\nEnvironment=\"HTTP_PROXY=http://planted-secret\"\n"),
        ("/run/systemd/system/docker.service.d/10-a.conf", "[Service]\nKillMode=mixed\n"),
        ("/etc/systemd/system/service.d/10-a.conf", "[Service]\nKillMode=none\n"),
        ("/etc/systemd/system/service.d/30-c.conf", "[Service]\nTasksMax=1\n"),
        ("/etc/systemd/system/docker.service.d/README", "x"),
        ("/usr/lib/systemd/system/docker.service.d/40-masked.conf", "[Service]\nType=simple\n"),
    ] {
        host.texts.insert(path.to_owned(), text.to_owned());
    }
    host.links.insert("/etc/systemd/system/docker.service.d/40-masked.conf".to_owned(), "/dev/null".to_owned());
    let snapshot = look(&host).await;
    assert!(!snapshot.to_json().contains("planted"));
    let unit = engine(&snapshot).unit.known().unwrap();
    assert_eq!(unit.fragment.known().unwrap().path, "/usr/lib/systemd/system/docker.service");
    assert!(unit.socket.known().unwrap().text.contains("ListenStream"));
    let drop_ins: Vec<&str> = unit.drop_ins.known().unwrap().iter().map(|file| file.known().unwrap().path.as_str()).collect();
    assert_eq!(
        drop_ins,
        [
            "/etc/systemd/system/docker.service.d/10-a.conf",
            "/usr/lib/systemd/system/docker.service.d/20-b.conf",
            "/etc/systemd/system/service.d/30-c.conf"
        ]
    );
    // A masked unit is a link to /dev/null.
    host.links.insert("/etc/systemd/system/docker.service".to_owned(), "/dev/null".to_owned());
    let snapshot = look(&host).await;
    let unit = engine(&snapshot).unit.known().unwrap();
    assert_eq!(unit.fragment.known().unwrap().text, "");
    // A rootless engine's unit is another manager's.
    host.processes.get_mut(&812).unwrap().texts.insert("cgroup", "0::/user.slice/user-1.slice/user@1.service/docker.service\n".to_owned());
    assert!(engine(&look(&host).await).unit.is_unknown());
    // Started by hand.
    host.processes.get_mut(&812).unwrap().texts.insert("cgroup", "0::/\n".to_owned());
    assert!(engine(&look(&host).await).unit.is_absent());
}

#[tokio::test]
async fn ports_of_the_daemon() {
    let mut host = Host::with_socket_activation();
    host.texts.insert("/etc/docker/daemon.json".to_owned(), r#"{"hosts": ["tcp://0.0.0.0:2376"]}"#.to_owned());
    let daemon = host.processes.get_mut(&812).unwrap();
    daemon.argv.extend(["-H".to_owned(), "tcp://127.0.0.1:2375".to_owned()]);
    daemon.sockets = vec![100, 1, 2, 3, 4, 5, 6];
    daemon.tcp = vec![
        tcp("127.0.0.1", 2375, 1),
        tcp("0.0.0.0", 2376, 2),
        tcp("::", 9323, 3),
        tcp("::", 2377, 4),
        tcp("127.0.0.1", 4000, 5),
        tcp("::", 7946, 6),
        tcp("0.0.0.0", 22, 77),
    ];
    host.probes = [
        ("127.0.0.1:2375", Ok(Probe::Http { status: 200, engine: true })),
        ("127.0.0.1:2376", Ok(Probe::CertificateWanted)),
        ("[::1]:9323", Ok(Probe::Http { status: 404, engine: false })),
        ("[::1]:2377", Ok(Probe::CertificateWanted)),
        ("127.0.0.1:4000", Err(Obstacle::TimedOut { ms: 2000 })),
        ("[::1]:7946", Ok(Probe::Neither)),
    ]
    .map(|(address, probe)| (address.to_owned(), probe))
    .into();
    let read = |snapshot: &Snapshot| -> Vec<(u16, Value, Value, Value)> {
        let word = |fact: &Fact<bool>| fact.known().map_or(json!("?"), |known| json!(known));
        let row =
            |listener: &Listener| (listener.port, word(&listener.is_api), word(&listener.tls), word(&listener.answers_without_certificate));
        engine(snapshot).process.known().unwrap().listeners.known().unwrap().iter().map(row).collect()
    };
    let (yes, no, unknown) = (json!(true), json!(false), json!("?"));
    let snapshot = look(&host).await;
    assert_eq!(
        read(&snapshot),
        [
            (2376, yes.clone(), yes.clone(), no.clone()),
            (2375, yes.clone(), no.clone(), yes.clone()),
            (4000, unknown.clone(), unknown.clone(), unknown.clone()),
            (2377, unknown.clone(), yes.clone(), no.clone()),
            (7946, no.clone(), no.clone(), no.clone()),
            (9323, no.clone(), no.clone(), no.clone()),
        ]
    );
    // Without a userland proxy dockerd listens on what containers publish; to knock there is to speak to the container.
    let mut inspected: Value = serde_json::from_str(&container("abc")).unwrap();
    inspected["NetworkSettings"]["Ports"] =
        json!({"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "4000"}], "1/tcp": null, "22/udp": [{"HostIp": "", "HostPort": "9323"}]});
    host.answers.insert("/containers/json?all=1".to_owned(), json!([{"Id": "abc"}]));
    host.answers.insert("/containers/abc/json".to_owned(), inspected);
    let published = read(&look(&host).await);
    assert_eq!(published[2], (4000, no.clone(), unknown.clone(), unknown.clone()));
    assert_eq!(published[5], (9323, no.clone(), no.clone(), no.clone()));
    // In a swarm its ports are known for what they are, and nobody knocks.
    host.answers.get_mut("/info").unwrap()["Swarm"]["LocalNodeState"] = json!("active");
    let swarm = read(&look(&host).await);
    assert_eq!(swarm[3], (2377, no.clone(), unknown.clone(), unknown.clone()));
    // In another network namespace a port of ours would be another program's.
    host.processes.get_mut(&812).unwrap().net = "net:[2]";
    let snapshot = look(&host).await;
    assert_eq!(read(&snapshot)[1], (2375, yes, unknown.clone(), unknown));
    assert!(snapshot.gaps.iter().any(|gap| gap.why.contains("network namespace")));
}

#[tokio::test]
async fn limits_of_control_groups() {
    const ID: &str = "0f3c9b1e5a7d0f3c9b1e5a7d0f3c9b1e5a7d0f3c9b1e5a7d0f3c9b1e5a7d0f3c";
    let mut host = Host::with_socket_activation();
    let mut inspected: Value = serde_json::from_str(&container(ID)).unwrap();
    inspected["State"] = json!({"Status": "running", "Running": true, "Paused": false, "Pid": 4000, "StartedAt": "2026-01-01T00:00:00Z"});
    inspected["Config"] = json!({"Image": "x", "User": "", "Env": [], "Labels": []});
    inspected["HostConfig"]["PidsLimit"] = Value::Null;
    inspected["HostConfig"]["SecurityOpt"] = Value::Null;
    host.answers.insert("/containers/json?all=1".to_owned(), json!([{"Id": ID}]));
    host.answers.insert(format!("/containers/{ID}/json"), inspected);
    let mut first = Process::new("/bin/sleep");
    first.texts.insert("cgroup", format!("0::/system.slice/docker-{ID}.scope\n"));
    host.processes.insert(4000, first);
    let group = format!("/sys/fs/cgroup/system.slice/docker-{ID}.scope");
    for (file, text) in [
        ("memory.max", "67108864\n"),
        ("memory.swap.max", "max\n"),
        ("memory.current", "1024\n"),
        ("pids.max", "1708\n"),
        ("pids.current", "2\n"),
    ] {
        host.texts.insert(format!("{group}/{file}"), text.to_owned());
    }
    let snapshot = look(&host).await;
    let container = engine(&snapshot).containers.known().unwrap()[0].known().unwrap();
    assert!(container.pids_limit.is_absent() && container.user.is_absent());
    assert_eq!(container.security_opt.known().unwrap().len(), 0);
    let process = container.process.known().unwrap();
    assert_eq!(process.lsm_label.known().map(String::as_str), Some("docker-default (enforce)"));
    let limits = process.cgroup.known().unwrap();
    assert_eq!((limits.version, &limits.path), (2, &group));
    assert_eq!(limits.memory_max, Fact::Known(Limit::At(64 << 20)));
    assert_eq!(limits.memory_swap_max, Fact::Known(Limit::Unlimited));
    assert_eq!(limits.pids_max, Fact::Known(Limit::At(1708)));
    assert!(limits.memory_peak.is_absent(), "a kernel before 5.19 has no memory.peak");

    // The process id was reused by another process meanwhile: nothing of it is the container's.
    let mut reused = host.clone();
    reused.processes.get_mut(&4000).unwrap().texts.insert("cgroup", "0::/system.slice/ssh.service\n".to_owned());
    let snapshot = look(&reused).await;
    let container = engine(&snapshot).containers.known().unwrap()[0].known().unwrap();
    assert!(container.process.why().unwrap().contains("does not lie in a control group of the container"));
    // It ended.
    reused.processes.remove(&4000);
    let snapshot = look(&reused).await;
    assert!(engine(&snapshot).containers.known().unwrap()[0].known().unwrap().process.is_unknown());
}

#[tokio::test]
async fn proxies_and_a_managed_containerd() {
    let mut host = Host::with_socket_activation();
    host.processes.get_mut(&812).unwrap().argv = ["/usr/sbin/dockerd", "-H", "fd://"].map(str::to_owned).to_vec();
    let mut proxy = Process::new("/usr/sbin/docker-proxy (deleted)");
    proxy.parent = 812;
    proxy.argv =
        "docker-proxy -proto tcp -host-ip 0.0.0.0 -host-port 8080 -container-ip 172.17.0.2".split(' ').map(str::to_owned).collect();
    host.processes.insert(950, proxy.clone());
    // Somebody else's process of that name does not count.
    proxy.parent = 900;
    host.processes.insert(951, proxy);
    let snapshot = look(&host).await;
    let process = engine(&snapshot).process.known().unwrap();
    let proxies = process.proxies.known().unwrap();
    assert_eq!((proxies.len(), proxies[0].pid, proxies[0].host_port), (1, 950, Some(8080)));
    assert_eq!(process.containerd_socket.known().map(String::as_str), Some("/run/containerd/containerd.sock"));
    let mut containerd = Process::new("/usr/bin/containerd");
    containerd.parent = 812;
    host.processes.insert(813, containerd);
    host.texts.insert("/run/docker/containerd/containerd.sock".to_owned(), String::new());
    let snapshot = look(&host).await;
    let process = engine(&snapshot).process.known().unwrap();
    assert_eq!(process.containerd_socket.known().map(String::as_str), Some("/var/run/docker/containerd/containerd.sock"));
}

#[tokio::test]
async fn what_cofferdam_knows_of_the_start() {
    let mut host = Host::with_socket_activation();
    let record = |ticks: u64| json!({"config_path": "/etc/docker/daemon.json", "config_text": "{}", "pid": 812, "start_ticks": ticks, "boot_id": "b-o-o-t"});
    let path = format!("{}/daemon-start.json", options().state_dir);
    host.texts.insert(path.clone(), record(4242).to_string());
    let snapshot = look(&host).await;
    assert_eq!(engine(&snapshot).startup.known().unwrap().config_text.as_deref(), Some("{}"));
    // Of another start: it says nothing of this process.
    host.texts.insert(path.clone(), record(1).to_string());
    assert!(engine(&look(&host).await).startup.fact.is_absent());
    host.texts.remove(&path);
    assert!(engine(&look(&host).await).startup.fact.is_absent());
}
