//! The engine's version, as far as defaults depend on it.

use facts::Fact;
use facts::docker::Engine;

/// Major and minor version: year and month before 2020 (`17.06.0-ce`), `20.10.24+dfsg1`, `28.5.2`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct EngineVersion(pub(crate) u32, pub(crate) u32);

/// The version by the engine's word (GET /version).
pub(crate) fn engine_version(engine: &Engine) -> Fact<EngineVersion> {
    match engine.version.fact.as_ref() {
        Fact::Known(version) => parse(&version.version).map_or_else(
            || Fact::unknown(format!("the engine calls its version `{}`, which is not of the form MAJOR.MINOR", version.version)),
            Fact::Known,
        ),
        Fact::Absent => Fact::unknown("the engine did not say its version"),
        Fact::Unknown { why } => Fact::Unknown { why },
    }
}

fn parse(text: &str) -> Option<EngineVersion> {
    let (major, rest) = text.strip_prefix('v').unwrap_or(text).split_once('.')?;
    let minor = rest.split(|character: char| !character.is_ascii_digit()).next()?;
    Some(EngineVersion(major.parse().ok()?, minor.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        for (text, version) in [
            ("17.06.0-ce", Some(EngineVersion(17, 6))),
            ("20.10.24+dfsg1", Some(EngineVersion(20, 10))),
            ("29.7.2", Some(EngineVersion(29, 7))),
            ("27.0-rc.1", Some(EngineVersion(27, 0))),
            ("1.13.1", Some(EngineVersion(1, 13))),
            ("dev", None),
            ("library-import", None),
            ("", None),
            ("28.", None),
        ] {
            assert_eq!(parse(text), version, "{text}");
        }
        assert!(EngineVersion(1, 13) < EngineVersion(17, 6) && EngineVersion(27, 0) > EngineVersion(26, 9));
    }
}
