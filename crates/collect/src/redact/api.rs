//! Which members of which engine answer are kept.

use serde::de::DeserializeSeed;
use serde_json::Value;

use super::keep::Keep::{
    self, Count, DaemonArgv, Each, Entries, Environment, HealthTest, HistoryLine, Labels, Members, Names, NetworkOptions, Plain,
    SecurityOptions, Url, Validity, Volume,
};
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
    (
        "Swarm",
        Members(&[
            ("LocalNodeState", Plain),
            ("NodeID", Plain),
            ("NodeAddr", Plain),
            ("ControlAvailable", Plain),
            ("RemoteManagers", Each(&Members(&[("NodeID", Plain), ("Addr", Plain)]))),
            ("Nodes", Plain),
            ("Managers", Plain),
            // /info has the cluster without its join tokens; GET /swarm, which has them, is never asked.
            (
                "Cluster",
                Members(&[
                    ("CreatedAt", Plain),
                    (
                        "Spec",
                        Members(&[
                            ("EncryptionConfig", Members(&[("AutoLockManagers", Plain)])),
                            ("CAConfig", Members(&[("NodeCertExpiry", Plain)])),
                        ]),
                    ),
                    ("TLSInfo", Members(&[("TrustRoot", Validity)])),
                    ("RootRotationInProgress", Plain),
                    ("DataPathPort", Plain),
                ]),
            ),
        ]),
    ),
    ("DockerRootDir", Plain),
    ("Runtimes", Entries(&Members(&[("path", Plain)]))),
    ("Debug", Plain),
    ("Driver", Plain),
    ("LoggingDriver", Plain),
    ("CgroupDriver", Plain),
    ("CgroupVersion", Plain),
    (
        "RegistryConfig",
        Members(&[
            ("InsecureRegistryCIDRs", Each(&Plain)),
            ("IndexConfigs", Entries(&Members(&[("Name", Plain), ("Secure", Plain)]))),
            ("Mirrors", Each(&Url)),
        ]),
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
    (
        "State",
        Members(&[
            ("Status", Plain),
            ("Running", Plain),
            ("Paused", Plain),
            ("Pid", Plain),
            ("StartedAt", Plain),
            ("Health", Members(&[("Status", Plain)])),
        ]),
    ),
    ("AppArmorProfile", Plain),
    ("ProcessLabel", Plain),
    (
        "Config",
        Members(&[
            ("Image", Plain),
            ("User", Plain),
            ("Env", Environment),
            ("Labels", Names),
            ("ExposedPorts", Names),
            ("Healthcheck", Members(&[("Test", HealthTest)])),
        ]),
    ),
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
            ("UTSMode", Plain),
            ("CgroupParent", Plain),
            ("CpuShares", Plain),
            ("NanoCpus", Plain),
            ("CpuQuota", Plain),
            ("CpusetCpus", Plain),
            ("Devices", Each(&Members(&[("PathOnHost", Plain), ("PathInContainer", Plain), ("CgroupPermissions", Plain)]))),
            ("DeviceCgroupRules", Each(&Plain)),
            ("DeviceRequests", Each(&Members(&[("Driver", Plain)]))),
            ("Ulimits", Each(&Members(&[("Name", Plain), ("Soft", Plain), ("Hard", Plain)]))),
            ("PublishAllPorts", Plain),
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
            ("Driver", Plain),
            ("Source", Plain),
            ("Destination", Plain),
            ("RW", Plain),
            ("Propagation", Plain),
        ])),
    ),
    (
        "NetworkSettings",
        Members(&[
            ("Networks", Entries(&Members(&[("NetworkID", Plain)]))),
            ("Ports", Entries(&Each(&Members(&[("HostIp", Plain), ("HostPort", Plain)])))),
        ]),
    ),
]);

static IMAGE: Keep = Members(&[
    ("Id", Plain),
    ("RepoTags", Each(&Plain)),
    ("RepoDigests", Each(&Plain)),
    ("Created", Plain),
    ("Size", Plain),
    ("RootFS", Members(&[("Layers", Count)])),
    (
        "Config",
        Members(&[
            ("User", Plain),
            ("Env", Environment),
            ("Labels", Labels),
            ("ExposedPorts", Names),
            ("Healthcheck", Members(&[("Test", HealthTest)])),
        ]),
    ),
]);

/// Ids are `<missing>` but for the newest line, tags are the image's own, and a comment is free text.
static HISTORY: Keep = Each(&Members(&[("CreatedBy", HistoryLine), ("Created", Plain), ("Size", Plain)]));

static NETWORK: Keep = Members(&[
    ("Id", Plain),
    ("Name", Plain),
    ("Driver", Plain),
    ("Scope", Plain),
    ("Internal", Plain),
    ("Options", NetworkOptions),
    ("Containers", Entries(&Members(&[]))),
]);

static VOLUMES: Keep = Members(&[("Volumes", Each(&Volume))]);

