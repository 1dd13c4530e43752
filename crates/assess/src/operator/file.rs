//! The file's shape, and what must hold in it.

use std::collections::BTreeSet;

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_saphyr::Spanned;

use super::pattern::Pattern;
use super::policy::{self, RawPolicy};
use super::waiver::{OfImage, Until, Waiver, Whom};
use super::{LARGEST, Operator, ServiceCommands};
use crate::catalogue::{Catalogue, CatalogueErrors, Source};
use crate::near_miss::near_miss;
use crate::yaml::Place;
use crate::{Check, SubjectKind};

/// More waivers than anybody reads.
const MOST_WAIVERS: usize = 1_000;

/// Words of other tools for the same thing.
const ALSO_CALLED: [(&str, &str); 16] = [
    ("container", "subject"),
    ("control", "check"),
    ("exceptions", "waivers"),
    ("exemptions", "waivers"),
    ("expiration", "until"),
    ("expired_at", "until"),
    ("expires", "until"),
    ("expires_at", "until"),
    ("expiry", "until"),
    ("id", "check"),
    ("ignore", "waivers"),
    ("justification", "reason"),
    ("name", "subject"),
    ("resource", "subject"),
    ("skip", "waivers"),
    ("statement", "reason"),
];

/// The operator's settings: waivers, policy, service commands.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[schemars(title = "cofferdam.yaml", rename = "Operator")]
struct RawFile {
    /// What is accepted.
    #[schemars(with = "Vec<RawWaiver>", length(max = 1000))]
    waivers: Option<Vec<Spanned<RawWaiver>>>,
    /// What checks can't know.
    #[schemars(with = "RawPolicy")]
    policy: Option<RawPolicy>,
    /// Commands that restart the daemon on a host without systemd.
    #[schemars(with = "Option<ServiceCommands>")]
    service: Option<Spanned<ServiceCommands>>,
}

/// What is accepted, on whom, why, by whom, until when.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Waiver")]
struct RawWaiver {
    /// A check's id, a benchmark's number with its version (cis-docker-1.6.0:5.4), or a pattern of ids (docker.host.audit-*).
    #[schemars(with = "String")]
    check: Spanned<String>,
    /// Whom: a name, with * and ? for any text and any character; with its kind in front (container:web) of that kind alone. Host and
    /// daemon are one each: left out, or host:NAME for the host of that name.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    subject: Option<Spanned<String>>,
    /// Containers of this image alone: sha256: and the 64 digits of its id, which nobody can forge; or the name that the container was
    /// created with.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    image: Option<Spanned<String>>,
    /// Why this is accepted.
    #[schemars(with = "String", length(min = 1))]
    reason: Spanned<String>,
    /// Who answers for it.
    #[schemars(with = "String", length(min = 1))]
    owner: Spanned<String>,
    /// The last day on which it holds, 2027-03-31 (UTC), or never.
    #[schemars(with = "String", regex(pattern = r"^(never|[0-9]{4}-[0-9]{2}-[0-9]{2})$"))]
    until: Spanned<String>,
}

pub(super) fn schema() -> serde_json::Value {
    schemars::schema_for!(RawFile).to_value()
}

/// Reads a file.
pub(super) fn read(file: &str, text: &str, catalogue: &Catalogue) -> Result<Operator, CatalogueErrors> {
    let mut source = Source::new(file, text);
    let raw = raw(&mut source).unwrap_or_default();
    let mut operator = Operator { file: Some(file.to_owned()), ..Operator::default() };
    let waivers = raw.waivers.unwrap_or_default();
    if let Some(beyond) = waivers.get(MOST_WAIVERS) {
        source.error(beyond.referenced, format!("more than {MOST_WAIVERS} waivers: say more with one pattern"));
    }
    for raw in waivers.into_iter().take(MOST_WAIVERS) {
        let place = raw.referenced;
        let Some(waiver) = waiver(&mut source, raw, catalogue) else { continue };
        let same = |other: &&Waiver| (&other.checks, &other.subject, &other.image) == (&waiver.checks, &waiver.subject, &waiver.image);
        match operator.waivers.iter().find(same) {
            Some(first) => source.error(place, format!("this is the waiver of line {} again", first.place.line)),
            None => operator.waivers.push(waiver),
        }
    }
    operator.policy = policy::read(&mut source, raw.policy.unwrap_or_default());
    if let Some(service) = raw.service {
        if service.value.restart.first().is_none_or(|program| program.trim().is_empty()) {
            source.error(service.referenced, "`service` names no restart command: restart: [rc-service, docker, restart]");
        }
        operator.service = Some(service.value);
    }
    if source.errors.is_empty() { Ok(operator) } else { Err(CatalogueErrors(source.errors)) }
}

