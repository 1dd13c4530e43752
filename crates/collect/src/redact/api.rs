//! Which members of which engine answer are kept.

use serde::de::DeserializeSeed;
use serde_json::Value;

use super::keep::Keep::{self, DaemonArgv, Each, Entries, Environment, HealthTest, Members, Names, NetworkOptions, Plain, SecurityOptions};
use super::keep::KeepSeed;
use crate::obstacle::{Answer, Obstacle};
use crate::source::EngineQuestion;

static VERSION: Keep = Members(&[
    ("Version", Plain),
    ("ApiVersion", Plain),
    ("KernelVersion", Plain),
    ("Components", Each(&Members(&[("Name", Plain), ("Version", Plain)]))),
]);

static INFO: Keep = Members(&[
    ("Name", Plain),
    ("ID", Plain),
    ("LiveRestoreEnabled", Plain),
    ("SecurityOptions", Each(&Plain)),
    ("Swarm", Members(&[("LocalNodeState", Plain)])),
    ("DockerRootDir", Plain),
    ("Debug", Plain),
    ("Driver", Plain),
    ("LoggingDriver", Plain),
    ("CgroupDriver", Plain),
    ("CgroupVersion", Plain),
    (
        "RegistryConfig",
        Members(&[("InsecureRegistryCIDRs", Each(&Plain)), ("IndexConfigs", Entries(&Members(&[("Name", Plain), ("Secure", Plain)])))]),
    ),
    ("Plugins", Members(&[("Authorization", Each(&Plain))])),
    ("Warnings", Each(&Plain)),
    ("FirewallBackend", Members(&[("Driver", Plain), ("Info", Each(&Each(&Plain)))])),
    ("MemTotal", Plain),
    ("ExperimentalBuild", Plain),
]);

static DEBUG_VARS: Keep = Members(&[("cmdline", DaemonArgv)]);

/// A listing serves to find the objects; everything else is asked of each one.
static LISTED: Keep = Each(&Members(&[("Id", Plain)]));

static CONTAINER: Keep = Members(&[
    ("Id", Plain),
    ("Name", Plain),
    ("Created", Plain),
    ("Image", Plain),
    ("State", Members(&[("Status", Plain), ("Running", Plain), ("Paused", Plain), ("Pid", Plain), ("StartedAt", Plain)])),
    ("AppArmorProfile", Plain),
    ("ProcessLabel", Plain),
    ("Config", Members(&[("Image", Plain), ("User", Plain), ("Env", Environment), ("Labels", Names)])),
    (
        "HostConfig",
        Members(&[
            ("Privileged", Plain),
            ("CapAdd", Each(&Plain)),
            ("CapDrop", Each(&Plain)),
            ("SecurityOpt", SecurityOptions),
            ("ReadonlyRootfs", Plain),
            ("Memory", Plain),
            ("MemorySwap", Plain),
            ("PidsLimit", Plain),
            ("RestartPolicy", Members(&[("Name", Plain), ("MaximumRetryCount", Plain)])),
            ("NetworkMode", Plain),
            ("PidMode", Plain),
            ("IpcMode", Plain),
            ("UsernsMode", Plain),
            ("AutoRemove", Plain),
            ("Links", Each(&Plain)),
            ("PortBindings", Entries(&Each(&Members(&[("HostIp", Plain), ("HostPort", Plain)])))),
        ]),
    ),
    (
        "Mounts",
        Each(&Members(&[
            ("Type", Plain),
            ("Name", Plain),
            ("Source", Plain),
            ("Destination", Plain),
            ("RW", Plain),
            ("Propagation", Plain),
        ])),
    ),
    ("NetworkSettings", Members(&[("Networks", Entries(&Members(&[("NetworkID", Plain)])))])),
]);

static IMAGE: Keep = Members(&[
    ("Id", Plain),
    ("RepoTags", Each(&Plain)),
    ("RepoDigests", Each(&Plain)),
    ("Created", Plain),
    ("Config", Members(&[("User", Plain), ("Env", Environment), ("Healthcheck", Members(&[("Test", HealthTest)]))])),
]);

static NETWORK: Keep = Members(&[
    ("Id", Plain),
    ("Name", Plain),
    ("Driver", Plain),
    ("Scope", Plain),
    ("Internal", Plain),
    ("Options", NetworkOptions),
    ("Containers", Entries(&Members(&[]))),
]);

fn rule(question: &EngineQuestion) -> &'static Keep {
    match question {
        EngineQuestion::Ping => &Plain,
        EngineQuestion::Version => &VERSION,
        EngineQuestion::Info => &INFO,
        EngineQuestion::DebugVars => &DEBUG_VARS,
        EngineQuestion::Containers | EngineQuestion::Images | EngineQuestion::Networks => &LISTED,
        EngineQuestion::Container(_) => &CONTAINER,
        EngineQuestion::Image(_) => &IMAGE,
        EngineQuestion::Network(_) => &NETWORK,
    }
}

/// The members of an engine's answer that may be kept. Everything else is skipped while parsing; hostile depth is refused by the parser.
pub fn engine_answer(question: &EngineQuestion, body: &[u8]) -> Answer<Value> {
    // The parser's own message quotes the text that it stumbled over: keep the place and drop the words.
    let malformed = |error: serde_json::Error| {
        Obstacle::Malformed(format!("not the JSON that was expected, at line {} column {}", error.line(), error.column()))
    };
    if *question == EngineQuestion::Ping {
        // The one answer that is no JSON.
        return if body == b"OK" {
            Ok("OK".into())
        } else {
            Err(Obstacle::Malformed("a ping is answered with something else than OK".to_owned()))
        };
    }
    let mut parser = serde_json::Deserializer::from_slice(body);
    let value = KeepSeed(rule(question)).deserialize(&mut parser).map_err(malformed)?;
    parser.end().map_err(malformed)?;
    Ok(value)
}
