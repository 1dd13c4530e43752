//! A world that is nothing but a recording.

use std::net::SocketAddr;
use std::sync::Arc;

use facts::host::{AuditRule, AuditStatus, ClientEnvironment, FileStat, MountPoint, TextFile};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::recorder::read;
use super::{Recording, question};
use crate::obstacle::{Answer, Obstacle};
use crate::source::{
    CgroupMount, Content, EngineApi, EngineQuestion, Files, KernelAudit, MountLine, Namespace, Peer, Pending, Probe, ProcText, ProcessId,
    Processes, Program, Sockets, TcpEnds, TcpListening, UnixListening,
};
use crate::world::World;

/// The world of a recording. A question that is not in it is answered with [`Obstacle::NotRecorded`].
pub(crate) fn replay(recording: Recording) -> World {
    let replayed = Replayed(Arc::new(recording));
    World {
        files: Arc::new(replayed.clone()),
        processes: Arc::new(replayed.clone()),
        engine: replayed.0.endpoint.is_some().then(|| Arc::new(replayed.clone()) as Arc<dyn EngineApi>),
        audit: Arc::new(replayed.clone()),
        sockets: Arc::new(replayed),
    }
}

#[derive(Clone)]
struct Replayed(Arc<Recording>);

impl Replayed {
    fn answer<T: DeserializeOwned>(&self, question: &str) -> Answer<T> {
        self.0.answers.get(question).map_or(Err(Obstacle::NotRecorded), read)
    }
}

impl Files for Replayed {
    fn lstat(&self, path: &str) -> Answer<FileStat> {
        self.answer(&question::lstat(path))
    }
    fn text(&self, path: &str, content: Content) -> Answer<TextFile> {
        self.answer(&question::text(path, content))
    }
    fn kernel(&self, path: &str) -> Answer<String> {
        self.answer(&question::kernel(path))
    }
    fn names(&self, path: &str) -> Answer<Vec<String>> {
        self.answer(&question::names(path))
    }
    fn canonical(&self, path: &str) -> Answer<String> {
        self.answer(&question::canonical(path))
    }
}

impl Processes for Replayed {
    fn pids(&self) -> Answer<Vec<u32>> {
        self.answer(&question::pids())
    }
    fn text(&self, process: ProcessId, file: ProcText) -> Answer<String> {
        self.answer(&question::process(process, file))
    }
    fn exe(&self, process: ProcessId) -> Answer<String> {
        self.answer(&question::exe(process))
    }
    fn argv(&self, process: ProcessId, program: Program) -> Answer<Vec<String>> {
        self.answer(&question::argv(process, program))
    }
    fn namespace(&self, process: ProcessId, namespace: Namespace) -> Answer<String> {
        self.answer(&question::namespace(process, namespace))
    }
    fn shares_root(&self, process: ProcessId) -> Answer<bool> {
        self.answer(&question::shares_root(process))
    }
    fn socket_inodes(&self, process: ProcessId) -> Answer<Vec<u64>> {
        self.answer(&question::socket_inodes(process))
    }
    fn children(&self, process: ProcessId) -> Answer<Vec<u32>> {
        self.answer(&question::children(process))
    }
    fn unix_listeners(&self, process: ProcessId, file_name: &str) -> Answer<Vec<UnixListening>> {
        self.answer(&question::unix_listeners(process, file_name))
    }
    fn tcp_listeners(&self, process: ProcessId) -> Answer<Vec<TcpListening>> {
        self.answer(&question::tcp_listeners(process))
    }
    fn tcp_other_end(&self, ends: TcpEnds) -> Answer<u64> {
        self.answer(&question::tcp_other_end(ends))
    }
    fn client_environment(&self) -> Answer<ClientEnvironment> {
        self.answer(&question::client_environment())
    }
    fn cgroup_mounts(&self) -> Answer<Vec<CgroupMount>> {
        self.answer(&question::cgroup_mounts())
    }
    fn mount_of(&self, process: ProcessId, path: &str) -> Answer<MountPoint> {
        self.answer(&question::mount_of(process, path))
    }
    fn mounts(&self, process: ProcessId) -> Answer<Vec<MountLine>> {
        self.answer(&question::mounts(process))
    }
}

impl EngineApi for Replayed {
    fn endpoint(&self) -> String {
        self.0.endpoint.clone().unwrap_or_default()
    }
    fn socket(&self) -> Option<String> {
        self.0.socket.clone()
    }
    fn get(&self, question: EngineQuestion) -> Pending<'_, Answer<Value>> {
        Box::pin(async move { self.answer(&question::engine(&question)) })
    }
    fn peer(&self) -> Answer<Peer> {
        self.answer(&question::peer())
    }
    fn tcp_ends(&self) -> Answer<TcpEnds> {
        self.answer(&question::tcp_ends())
    }
}

impl KernelAudit for Replayed {
    fn status(&self) -> Answer<AuditStatus> {
        self.answer(&question::audit_status())
    }
    fn rules(&self) -> Answer<Vec<AuditRule>> {
        self.answer(&question::audit_rules())
    }
}

impl Sockets for Replayed {
    fn probe(&self, address: SocketAddr) -> Pending<'_, Answer<Probe>> {
        Box::pin(async move { self.answer(&question::probe(address)) })
    }
}
