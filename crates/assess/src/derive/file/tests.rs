//! Files of made-up hosts, with the neighbours of known wrong verdicts.

use std::collections::BTreeMap;

use facts::docker::{DaemonProcess, Engine, Info};
use facts::host::{Acl, EngineFiles, FileKind, FileStat, Group, Host, MountPoint};
use facts::{Fact, Observed, SCHEMA, Snapshot, SourceId, Sources, Tool};

use super::files;
use crate::derive::settings::settings;
use crate::view::{Files, Listing, PlacedFile, Seen};

fn seen<T>(value: T) -> Observed<T> {
    Observed::new(SourceId(0), Fact::Known(value))
}

fn known(text: &str) -> Fact<String> {
    Fact::Known(text.to_owned())
}

fn stat(kind: FileKind, mode: u32, uid: u32, gid: u32) -> FileStat {
    FileStat { kind, mode, uid, gid, size: 0, device: 1, inode: 1, ctime_ns: 0, mtime_ns: 0, target: None, acl: Fact::Absent }
}

/// A host with one engine; what a test is about it changes.
fn world() -> Snapshot {
    let file = |path: &str, kind: FileKind, mode: u32, gid: u32| (path.to_owned(), seen(stat(kind, mode, 0, gid)));
    let found = BTreeMap::from([
        file("/run/docker.sock", FileKind::Socket, 0o660, 998),
        file("/etc/docker", FileKind::Directory, 0o755, 0),
        file("/lib/systemd/system/docker.service", FileKind::File, 0o644, 0),
    ]);
    let resolved = found.keys().map(|path| (path.clone(), known(path))).chain([("/var/lib/docker".to_owned(), known("/var/lib/docker"))]);
    let docker = Group { name: "docker".into(), gid: 998, members: vec!["ann".into()], primary_members: vec!["bob".into()] };
    let host = Host {
        resolved_paths: resolved.collect(),
        files: found,
        engine_files: EngineFiles {
            units: BTreeMap::from([
                ("docker.service".to_owned(), Fact::Known(vec!["/lib/systemd/system/docker.service".to_owned()])),
                ("docker.socket".to_owned(), Fact::Known(vec![])),
            ]),
            registry_certs: Fact::Absent,
            api_sockets: Fact::Known(vec!["/run/docker.sock".to_owned()]),
            groups: seen(vec![docker]),
            ..EngineFiles::default()
        },
        ..Host::default()
    };
    let info = Info { root_dir: known("/var/lib/docker"), security_options: Fact::Known(vec![]), ..Info::default() };
    let engine = Engine {
        endpoint: "unix:///run/docker.sock".into(),
        local: true,
        info: seen(info),
        process: seen(DaemonProcess { pid: 500, unit: known("docker.service"), ..DaemonProcess::default() }),
        config_path: known("/etc/docker/daemon.json"),
        ..Engine::default()
    };
    Snapshot {
        schema: SCHEMA.into(),
        tool: Tool { name: "test".into(), version: "0".into() },
        taken_at: String::new(),
        sources: Sources::default(),
        gaps: vec![],
        host,
        docker: Fact::Known(engine),
    }
}

fn judged(world: &Snapshot) -> Files {
    files(world, &settings(world))
}

fn only(listing: &Seen<Listing<PlacedFile>>) -> &PlacedFile {
    let listing = listing.known().unwrap();
    assert_eq!((listing.members.len(), &listing.unseen), (1, &None));
    &listing.members[0]
}

fn answer(seen: &Seen<bool>) -> Option<bool> {
    seen.known().copied()
}

#[test]
fn links_are_followed() {
    let mut world = world();
    world
        .host
        .files
        .insert("/etc/docker".into(), seen(FileStat { target: Some("/srv/docker".into()), ..stat(FileKind::Symlink, 0o777, 0, 0) }));
    world.host.files.insert("/srv/docker".into(), seen(stat(FileKind::Directory, 0o750, 1000, 0)));
    world.host.resolved_paths.insert("/etc/docker".into(), known("/srv/docker"));
    let files = judged(&world);
    let folder = files.etc_docker.known().unwrap();
    assert_eq!((folder.mode.known().unwrap().as_str(), folder.kind.known().unwrap().as_str()), ("0750", "directory"));
    assert_eq!((answer(&folder.mode_at_most_0755), answer(&folder.owner_is_root)), (Some(true), Some(false)));
    // A link whose target nobody looked at has no mode.
    world.host.files.remove("/srv/docker");
    let files = judged(&world);
    assert!(files.etc_docker.known().unwrap().mode.fact.is_unknown());
}

#[test]
fn sockets_and_their_groups() {
    let mut world = world();
    let socket = |world: &Snapshot| answer(&only(&judged(world).api_sockets).owner_is_root_and_docker_group);
    assert_eq!(socket(&world), Some(true));
    let own = |world: &mut Snapshot, uid: u32, gid: u32| {
        world.host.files.insert("/run/docker.sock".into(), seen(stat(FileKind::Socket, 0o660, uid, gid)));
    };
    own(&mut world, 0, 0);
    assert_eq!(socket(&world), Some(true));
    own(&mut world, 1000, 998);
    assert_eq!(socket(&world), Some(false));
    // Another number than the one that the name docker has.
    own(&mut world, 0, 100);
    assert_eq!(socket(&world), Some(false));
    // A directory service may know the name.
    world.host.engine_files.groups = seen(vec![]);
    assert_eq!(socket(&world), None);
    world.host.engine_files.groups = Observed::default();
    assert_eq!(socket(&world), None);
    own(&mut world, 0, 0);
    assert_eq!(socket(&world), Some(true));
    // Not all sockets are known: the one that was spoken to still is.
    world.host.engine_files.api_sockets = Fact::unknown("no right");
    let listing = judged(&world).api_sockets;
    let listing = listing.known().unwrap();
    assert_eq!((listing.members.len(), listing.unseen.is_some()), (1, true));
}

