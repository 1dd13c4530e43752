//! A host made of maps: what is not in them does not exist.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use collect::source::{
    CgroupMount, Content, EngineApi, EngineQuestion, Files, KernelAudit, MountLine, Namespace, Peer, Pending, Probe, ProcText, ProcessId,
    Processes, Program, Sockets, TcpEnds, TcpListening, UnixListening,
};
use collect::{Answer, Obstacle, World};
use facts::Fact;
use facts::host::{AuditRule, AuditStatus, ClientEnvironment, FileKind, FileStat, MountPoint, TextFile};
use serde_json::{Value, json};

#[derive(Clone, Default)]
pub struct Host {
    /// Texts by path, of the kernel and of files.
    pub texts: BTreeMap<String, String>,
    /// Symbolic links: path and target, both absolute. Folders and last components alike.
    pub links: BTreeMap<String, String>,
    pub processes: BTreeMap<u32, Process>,
    pub cgroup_mounts: Vec<CgroupMount>,
    pub answers: BTreeMap<String, Value>,
    pub peer: Option<Peer>,
    pub probes: BTreeMap<String, Answer<Probe>>,
    /// Owning groups of files, where they are not root's.
    pub gids: BTreeMap<String, u32>,
    /// Devices by mount point.
    pub mounts: BTreeMap<String, String>,
    /// Tables of mounts by process.
    pub mount_tables: BTreeMap<u32, Vec<MountLine>>,
    /// Processes whose descriptors may not be looked at.
    pub denied: Vec<u32>,
}

#[derive(Clone)]
pub struct Process {
    pub texts: BTreeMap<&'static str, String>,
    pub exe: String,
    pub argv: Vec<String>,
    pub net: &'static str,
    pub sockets: Vec<u64>,
    pub unix: Vec<UnixListening>,
    pub tcp: Vec<TcpListening>,
    pub parent: u32,
    pub shares_root: bool,
}

impl Process {
    pub fn new(exe: &str) -> Self {
        let texts = BTreeMap::from([
            ("stat", "7 (x) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4242 20".to_owned()),
            (
                "status",
                "Name:\tx\nUid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\nCapEff:\tffff\nCapBnd:\tffff\nNoNewPrivs:\t0\nSeccomp:\t2\n".to_owned(),
            ),
            ("cgroup", "0::/system.slice/docker.service\n".to_owned()),
            ("limits", "Limit\n".to_owned()),
            ("uid_map", "0 0 4294967295\n".to_owned()),
            ("attr/current", "docker-default (enforce)\n".to_owned()),
        ]);
        Self {
            texts,
            exe: exe.to_owned(),
            argv: vec![exe.to_owned()],
            net: "net:[1]",
            sockets: Vec::new(),
            unix: Vec::new(),
            tcp: Vec::new(),
            parent: 1,
            shares_root: true,
        }
    }
}

pub fn listening(path: &str, inode: u64) -> UnixListening {
    UnixListening { path: path.to_owned(), inode }
}

pub fn tcp(address: &str, port: u16, inode: u64) -> TcpListening {
    TcpListening { address: address.parse().unwrap(), port, inode }
}

impl Host {
    /// A systemd host: init holds the API socket, and dockerd, which it handed it to, does too.
    pub fn with_socket_activation() -> Self {
        let mut host = Self::default();
        host.links.insert("/var/run".to_owned(), "/run".to_owned());
        for (path, text) in [
            ("/sys/kernel/security/lsm", "lockdown,capability,landlock,yama,apparmor,bpf\n"),
            ("/proc/sys/kernel/hostname", "weak\n"),
            ("/proc/sys/kernel/osrelease", "6.1.0\n"),
            ("/proc/sys/kernel/random/boot_id", "b-o-o-t\n"),
            ("/proc/meminfo", "MemTotal:        2048 kB\nMemFree: 1 kB\n"),
            ("/run/systemd/system", ""),
            ("/run/docker.sock", ""),
            ("/run/docker.pid", "812"),
            ("/run/containerd/containerd.sock", ""),
        ] {
            host.texts.insert(path.to_owned(), text.to_owned());
        }
        host.cgroup_mounts =
            vec![CgroupMount { version: 2, controllers: Vec::new(), root: "/".to_owned(), mount_point: "/sys/fs/cgroup".to_owned() }];
        let socket = listening("/run/docker.sock", 100);
        let mut init = Process::new("/usr/lib/systemd/systemd");
        (init.sockets, init.unix) = (vec![100], vec![socket.clone()]);
        let mut daemon = Process::new("/usr/sbin/dockerd");
        daemon.argv = ["/usr/sbin/dockerd", "-H", "fd://", "--containerd=/run/containerd/containerd.sock"].map(str::to_owned).to_vec();
        (daemon.sockets, daemon.unix) = (vec![100, 200], vec![socket.clone()]);
        let mut other = Process::new("/usr/bin/sleep");
        (other.sockets, other.unix) = (vec![300], vec![socket]);
        host.processes = BTreeMap::from([(1, init), (812, daemon), (900, other)]);
        host.peer = Some(Peer { pid: 1, uid: 0 });
        for (path, answer) in [
            ("/_ping", json!("OK")),
            ("/version", json!({"Version": "20.10.24", "ApiVersion": "1.41", "KernelVersion": "6.1.0"})),
            ("/info", json!({"Name": "weak", "Swarm": {"LocalNodeState": "inactive"}, "SecurityOptions": ["name=apparmor"]})),
            ("/debug/vars", json!({"cmdline": ["/usr/sbin/dockerd", "-H", "fd://", "--containerd=/run/containerd/containerd.sock"]})),
            ("/containers/json?all=1", json!([])),
            ("/images/json", json!([])),
            ("/networks", json!([])),
            ("/volumes", json!({"Volumes": []})),
            ("/plugins", json!([])),
        ] {
            host.answers.insert(path.to_owned(), answer);
        }
        host
    }

