//! What was seen on a host: the [`Snapshot`] and every observed type. No I/O, no judgement.
//!
//! A Snapshot stores observations only, each with the source it was read from. What follows from them (is this path
//! audited? which value of a setting is in force?) is worked out in `assess::derive`, so that an old Snapshot can be
//! judged anew and a plan can ask "what if".

mod account;
mod canonical;
mod contact;
pub mod docker;
mod fact;
mod gap;
pub mod host;
pub mod redact;
mod snapshot;
mod source;

pub use account::Account;
pub use canonical::{canonical_json, digest};
pub use contact::{Contact, Step};
pub use fact::Fact;
pub use gap::Gap;
pub use snapshot::{LoadError, SCHEMA, Snapshot, Tool};
pub use source::{Observed, Source, SourceId, Sources};
