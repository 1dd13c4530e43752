//! What the command line sets.

use facts::docker::{Argument, Engine, arguments};
use facts::{Fact, SourceId};
use serde_json::{Value, json};

use super::keys::{KEYS, LISTS};
use super::setting::FlagValue;

/// The flags of the running daemon: /proc/PID/cmdline, or the daemon's own word where /proc is out of reach.
pub(super) fn flags(engine: &Engine) -> Fact<(Vec<Argument>, SourceId)> {
    let own_word = || engine.cmdline.fact.as_ref().map(|argv| (arguments(argv), engine.cmdline.source));
    match &engine.process.fact {
        Fact::Known(process) => match &process.argv.fact {
            Fact::Known(argv) => Fact::Known((arguments(argv), process.argv.source)),
            _ if engine.cmdline.known().is_some() => own_word(),
            other => other.as_ref().and_then(|_| Fact::unknown("the daemon's command line")),
        },
        other => match own_word() {
            Fact::Known(words) => Fact::Known(words),
            _ => Fact::unknown(other.why().unwrap_or("the daemon's process was not found")),
        },
    }
}

/// The last flag of that name wins; list flags add up.
pub(super) fn flag_value(flags: &[Argument], name: &str) -> Option<FlagValue> {
    let given: Vec<&Argument> = flags.iter().filter(|flag| flag.name == name).collect();
    let last = given.last()?;
    let value = match name {
        list if LISTS.contains(&list) => json!(given.iter().filter_map(|flag| flag.value.clone()).collect::<Vec<_>>()),
        _ => match last.value.as_deref() {
            None => json!(true),
            Some(text) => boolean(name, text).map_or_else(|| json!(text), Value::from),
        },
    };
    Some(FlagValue { value, index: last.index, flag: last.name.clone() })
}

/// Go's strconv.ParseBool, for flags whose default is a boolean.
fn boolean(flag: &str, text: &str) -> Option<bool> {
    let is_boolean = KEYS.iter().any(|(_, name, default)| *name == flag && default.is_some_and(super::keys::Default::is_boolean));
    match text {
        _ if !is_boolean => None,
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}
