//! The program as a user meets it: exit codes, streams, width, colour, errors. The fixture is a snapshot of the weak lab host.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/weak.snapshot.json")
}

fn cofferdam(words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cofferdam"));
    command.args(words).env_clear().env("SOURCE_DATE_EPOCH", "1790000000");
    command.output().expect("the binary was built for this test")
}

fn on_fixture(words: &[&str]) -> String {
    let path = fixture().display().to_string();
    let output = cofferdam(&[words, &["--snapshot", &path]].concat());
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("answers are text")
}

fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).expect("errors are text")
}

#[test]
fn answers_fit_80_columns_and_hold_no_colour_when_piped() {
    for words in [&["assess"][..], &["bench", "docker", "--benchmark", "cis-docker-1.2.0"], &["advise"], &["doctor"]] {
        let text = on_fixture(words);
        assert!(!text.contains('\u{1b}'), "{words:?}");
        for line in text.lines().filter(|line| !line.trim_start().starts_with("cofferdam ")) {
            assert!(line.chars().count() <= 80, "{words:?}: {line}");
        }
    }
}

#[test]
fn colour_is_asked_for_or_not() {
    let path = fixture().display().to_string();
    let colour = cofferdam(&["assess", "--color", "always", "--snapshot", &path]);
    assert!(colour.stdout.contains(&0x1b));
}

#[test]
fn the_same_snapshot_gives_the_same_bytes() {
    for words in [
        &["assess", "--format", "json"][..],
        &["bench", "--format", "json"],
        &["harden", "plan", "--fix", "docker.daemon.live-restore", "--format", "json"],
    ] {
        assert_eq!(on_fixture(words), on_fixture(words));
    }
}

#[test]
fn one_verdict_each_with_its_source() {
    let check = |benchmark: &str, controls: &[&str]| {
        let run: serde_json::Value =
            serde_json::from_str(&on_fixture(&["bench", "docker", "--benchmark", benchmark, "--format", "json"])).unwrap();
        for id in controls {
            let rows: Vec<_> = run["controls"].as_array().unwrap().iter().filter(|row| row["id"] == **id).collect();
            assert_eq!(rows.len(), 1, "{id}");
            assert_eq!(rows[0]["verdict"], "fail", "{id}");
            let facts = rows[0]["subjects"].as_array().unwrap().iter().flat_map(|subject| subject["facts"].as_array().unwrap());
            assert!(facts.into_iter().any(|fact| !fact["source"].as_str().unwrap().is_empty()), "{id}");
        }
        let content_trust = run["controls"].as_array().unwrap().iter().find(|row| row["id"] == "4.5").unwrap();
        assert_eq!(content_trust["verdict"], "manual");
        assert!(run["controls"].as_array().unwrap().iter().all(|row| row["check"].is_string()), "a check answers every row");
    };
    check("cis-docker-1.6.0", &["1.1.3", "1.1.4", "1.1.8", "2.14", "2.15", "2.16"]);
    check("cis-docker-1.2.0", &["1.2.3", "2.1", "2.2", "2.13", "2.17", "5.10", "5.14"]);
}

#[test]
fn doctor_has_an_answer_without_an_engine() {
    let folder = tempfile::tempdir().unwrap();
    let missing = format!("unix://{}/none/docker.sock", folder.path().display());
    let output = cofferdam(&["doctor", "--host", &missing]);
    let text = String::from_utf8(output.stdout).unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("by --host") && text.contains("not there, and neither is its folder") && text.contains("Next:"), "{text}");
    assert!(text.contains("NO the engine's API"), "{text}");

    // A socket that somebody left behind, and one that is none.
    let stale = folder.path().join("stale.sock");
    drop(std::os::unix::net::UnixListener::bind(&stale).unwrap());
    let output = cofferdam(&["doctor", "--format", "json", "--host", &format!("unix://{}", stale.display())]);
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), found["schema"].as_str()), (Some(2), Some("cofferdam/doctor/1")));
    assert!(found["contact"]["verdict"].as_str().unwrap().contains("left over"), "{found:#}");
    std::fs::create_dir(folder.path().join("folder.sock")).unwrap();
    let output = cofferdam(&["doctor", "--host", &format!("unix://{}/folder.sock", folder.path().display())]);
    assert!(String::from_utf8(output.stdout).unwrap().contains("a folder: docker makes one"));

    let output = cofferdam(&["doctor", "--host", "npipe:////./pipe/docker_engine"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("NO      the address: cannot speak to") && text.contains("No engine was asked"), "{text}");

    // Behind a port there may be another host: nothing of this one is taken for the engine's.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let output = cofferdam(&["doctor", "--format", "json", "--host", &format!("tcp://127.0.0.1:{port}")]);
    let found: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(2), "{found:#}");
    assert!(found["contact"]["verdict"].as_str().unwrap().starts_with("Nobody listens on that port"), "{found:#}");
    assert!(found["contact"]["next"].as_str().unwrap().starts_with("docker --host tcp://127.0.0.1:"), "{found:#}");
    assert_eq!((&found["target"]["name"], &found["rows"]["decided"]), (&"unknown host".into(), &0.into()), "{found:#}");
}

