//! A manager of a swarm is asked for services and secrets, a worker and an engine in no swarm are not; no secret is kept.

#![allow(clippy::unwrap_used, reason = "helpers of tests may")]

mod common;

use std::sync::{Arc, Mutex};

use collect::{World, collect};
use common::{FakeEngine, Reply, limits, options, usual};
use facts::docker::Engine;
use facts::{Fact, Snapshot};
use serde_json::{Value, json};

const CERTIFICATE: &str = include_str!("common/certificate.pem");

fn swarm(manager: bool) -> Value {
    let cluster = json!({
        "ID": "c", "CreatedAt": "2026-01-01T00:00:00Z", "RootRotationInProgress": false, "DataPathPort": 4789,
        "Spec": {"Name": "default", "Labels": {"x": "planted-secret"}, "EncryptionConfig": {"AutoLockManagers": true},
            "CAConfig": {"NodeCertExpiry": 7_776_000_000_000_000_u64, "SigningCAKey": "planted-secret"}},
        "TLSInfo": {"TrustRoot": CERTIFICATE, "CertIssuerSubject": "planted-secret"},
        "JoinTokens": {"Worker": "planted-secret"},
    });
    let mut swarm = json!({
        "NodeID": "n1", "NodeAddr": "10.0.0.1", "LocalNodeState": "active", "ControlAvailable": manager, "Error": "planted-secret",
        "RemoteManagers": [{"NodeID": "n1", "Addr": "10.0.0.1:2377"}],
    });
    if manager {
        swarm.as_object_mut().unwrap().extend([
            ("Nodes".to_owned(), json!(2)),
            ("Managers".to_owned(), json!(1)),
            ("Cluster".to_owned(), cluster),
        ]);
    }
    swarm
}

/// The Snapshot, its text with that of the recording, and the paths that were asked.
async fn seen(swarm: Option<Value>, services: Reply) -> (Snapshot, String, Vec<String>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&asked);
    let fake = FakeEngine::new(move |path| {
        log.lock().unwrap().push(path.to_owned());
        match path {
            "/info" => {
                let mut info: Value = serde_json::from_str(include_str!("common/info.json")).unwrap();
                if let Some(swarm) = &swarm {
                    info["Swarm"] = swarm.clone();
                }
                Reply::Json(info.to_string())
            }
            "/services" => services.clone(),
            "/secrets" => Reply::Json(json!([{"ID": "s", "Spec": {"Name": "db", "Labels": {"x": "planted-secret"}}}]).to_string()),
            path => usual(path).unwrap_or(Reply::Status(404)),
        }
    });
    let (world, recorder) = World::real_within(Some(fake.endpoint.clone()), limits()).recording();
    let snapshot = collect(&world, &options()).await.unwrap();
    let text = snapshot.to_json() + &recorder.recording(&options()).to_json();
    let asked = asked.lock().unwrap().clone();
    (snapshot, text, asked)
}

fn engine(snapshot: &Snapshot) -> &Engine {
    snapshot.engine().unwrap()
}

fn services() -> Reply {
    let env = ["DB_PASSWORD=planted-secret", "PATH=/bin"];
    let container = json!({"Image": "x", "Env": env, "Args": ["planted-secret"], "Secrets": [{"SecretName": "db", "SecretID": "s"}]});
    Reply::Json(json!([{"ID": "a", "Spec": {"Name": "web", "TaskTemplate": {"ContainerSpec": container}}}]).to_string())
}

#[tokio::test]
async fn a_manager() {
    let (snapshot, text, asked) = seen(Some(swarm(true)), services()).await;
    assert!(!text.contains("planted-secret"));
    assert!(asked.iter().all(|path| path != "/swarm" && path != "/swarm/unlockkey"), "{asked:?}");
    let member = engine(&snapshot).info.known().unwrap().swarm.known().unwrap();
    assert_eq!((&member.managers, &member.nodes, &member.manager), (&Fact::Known(1), &Fact::Known(2), &Fact::Known(true)));
    let cluster = member.cluster.known().unwrap();
    assert_eq!(cluster.autolock, Fact::Known(true));
    assert!(cluster.ca_not_before.known().unwrap() < cluster.ca_not_after.known().unwrap());
    let found = &engine(&snapshot).swarm_services.known().unwrap()[0];
    assert_eq!((found.name.as_str(), found.env.len(), found.secrets.as_slice()), ("web", 2, &["db".to_owned()][..]));
    assert!(found.env[0].looks_like_credential);
    assert_eq!(engine(&snapshot).swarm_secrets.known(), Some(&1));
}

#[tokio::test]
async fn a_manager_that_does_not_tell() {
    for reply in [Reply::Status(403), Reply::Json("{}".to_owned()), Reply::Json("[{}]".to_owned()), Reply::Garbage] {
        let (snapshot, ..) = seen(Some(swarm(true)), reply).await;
        assert!(engine(&snapshot).swarm_services.fact.is_unknown());
        assert!(snapshot.gaps.iter().any(|gap| gap.what == "the services of the swarm"), "{:?}", snapshot.gaps);
    }
}

#[tokio::test]
async fn a_worker_and_no_swarm() {
    for swarm in [Some(swarm(false)), None] {
        let in_swarm = swarm.is_some();
        let (snapshot, text, asked) = seen(swarm, services()).await;
        assert!(!text.contains("planted-secret"));
        assert!(!asked.iter().any(|path| path == "/services" || path == "/secrets"), "{asked:?}");
        assert_eq!(engine(&snapshot).info.known().unwrap().swarm.known().is_some(), in_swarm);
        assert!(engine(&snapshot).swarm_services.fact.is_absent() && engine(&snapshot).swarm_secrets.fact.is_absent());
    }
}
