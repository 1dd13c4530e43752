//! Engines that hang, lie, flood or fall silent: bounded time, bounded memory, the right gap, and never a panic.

#![allow(clippy::unwrap_used, reason = "helpers of tests may")]

mod common;

use std::time::{Duration, Instant};

use collect::{CollectError, Endpoint, Limits, Obstacle, World, collect};
use common::{FakeEngine, Reply, container, limits, options, usual};
use facts::Snapshot;
use facts::docker::Engine;

/// Peak memory is the whole process's: tests that measure it, or make much of it, take turns.
static MEMORY: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// What hangs is given up after a second each; the rest is room for a busy machine.
const BOUNDED: Duration = Duration::from_secs(10);

async fn look(engine: &FakeEngine) -> Result<Snapshot, CollectError> {
    collect(&World::real_within(Some(engine.endpoint.clone()), limits()), &options()).await
}

fn engine(snapshot: &Snapshot) -> &Engine {
    snapshot.engine().expect("an engine was seen")
}

#[tokio::test]
async fn first_contact() {
    let _turn = MEMORY.lock().await;
    for (reply, is_right) in [
        (Reply::Hang, (|error| matches!(error, CollectError::Silent { .. })) as fn(&CollectError) -> bool),
        (Reply::Garbage, |error| matches!(error, CollectError::NotAnEngine { obstacle: Obstacle::Malformed(_), .. })),
        (Reply::Close, |error| matches!(error, CollectError::NotAnEngine { obstacle: Obstacle::Closed, .. })),
        (Reply::Cut, |error| matches!(error, CollectError::NotAnEngine { obstacle: Obstacle::Closed, .. })),
        (Reply::Json("[]".to_owned()), |error| matches!(error, CollectError::NotAnEngine { .. })),
        (Reply::Json("{\"Version\":".to_owned()), |error| matches!(error, CollectError::NotAnEngine { .. })),
        (Reply::Json("[".repeat(100_000)), |error| matches!(error, CollectError::NotAnEngine { .. })),
        (Reply::Status(404), |error| matches!(error, CollectError::NotAnEngine { .. })),
        (Reply::Labels(100 << 20), |error| matches!(error, CollectError::NotAnEngine { obstacle: Obstacle::TooLarge { .. }, .. })),
        (Reply::EndlessHeader, |error| matches!(error, CollectError::NotAnEngine { .. })),
    ] {
        let fake = FakeEngine::new(move |_| reply.clone());
        let begun = Instant::now();
        let error = look(&fake).await.unwrap_err();
        assert!(is_right(&error), "{error:?}");
        assert!(begun.elapsed() < BOUNDED, "{error:?} took {:?}", begun.elapsed());
        assert!(error.to_string().contains("hint: "), "{error}");
    }
}

#[tokio::test]
async fn no_engine_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| Endpoint::Unix(folder.path().join(name).to_str().unwrap().to_owned());
    let look = |endpoint| async { collect(&World::real_within(Some(endpoint), limits()), &options()).await.unwrap_err() };
    assert!(matches!(look(at("absent.sock")).await, CollectError::Absent { .. }));
    drop(std::os::unix::net::UnixListener::bind(folder.path().join("left.sock")).unwrap());
    assert!(matches!(look(at("left.sock")).await, CollectError::Refused { .. }));
    std::fs::write(folder.path().join("file"), "").unwrap();
    assert!(matches!(look(at("file")).await, CollectError::Refused { .. }));
}

/// A server whose queue is full: connect(2) itself does not succeed.
#[tokio::test]
async fn a_server_that_accepts_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("full.sock");
    let _listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
    // Fills the queue: further connections would wait.
    let mut waiting = Vec::new();
    while let Ok(stream) = tokio::time::timeout(Duration::from_millis(50), tokio::net::UnixStream::connect(&path)).await {
        match stream {
            Ok(stream) => waiting.push(stream),
            Err(_) => break,
        }
        assert!(waiting.len() < 10_000);
    }
    let begun = Instant::now();
    let endpoint = Endpoint::Unix(path.to_str().unwrap().to_owned());
    let error = collect(&World::real_within(Some(endpoint), limits()), &options()).await.unwrap_err();
    assert!(matches!(error, CollectError::Silent { .. }), "{error:?}");
    assert!(begun.elapsed() < BOUNDED);
}