    pub fn world(&self) -> World {
        World {
            files: Arc::new(self.clone()),
            processes: Arc::new(self.clone()),
            engine: Some(Arc::new(self.clone())),
            audit: Arc::new(self.clone()),
            sockets: Arc::new(self.clone()),
        }
    }

    fn resolve(&self, path: &str) -> String {
        let mut path = path.to_owned();
        for _ in 0..40 {
            let link = self.links.iter().find(|(from, _)| path == **from || path.starts_with(&format!("{from}/")));
            let Some((from, to)) = link else { break };
            path = format!("{to}{}", &path[from.len()..]);
        }
        path
    }

    fn exists(&self, path: &str) -> bool {
        self.texts.keys().any(|known| known == path || known.starts_with(&format!("{}/", path.trim_end_matches('/'))))
    }

    fn process(&self, process: ProcessId) -> Answer<&Process> {
        let pid = match process {
            ProcessId::Own => 900,
            ProcessId::Other(pid) => pid,
        };
        self.processes.get(&pid).ok_or(Obstacle::NotFound)
    }
}

fn stat(kind: FileKind, target: Option<String>) -> FileStat {
    FileStat { kind, mode: 0o644, uid: 0, gid: 0, size: 0, device: 1, inode: 1, ctime_ns: 1, mtime_ns: 1, target, acl: Fact::Absent }
}

impl Files for Host {
    fn lstat(&self, path: &str) -> Answer<FileStat> {
        if let Some(target) = self.links.get(path) {
            return Ok(stat(FileKind::Symlink, Some(target.clone())));
        }
        let path = self.resolve(path);
        match (self.exists(&path), self.texts.contains_key(&path)) {
            (true, true) => Ok(FileStat { gid: self.gids.get(&path).copied().unwrap_or(0), ..stat(FileKind::File, None) }),
            (true, false) => Ok(stat(FileKind::Directory, None)),
            (false, _) => Err(Obstacle::NotFound),
        }
    }
    fn text(&self, path: &str, content: Content) -> Answer<TextFile> {
        let target = self.resolve(path);
        if target == "/dev/null" {
            return Err(Obstacle::NotAFile);
        }
        let text = self.texts.get(&target).ok_or(Obstacle::NotFound)?;
        let text = if content == Content::Unit { collect::redact::unit_file(text) } else { text.clone() };
        Ok(TextFile { path: path.to_owned(), stat: stat(FileKind::File, None), text, form: Fact::Absent })
    }
    fn kernel(&self, path: &str) -> Answer<String> {
        self.texts.get(path).cloned().ok_or(Obstacle::NotFound)
    }
    fn names(&self, path: &str) -> Answer<Vec<String>> {
        let folder = format!("{}/", self.resolve(path));
        let below = self.texts.keys().chain(self.links.keys()).filter_map(|known| known.strip_prefix(&folder)?.split('/').next());
        let mut names: Vec<String> = below.map(str::to_owned).collect();
        names.sort();
        names.dedup();
        if names.is_empty() { Err(Obstacle::NotFound) } else { Ok(names) }
    }
    fn canonical(&self, path: &str) -> Answer<String> {
        let path = self.resolve(path);
        if self.exists(&path) { Ok(path) } else { Err(Obstacle::NotFound) }
    }
}

