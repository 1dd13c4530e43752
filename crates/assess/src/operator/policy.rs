//! What the operator states for checks: read strictly, with the line as its source.

use std::collections::BTreeSet;

use facts::Fact;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_saphyr::{Location, Spanned};

use crate::catalogue::{Source, remedy_template::bytes};
use crate::view::{Listing, Origin, Policy, Seen};
use crate::yaml::{Node, Place};

type Words = Option<Spanned<Vec<Spanned<String>>>>;

/// What the operator has decided. What is left out stays for a person to decide.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(rename = "Policy")]
pub(super) struct RawPolicy {
    /// Accounts that may use the engine's socket, and so are root on this host: names, or uid:1000.
    #[schemars(with = "Option<Vec<String>>")]
    trusted_users: Words,
    /// No directory service (sssd, LDAP, NIS) puts accounts into groups of this host.
    #[schemars(with = "Option<bool>")]
    accounts_are_local: Option<Spanned<bool>>,
    /// Registries, or folders in one, that images may come from: registry.example, docker.io/library.
    #[schemars(with = "Option<Vec<String>>")]
    allowed_registries: Words,
    /// Ports of the host that containers may publish: 443/tcp.
    #[schemars(with = "Option<Vec<String>>", inner(regex(pattern = r"^[0-9]+(-[0-9]+)?/(tcp|udp|sctp)$")))]
    allowed_ports: Words,
    /// Greatest memory limit of a container: 2g, 512m, or bytes.
    #[schemars(with = "Option<Size>")]
    memory_ceiling: Option<Spanned<Node>>,
    /// Default limits that the daemon gives to containers: nofile=1024:65536.
    #[schemars(with = "Option<Vec<String>>", inner(regex(pattern = r"^[a-z]+=-?[0-9]+:-?[0-9]+$")))]
    default_ulimits: Words,
    /// Seccomp profiles that the daemon may give by default: builtin, or a path.
    #[schemars(with = "Option<Vec<String>>")]
    seccomp_profiles: Words,
    /// Greatest number of containers that do not run.
    #[schemars(with = "Option<u32>")]
    max_stopped_containers: Option<Spanned<i64>>,
    /// Greatest number of images that no container uses.
    #[schemars(with = "Option<u32>")]
    max_unused_images: Option<Spanned<i64>>,
}

#[derive(JsonSchema)]
#[serde(untagged)]
#[allow(dead_code, reason = "only its schema is used")]
enum Size {
    /// 2g, 512m
    Text(String),
    /// Bytes.
    Bytes(u64),
}

/// Reads the statements.
pub(super) fn read(source: &mut Source<'_>, raw: RawPolicy) -> Policy {
    Policy {
        trusted_users: words(source, "trusted_users", raw.trusted_users, account),
        accounts_are_local: scalar(source, "accounts_are_local", raw.accounts_are_local, Ok),
        allowed_registries: words(source, "allowed_registries", raw.allowed_registries, registry),
        allowed_ports: words(source, "allowed_ports", raw.allowed_ports, port),
        memory_ceiling: scalar(source, "memory_ceiling", raw.memory_ceiling, size),
        default_ulimits: words(source, "default_ulimits", raw.default_ulimits, ulimit),
        seccomp_profiles: words(source, "seccomp_profiles", raw.seccomp_profiles, profile),
        max_stopped_containers: scalar(source, "max_stopped_containers", raw.max_stopped_containers, number),
        max_unused_images: scalar(source, "max_unused_images", raw.max_unused_images, number),
    }
}

/// The place of a statement, as the source of its fact.
fn at(source: &Source<'_>, key: &str, place: Location) -> Origin {
    Origin::words(format!("{}:{} policy.{key}", source.file, Place::from(place).line))
}

