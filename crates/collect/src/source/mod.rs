//! The outside world as small traits, one a source. Everything that this crate learns comes through these questions, so
//! a list of questions and answers (a [`crate::Recording`]) can stand in for a whole host.
//!
//! Each answer is already redacted and reduced to what the facts need: a real source never hands out more.

mod audit;
mod engine;
mod files;
mod processes;
mod sockets;

use std::future::Future;
use std::pin::Pin;

pub use audit::KernelAudit;
pub use engine::{EngineApi, EngineQuestion, Peer, TcpEnds};
pub use files::{Content, Files};
pub use processes::{CgroupMount, MountLine, Namespace, ProcText, ProcessId, Processes, Program, TcpListening, UnixListening};
pub use sockets::{Probe, Sockets};

/// A future in a box: what an object-safe trait can return instead of `async fn`.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
