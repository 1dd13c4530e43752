//! cofferdam.yaml as a user meets it: where it is found, what is refused, what reports say of it. The fixture is the weak lab host.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

const ONE: &str = "waivers:\n  - {check: docker.daemon.live-restore, reason: the cluster moves the work, owner: ann, until: 2999-12-31}\n";

fn fixture() -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/weak.snapshot.json").display().to_string()
}

/// A folder, and the program run in it.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn with(text: &str) -> Self {
        let place = Self::new();
        place.write("cofferdam.yaml", text);
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        path.display().to_string()
    }

    fn run(&self, words: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cofferdam"));
        command.args(words).current_dir(self.0.path()).env_clear().env("SOURCE_DATE_EPOCH", "1790000000");
        command.output().expect("the binary was built for this test")
    }

    /// A command on the fixture that ends well.
    fn answer(&self, words: &[&str]) -> String {
        let output = self.run(&[words, &["--snapshot", &fixture()]].concat());
        assert!(output.status.success(), "{words:?} {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn json(&self, words: &[&str]) -> Value {
        serde_json::from_str(&self.answer(&[words, &["--format", "json"]].concat())).unwrap()
    }

    /// A command on the fixture that is refused.
    fn refusal(&self, words: &[&str]) -> String {
        let output = self.run(&[words, &["--snapshot", &fixture()]].concat());
        assert_eq!(output.status.code(), Some(2), "{words:?} {output:?}");
        assert!(output.stdout.is_empty(), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    }
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").unwrap().uid() == 0
}

#[test]
fn the_file_of_the_current_folder() {
    let place = Place::with(ONE);
    let output = place.run(&["assess", "--snapshot", &fixture()]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("settings: ./cofferdam.yaml (1 waiver)"), "{said}");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    for part in
        ["WAIVERS", "1 used, 0 unused, 0 expired", "the cluster moves the work", "until 2999-12-31, ann", "Not offered, since waived"]
    {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(!text.contains("harden apply --fix docker.daemon.live-restore"), "advice skips it");
    let offers = |judged: Value| {
        let fixes = judged["advice"]["fixes"].as_array().cloned().unwrap_or_default();
        fixes.iter().any(|fix| fix["id"] == "docker.daemon.live-restore")
    };
    assert!(offers(Place::new().json(&["assess"])) && !offers(place.json(&["assess"])));
    let without = Place::new().answer(&["assess"]);
    assert!(!without.contains("WAIVERS"), "{without}");
    assert_eq!(place.answer(&["assess", "--no-config"]), without);
}

#[test]
fn reports_hold_the_waiver_and_the_truth() {
    let place = Place::with(ONE);
    let run = place.json(&["bench", "--benchmark", "cis-docker-1.6.0"]);
    let row = run["controls"].as_array().unwrap().iter().find(|row| row["id"] == "2.15").unwrap();
    let subject = &row["subjects"][0];
    assert_eq!((&row["verdict"], &subject["verdict"]), (&"waived".into(), &"waived".into()));
    assert_eq!(subject["waiver"]["verdict"], "fail");
    assert_eq!((&subject["waiver"]["owner"], &subject["waiver"]["until"]), (&"ann".into(), &"2999-12-31".into()));
    assert_eq!(subject["waiver"]["source"], "./cofferdam.yaml:2");
    assert!(subject["facts"].as_array().unwrap().iter().any(|fact| fact["path"] == "daemon.live_restore" && fact["value"] == false));
    assert_eq!(
        (&run["summary"]["waived"], &run["config"], &run["waivers"][0]["state"]),
        (&1.into(), &"./cofferdam.yaml".into(), &"used".into())
    );
    let judged = place.json(&["assess"]);
    let threat = judged["threats"].as_array().unwrap().iter().find(|threat| threat["id"] == "DK-D-04").unwrap();
    assert_eq!(threat["status"], "open", "what is accepted is not mitigated");
    assert!(threat["reason"].as_str().unwrap().contains("docker.daemon.live-restore is waived"), "{}", threat["reason"]);
    let check = threat["checks"].as_array().unwrap().iter().find(|check| check["check"] == "docker.daemon.live-restore").unwrap();
    assert_eq!((&check["verdict"], &check["waiver"]["owner"]), (&"waived".into(), &"ann".into()));
    let text = place.answer(&["bench", "--benchmark", "cis-docker-1.6.0"]);
    assert!(text.contains("[WAIV] 2.15") && text.contains("waived until 2999-12-31 by ann"), "{text}");
    for line in text.lines().filter(|line| !line.trim_start().starts_with("cofferdam ")) {
        assert!(line.chars().count() <= 80, "{line}");
    }
}

#[test]
fn thresholds_do_not_count_what_is_waived() {
    let all = "waivers:\n  - {check: '*', subject: '*', reason: a test, owner: ann, until: never}\n";
    let place = Place::with(all);
    let code = |words: &[&str]| place.run(&[words, &["--snapshot", &fixture()]].concat()).status.code();
    assert_eq!(code(&["assess", "--fail-on", "low"]), Some(0));
    assert_eq!(code(&["bench", "--fail-on", "low"]), Some(0));
    assert_eq!(code(&["assess", "--fail-on", "low", "--no-config"]), Some(1));
    assert!(place.answer(&["assess"]).contains("(broad)"));
}

/// Writing commands choose by --fix alone, and never look into the current folder.
#[test]
fn fixes_work_on_what_is_waived() {
    let place = Place::with(ONE);
    let named = place.path("cofferdam.yaml").display().to_string();
    for words in [
        &["harden", "plan", "--fix", "docker.daemon.live-restore"][..],
        &["harden", "plan", "--fix", "docker.daemon.live-restore", "--config", &named],
    ] {
        let text = place.answer(words);
        assert!(text.contains("live-restore") && text.contains("+"), "{text}");
    }
    let hostile = Place::with("service: {restart: [/tmp/planted-command]}\n");
    let plan = hostile.answer(&["harden", "plan", "--fix", "docker.daemon.live-restore", "--format", "json"]);
    assert!(!plan.contains("planted-command"), "a command from the current folder is in the plan");
    let output = hostile.run(&["harden", "plan", "--fix", "docker.daemon.live-restore", "--snapshot", &fixture()]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("is not used by commands that change the host"));
    // It is judged by without harm.
    hostile.answer(&["assess"]);
}

#[test]
fn what_root_does_not_believe() {
    if !is_root() {
        // For others the file is only said to be used: they accept nothing in root's name.
        return assert!(Place::with(ONE).answer(&["assess"]).contains("WAIVERS"));
    }
    let place = Place::with(ONE);
    let file = place.path("cofferdam.yaml");
    let set = |mode: u32| std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
    for mode in [0o666, 0o664, 0o646] {
        set(mode);
        let error = place.refusal(&["assess"]);
        assert!(error.contains("can be written by others") && error.contains("hint: chmod go-w"), "{mode:o} {error}");
        assert!(place.refusal(&["assess", "--config", &file.display().to_string()]).contains("can be written by others"));
        place.answer(&["assess", "--no-config"]);
    }
    set(0o600);
    place.answer(&["assess"]);
    std::os::unix::fs::chown(&file, Some(65_534), None).unwrap();
    assert!(place.refusal(&["assess"]).contains("belongs to user 65534"));
    std::os::unix::fs::chown(&file, Some(0), None).unwrap();
    // A folder of somebody else's: who may rename in it may put another file there.
    std::os::unix::fs::chown(place.0.path(), Some(65_534), None).unwrap();
    assert!(place.refusal(&["assess"]).contains("belongs to user 65534"));
}

#[test]
fn what_is_no_settings_file() {
    let place = Place::new();
    assert!(place.refusal(&["assess", "--config", "/nowhere/c.yaml"]).contains("cannot read /nowhere/c.yaml"));
    let folder = place.path("folder");
    std::fs::create_dir(&folder).unwrap();
    assert!(place.refusal(&["assess", "--config", &folder.display().to_string()]).contains("is no file"));
    let large = place.write("large.yaml", &"# comment\n".repeat(200_000));
    assert!(place.refusal(&["assess", "--config", &large]).contains("is larger than"));
    let binary = place.path("binary.yaml");
    std::fs::write(&binary, [0xff, 0xfe, 0x00]).unwrap();
    assert!(place.refusal(&["assess", "--config", &binary.display().to_string()]).contains("no UTF-8"));
    // A link in the current folder leads where its maker chose; one that is named is the operator's own.
    let real = place.write("real.yaml", ONE);
    symlink(&real, place.path("cofferdam.yaml")).unwrap();
    assert!(place.refusal(&["assess"]).contains("--no-config goes on without it"));
    place.answer(&["assess", "--config", &place.path("cofferdam.yaml").display().to_string()]);
    let wrong = place.write("wrong.yaml", &ONE.replace("until", "expires"));
    let error = place.refusal(&["assess", "--config", &wrong]);
    assert!(error.contains("wrong.yaml:2:") && error.contains("it is called `until` here") && error.contains("hint:"), "{error}");
    // A pipe would keep a reader for ever.
    let pipe = place.path("pipe");
    if Command::new("mkfifo").arg(&pipe).status().is_ok_and(|status| status.success()) {
        assert!(place.refusal(&["assess", "--config", &pipe.display().to_string()]).contains("is no file"));
    }
}

#[test]
fn policy_decides_what_people_decide_without_it() {
    let place = Place::with("policy:\n  trusted_users: []\n  accounts_are_local: true\n  allowed_ports: []\n");
    let row = |place: &Place, check: &str| place.json(&["assess"])["results"][check].clone();
    let ports = row(&place, "docker.container.only-needed-ports");
    assert_eq!(ports["verdict"], "fail");
    let failing = ports["subjects"].as_array().unwrap().iter().find(|one| one["verdict"] == "fail").unwrap();
    let stated = failing["facts"].as_array().unwrap().iter().find(|fact| fact["path"] == "policy.allowed_ports").unwrap();
    assert_eq!(stated["source"], "./cofferdam.yaml:4 policy.allowed_ports");
    let without = row(&Place::new(), "docker.container.only-needed-ports");
    assert_eq!(without["verdict"], "manual");
    assert!(without["subjects"].to_string().contains("or policy.allowed_ports in cofferdam.yaml"));
    assert!(!without["subjects"].to_string().contains("\"policy."), "what is not stated is no evidence");
}

#[test]
fn waivers_are_explained() {
    let text = "waivers:
  - {check: docker.container.memory-limit, subject: wbe, reason: r, owner: o, until: never}
  - {check: docker.container.pids-limit, subject: web, reason: r, owner: o, until: never}
  - {check: docker.daemon.live-restore, reason: r, owner: o, until: 2001-01-01}
";
    let place = Place::with(text);
    let all = place.answer(&["explain", "--waivers"]);
    for part in ["did you mean `web`?", "EXPIRED", "it ended after 2001-01-01", "would cover docker.daemon.live-restore"] {
        assert!(all.contains(part), "{part}\n{all}");
    }
    let one = place.answer(&["explain", "--waivers", "cis-docker-1.6.0:5.11"]);
    for part in ["NOT COVERED", "names `wbe`, and this is `web`", "is about it, but for docker.container.pids-limit"] {
        assert!(one.contains(part), "{part}\n{one}");
    }
    assert!(!one.contains("EXPIRED"), "{one}");
    let json = place.json(&["explain", "--waivers", "docker.container.memory-limit"]);
    assert_eq!((&json["schema"], &json["waivers"][0]["state"]), (&"cofferdam/waivers/1".into(), &"unused".into()));
    assert!(json["uncovered"].as_array().unwrap().iter().any(|one| one["name"] == "web" && one["verdict"] == "fail"));
    assert!(
        place.refusal(&["explain", "--waivers", "docker.container.memry-limit"]).contains("do you mean docker.container.memory-limit?")
    );
    assert!(Place::new().answer(&["explain", "--waivers"]).contains("There is no cofferdam.yaml"));
    assert_eq!(place.run(&["explain"]).status.code(), Some(2));
}

#[test]
fn schemas() {
    let place = Place::new();
    let schema = |words: &[&str]| -> Value { serde_json::from_slice(&place.run(words).stdout).unwrap() };
    assert_eq!(schema(&["catalogue", "schema", "--of", "config"])["title"], "cofferdam.yaml");
    assert_eq!(schema(&["catalogue", "schema", "--of", "waivers"]), schema(&["catalogue", "schema", "--of", "config"]));
    assert_eq!(schema(&["catalogue", "schema"])["title"], "cofferdam check");
}
