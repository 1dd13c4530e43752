//! The few ways in which this crate touches the system. Everything that writes is below this module and the journal.

pub(crate) mod audit;
pub(crate) mod command;
pub(crate) mod engine;
pub(crate) mod file;
pub(crate) mod process;
pub(crate) mod service;
pub(crate) mod systemd;
