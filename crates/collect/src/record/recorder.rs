//! A world that notes what it is asked and what it answers.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use facts::host::{AuditRule, AuditStatus, ClientEnvironment, FileStat, MountPoint, TextFile};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Recording, SCHEMA, Told, question};
use crate::obstacle::{Answer, Obstacle};
use crate::options::Options;
use crate::source::{
    CgroupMount, Content, EngineApi, EngineQuestion, Files, KernelAudit, MountLine, Namespace, Peer, Pending, Probe, ProcText, ProcessId,
    Processes, Program, Sockets, TcpEnds, TcpListening, UnixListening,
};
use crate::world::World;

/// The tape that a recording world writes on.
#[derive(Clone)]
pub struct Recorder {
    answers: Arc<Mutex<BTreeMap<String, Told>>>,
    endpoint: Option<String>,
    socket: Option<String>,
}

impl Recorder {
    pub(crate) fn around(world: World) -> (World, Self) {
        let recorder = Self {
            answers: Arc::default(),
            endpoint: world.engine.as_ref().map(|engine| engine.endpoint()),
            socket: world.engine.as_ref().and_then(|engine| engine.socket()),
        };
        let tape = || recorder.clone();
        let recording = World {
            files: Arc::new(Recorded { inner: world.files, tape: tape() }),
            processes: Arc::new(Recorded { inner: world.processes, tape: tape() }),
            engine: world.engine.map(|inner| Arc::new(Recorded { inner, tape: tape() }) as Arc<dyn EngineApi>),
            audit: Arc::new(Recorded { inner: world.audit, tape: tape() }),
            sockets: Arc::new(Recorded { inner: world.sockets, tape: tape() }),
        };
        (recording, recorder)
    }

    /// What was recorded so far.
    pub fn recording(&self, options: &Options) -> Recording {
        Recording {
            schema: SCHEMA.to_owned(),
            options: options.clone(),
            endpoint: self.endpoint.clone(),
            socket: self.socket.clone(),
            answers: self.answers.lock().expect("nothing panics while it holds the tape").clone(),
        }
    }

    /// Notes an answer. A question that is asked again gets the answer of the first time: a replay could not do otherwise.
    fn note<T: Serialize + DeserializeOwned>(&self, question: String, answer: Answer<T>) -> Answer<T> {
        let mut answers = self.answers.lock().expect("nothing panics while it holds the tape");
        if let Some(earlier) = answers.get(&question) {
            return read(earlier);
        }
        let told = match &answer {
            Ok(value) => match serde_json::to_value(value) {
                Ok(value) => Told::Answer(value),
                Err(error) => Told::Obstacle(Obstacle::Malformed(error.to_string())),
            },
            Err(obstacle) => Told::Obstacle(obstacle.clone()),
        };
        answers.insert(question, told);
        answer
    }
}

/// An answer as it stands on the tape.
pub(super) fn read<T: DeserializeOwned>(told: &Told) -> Answer<T> {
    match told {
        Told::Answer(value) => T::deserialize(value).map_err(|error| Obstacle::Malformed(error.to_string())),
        Told::Obstacle(obstacle) => Err(obstacle.clone()),
    }
}

struct Recorded<S: ?Sized> {
    tape: Recorder,
    inner: Arc<S>,
}

impl Files for Recorded<dyn Files> {
    fn lstat(&self, path: &str) -> Answer<FileStat> {
        self.tape.note(question::lstat(path), self.inner.lstat(path))
    }
    fn text(&self, path: &str, content: Content) -> Answer<TextFile> {
        self.tape.note(question::text(path, content), self.inner.text(path, content))
    }
    fn kernel(&self, path: &str) -> Answer<String> {
        self.tape.note(question::kernel(path), self.inner.kernel(path))
    }
    fn names(&self, path: &str) -> Answer<Vec<String>> {
        self.tape.note(question::names(path), self.inner.names(path))
    }
    fn canonical(&self, path: &str) -> Answer<String> {
        self.tape.note(question::canonical(path), self.inner.canonical(path))
    }
}