/// The file's shape. A file of comments alone says nothing, and that is allowed.
fn raw(source: &mut Source<'_>) -> Option<RawFile> {
    let start = Place { line: 1, column: 1 };
    if source.text.len() > LARGEST {
        source.error(start, format!("the file has {} bytes, more than {LARGEST}", source.text.len()));
        return None;
    }
    if source.text.lines().map(|line| line.trim_start_matches('\u{feff}').trim_start()).all(|line| line.is_empty() || line.starts_with('#'))
    {
        return None;
    }
    let raw = source.read();
    if let Some(error) = source.errors.last_mut()
        && let Some((_, word)) = error.message.split_once("unknown field `")
        && let Some((_, ours)) = ALSO_CALLED.iter().find(|(theirs, _)| word.split('`').next() == Some(*theirs))
    {
        let known = error.message.split(", ").next().unwrap_or_default();
        error.message = format!("{known}: it is called `{ours}` here");
    }
    raw
}

fn waiver(source: &mut Source<'_>, raw: Spanned<RawWaiver>, catalogue: &Catalogue) -> Option<Waiver> {
    let place = raw.referenced;
    let raw = raw.value;
    let before = source.errors.len();
    let checks = checks(source, &raw.check, catalogue);
    let reason = source.said(&raw.reason, "reason");
    let owner = source.said(&raw.owner, "owner");
    let until = until(source, &raw.until);
    let kinds: BTreeSet<SubjectKind> = checks.iter().map(|check| check.subject).collect();
    let whom = if checks.is_empty() { None } else { whom(source, &raw, &checks, &kinds) };
    if source.errors.len() > before {
        return None;
    }
    Some(Waiver {
        check: raw.check.value,
        checks: checks.into_iter().map(|check| check.id.clone()).collect(),
        subject: raw.subject.map(|subject| subject.value),
        image: raw.image.map(|image| image.value),
        whom: whom?,
        reason,
        owner,
        until: until?,
        place: place.into(),
    })
}

/// The checks that a waiver names; empty: a mistake.
fn checks<'c>(source: &mut Source<'_>, text: &Spanned<String>, catalogue: &'c Catalogue) -> Vec<&'c Check> {
    if !text.value.contains(['*', '?']) {
        return match catalogue.check_named(text.value.trim()) {
            Ok(check) => vec![check],
            Err(misnamed) => {
                source.error(text.referenced, misnamed.in_one_line());
                Vec::new()
            }
        };
    }
    let pattern = match Pattern::new(&text.value) {
        Ok(pattern) => pattern,
        Err(message) => {
            source.error(text.referenced, message);
            return Vec::new();
        }
    };
    let found: Vec<&Check> = catalogue.checks.values().filter(|check| pattern.matches(&check.id)).collect();
    if found.is_empty() {
        let groups: BTreeSet<String> =
            catalogue.checks.keys().filter_map(|id| id.rsplit_once('.').map(|(group, _)| format!("{group}.*"))).collect();
        let meant = near_miss(&text.value, groups.iter().map(String::as_str)).map(|meant| format!(", did you mean `{meant}`?"));
        source.error(text.referenced, format!("no check has an id like `{}`{}", text.value, meant.unwrap_or_default()));
    }
    found
}

fn until(source: &mut Source<'_>, text: &Spanned<String>) -> Option<Until> {
    let day = text.value.trim();
    if day == "never" {
        return Some(Until::Never);
    }
    let is_plain =
        day.len() == 10 && day.bytes().enumerate().all(|(at, byte)| if at == 4 || at == 7 { byte == b'-' } else { byte.is_ascii_digit() });
    match day.parse::<Date>() {
        Ok(day) if is_plain => Some(Until::Day(day)),
        _ => {
            source.error(text.referenced, format!("`{day}` is no day: write the last one as YYYY-MM-DD, or `never`"));
            None
        }
    }
}

