//! A recording holds no secret, and a replay gives the same Snapshot, byte for byte.

#![allow(clippy::unwrap_used, reason = "helpers of tests may")]

mod common;

use collect::{Obstacle, Recording, RecordingError, World, collect};
use common::host::{Host, listening};
use common::{FakeEngine, Reply, container, limits, options, usual};

const SECRET: &str = "planted-secret";

/// This machine with that engine, and among its processes only a dockerd that serves it.
fn world(fake: &FakeEngine) -> World {
    let mut host = Host::with_socket_activation();
    let daemon = host.processes.get_mut(&812).unwrap();
    daemon.unix = vec![listening(fake.endpoint.socket().unwrap(), 100)];
    daemon.argv = vec!["dockerd".to_owned(), format!("--config-file={}", fake.path("daemon.json").display())];
    let mut world = World::real_within(Some(fake.endpoint.clone()), limits());
    world.processes = std::sync::Arc::new(host);
    world
}

/// An engine with a secret in every place that holds one, and a daemon.json with more.
fn engine() -> FakeEngine {
    let fake = FakeEngine::new(move |path| {
        let json = |text: &str| Reply::Json(text.to_owned());
        match path {
            "/debug/vars" => json(
                r#"{"cmdline":["dockerd","--label","planted-secret","--log-opt=a=planted-secret","--http-proxy","http://u:planted-secret@p","--new-flag","planted-secret"],"memstats":{"x":"planted-secret"}}"#,
            ),
            "/containers/json?all=1" => json(r#"[{"Id":"abc","Command":"planted-secret","Labels":{"x":"planted-secret"}}]"#),
            "/containers/abc/json" => Reply::Json(container("abc")),
            "/images/json" => json(r#"[{"Id":"sha256:aa","Labels":{"x":"planted-secret"}}]"#),
            "/images/sha256:aa/json" => json(include_str!("common/image.json")),
            "/images/sha256:aa/history" => json(include_str!("common/history.json")),
            "/networks" => json(r#"[{"Id":"net","Labels":{"x":"planted-secret"}}]"#),
            "/volumes" => json(
                r#"{"Volumes":[{"Name":"v","Driver":"local","Mountpoint":"/v","Scope":"local","Labels":{"x":"planted-secret"},"Options":{"type":"cifs","device":"//u:planted-secret@h/s","o":"username=planted-secret,password=a,planted-secret,vers=3"}},{"Name":"w","Driver":"x","Mountpoint":"","Options":{"token":"planted-secret"}}],"Warnings":["planted-secret"]}"#,
            ),
            "/plugins" => json(
                r#"[{"Id":"1","Name":"p:latest","Enabled":true,"Settings":{"Env":["T=planted-secret"],"Args":["planted-secret"],"Mounts":[],"Devices":[]},"Config":{"Env":[{"Name":"T","Value":"planted-secret"}],"Entrypoint":["planted-secret"]}}]"#,
            ),
            "/networks/net" => json(include_str!("common/network.json")),
            path => usual(path).unwrap_or(Reply::Status(404)),
        }
    });
    std::fs::write(
        fake.path("daemon.json"),
        "{\"icc\": false, \"labels\": [\"planted-secret\"], \"log-opts\": {\"token\": \"planted-secret\"},\n \"proxies\": {\"http-proxy\": \"http://u:planted-secret@p\"},\n \"registry-mirrors\": [\"https://planted-secret@m\"], \"runtimes\": {\"x\": {\"path\": \"/x\", \"runtimeArgs\": [\"planted-secret\"], \"options\": {\"a\": \"planted-secret\"}}},\n \"future-key\": [\"planted-secret\"]}\n",
    )
    .unwrap();
    fake
}

#[tokio::test]
async fn no_secret_and_the_same_bytes() {
    let fake = engine();
    let (world, recorder) = world(&fake).recording();
    let snapshot = collect(&world, &options()).await.unwrap();
    let recording = recorder.recording(&options()).to_json();
    for (name, text) in [("snapshot", snapshot.to_json()), ("recording", recording.clone())] {
        if let Some(at) = text.find(SECRET) {
            panic!("a secret in the {name}: {}", &text[at.saturating_sub(300)..(at + 40).min(text.len())]);
        }
    }

    // What should be there is there.
    let engine = snapshot.engine().unwrap();
    let container = engine.containers.known().unwrap()[0].known().unwrap();
    assert_eq!(container.name, "name-of-abc");
    let env = container.env.known().unwrap();
    assert_eq!((env[0].name.as_str(), env[0].length, env[0].looks_like_credential), ("DB_PASSWORD", 14, true));
    assert!(env[1].looks_like_credential && !env[2].looks_like_credential);
    assert_eq!(container.labels.known().unwrap(), &["a", "com.docker.compose.project"]);
    assert_eq!(container.security_opt.known().unwrap()[0], "no-new-privileges");
    assert_eq!(container.ports.known().unwrap().len(), 1);
    let image = engine.images.known().unwrap()[0].known().unwrap();
    assert_eq!(image.has_healthcheck.known(), Some(&true));
    assert_eq!((image.size.known(), image.layers.known()), (Some(&1_982_298), Some(&1)));
    assert_eq!(image.labels.known().unwrap()[0].name, "x");
    assert_eq!(image.exposed_ports.known().unwrap(), &["443/tcp", "80/tcp"]);
    let history = image.history.known().unwrap();
    assert_eq!(history.len(), 9);
    assert_eq!(history[0].created_by, "CMD [\"[redacted]\" \"[redacted]\"]");
    assert_eq!(history[2].created_by, "RUN |1 [redacted]=[redacted] /bin/sh -c apt-get update && apt-get install -y curl # buildkit");
    assert_eq!((history[2].size, history[2].created), (1234, 1_755_500_000));
    let leaks = |index: usize| history[index].leaks.iter().map(|leak| format!("{} {}", leak.kind, leak.name)).collect::<Vec<_>>();
    assert_eq!(leaks(1), ["environment variable DB_PASSWORD"]);
    assert_eq!(leaks(2), ["build argument NPM_TOKEN"]);
    assert_eq!(leaks(3), ["assignment in a command token", "password in a URL "]);
    assert_eq!((leaks(4), history[7].size), (vec![], 0));
    let network = engine.networks.known().unwrap()[0].known().unwrap();
    assert_eq!(network.options.known().unwrap()["com.docker.network.bridge.enable_icc"], "false");
    let info = engine.info.known().unwrap();
    assert_eq!(info.insecure_registries.known().unwrap(), &["10.1.0.0/16", "127.0.0.0/8", "reg.local:5000"]);
    assert_eq!(info.registry_mirrors.known().unwrap(), &["https://mirror"]);
    assert_eq!(info.userland_proxy.known(), Some(&true));
    assert!(info.warnings.known().unwrap()[0].contains("2375"));
    assert!(engine.config_file.known().unwrap().text.contains("\"icc\": false"));

    let replayed = Recording::from_json(&recording).unwrap();
    let again = collect(&World::replaying(replayed.clone()), &replayed.options).await.unwrap();
    assert_eq!(again.to_json(), snapshot.to_json());
    // A recording of a replay is the recording.
    let (world, recorder) = World::replaying(replayed.clone()).recording();
    collect(&world, &options()).await.unwrap();
    assert_eq!(recorder.recording(&options()).to_json(), recording);
}

#[tokio::test]
async fn failures_are_recorded_too() {
    let fake = FakeEngine::new(|path| match path {
        "/containers/json?all=1" => Reply::Json(r#"[{"Id":"a"},{"Id":"b"},{"Id":"c"}]"#.to_owned()),
        "/containers/a/json" => Reply::Status(500),
        "/containers/b/json" => Reply::Hang,
        "/info" => Reply::Status(403),
        path => usual(path).unwrap_or(Reply::Status(404)),
    });
    let (world, recorder) = World::real_within(Some(fake.endpoint.clone()), limits()).recording();
    let snapshot = collect(&world, &options()).await.unwrap();
    let again = collect(&World::replaying(recorder.recording(&options())), &options()).await.unwrap();
    assert_eq!(again.to_json(), snapshot.to_json());
}

#[tokio::test]
async fn an_engine_that_fails_fails_in_the_replay() {
    let fake = FakeEngine::new(|_| Reply::Garbage);
    let (world, recorder) = World::real_within(Some(fake.endpoint.clone()), limits()).recording();
    let error = collect(&world, &options()).await.unwrap_err();
    assert_eq!(collect(&World::replaying(recorder.recording(&options())), &options()).await.unwrap_err(), error);
}

#[tokio::test]
async fn what_is_not_in_the_recording_is_unknown() {
    let fake = engine();
    let (world, recorder) = world(&fake).recording();
    collect(&world, &options()).await.unwrap();
    let whole = recorder.recording(&options());
    // Without any one of its answers a replay still ends, and never says more than the whole one.
    for question in whole.answers.keys() {
        let mut part = whole.clone();
        part.answers.remove(question);
        if let Ok(snapshot) = collect(&World::replaying(part), &options()).await {
            assert!(!snapshot.to_json().contains(SECRET));
        }
    }
    let mut part = whole.clone();
    part.answers.remove("engine GET /info");
    let snapshot = collect(&World::replaying(part), &options()).await.unwrap();
    assert!(snapshot.engine().unwrap().info.fact.why().unwrap().contains(&Obstacle::NotRecorded.to_string()));
    assert!(matches!(Recording::from_json("{}"), Err(RecordingError::Malformed(_))));
    let other = whole.to_json().replace("cofferdam/recording/1", "cofferdam/recording/9");
    assert!(matches!(Recording::from_json(&other), Err(RecordingError::Schema(_))));
}