impl Processes for Recorded<dyn Processes> {
    fn pids(&self) -> Answer<Vec<u32>> {
        self.tape.note(question::pids(), self.inner.pids())
    }
    fn text(&self, process: ProcessId, file: ProcText) -> Answer<String> {
        self.tape.note(question::process(process, file), self.inner.text(process, file))
    }
    fn exe(&self, process: ProcessId) -> Answer<String> {
        self.tape.note(question::exe(process), self.inner.exe(process))
    }
    fn argv(&self, process: ProcessId, program: Program) -> Answer<Vec<String>> {
        self.tape.note(question::argv(process, program), self.inner.argv(process, program))
    }
    fn namespace(&self, process: ProcessId, namespace: Namespace) -> Answer<String> {
        self.tape.note(question::namespace(process, namespace), self.inner.namespace(process, namespace))
    }
    fn shares_root(&self, process: ProcessId) -> Answer<bool> {
        self.tape.note(question::shares_root(process), self.inner.shares_root(process))
    }
    fn socket_inodes(&self, process: ProcessId) -> Answer<Vec<u64>> {
        self.tape.note(question::socket_inodes(process), self.inner.socket_inodes(process))
    }
    fn children(&self, process: ProcessId) -> Answer<Vec<u32>> {
        self.tape.note(question::children(process), self.inner.children(process))
    }
    fn unix_listeners(&self, process: ProcessId, file_name: &str) -> Answer<Vec<UnixListening>> {
        self.tape.note(question::unix_listeners(process, file_name), self.inner.unix_listeners(process, file_name))
    }
    fn tcp_listeners(&self, process: ProcessId) -> Answer<Vec<TcpListening>> {
        self.tape.note(question::tcp_listeners(process), self.inner.tcp_listeners(process))
    }
    fn tcp_other_end(&self, ends: TcpEnds) -> Answer<u64> {
        self.tape.note(question::tcp_other_end(ends), self.inner.tcp_other_end(ends))
    }
    fn client_environment(&self) -> Answer<ClientEnvironment> {
        self.tape.note(question::client_environment(), self.inner.client_environment())
    }
    fn cgroup_mounts(&self) -> Answer<Vec<CgroupMount>> {
        self.tape.note(question::cgroup_mounts(), self.inner.cgroup_mounts())
    }
    fn mount_of(&self, process: ProcessId, path: &str) -> Answer<MountPoint> {
        self.tape.note(question::mount_of(process, path), self.inner.mount_of(process, path))
    }
    fn mounts(&self, process: ProcessId) -> Answer<Vec<MountLine>> {
        self.tape.note(question::mounts(process), self.inner.mounts(process))
    }
}

impl EngineApi for Recorded<dyn EngineApi> {
    fn endpoint(&self) -> String {
        self.inner.endpoint()
    }
    fn socket(&self) -> Option<String> {
        self.inner.socket()
    }
    fn get(&self, question: EngineQuestion) -> Pending<'_, Answer<Value>> {
        Box::pin(async move {
            let key = question::engine(&question);
            let answer = self.inner.get(question).await;
            self.tape.note(key, answer)
        })
    }
    fn peer(&self) -> Answer<Peer> {
        self.tape.note(question::peer(), self.inner.peer())
    }
    fn tcp_ends(&self) -> Answer<TcpEnds> {
        self.tape.note(question::tcp_ends(), self.inner.tcp_ends())
    }
}

impl KernelAudit for Recorded<dyn KernelAudit> {
    fn status(&self) -> Answer<AuditStatus> {
        self.tape.note(question::audit_status(), self.inner.status())
    }
    fn rules(&self) -> Answer<Vec<AuditRule>> {
        self.tape.note(question::audit_rules(), self.inner.rules())
    }
}

impl Sockets for Recorded<dyn Sockets> {
    fn probe(&self, address: SocketAddr) -> Pending<'_, Answer<Probe>> {
        Box::pin(async move {
            let answer = self.inner.probe(address).await;
            self.tape.note(question::probe(address), answer)
        })
    }
}