#[test]
fn doctor_of_a_snapshot() {
    let whole = on_fixture(&["doctor", "--benchmark", "cis-docker-1.6.0", "--fail-on", "unknown"]);
    assert!(whole.contains("all of it readable") && whole.contains("cofferdam bench docker --benchmark cis-docker-1.6.0"), "{whole}");
    let mut blind: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(fixture()).unwrap()).unwrap();
    let why = "kernel audit rules: permission denied (needs CAP_AUDIT_CONTROL)";
    blind["host"]["audit"]["rules"]["fact"] = serde_json::json!({"unknown": {"why": why}});
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), blind.to_string()).unwrap();
    let path = file.path().display().to_string();
    let output = cofferdam(&["doctor", "--fail-on", "unknown", "--snapshot", &path]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("PARTLY  kernel audit") && text.contains("needs  CAP_AUDIT_CONTROL"), "{text}");
    assert_eq!(cofferdam(&["doctor", "--snapshot", &path]).status.code(), Some(0));
    assert_eq!(cofferdam(&["doctor", "--benchmark", "cis-docker-9"]).status.code(), Some(2));
}

#[test]
fn thresholds_and_usage() {
    let path = fixture().display().to_string();
    let code = |words: &[&str]| cofferdam(words).status.code();
    assert_eq!(code(&["assess", "--snapshot", &path]), Some(0));
    assert_eq!(code(&["assess", "--snapshot", &path, "--fail-on", "critical"]), Some(1));
    assert_eq!(code(&["assess", "--snapshot", "/nowhere"]), Some(2));
    assert_eq!(code(&["bench", "--benchmark", "cis-docker-9", "--snapshot", &path]), Some(2));
    assert_eq!(code(&["assess", "--no-such-flag"]), Some(2));
    assert_eq!(code(&["--help"]), Some(0));
}

#[test]
fn two_looks_are_compared() {
    let path = fixture().display().to_string();
    let same = cofferdam(&["diff", &path, &path, "--exit-code"]);
    assert_eq!((same.status.code(), String::from_utf8_lossy(&same.stdout).contains("Nothing differs")), (Some(0), true));
    // The same host with one container less and another kernel's word of live restore.
    let mut snapshot: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(fixture()).unwrap()).unwrap();
    let engine = &mut snapshot["docker"]["known"];
    engine["info"]["fact"]["known"]["live_restore"] = serde_json::json!({"known": true});
    let containers = engine["containers"]["fact"]["known"].as_array_mut().unwrap();
    containers.retain(|one| one["fact"]["known"]["name"] != "web");
    let folder = tempfile::tempdir().unwrap();
    let after = folder.path().join("after.json").display().to_string();
    std::fs::write(&after, snapshot.to_string()).unwrap();
    let other = cofferdam(&["diff", &path, &after, "--exit-code"]);
    let text = String::from_utf8_lossy(&other.stdout).into_owned();
    assert_eq!(other.status.code(), Some(1), "{text}");
    let has = |words: &[&str]| text.lines().any(|line| words.iter().all(|word| line.contains(word)));
    assert!(has(&["fail -> pass", "docker.daemon.live-restore"]) && has(&["went", "container", "web"]), "{text}");
    let json = cofferdam(&["diff", &path, &after, "--format", "json"]);
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!((&json["schema"], &json["went"][0]["name"]), (&"cofferdam/diff/1".into(), &"web".into()));
}

#[test]
fn an_engine_that_is_not_there() {
    let output = cofferdam(&["assess", "--host", "unix:///nowhere/docker.sock"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    assert!(stderr(&output).contains("/nowhere/docker.sock") && stderr(&output).contains("hint:"), "{}", stderr(&output));
}

#[test]
fn advice_alone_is_printed_and_is_no_failure() {
    let text = on_fixture(&["harden", "plan", "--fix", "cis-docker-1.2.0:4.5"]);
    assert!(text.contains("docker.images.content-trust") && !text.contains("export DOCKER_CONTENT_TRUST"), "{text}");
}

#[test]
fn a_fix_that_is_misnamed() {
    let path = fixture().display().to_string();
    for (fix, word) in [("2.15", "version"), ("docker.live-restore", "docker.daemon.live-restore"), ("cis-docker-1.6.0:99", "no control")] {
        let output = cofferdam(&["harden", "plan", "--fix", fix, "--snapshot", &path]);
        assert_eq!(output.status.code(), Some(2), "{fix}");
        assert!(stderr(&output).contains(word), "{fix}: {}", stderr(&output));
    }
}

#[test]
fn nobody_to_ask_is_wrong_usage() {
    let state = tempfile::tempdir().unwrap();
    let output = cofferdam(&["harden", "rollback", "--last", "--state", &state.path().display().to_string()]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn the_catalogue_holds() {
    let output = cofferdam(&["catalogue", "lint"]);
    assert!(output.status.success(), "{}", stderr(&output));
}

#[test]
fn reports_of_one_snapshot_twice_change_nothing() {
    let path = fixture().display().to_string();
    for format in ["markdown", "html"] {
        let output = cofferdam(&["report", "--before", &path, "--after", &path, "--format", format]);
        assert!(output.status.success(), "{}", stderr(&output));
        let text = String::from_utf8(output.stdout).unwrap();
        for id in ["DK-D-04", "K8-E-16", "2.15"] {
            assert!(text.contains(id), "{format}: {id}");
        }
    }
}
