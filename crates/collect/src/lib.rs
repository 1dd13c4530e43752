//! The only reader of the system: asks a [`World`] about one host and its container engine, and returns a [`facts::Snapshot`].
//!
//! The world is a handful of small traits, one a source ([`source`]), each with a real, a recording and a replaying
//! implementation. Secrets are removed **below** the recorder ([`redact`]), so neither a Snapshot nor a recording ever
//! holds one. Nothing here judges, writes or prints, and no process is started but `ssh`, for an engine that is named by an ssh:// address.

mod account;
mod collect;
mod contact;
mod docker;
mod endpoint;
mod error;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod gaps;
mod host;
mod machine;
mod obstacle;
mod options;
mod parse;
mod pooled;
mod real;
mod record;
pub mod redact;
pub mod source;
mod world;

pub use account::account;
pub use collect::{collect, unanswered};
pub use contact::contact;
pub use endpoint::{Chosen, Endpoint, EndpointError, Environment, NamedBy, Ssh, Tcp, Tls, TlsWishes, Wishes, choose};
pub use error::CollectError;
pub use obstacle::{Answer, Obstacle};
pub use options::{Limits, Options};
pub use record::{Recorder, Recording, RecordingError};
pub use world::World;
