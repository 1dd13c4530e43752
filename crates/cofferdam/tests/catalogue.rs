//! `catalogue test`, `catalogue lint` and `man` as a user meets them.
#![allow(clippy::unwrap_used, reason = "this is test code, which clippy does not see outside of test functions")]

use std::path::Path;
use std::process::{Command, Output};

fn cofferdam(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cofferdam")).args(words).env_clear().output().expect("the binary was built for this test")
}

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

/// A check of the user's own: a copy of a built-in one under another id.
fn own_check(folder: &Path) -> std::path::PathBuf {
    let built_in = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../catalogue/checks/docker/containers/memory-limit.yaml");
    let text = std::fs::read_to_string(built_in).unwrap().replace("id: docker.container.memory-limit", "id: own.memory-limit");
    assert!(text.contains("id: own.memory-limit"));
    let path = folder.join("memory.yaml");
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn every_built_in_example_holds() {
    let output = cofferdam(&["catalogue", "test"]);
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("docker.daemon.live-restore") && text.contains("all hold"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
}

#[test]
fn one_check_shows_each_example_with_its_reason() {
    let output = cofferdam(&["catalogue", "test", "--check", "docker.daemon.live-restore"]);
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("1 check,") && text.contains("fail") && text.contains("unknown"), "{text}");
    assert_eq!(cofferdam(&["catalogue", "test", "--check", "docker.daemon.no-such"]).status.code(), Some(2));
}

#[test]
fn own_checks_are_run_alone_and_a_mismatch_is_explained_part_by_part() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().display().to_string();
    let path = own_check(folder.path());
    let output = cofferdam(&["catalogue", "test", &dir]);
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    assert!(stdout(&output).contains("1 check,") && stdout(&output).contains("own.memory-limit"), "{}", stdout(&output));
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replacen("expect: fail", "expect: pass", 1)).unwrap();
    let output = cofferdam(&["catalogue", "test", &dir]);
    let shown = stdout(&output);
    assert_eq!(output.status.code(), Some(1), "{shown}");
    for word in ["FAIL", "expected", "pass", "got", "fail:", "=> false", "checks/memory.yaml:"] {
        assert!(shown.contains(word), "{word}: {shown}");
    }
    // The linter refuses the same file, as it refuses every other mistake.
    assert_eq!(cofferdam(&["catalogue", "lint", &dir]).status.code(), Some(2));
}

#[test]
fn a_check_that_does_not_load_is_wrong_usage() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().display().to_string();
    assert_eq!(cofferdam(&["catalogue", "test", &dir]).status.code(), Some(2), "no files");
    std::fs::write(folder.path().join("a.yaml"), "id: own.a\ntitel: x\n").unwrap();
    let output = cofferdam(&["catalogue", "test", &dir]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("checks/a.yaml:"), "{output:?}");
}

/// Formats roff, where groff is there: its complaints must be none.
fn complaints(page: &Path) -> Option<String> {
    let output = Command::new("groff").args(["-man", "-Tutf8", "-ww"]).arg(page).output().ok()?;
    Some(String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn the_manual_in_one_page_and_in_many() {
    let folder = tempfile::tempdir().unwrap();
    let whole = cofferdam(&["man"]);
    assert_eq!(whole.status.code(), Some(0));
    let text = stdout(&whole);
    assert_eq!(text.matches("\n.TH ").count(), 1, "one page has one title");
    for word in [".SH \"COFFERDAM BENCH\"", ".SH \"COFFERDAM HARDEN PLAN\"", "\\-\\-compare", "/var/lib/cofferdam"] {
        assert!(text.contains(word), "{word}");
    }
    assert!(!text.contains("rehearse"), "what is hidden stays so");
    let page = folder.path().join("whole.1");
    std::fs::write(&page, text).unwrap();
    assert_eq!(complaints(&page).unwrap_or_default(), "");
    let dir = folder.path().join("a/man1");
    assert_eq!(cofferdam(&["man", &dir.display().to_string()]).status.code(), Some(0));
    for name in ["cofferdam.1", "cofferdam-bench.1", "cofferdam-harden-rollback.1", "cofferdam-catalogue-test.1"] {
        let page = dir.join(name);
        assert!(std::fs::read_to_string(&page).unwrap().contains(".TH "), "{name}");
        assert_eq!(complaints(&page).unwrap_or_default(), "", "{name}");
    }
    assert_eq!(cofferdam(&["man", "/proc/nowhere"]).status.code(), Some(2));
}