#[tokio::test]
async fn one_object_in_trouble_spoils_no_other() {
    let fake = FakeEngine::new(|path| {
        match path {
        "/containers/json?all=1" => Reply::Json(
            r#"[{"Id":"good"},{"Id":"gone"},{"Id":"broken"},{"Id":"huge"},{"Id":"hangs"},{"Id":"cut"},{"Id":"closed"},{"Id":"garbage"},{"Id":"deep"},{"Id":"forbidden"},{"Id":"list"},{"Id":"../version"},{"Id":"good"}]"#
                .to_owned(),
        ),
        "/containers/good/json" => Reply::Json(container("good")),
        "/containers/gone/json" => Reply::Status(404),
        "/containers/broken/json" => Reply::Status(500),
        "/containers/huge/json" => Reply::Labels(100 << 20),
        "/containers/hangs/json" => Reply::Hang,
        "/containers/cut/json" => Reply::Cut,
        "/containers/closed/json" => Reply::Close,
        "/containers/garbage/json" => Reply::Garbage,
        "/containers/deep/json" => Reply::Json(format!("{}{}", "{\"Id\":".repeat(5000), "}".repeat(5000))),
        "/containers/forbidden/json" => Reply::Status(403),
        "/containers/list/json" => Reply::Json("[]".to_owned()),
        path => usual(path).unwrap_or(Reply::Status(404)),
    }
    });
    let _turn = MEMORY.lock().await;
    let before = peak_memory();
    let begun = Instant::now();
    let snapshot = look(&fake).await.unwrap();
    assert!(begun.elapsed() < BOUNDED, "took {:?}", begun.elapsed());
    let grown = peak_memory() - before;
    assert!(grown < 60 << 20, "100 MB of labels cost {} MB", grown >> 20);

    let containers = engine(&snapshot).containers.known().unwrap();
    let why = |id: &str| {
        let path = format!("/containers/{id}/json");
        let found =
            containers.iter().find(|container| snapshot.sources.get(container.source).unwrap().to_string() == format!("API {path}"));
        found.map(|container| container.fact.why().unwrap_or("known").to_owned())
    };
    assert_eq!(containers.len(), 11);
    assert_eq!(why("good").unwrap(), "known");
    assert_eq!(why("gone"), None, "what is gone since it was listed is gone");
    for (id, words) in [
        ("broken", "HTTP status 500"),
        ("huge", "larger than"),
        ("hangs", "no answer within"),
        ("cut", "closed before"),
        ("closed", "closed before"),
        ("garbage", "not HTTP"),
        ("deep", "not the JSON that was expected"),
        ("forbidden", "forbids"),
        ("list", "no readable Id"),
    ] {
        assert!(why(id).is_some_and(|why| why.contains(words)), "{id}: {:?}", why(id));
    }
    let impossible = containers.iter().filter(|container| container.fact.why().is_some_and(|why| why.contains("impossible id"))).count();
    assert_eq!(impossible, 1);
    for words in ["HTTP status 500", "larger than", "no answer within", "closed before", "not HTTP", "forbids"] {
        assert!(
            snapshot.gaps.iter().any(|gap| gap.what == "containers" && gap.why.contains(words)),
            "no gap for {words}: {:?}",
            snapshot.gaps
        );
    }
    assert!(snapshot.gaps.iter().all(|gap| !gap.needs.is_empty()));
}

#[tokio::test]
async fn lists_and_descriptions_in_trouble() {
    let fake = FakeEngine::new(|path| match path {
        "/info" => Reply::Status(403),
        "/debug/vars" => Reply::Status(404),
        "/containers/json?all=1" => Reply::Endless,
        "/images/json" => Reply::Json("{\"not\":\"a list\"}".to_owned()),
        "/networks" => Reply::Status(500),
        path => usual(path).unwrap_or(Reply::Status(404)),
    });
    let _turn = MEMORY.lock().await;
    let before = peak_memory();
    let snapshot = look(&fake).await.unwrap();
    assert!(peak_memory() - before < 120 << 20);
    let engine = engine(&snapshot);
    assert!(engine.info.fact.why().unwrap().contains("authorization plugin"), "{:?}", engine.info);
    assert!(engine.containers.fact.why().unwrap().contains("larger than"), "{:?}", engine.containers.fact.why());
    assert!(engine.images.fact.is_unknown() && engine.networks.fact.is_unknown() && engine.cmdline.fact.is_unknown());
    assert_eq!(engine.version.known().unwrap().version, "29.7.2");
}

