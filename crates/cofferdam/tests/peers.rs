//! `bench --compare`: reports in the shapes that the other tools really write, with titles of our own, against the snapshot of the weak host.
#![allow(clippy::unwrap_used, reason = "this is test code, which clippy does not see outside of test functions")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

const REPORTS: [&str; 4] = ["docker-bench-security.log", "docker-bench-security.log.json", "docker-bench.txt", "docker-bench.json"];

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn command(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cofferdam"));
    command.args(["bench", "docker", "--snapshot"]).arg(fixture("weak.snapshot.json")).args(words).env_clear();
    command
}

fn compare(report: &Path, words: &[&str]) -> Output {
    command(&[&["--compare", &report.display().to_string()], words].concat()).output().expect("the binary was built for this test")
}

fn text(report: &str, words: &[&str]) -> String {
    let output = compare(&fixture("peers").join(report), words);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn json(report: &str) -> Value {
    serde_json::from_str(&text(report, &["--format", "json"])).unwrap()
}

fn rows(json: &Value) -> &Vec<Value> {
    json["rows"].as_array().unwrap()
}

fn row<'j>(json: &'j Value, id: &str) -> &'j Value {
    rows(json).iter().find(|row| row["id"] == id).unwrap()
}

#[test]
fn each_report_is_known_with_its_numbers() {
    for name in REPORTS {
        let json = json(name);
        assert_eq!(json["schema"], "cofferdam/compare/1");
        assert_eq!(json["benchmark"], "cis-docker-1.6.0", "{name}");
        let tool = if name.contains("security") { "docker-bench-security" } else { "docker-bench" };
        let form = if name.ends_with("json") { "json" } else { "text" };
        assert_eq!((&json["peer"]["tool"], &json["peer"]["form"]), (&tool.into(), &form.into()), "{name}");
        assert_eq!(json["peer"]["complete"], true, "{name}");
        let summary = json["summary"].as_object().unwrap();
        let counted: u64 = summary.iter().filter(|(key, _)| *key != "overlooked").map(|(_, count)| count.as_u64().unwrap()).sum();
        assert_eq!(counted as usize, rows(&json).len() + json["unmapped"].as_array().unwrap().len(), "{name}");
    }
    assert_eq!(json(REPORTS[0])["peer"]["runs"], 2);
}

#[test]
fn what_differs_rests_on_facts_with_sources_and_can_be_repeated() {
    for name in REPORTS {
        let json = json(name);
        let shown: Vec<&Value> = rows(&json)
            .iter()
            .filter(|row| ["differ", "other-subjects", "overlooked"].iter().any(|word| row["relation"] == *word))
            .collect();
        assert!(shown.len() > 3, "{name}: {}", shown.len());
        let page = text(name, &[]);
        for row in shown {
            let judgements = row["judgements"].as_array().unwrap();
            for judgement in judgements {
                assert!(!judgement["reproduce"].as_str().unwrap().is_empty(), "{row}");
                assert!(!judgement["reason"].as_str().unwrap().is_empty(), "{row}");
            }
            let first = judgements.first().and_then(|judgement| judgement["reproduce"].as_str()?.lines().next());
            assert!(first.is_none_or(|command| page.contains(command)), "{name}: {first:?}");
        }
        // What agrees is counted and not shown.
        for row in rows(&json).iter().filter(|row| row["relation"] == "agree") {
            assert!(row["judgements"].as_array().unwrap().is_empty());
        }
    }
}

