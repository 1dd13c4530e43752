//! All that can be asked of the outside, in one place.

use std::sync::Arc;

use crate::endpoint::Endpoint;
use crate::options::Limits;
use crate::real;
use crate::record::{Recorder, Recording};
use crate::source::{EngineApi, Files, KernelAudit, Processes, Sockets};

/// The outside world as this program may ask it: one trait object a source, shared so that files and processes can be read on another
/// thread while the engine answers.
#[derive(Clone)]
pub struct World {
    /// Files and directories.
    pub files: Arc<dyn Files>,
    /// Processes, by /proc.
    pub processes: Arc<dyn Processes>,
    /// The container engine; `None`: none was asked for.
    pub engine: Option<Arc<dyn EngineApi>>,
    /// Kernel audit.
    pub audit: Arc<dyn KernelAudit>,
    /// Probes of listening sockets.
    pub sockets: Arc<dyn Sockets>,
}

impl World {
    /// This machine, and the engine at `endpoint`. Opens nothing yet.
    pub fn real(endpoint: Option<Endpoint>) -> Self {
        Self::real_within(endpoint, Limits::default())
    }

    /// This machine, with other bounds than the usual ones.
    pub fn real_within(endpoint: Option<Endpoint>, limits: Limits) -> Self {
        Self {
            files: Arc::new(real::RealFiles::default()),
            processes: Arc::new(real::RealProcesses),
            engine: endpoint.map(|endpoint| Arc::new(real::EngineClient::new(endpoint, limits)) as Arc<dyn EngineApi>),
            audit: Arc::new(real::NetlinkAudit),
            sockets: Arc::new(real::TcpProbe::new(limits.probe)),
        }
    }

    /// The same world, with every question and answer noted. The sources redact before they answer, so a recording holds no secret.
    pub fn recording(self) -> (Self, Recorder) {
        Recorder::around(self)
    }

    /// A world that knows nothing but a recording.
    pub fn replaying(recording: Recording) -> Self {
        crate::record::replay(recording)
    }
}
