//! What the real sources may hand out. Allow-lists: a member, flag, key or directive that is not named here is dropped or replaced, so
//! that one that a future engine or an unusual host brings cannot leak.

mod accounts;
mod api;
mod argv;
mod certificate;
mod client;
mod keep;
mod rules;
mod sshd;
mod unit;
mod volume;

pub use accounts::{groups, homes, users};
pub use api::engine_answer;
pub(crate) use argv::is_daemon;
pub use argv::{containerd_argv, daemon_argv, proxy_argv};
pub(crate) use client::{client_config, client_context};
pub use rules::audit_rules;
pub use sshd::{sshd_argv, sshd_config};
pub use unit::unit_file;

pub use facts::redact::{MARK, daemon_json};

use facts::redact::{has_url_password, looks_like_credential};

/// A text that is kept unless it looks like a credential by itself.
pub(crate) fn scrub(text: &str) -> String {
    if has_url_password(text) || looks_like_credential("", text) { MARK.to_owned() } else { text.to_owned() }
}

/// A URL without its user information.
pub(crate) fn url(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return scrub(text) };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    match rest[..end].rfind('@') {
        Some(at) => format!("{scheme}://{MARK}@{}", &rest[at + 1..]),
        None => text.to_owned(),
    }
}

/// cofferdam's own record of a daemon's start: the members that the type has, and the configuration redacted once more.
pub(crate) fn startup_record(text: &str) -> String {
    match serde_json::from_str::<facts::docker::StartupRecord>(text) {
        Ok(record) => {
            let record = facts::docker::StartupRecord { config_text: record.config_text.as_deref().map(daemon_json), ..record };
            facts::canonical_json(&record)
        }
        Err(_) => MARK.to_owned(),
    }
}

/// A seccomp profile in brief.
pub fn seccomp_profile(text: &str) -> String {
    facts::docker::SeccompProfile::from_text(text).map_or_else(|| MARK.to_owned(), |profile| profile.to_text())
}

/// The number in a pid file, and nothing else.
pub(crate) fn pid_file(text: &str) -> String {
    let number = text.trim();
    if number.len() <= 10 && number.bytes().all(|byte| byte.is_ascii_digit()) { number.to_owned() } else { MARK.to_owned() }
}
