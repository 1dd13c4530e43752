//! Edits of files as pure functions on their text: what we write changes, every other byte stays.

pub(crate) mod audit_rules;
pub(crate) mod daemon_json;
pub(crate) mod diff;
pub(crate) mod lines;
pub(crate) mod tmpfiles;