#[test]
fn the_last_run_counts_and_its_containers_are_held_against_ours() {
    let json = json(REPORTS[0]);
    // The older run passed it, the last one does not.
    assert_eq!(row(&json, "2.2")["word"], "WARN");
    let memory = row(&json, "5.11");
    assert_eq!((&memory["word"], &memory["verdict"], &memory["relation"]), (&"WARN".into(), &"fail".into(), &"other-subjects".into()));
    let missed: Vec<&str> = memory["they_miss"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(missed.contains(&"worker") && !missed.contains(&"web"), "{missed:?}");
    // The JSON of the same run names containers in three ways.
    assert!(rows(&self::json(REPORTS[1])).iter().all(|row| row["not_here"].as_array().unwrap().is_empty()));
}

#[test]
fn a_row_without_a_verdict_that_fails_here_is_shown() {
    let text = text(REPORTS[0], &[]);
    assert!(text.contains("THEY GIVE NO VERDICT, AND IT FAILS HERE"), "{text}");
}

#[test]
fn the_other_tools_misnumbered_rows_go_to_the_right_checks() {
    for name in &REPORTS[2..] {
        let json = json(name);
        let checks = |id: &str| -> Vec<&str> {
            rows(&json).iter().filter(|row| row["id"] == id).map(|row| row["check"].as_str().unwrap()).collect()
        };
        assert_eq!(checks("5.12"), ["docker.container.cpu-limit", "docker.container.readonly-rootfs"], "{name}");
        assert_eq!(checks("5.20"), ["docker.container.no-shared-propagation", "docker.container.no-host-uts"], "{name}");
        assert_eq!(checks("3.20"), ["docker.files.etc-sysconfig-docker-mode"], "{name}");
        assert_eq!(checks("7.1"), ["docker.daemon.swarm-not-enabled", "docker.swarm.swarm-manager-count"], "{name}");
    }
}

#[test]
fn the_operator_may_say_whose_numbers_they_are() {
    let text = text(REPORTS[0], &["--benchmark", "cis-docker-1.5.0"]);
    assert!(text.contains("CIS Docker 1.5.0, as you asked"), "{text}");
    assert_eq!(compare(&fixture("peers").join(REPORTS[0]), &["--benchmark", "cis-docker-9"]).status.code(), Some(2));
}

#[test]
fn pages_fit_80_columns_and_hold_no_colour_when_piped() {
    for name in REPORTS {
        let page = text(name, &[]);
        assert!(!page.contains('\u{1b}'), "{name}");
        for line in page.lines().filter(|line| !line.trim_start().starts_with("$ ") && !line.trim_start().starts_with("cofferdam ")) {
            assert!(line.chars().count() <= 80, "{name}: {line}");
        }
        assert_eq!(page, text(name, &[]));
    }
}

#[test]
fn a_threshold_looks_at_what_differs() {
    let report = fixture("peers").join(REPORTS[0]);
    assert_eq!(compare(&report, &["--fail-on", "low"]).status.code(), Some(1));
    assert_eq!(compare(&report, &[]).status.code(), Some(0));
}

#[test]
fn what_can_not_be_compared_is_an_error_that_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let of = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let whole = std::fs::read(fixture("peers").join(REPORTS[1])).unwrap();
    let ours = compare(&fixture("peers").join(REPORTS[0]), &[]).stdout;
    let bench = command(&[]).output().unwrap().stdout;
    let cases = [
        (of("empty.log", b""), "empty"),
        (of("zip", &[0x50, 0x4b, 3, 4, 0, 0, 0]), "not text"),
        (of("other.json", b"{\"Results\": []}"), "no report that I know"),
        (of("cut.json", &whole[..whole.len() / 2]), "text log"),
        (of("ours.txt", &ours), "no report that I know"),
        (of("bench.txt", &bench), "no report that I know"),
        (of("begun.log", b"Initializing 2026-11-21T18:00:00+00:00\n"), "no results"),
        (of("huge.log", &vec![b'\n'; 16 * 1024 * 1024 + 1]), "16 MB"),
        (PathBuf::from("/dev/zero"), "16 MB"),
        (folder.path().to_path_buf(), "cannot read"),
        (PathBuf::from("/nowhere"), "cannot read /nowhere"),
    ];
    for (path, word) in cases {
        let output = compare(&path, &[]);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{}: {stderr}", path.display());
        assert!(output.stdout.is_empty() && stderr.contains(word), "{}: {stderr}", path.display());
    }
    let part = compare(&fixture("peers").join(REPORTS[0]), &["--section", "5"]);
    assert_eq!(part.status.code(), Some(2));
}

#[test]
fn a_report_comes_through_a_pipe_too() {
    let file = std::fs::File::open(fixture("peers").join(REPORTS[3])).unwrap();
    let output = command(&["--compare", "-"]).stdin(Stdio::from(file)).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("aquasecurity/docker-bench"));
    let mut twice = Command::new(env!("CARGO_BIN_EXE_cofferdam"));
    let twice = twice.args(["bench", "--snapshot", "-", "--compare", "-"]).env_clear().stdin(Stdio::null()).output().unwrap();
    assert_eq!(twice.status.code(), Some(2));
}

#[test]
fn hostile_words_of_a_report_have_no_power() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let log = "Initializing \u{1b}]0;x\u{7}\u{202e}now\n[PASS] 5.11 - limit of memory\n[WARN] 5.5 - privileged \u{9b}31m\n[WARN]      * Container running in Privileged mode: \u{202e}web\u{7}\n";
    std::fs::write(&path, log).unwrap();
    let output = compare(&path, &["--benchmark", "cis-docker-1.6.0"]);
    let page = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success());
    assert!(page.chars().all(|character| character == '\n' || !character.is_control()) && !page.contains('\u{202e}'), "{page}");
}