#[test]
fn who_may_use_a_socket() {
    let mut world = world();
    let users = |world: &Snapshot| judged(world).api_users.known().unwrap().clone();
    assert_eq!(users(&world).members, ["ann (member of docker)", "bob (primary group docker)"]);
    let with = |world: &mut Snapshot, mode: u32, acl: Fact<Acl>| {
        world.host.files.insert("/run/docker.sock".into(), seen(FileStat { acl, ..stat(FileKind::Socket, mode, 0, 998) }));
    };
    let list = |entries: &[&str]| Fact::Known(Acl { entries: entries.iter().map(|entry| (*entry).to_owned()).collect() });
    let accounts = |world: &Snapshot| judged(world).api_accounts.known().unwrap().clone();
    assert_eq!(accounts(&world).members, ["ann", "bob"]);
    with(&mut world, 0o606, Fact::Absent);
    assert_eq!(users(&world).members, ["everybody (mode 0606 of /run/docker.sock)"]);
    assert_eq!(accounts(&world).members, ["everybody (mode 0606 of /run/docker.sock)"], "no name of an account");
    with(&mut world, 0o660, list(&["user::rw-", "user:1000:rw-", "user:1001:r--", "group::---", "mask::rw-", "other::---"]));
    assert_eq!(users(&world).members, ["user 1000 (access list of /run/docker.sock)"]);
    assert_eq!(accounts(&world).members, ["uid:1000"]);
    with(&mut world, 0o660, Fact::unknown("no right"));
    assert!(users(&world).unseen.is_some() && accounts(&world).unseen.is_some());
    with(&mut world, 0o600, Fact::unknown("no right"));
    assert!(users(&world).unseen.is_none(), "a mask of nothing lets nobody in");
}

#[test]
fn units_of_the_daemon() {
    let mut world = world();
    let count = |world: &Snapshot| judged(world).docker_service.known().map(|listing| (listing.members.len(), listing.unseen.is_some()));
    assert_eq!(count(&world), Some((1, false)));
    let unit = |world: &mut Snapshot, name: Fact<String>| {
        world.docker.known_mut().unwrap().process.fact.known_mut().unwrap().unit = name;
    };
    // Under another init, and by hand from a shell: the usual unit is still there to be judged.
    unit(&mut world, Fact::Absent);
    assert_eq!(count(&world), Some((1, false)));
    unit(&mut world, known("ssh.service"));
    assert_eq!(count(&world), Some((1, false)));
    unit(&mut world, known("snap.docker.dockerd.service"));
    assert_eq!(count(&world), Some((0, true)));
    unit(&mut world, Fact::unknown("no right"));
    assert_eq!(count(&world), Some((0, true)));
    world.docker = Fact::Absent;
    assert_eq!(count(&world), Some((1, false)));
    assert_eq!(answer(&judged(&world).daemon_json.known().unwrap().exists), Some(false));
}

#[test]
fn data_roots() {
    let mount = |mount_point: &str, device: &str| {
        seen(MountPoint { mount_point: mount_point.into(), root: "/".into(), device: device.into(), kind: "ext4".into() })
    };
    let own = |world: &Snapshot| answer(&judged(world).data_root.known().unwrap().own_file_system);
    let with = |root: &str, mounts: &[(&str, &str, &str)]| {
        let mut world = world();
        world.docker.known_mut().unwrap().info.fact.known_mut().unwrap().root_dir = known(root);
        world.host.resolved_paths.insert(root.into(), known(root));
        let mounts = mounts.iter().map(|(path, mount_point, device)| ((*path).to_owned(), mount(mount_point, device)));
        world.host.engine_files.mounts = mounts.collect();
        world
    };
    let root = ("/", "/", "8:1");
    let at = "/var/lib/docker";
    assert_eq!(own(&with(at, &[(at, at, "8:2"), ("/var/lib", "/", "8:1"), root])), Some(true));
    assert_eq!(own(&with(at, &[(at, "/", "8:1"), ("/var/lib", "/", "8:1"), root])), Some(false));
    // Mounted onto itself: a mount point, and the same file system.
    assert_eq!(own(&with(at, &[(at, at, "8:1"), ("/var/lib", "/", "8:1"), root])), Some(false));
    // On /var's file system, with all else that lies there.
    assert_eq!(own(&with(at, &[(at, "/var", "8:2"), ("/var/lib", "/var", "8:2"), root])), Some(false));
    // From the root's file system, although the folder above is another one.
    assert_eq!(own(&with(at, &[(at, at, "8:1"), ("/var/lib", "/var", "8:2"), root])), Some(false));
    assert_eq!(own(&with("/", &[root])), Some(false));
    assert_eq!(own(&with(at, &[])), None);
    // User namespace remapping adds a folder, which is no mount point.
    let remapped = "/var/lib/docker/100000.100000";
    let mounts = [(remapped, at, "8:2"), (at, at, "8:2"), ("/var/lib", "/", "8:1"), root];
    let mut world = with(remapped, &mounts);
    assert_eq!(own(&world), Some(false), "a folder of that name without remapping");
    let options = |world: &mut Snapshot, options: Fact<Vec<String>>| {
        world.docker.known_mut().unwrap().info.fact.known_mut().unwrap().security_options = options;
    };
    options(&mut world, Fact::Known(vec!["name=userns".into()]));
    assert_eq!((own(&world), judged(&world).data_root.known().unwrap().path.known().unwrap().as_str()), (Some(true), at));
    options(&mut world, Fact::unknown("no right"));
    assert_eq!(own(&world), None);
}