const KINDS: [SubjectKind; 5] = [SubjectKind::Host, SubjectKind::Daemon, SubjectKind::Container, SubjectKind::Image, SubjectKind::Network];

/// Whether there is one of it on each host.
pub(super) fn is_single(kind: SubjectKind) -> bool {
    matches!(kind, SubjectKind::Host | SubjectKind::Daemon)
}

/// Whom a waiver is about. What no check of it is asked of is a mistake.
fn whom(source: &mut Source<'_>, raw: &RawWaiver, checks: &[&Check], kinds: &BTreeSet<SubjectKind>) -> Option<Whom> {
    let of = || match checks {
        [one] => format!("{} is asked of", one.id),
        many => format!("`{}` names {} checks, asked of", raw.check.value, many.len()),
    };
    let asked = || kinds.iter().map(|kind| all_of(*kind)).collect::<Vec<_>>().join(", ");
    let image = match &raw.image {
        None => None,
        Some(text) if !kinds.contains(&SubjectKind::Container) => {
            source.error(text.referenced, format!("`image` chooses containers, and {} {}", of(), asked()));
            return None;
        }
        Some(text) => match of_image(text.value.trim()) {
            Ok(image) => Some(image),
            Err(message) => {
                source.error(text.referenced, message);
                return None;
            }
        },
    };
    let Some(text) = &raw.subject else {
        if image.is_some() || kinds.iter().all(|kind| is_single(*kind)) {
            let name = image.is_some().then(|| Pattern::new("*").ok()).flatten();
            return Some(Whom { kind: image.is_some().then_some(SubjectKind::Container), name, image });
        }
        let message = format!("`subject` is missing: {} {}; write a name, or \"*\" for all of them", of(), asked());
        source.error(raw.check.referenced, message);
        return None;
    };
    let (kind, name) =
        match text.value.split_once(':').and_then(|(word, name)| Some((KINDS.into_iter().find(|kind| kind.word() == word)?, name))) {
            Some((kind, name)) => (Some(kind), name),
            None => (None, text.value.as_str()),
        };
    // docker inspect shows a container's name with a slash in front.
    let name = if kind == Some(SubjectKind::Image) { name } else { name.strip_prefix('/').unwrap_or(name) };
    let name = match Pattern::new(name) {
        Ok(name) => name,
        Err(message) => {
            source.error(text.referenced, message);
            return None;
        }
    };
    match kind {
        Some(kind) if !kinds.contains(&kind) => {
            source.error(text.referenced, format!("{} {}, and `{}:` is another kind", of(), asked(), kind.word()));
            None
        }
        None if kinds.iter().all(|kind| is_single(*kind)) && !name.is_everything() => {
            let word = kinds.first().map_or("host", |kind| kind.word());
            let message = format!("{} {}: leave `subject` out, or write {word}:NAME for the one of that name", of(), asked());
            source.error(text.referenced, message);
            None
        }
        _ if image.is_some() && kind.is_some_and(|kind| kind != SubjectKind::Container) => {
            source.error(text.referenced, "`image` chooses containers, and this names another kind");
            None
        }
        _ => Some(Whom { kind, name: Some(name), image }),
    }
}

/// What a check of a kind is asked of.
fn all_of(kind: SubjectKind) -> &'static str {
    match kind {
        SubjectKind::Host => "the host",
        SubjectKind::Daemon => "the daemon",
        SubjectKind::Container => "containers",
        SubjectKind::Image => "images",
        SubjectKind::Network => "networks",
    }
}

fn of_image(text: &str) -> Result<OfImage, String> {
    let Some(digits) = text.strip_prefix("sha256:") else { return Pattern::new(text).map(OfImage::Name) };
    if digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)) {
        return Ok(OfImage::Id(text.to_owned()));
    }
    Err("an image's id has 64 digits, 0 to 9 and a to f: docker image inspect --format '{{.Id}}' NAME; a shorter one can be forged"
        .to_owned())
}