/// An image whose history is in trouble is still an image.
#[tokio::test]
async fn histories_in_trouble() {
    const IDS: &[&str] = &["good", "empty", "gone", "broken", "huge", "notalist", "strange", "forbidden"];
    let fake = FakeEngine::new(|path| match path {
        "/images/json" => {
            let ids: Vec<String> = IDS.iter().map(|id| format!("{{\"Id\":\"{id}\"}}")).collect();
            Reply::Json(format!("[{}]", ids.join(",")))
        }
        "/images/good/history" => Reply::Json(include_str!("common/history.json").to_owned()),
        "/images/empty/history" => Reply::Json("[]".to_owned()),
        "/images/broken/history" => Reply::Status(500),
        "/images/huge/history" => Reply::Endless,
        "/images/notalist/history" => Reply::Json("{}".to_owned()),
        "/images/strange/history" => Reply::Json(r#"[{"CreatedBy":"CMD x","Created":1,"Size":1},{"CreatedBy":5}]"#.to_owned()),
        "/images/forbidden/history" => Reply::Status(403),
        path if path.starts_with("/images/") && path.ends_with("/json") => Reply::Json(
            include_str!("common/image.json")
                .replace("sha256:2abb41c632b0dd83cf57f31e34f41bc4538083d02fa904a99f1565697b720849", &path[8..path.len() - 5]),
        ),
        path => usual(path).unwrap_or(Reply::Status(404)),
    });
    let _turn = MEMORY.lock().await;
    let snapshot = look(&fake).await.unwrap();
    let images = engine(&snapshot).images.known().unwrap();
    assert_eq!(images.len(), IDS.len());
    let history = |id: &str| &images.iter().filter_map(|image| image.known()).find(|image| image.id == id).unwrap().history;
    assert_eq!(history("good").known().unwrap().len(), 9);
    assert_eq!(snapshot.sources.get(history("good").source).unwrap().to_string(), "API /images/good/history");
    assert_eq!(history("empty").known().unwrap().len(), 0);
    for (id, words) in [
        ("gone", "not found"),
        ("broken", "HTTP status 500"),
        ("huge", "larger than"),
        ("notalist", "no readable list"),
        ("strange", "no readable list"),
        ("forbidden", "forbids"),
    ] {
        assert!(history(id).fact.why().is_some_and(|why| why.contains(words)), "{id}: {:?}", history(id).fact.why());
    }
    assert!(snapshot.gaps.iter().any(|gap| gap.what == "history of images"));
}

/// Each call within its own time, and yet too many of them: the time for all together ends it.
#[tokio::test]
async fn many_hanging_objects() {
    let fake = FakeEngine::new(|path| match path {
        "/containers/json?all=1" => {
            let ids: Vec<String> = (0..400).map(|number| format!("{{\"Id\":\"c{number}\"}}")).collect();
            Reply::Json(format!("[{}]", ids.join(",")))
        }
        path if path.starts_with("/containers/") => Reply::Hang,
        path => usual(path).unwrap_or(Reply::Status(404)),
    });
    let begun = Instant::now();
    let limits = Limits { overall: Duration::from_secs(2), ..limits() };
    let snapshot = collect(&World::real_within(Some(fake.endpoint.clone()), limits), &options()).await.unwrap();
    assert!(begun.elapsed() < BOUNDED, "took {:?}", begun.elapsed());
    let containers = engine(&snapshot).containers.known().unwrap();
    assert_eq!(containers.len(), 400);
    assert!(containers.iter().all(|container| container.fact.is_unknown()));
    // One gap and not four hundred: one for a call's time, one for the whole's.
    assert!(snapshot.gaps.iter().filter(|gap| gap.what == "containers").count() <= 2);
}

/// An engine that closes every connection after one answer, as some proxies do.
#[tokio::test]
async fn connections_that_end() {
    use std::io::{BufRead, BufReader, Write};
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("docker.sock");
    let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let Some(Ok(first)) = lines.next() else { continue };
            while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
            let path = first.split(' ').nth(1).unwrap().to_owned();
            if let Some(Reply::Json(body)) = usual(&path) {
                // No Connection: close: the client has to find out.
                let _ = write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
            }
        }
    });
    let endpoint = Endpoint::Unix(path.to_str().unwrap().to_owned());
    let snapshot = collect(&World::real_within(Some(endpoint), Limits { connections: 1, ..limits() }), &options()).await.unwrap();
    assert!(engine(&snapshot).info.known().is_some());
    assert!(engine(&snapshot).networks.known().is_some());
}

/// Peak resident memory of this process in bytes.
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse::<u64>().unwrap() * 1024
}