fn words(source: &mut Source<'_>, key: &str, list: Words, check: fn(&str) -> Result<(), String>) -> Seen<Listing<String>> {
    let Some(list) = list else { return Fact::Absent.into() };
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for word in &list.value {
        if let Err(message) = check(&word.value) {
            source.error(word.referenced, message);
        } else if !seen.insert(&word.value) {
            source.error(word.referenced, format!("`{}` stands twice", word.value));
        }
    }
    let origin = at(source, key, list.referenced);
    Seen::new(Fact::Known(Listing::from(list.value.into_iter().map(|word| word.value).collect::<Vec<_>>())), origin)
}

fn scalar<T: Clone, U>(source: &mut Source<'_>, key: &str, value: Option<Spanned<T>>, read: fn(T) -> Result<U, String>) -> Seen<U> {
    let Some(value) = value else { return Fact::Absent.into() };
    let origin = at(source, key, value.referenced);
    match read(value.value) {
        Ok(read) => Seen::new(Fact::Known(read), origin),
        Err(message) => {
            source.error(value.referenced, message);
            Fact::Absent.into()
        }
    }
}

/// A name as `useradd` and directory services have them, or `uid:1000`.
fn account(name: &str) -> Result<(), String> {
    let is_name =
        !name.is_empty() && !name.contains(|letter: char| letter.is_whitespace() || letter.is_control() || ":*?".contains(letter));
    match name.strip_prefix("uid:") {
        Some(number) if number.parse::<u32>().is_ok() => Ok(()),
        None if is_name => Ok(()),
        _ => Err(format!("`{name}` is no account: write its name, or uid:1000; there are no patterns here")),
    }
}

fn registry(name: &str) -> Result<(), String> {
    let wrong = |what: &str| Err(format!("`{name}` {what}: write a registry, or a folder in one, such as docker.io/library"));
    if name.contains("://") {
        return wrong("is an address");
    }
    let is_plain = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte));
    if !name.split('/').all(is_plain) {
        return wrong("is no name (patterns are not known here)");
    }
    let (host, below) = name.split_once('/').unwrap_or((name, ""));
    if !(host.contains(['.', ':']) || host == "localhost") {
        return wrong("names no registry");
    }
    if below.contains(':') { wrong("has a tag") } else { Ok(()) }
}

fn port(text: &str) -> Result<(), String> {
    let is_port = |number: &str| number.parse::<u16>().is_ok_and(|number| number > 0) && !number.starts_with(['0', '+']);
    match text.split_once('/') {
        Some((ports, "tcp" | "udp" | "sctp")) if ports.split('-').count() <= 2 && ports.split('-').all(is_port) => Ok(()),
        _ => Err(format!("`{text}` is no port of the host: write 443/tcp")),
    }
}

fn size(value: Node) -> Result<i64, String> {
    let json = match &value {
        Node::Int(number) => serde_json::Value::from(*number),
        Node::Text(text) => serde_json::Value::from(text.as_str()),
        other => return Err(format!("this is {}, it must be a size such as 2g", other.kind())),
    };
    let size = bytes(&json).ok().and_then(|size| i64::try_from(size).ok()).filter(|size| *size > 0);
    size.ok_or_else(|| format!("{json} is no size: write 2g, 512m, or bytes"))
}

fn ulimit(text: &str) -> Result<(), String> {
    let is_limit = |(name, limits): (&str, &str)| {
        let (soft, hard) = limits.split_once(':')?;
        let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase());
        (is_name && soft.parse::<i64>().is_ok() && hard.parse::<i64>().is_ok()).then_some(())
    };
    text.split_once('=').and_then(is_limit).ok_or_else(|| format!("`{text}` is no limit: write NAME=SOFT:HARD, such as nofile=1024:65536"))
}

fn profile(text: &str) -> Result<(), String> {
    if matches!(text, "builtin" | "unconfined") || text.starts_with('/') {
        return Ok(());
    }
    Err(format!("`{text}` is no profile of the daemon: write builtin, or the path of a file"))
}

fn number(number: i64) -> Result<i64, String> {
    if number < 0 { Err(format!("{number} is no number of things: write 0 or more")) } else { Ok(number) }
}
