//! Reports in the shapes that the tools really write, with titles of our own.

use proptest::prelude::*;

use super::*;
use crate::{Benchmark, Catalogue};

/// A log with an older run before the one that counts, as the tool appends it.
const LOG: &str = "\
Initializing 2026-11-20T09:00:00+00:00

\u{1b}[1;33mSection A - Check results\u{1b}[0m
\u{1b}[1;31m[WARN]\u{1b}[0m 2.2 - Traffic between containers on the default bridge (Scored)
\u{1b}[1;34m[INFO]\u{1b}[0m Score: -1

Initializing 2026-11-21T18:00:00+00:00

\u{1b}[1;33mSection A - Check results\u{1b}[0m

\u{1b}[1;34m[INFO]\u{1b}[0m 1 - Host
\u{1b}[1;34m[INFO]\u{1b}[0m 1.1 - Linux hosts
\u{1b}[1;32m[PASS]\u{1b}[0m 1.1.3 - Audit of the daemon's program (Automated)
\u{1b}[1;34m[INFO]\u{1b}[0m 2.7 - TLS on the API over TCP (Scored)
\u{1b}[1;34m[INFO]\u{1b}[0m      * Docker daemon not listening on TCP
\u{1b}[1;31m[WARN]\u{1b}[0m 5.11 - A memory limit (Automated)
\u{1b}[1;31m[WARN]\u{1b}[0m      * Container running without memory restrictions: web
\u{1b}[1;31m[WARN]\u{1b}[0m      * Container running without memory restrictions: db
\u{1b}[1;31m[WARN]\u{1b}[0m 5.8 - Privileged ports (Automated)
\u{1b}[1;31m[WARN]\u{1b}[0m     * Privileged Port in use: 80 in web
\u{1b}[1;33m[NOTE]\u{1b}[0m 4.6 - Health checks of images (Automated)
\u{1b}[1;33m[NOTE]\u{1b}[0m     * No Healthcheck found: [lab/app:1 lab/app:2]

\u{1b}[1;33mSection B - Remediation measures\u{1b}[0m
\u{1b}[1;34m[INFO]\u{1b}[0m 5.11 - Set a limit.

\u{1b}[1;33mSection C - Score\u{1b}[0m

\u{1b}[1;34m[INFO]\u{1b}[0m Checks: 5
\u{1b}[1;34m[INFO]\u{1b}[0m Score: -2
";

const NESTED: &str = r#"{
  "dockerbenchsecurity": "1.6.0",
  "start": 1790000000,
  "tests": [
    {"id": "5", "desc": "Containers", "results": [
        {"id": "5.11", "desc": "A memory limit (Automated)", "result": "WARN", "details": "Container running without memory restrictions:  web db", "items": ["web","db"]},
        {"id": "5.12", "desc": "CPU shares (Automated)", "result": "PASS"}
      ]
    },
    {"id": "6", "desc": "Operations", "results": null}
  ],
  "checks": 2, "score": 0, "end": 1790000009
}"#;

const FLAT: &str = r#"{"dockerbenchsecurity": "1.6.0", "start": 1, "tests": [
  {"id": "5.11", "desc": "A memory limit (Automated)", "result": "WARN", "details": "x: web", "items": ["web"]}],
  "checks": 1, "score": -1, "end": 2}"#;

const OLDEST: &str = r#"{
  "dockerbenchsecurity": "1.3.3",
  "start": 1,
  "1.10": "WARN",
  "1.2": "INFO",
  "2.1": "WARN",
  "end": 2 }"#;

const AQUA: &str = "\
[INFO] 20.10 CIS Docker Community Edition Benchmark
[INFO] 1 Host
[INFO] 1.1 Linux hosts
[WARN] 1.1.2 Trusted members of the group (Manual)
[FAIL] 2.15 Live restore (Automated)
[PASS] 5.6 Sensitive directories (Manual)

== Remediations ==
1.1.2 Look at it.
[FAIL] 9.9 not a row

== Summary ==
1 checks PASS
1 checks FAIL
1 checks WARN
0 checks INFO
";

const AQUA_JSON: &str = r#"{"id":"20.10","text":"CIS Docker Community Edition Benchmark","tests":[
 {"section":"1","type":"","desc":"Host","results":null},
 {"section":"1.1","desc":"Linux","results":[
  {"test_number":"1.1.2","test_desc":"Trusted members","status":"WARN","type":"manual","actual_value":"","expected_result":"","scored":true,"reason":"Test marked as a manual test"},
  {"test_number":"1.1.13","test_desc":"Audit of sysconfig","status":"WARN","type":"","actual_value":"x","expected_result":"'x' is present","scored":false},
  {"test_number":"2.15","test_desc":"Live restore","status":"FAIL","type":"","actual_value":"","expected_result":"","scored":true}]}],
 "total_pass":0,"total_fail":1,"total_warn":2,"total_info":0}"#;

fn read(text: &str) -> PeerReport {
    PeerReport::read(text.as_bytes()).unwrap_or_else(|error| panic!("{error}"))
}

fn ids(report: &PeerReport) -> Vec<&str> {
    report.rows.iter().map(|row| row.id.as_str()).collect()
}

fn row<'r>(report: &'r PeerReport, id: &str) -> &'r PeerRow {
    report.rows.iter().find(|row| row.id == id).unwrap()
}

fn numbering(text: &str) -> Result<Numbering, PeerError> {
    Numbering::of(&read(text), &Catalogue::load().unwrap(), None)
}

#[test]
fn the_last_run_of_a_log_counts_and_remedies_are_no_rows() {
    let report = read(LOG);
    assert_eq!(report.origin.tool, PeerTool::DockerBenchSecurity);
    assert_eq!((report.origin.runs, report.origin.complete), (2, true));
    assert_eq!(report.origin.made_at.as_deref(), Some("2026-11-21T18:00:00+00:00"));
    assert_eq!(ids(&report), ["1.1.3", "2.7", "5.11", "5.8", "4.6"]);
    assert_eq!((row(&report, "2.7").holds, row(&report, "5.11").holds, row(&report, "1.1.3").holds), (None, Some(false), Some(true)));
    assert_eq!(row(&report, "2.7").said, ["Docker daemon not listening on TCP"]);
    assert_eq!(row(&report, "5.11").names, ["web", "db"]);
    assert_eq!(row(&report, "5.8").names, ["web"]);
    assert_eq!(row(&report, "4.6").names, ["lab/app:1", "lab/app:2"]);
}

#[test]
fn names_below_a_row() {
    for (line, names) in [
        ("* Running as root: web", &["web"][..]),
        ("* Capabilities added: CAPADD=[SYS_TIME NET_ADMIN] to web", &["web"]),
        ("* CAP_SYS_ADMIN added to web", &["web"]),
        ("* Port being bound to wildcard IP: 0.0.0.0 in web", &["web"]),
        ("* Sensitive directory /etc mounted in: web", &["web"]),
        ("* No Healthcheck found: [a:1]", &["a:1"]),
        ("* Wrong permissions for /etc/docker", &[]),
        ("* File not found", &[]),
        ("* : ", &[]),
        ("*", &[]),
    ] {
        let report = read(&format!("[WARN] 5.11 - A memory limit\n[WARN]      {line}\n"));
        assert_eq!(report.rows[0].names, names, "{line}");
    }
}

#[test]
fn a_line_without_its_number_is_no_row_and_takes_its_lines_along() {
    let report = read("[PASS] 5.11 - A memory limit\n[INFO] Experimental features (Scored)\n[INFO]      * Something: web\n");
    assert_eq!((report.rows.len(), report.rows[0].names.len()), (1, 0));
}

#[test]
fn the_same_log_in_other_clothes() {
    let plain = LOG.replace("\u{1b}[1;31m", "").replace("\u{1b}[1;32m", "").replace("\u{1b}[1;33m", "").replace("\u{1b}[1;34m", "");
    let plain = plain.replace("\u{1b}[0m", "");
    let rows = read(LOG).rows;
    let prefixed: String = plain.lines().map(|line| format!("docker-bench-1  | {line}\n")).collect();
    assert_eq!(read(&prefixed), read(LOG));
    assert_eq!(read(&plain).rows, rows);
    assert_eq!(read(&plain.replace('\n', "\r\n")).rows, rows);
    assert_eq!(read(&format!("\u{feff}{plain}")).rows, rows);
    let wide: Vec<u8> = [0xff, 0xfe].into_iter().chain(plain.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    assert_eq!(PeerReport::read(&wide).unwrap().rows, rows);
    // The oldest versions put two blanks before the dash.
    assert_eq!(
        read(&plain.replace(" - ", "  - ").replace("Section B  -", "Section B -").replace("Section C  -", "Section C -")).rows,
        rows
    );
}

#[test]
fn the_banner_of_the_terminal_names_versions() {
    let report = read(&format!(
        "# ----\n# Docker Bench for Security v1.6.0\n#\n# Based on the CIS Docker Benchmark 1.6.0.\n# ----\n\n{}",
        &LOG[LOG.find("Initializing 2026-11-21").unwrap()..]
    ));
    assert_eq!(report.origin.version.as_deref(), Some("1.6.0"));
    assert_eq!(report.origin.claims.as_deref(), Some("cis-docker-1.6.0"));
}

#[test]
fn json_nested_flat_and_bare() {
    let nested = read(NESTED);
    assert_eq!(ids(&nested), ["5.11", "5.12"]);
    assert_eq!(nested.origin.claims.as_deref(), Some("cis-docker-1.6.0"));
    assert_eq!(nested.origin.made_at.as_deref(), Some("2026-09-21T14:13:20Z"));
    assert_eq!(row(&nested, "5.11").names, ["web", "db"]);
    assert_eq!(ids(&read(FLAT)), ["5.11"]);
    let oldest = read(OLDEST);
    assert_eq!(ids(&oldest), ["1.2", "1.10", "2.1"]);
    assert_eq!(oldest.origin.claims.as_deref(), Some("cis-docker-1.1.0"));
    let twice = read(&format!("{NESTED}\n{FLAT}"));
    assert_eq!((twice.origin.runs, ids(&twice)), (2, vec!["5.11"]));
}

#[test]
fn aquas_text_and_json() {
    let text = read(AQUA);
    assert_eq!(text.origin.tool, PeerTool::DockerBench);
    assert_eq!(ids(&text), ["1.1.2", "2.15", "5.6"]);
    assert_eq!(text.rows.iter().map(|row| row.holds).collect::<Vec<_>>(), [None, Some(false), Some(true)]);
    let json = read(AQUA_JSON);
    assert_eq!(ids(&json), ["1.1.2", "1.1.13", "2.15"]);
    // WARN of a manual row was never looked at; WARN of a row that was looked at is a failure that is not scored.
    assert_eq!(json.rows.iter().map(|row| row.holds).collect::<Vec<_>>(), [None, Some(false), Some(false)]);
    let noisy = read(&format!("warning: something\n{{\"level\":\"warn\"}}\n{AQUA_JSON}\n"));
    assert_eq!(noisy.rows, json.rows);
}

#[test]
fn what_is_no_report() {
    let error = |bytes: &[u8]| PeerReport::read(bytes).unwrap_err();
    assert_eq!(error(b""), PeerError::Empty);
    assert_eq!(error(b" \r\n\t\n"), PeerError::Empty);
    assert_eq!(error(&[0x1f, 0x8b, 8, 0, 0, 0]), PeerError::NotText);
    assert_eq!(error(b"hello\n"), PeerError::Unrecognised);
    assert_eq!(error(b"{\"tests\": []}"), PeerError::Unrecognised);
    assert_eq!(error(b"{\"Results\": [{}, {]}"), PeerError::Unrecognised);
    assert_eq!(error(b"Initializing Sat Nov 21 2026\n\n"), PeerError::NoRows { runs: 1 });
    assert_eq!(error(b"[INFO] 1 - Host\n"), PeerError::NoRows { runs: 0 });
    assert_eq!(error(b"{\"dockerbenchsecurity\": \"1.6.0\", \"tests\": []}"), PeerError::NoRows { runs: 1 });
    assert!(matches!(error(&NESTED.as_bytes()[..300]), PeerError::Json(_)));
    assert!(matches!(error(br#"{"dockerbenchsecurity": "1.6.0", "tests": [{"id": "1.1.1", "result": "GOOD"}]}"#), PeerError::Word { .. }));
    // Deep nesting is refused, not followed to the end of the stack.
    let deep = format!("{{\"dockerbenchsecurity\":\"1\",\"tests\":{}", "[{\"results\":".repeat(100_000));
    assert!(matches!(error(deep.as_bytes()), PeerError::Json(_)));
    let many = "[PASS] 5.11 - x\n".repeat(10_001);
    assert_eq!(error(many.as_bytes()), PeerError::TooMany(10_000));
    // Our own lines have the same shape and are not theirs; nor are those of a tool for another benchmark.
    assert_eq!(error(b"[PASS] 5.12.1 Every container has a limit (Automated)\n"), PeerError::Unrecognised);
}

/// A report as docker-bench-security would write it, with our titles.
fn log_of(benchmark: &Benchmark, catalogue: &Catalogue, take: impl Fn(usize) -> bool) -> String {
    let controls = benchmark.controls.iter().enumerate().filter(|(index, _)| take(*index));
    controls.map(|(_, control)| format!("[PASS] {} - {}\n", control.id, catalogue.checks[&control.check].title)).collect()
}

fn checks_of(benchmark: &Benchmark) -> Vec<Option<String>> {
    benchmark.controls.iter().map(|control| Some(control.check.clone())).collect()
}

#[test]
fn every_version_is_known_by_its_titles() {
    let catalogue = Catalogue::load().unwrap();
    for benchmark in catalogue.benchmarks.values() {
        let report = read(&log_of(benchmark, &catalogue, |_| true));
        let found = Numbering::of(&report, &catalogue, None).unwrap();
        assert_eq!(found.checks, checks_of(benchmark), "{}", benchmark.id);
        // 1.7.0 has the numbers of 1.6.0: nothing tells them apart, and nothing needs to.
        let same = if benchmark.id == "cis-docker-1.7.0" { "cis-docker-1.6.0" } else { &benchmark.id };
        assert_eq!(found.benchmark, same);
    }
}

#[test]
fn each_row_alone_is_known_by_its_title() {
    let catalogue = Catalogue::load().unwrap();
    for benchmark in catalogue.benchmarks.values() {
        for index in 0..benchmark.controls.len() {
            let report = read(&log_of(benchmark, &catalogue, |at| at == index));
            let found = Numbering::of(&report, &catalogue, None).unwrap();
            assert_eq!(found.checks, [Some(benchmark.controls[index].check.clone())], "{} {}", benchmark.id, benchmark.controls[index].id);
        }
    }
}

#[test]
fn a_claim_that_the_titles_contradict() {
    let catalogue = Catalogue::load().unwrap();
    let rows = log_of(&catalogue.benchmarks["cis-docker-1.5.0"], &catalogue, |_| true);
    let text = format!("# Docker Bench for Security v1.6.0\n# Based on the CIS Docker Benchmark 1.6.0.\nInitializing now\n{rows}");
    let report = read(&text);
    assert_eq!(report.origin.claims.as_deref(), Some("cis-docker-1.6.0"));
    let found = Numbering::of(&report, &catalogue, None).unwrap();
    assert_eq!((found.benchmark.as_str(), found.by), ("cis-docker-1.5.0", NumberedBy::Titles));
    let asked = Numbering::of(&report, &catalogue, Some("cis-docker-1.8.0")).unwrap();
    assert_eq!((asked.benchmark.as_str(), asked.by), ("cis-docker-1.8.0", NumberedBy::Asked));
}

#[test]
fn a_row_whose_title_is_that_of_another_version() {
    let catalogue = Catalogue::load().unwrap();
    let whole = log_of(&catalogue.benchmarks["cis-docker-1.6.0"], &catalogue, |_| true);
    // aquasecurity's definitions of 1.6.0 hold 3.20 in the old order, and a second 5.12 that is 5.13.
    let title = |check: &str| catalogue.checks[check].title.clone();
    let text = format!(
        "{whole}[PASS] 3.20 - {}\n[WARN] 5.12 - {}\n",
        title("docker.files.etc-sysconfig-docker-mode"),
        title("docker.container.readonly-rootfs")
    );
    let found = Numbering::of(&read(&text), &catalogue, None).unwrap();
    assert_eq!(found.benchmark, "cis-docker-1.6.0");
    let last: Vec<_> = found.checks.iter().rev().take(2).map(|check| check.as_deref().unwrap()).collect();
    assert_eq!(last, ["docker.container.readonly-rootfs", "docker.files.etc-sysconfig-docker-mode"]);
}

#[test]
fn numbers_alone_decide_only_where_they_can() {
    let bare = |rows: &str, version: &str| numbering(&format!("{{\"dockerbenchsecurity\": \"{version}\", {rows}}}"));
    // In no other version.
    assert_eq!(bare("\"2.19\": \"PASS\"", "9").unwrap().benchmark, "cis-docker-1.8.0");
    assert_eq!(bare("\"5.1\": \"PASS\"", "1.3.3").unwrap().by, NumberedBy::Claim);
    assert!(matches!(bare("\"5.1\": \"PASS\"", "9").unwrap_err(), PeerError::Ambiguous { .. }));
    // The same in every version.
    assert_eq!(bare("\"4.1\": \"PASS\"", "9").unwrap().by, NumberedBy::Same);
    assert!(matches!(bare("\"9.9\": \"PASS\"", "1.3.3").unwrap_err(), PeerError::Foreign(_)));
    assert!(matches!(
        numbering(
            "[PASS] 1.1.1 - apiserver\n[PASS] 1.1.2 - kubelet\n[PASS] 1.1.3 - etcd\n[PASS] 1.1.4 - scheduler\n[PASS] 1.1.5 - proxy\n[PASS] 1.1.6 - pki"
        )
        .unwrap_err(),
        PeerError::Foreign(_)
    ));
}

/// Text made of the pieces that the parsers look for.
fn hostile() -> impl Strategy<Value = String> {
    const PIECES: &[&str] = &[
        "\n",
        "\r\n",
        " ",
        "[",
        "]",
        "[WARN] ",
        "[PASS] ",
        "[INFO] ",
        "5.11",
        "C.1",
        "2.13.a",
        " - ",
        "*",
        " * ",
        ": ",
        " in ",
        " to ",
        "web",
        "\u{1b}[1;31m",
        "\u{1b}[",
        "\u{1b}",
        "Initializing ",
        "Section B - ",
        "== Summary ==",
        "== Remediations ==",
        "CIS Docker",
        "20.10 ",
        "# Docker Bench for Security v",
        "1.6.0",
        "# Based on the CIS Docker Benchmark ",
        "Score: ",
        "{",
        "}",
        "\"",
        "\"id\":",
        "\"tests\":[",
        "\"dockerbenchsecurity\":\"1.6.0\"",
        ",",
        "null",
        "\u{0}",
        "é",
        "\u{202e}",
        "é]",
        ".",
    ];
    let piece = prop_oneof![proptest::sample::select(PIECES).prop_map(str::to_owned), ".{0,6}"];
    proptest::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn hostile_text_never_panics(text in hostile(), bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
        let _ = PeerReport::read(text.as_bytes());
        let _ = PeerReport::read(&bytes);
        let _ = PeerReport::read(&[&[0xff, 0xfe], bytes.as_slice()].concat());
    }

    #[test]
    fn a_cut_log_reads_as_the_beginning_of_the_whole(cut in 0..LOG.len()) {
        let begun = LOG.find("Initializing 2026-11-21").unwrap();
        if let Ok(mut report) = PeerReport::read(&LOG.as_bytes()[..cut]) {
            // A heading is known by the rows below it.
            report.rows.retain(|row| row.id != "1.1");
            // Cut inside the last row, its own words may be short; the rows before it are whole.
            let whole = read(if cut > begun { LOG } else { &LOG[..begun] }).rows;
            let sure = report.rows.len().saturating_sub(1);
            prop_assert_eq!(&report.rows[..sure], &whole[..sure]);
            prop_assert!(report.rows.len() <= whole.len());
        }
    }

    #[test]
    fn cut_json_is_an_error(cut in 1..NESTED.len()) {
        prop_assert!(PeerReport::read(&NESTED.as_bytes()[..cut]).is_err());
        prop_assert!(PeerReport::read(&AQUA_JSON.as_bytes()[..cut.min(AQUA_JSON.len() - 1)]).is_err());
    }
}