/// Managed plugins: what each was granted. Its environment and arguments are its own business.
static PLUGINS: Keep = Each(&Members(&[
    ("Name", Plain),
    ("Enabled", Plain),
    (
        "Config",
        Members(&[
            ("Interface", Members(&[("Types", Each(&Plain))])),
            ("Network", Members(&[("Type", Plain)])),
            ("IpcHost", Plain),
            ("PidHost", Plain),
            ("Linux", Members(&[("Capabilities", Each(&Plain)), ("AllowAllDevices", Plain)])),
            ("PropagatedMount", Plain),
        ]),
    ),
    (
        "Settings",
        Members(&[
            ("Mounts", Each(&Members(&[("Source", Plain), ("Destination", Plain), ("Type", Plain), ("Options", Each(&Plain))]))),
            ("Devices", Each(&Members(&[("Path", Plain)]))),
        ]),
    ),
]));

static SERVICES: Keep = Each(&Members(&[
    ("ID", Plain),
    (
        "Spec",
        Members(&[
            ("Name", Plain),
            (
                "TaskTemplate",
                Members(&[("ContainerSpec", Members(&[("Env", Environment), ("Secrets", Each(&Members(&[("SecretName", Plain)])))]))]),
            ),
        ]),
    ),
]));

static SECRETS: Keep = Each(&Members(&[("ID", Plain)]));

fn rule(question: &EngineQuestion) -> &'static Keep {
    match question {
        EngineQuestion::Ping => &Plain,
        EngineQuestion::Version => &VERSION,
        EngineQuestion::Info => &INFO,
        EngineQuestion::DebugVars => &DEBUG_VARS,
        EngineQuestion::Containers | EngineQuestion::Images | EngineQuestion::Networks => &LISTED,
        EngineQuestion::Container(_) => &CONTAINER,
        EngineQuestion::Image(_) => &IMAGE,
        EngineQuestion::ImageHistory(_) => &HISTORY,
        EngineQuestion::Network(_) => &NETWORK,
        EngineQuestion::Volumes => &VOLUMES,
        EngineQuestion::Plugins => &PLUGINS,
        EngineQuestion::Services => &SERVICES,
        EngineQuestion::Secrets => &SECRETS,
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    /// Trees in which every text is a secret, under names that no list knows and under names that lists, elsewhere, do.
    fn secrets() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(json!("planted-secret")),
            Just(json!("A=planted-secret")),
            any::<i32>().prop_map(Value::from),
            Just(Value::Null)
        ];
        leaf.prop_recursive(6, 64, 6, |inner| {
            let name = prop_oneof![
                "[xyz]{1,3}",
                Just("Auth".to_owned()),
                Just("Cmd".to_owned()),
                Just("Labels".to_owned()),
                Just("Test".to_owned())
            ];
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                proptest::collection::btree_map(name, inner, 0..5).prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        /// A member that is not on the list never comes through, at the top or below any member that is.
        #[test]
        fn unknown_members_never_pass(secret in secrets()) {
            for question in EngineQuestion::one_of_each() {
                for below in ["New", "HostConfig", "Config", "State", "Swarm", "RegistryConfig", "NetworkSettings", "Plugins", "Healthcheck"] {
                    let answer = json!({ below: { "New": secret, "Labels": { "name": secret }, "Healthcheck": { "Test": ["CMD", secret] } } });
                    let kept = engine_answer(&question, answer.to_string().as_bytes());
                    prop_assert!(!format!("{kept:?}").contains("planted-secret"), "{question:?} {kept:?}");
                }
                let kept = engine_answer(&question, secret.to_string().as_bytes());
                let is_list_of_plain = matches!(kept, Ok(Value::String(_)));
                prop_assert!(is_list_of_plain || !format!("{kept:?}").contains("planted-secret"), "{question:?} {kept:?}");
            }
        }

        /// Nor does anything of a history's line but its well-known words.
        #[test]
        fn histories_hold_no_secret(secret in secrets()) {
            let line = json!([{ "CreatedBy": secret, "Comment": secret, "Tags": secret, "Id": secret }]);
            let kept = engine_answer(&EngineQuestion::ImageHistory("abc".to_owned()), line.to_string().as_bytes());
            prop_assert!(!format!("{kept:?}").contains("planted-secret"), "{kept:?}");
        }

        #[test]
        fn never_panics(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            for question in EngineQuestion::one_of_each() {
                let _ = engine_answer(&question, &body);
            }
        }
    }

    #[test]
    fn a_list_of_everything_is_refused() {
        let body = format!("[{}1]", "1,".repeat(200_000));
        assert!(matches!(engine_answer(&EngineQuestion::Containers, body.as_bytes()), Err(Obstacle::Malformed(_))));
        // The parser's words about the text never hold the text.
        let error = engine_answer(&EngineQuestion::Info, b"{\"Name\": planted-secret}").unwrap_err();
        assert!(!error.to_string().contains("planted"), "{error}");
    }
}