impl Processes for Host {
    fn pids(&self) -> Answer<Vec<u32>> {
        Ok(self.processes.keys().copied().collect())
    }
    fn text(&self, process: ProcessId, file: ProcText) -> Answer<String> {
        self.process(process)?.texts.get(file.name()).cloned().ok_or(Obstacle::Unsupported)
    }
    fn exe(&self, process: ProcessId) -> Answer<String> {
        Ok(self.process(process)?.exe.clone())
    }
    fn argv(&self, process: ProcessId, _: Program) -> Answer<Vec<String>> {
        Ok(self.process(process)?.argv.clone())
    }
    fn namespace(&self, process: ProcessId, _: Namespace) -> Answer<String> {
        Ok(self.process(process)?.net.to_owned())
    }
    fn shares_root(&self, process: ProcessId) -> Answer<bool> {
        Ok(self.process(process)?.shares_root)
    }
    fn socket_inodes(&self, process: ProcessId) -> Answer<Vec<u64>> {
        match process {
            ProcessId::Other(pid) if self.denied.contains(&pid) => Err(Obstacle::Denied),
            process => Ok(self.process(process)?.sockets.clone()),
        }
    }
    fn children(&self, process: ProcessId) -> Answer<Vec<u32>> {
        let ProcessId::Other(parent) = process else { return Ok(Vec::new()) };
        Ok(self.processes.iter().filter(|(_, process)| process.parent == parent).map(|(pid, _)| *pid).collect())
    }
    fn unix_listeners(&self, process: ProcessId, name: &str) -> Answer<Vec<UnixListening>> {
        Ok(self.process(process)?.unix.iter().filter(|socket| socket.path.ends_with(name)).cloned().collect())
    }
    fn tcp_listeners(&self, process: ProcessId) -> Answer<Vec<TcpListening>> {
        Ok(self.process(process)?.tcp.clone())
    }
    fn tcp_other_end(&self, _: TcpEnds) -> Answer<u64> {
        Err(Obstacle::NotFound)
    }
    fn client_environment(&self) -> Answer<ClientEnvironment> {
        Err(Obstacle::NotRecorded)
    }
    fn cgroup_mounts(&self) -> Answer<Vec<CgroupMount>> {
        Ok(self.cgroup_mounts.clone())
    }
    fn mount_of(&self, process: ProcessId, path: &str) -> Answer<MountPoint> {
        self.process(process)?;
        let on = |folder: &str| folder == "/" || path == folder || path.starts_with(&format!("{folder}/"));
        let found = self.mounts.iter().filter(|(folder, _)| on(folder)).max_by_key(|(folder, _)| folder.len());
        let (mount_point, device) = found.ok_or_else(|| Obstacle::Malformed("no mounts".to_owned()))?;
        let (root, kind) = ("/".to_owned(), "ext4".to_owned());
        Ok(MountPoint { mount_point: mount_point.clone(), root, device: device.clone(), kind })
    }
    fn mounts(&self, process: ProcessId) -> Answer<Vec<MountLine>> {
        let pid = match process {
            ProcessId::Own => 900,
            ProcessId::Other(pid) => pid,
        };
        self.process(process)?;
        Ok(self.mount_tables.get(&pid).cloned().unwrap_or_default())
    }
}

impl EngineApi for Host {
    fn endpoint(&self) -> String {
        "unix:///var/run/docker.sock".to_owned()
    }
    fn socket(&self) -> Option<String> {
        Some("/var/run/docker.sock".to_owned())
    }
    fn get(&self, question: EngineQuestion) -> Pending<'_, Answer<Value>> {
        Box::pin(async move { self.answers.get(&question.path()?).cloned().ok_or(Obstacle::Status(500)) })
    }
    fn peer(&self) -> Answer<Peer> {
        self.peer.ok_or(Obstacle::NotFound)
    }
    fn tcp_ends(&self) -> Answer<TcpEnds> {
        Err(Obstacle::Unsupported)
    }
}

impl KernelAudit for Host {
    fn status(&self) -> Answer<AuditStatus> {
        Err(Obstacle::Denied)
    }
    fn rules(&self) -> Answer<Vec<AuditRule>> {
        Err(Obstacle::NotFound)
    }
}

impl Sockets for Host {
    fn probe(&self, address: SocketAddr) -> Pending<'_, Answer<Probe>> {
        Box::pin(async move { self.probes.get(&address.to_string()).cloned().unwrap_or(Err(Obstacle::Refused)) })
    }
}
