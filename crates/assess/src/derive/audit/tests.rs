//! Every line of the tables in knowledge/hardening.md section 4 that decides coverage, as a case.

mod several;

use std::collections::BTreeMap;

use facts::host::{AuditField, AuditRule, FileKind, FileStat, Host, TextFile};
use facts::{Fact, Observed, SourceId};

use super::boot::persisted;
use super::coverage::{Coverage, Scope, coverage};
use super::rule::Rule;
use crate::derive::paths::Paths;

const DOCKERD: &str = "/usr/sbin/dockerd";
const SOCKET: &str = "/run/containerd/containerd.sock";

fn known(path: &str) -> Fact<String> {
    Fact::Known(path.to_owned())
}

fn stat(kind: FileKind) -> Observed<FileStat> {
    let stat = FileStat {
        kind,
        mode: 0o755,
        uid: 0,
        gid: 0,
        size: 0,
        device: 1,
        inode: 1,
        ctime_ns: 0,
        mtime_ns: 0,
        target: None,
        acl: Fact::Absent,
    };
    Observed::new(SourceId(0), Fact::Known(stat))
}

/// A merged-usr host where /usr/bin/dockerd is a link to the real program and /var/run one to /run.
fn host() -> Host {
    Host {
        resolved_paths: BTreeMap::from([
            ("/var/run".into(), known("/run")),
            ("/run".into(), known("/run")),
            ("/usr/bin".into(), known("/usr/bin")),
            ("/usr/bin/dockerd".into(), known(DOCKERD)),
            ("/usr/sbin".into(), known("/usr/sbin")),
            ("/etc/docker".into(), known("/etc/docker")),
            ("/etc/docker/daemon.json".into(), Fact::Absent),
            ("/srv/docker-link".into(), known("/etc/docker")),
        ]),
        files: BTreeMap::from([
            ("/usr/bin/dockerd".into(), stat(FileKind::Symlink)),
            (DOCKERD.into(), stat(FileKind::File)),
            ("/srv/docker-link".into(), stat(FileKind::Symlink)),
            ("/etc/tmpfiles.d/cofferdam.conf".into(), Observed::new(SourceId(0), Fact::Absent)),
        ]),
        ..Host::default()
    }
}

/// A loaded rule from netlink's fields: `always exit all path=/x perm=wa`. A mask is `calls=2,257`.
fn loaded(spec: &str) -> AuditRule {
    let mut words = spec.split(' ');
    let (action, list) = (words.next().unwrap(), words.next().unwrap());
    let mut rule =
        AuditRule { list: list.into(), action: action.into(), all_syscalls: true, syscalls: vec![], fields: vec![], text: spec.into() };
    for word in words {
        if let Some(calls) = word.strip_prefix("calls=") {
            rule.all_syscalls = false;
            rule.syscalls = calls.split(',').map(|call| call.parse().unwrap()).collect();
            continue;
        }
        let at = word.find(['=', '!', '<', '>']).unwrap();
        let length = word[at..].chars().take_while(|character| "=!<>".contains(*character)).count();
        rule.fields.push(AuditField { name: word[..at].into(), operator: word[at..at + length].into(), value: word[at + length..].into() });
    }
    rule
}

fn judge(rules: &[&str], path: &str, scope: Scope) -> Coverage {
    let host = host();
    let rules: Vec<Rule> = rules.iter().map(|rule| Rule::loaded(&loaded(rule))).collect();
    coverage(&rules, path, scope, Paths::of(&host))
}

#[track_caller]
fn check(rules: &[&str], path: &str, scope: Scope, expect: Option<bool>) {
    let given = judge(rules, path, scope);
    assert_eq!(given.covered.known().copied(), expect, "{rules:?} for {path}: {given:?}");
    assert_eq!(given.gaps.is_empty(), expect == Some(true) || (expect.is_none() && given.gaps.is_empty()), "{given:?}");
}

fn file(rules: &[&str], expect: bool) {
    check(rules, DOCKERD, Scope::File, Some(expect));
}

#[test]
fn the_same_rule_in_every_form() {
    // -w, -F path= with and without -S all, listed alike: one rule for both word sizes.
    file(&["always exit path=/usr/sbin/dockerd perm=rwxa key=k"], true);
    file(&["always exit path=/usr/sbin/dockerd perm=wa"], true);
    // Without perm every access is seen.
    file(&["always exit path=/usr/sbin/dockerd"], true);
    // By arch: both must be there.
    file(&["always exit arch=b64 path=/usr/sbin/dockerd perm=wa", "always exit arch=b32 path=/usr/sbin/dockerd perm=wa"], true);
    file(&["always exit arch=b64 path=/usr/sbin/dockerd perm=wa"], false);
    // Two halves make a whole.
    file(&["always exit path=/usr/sbin/dockerd perm=w", "always exit path=/usr/sbin/dockerd perm=a"], true);
    file(&[], false);
}

#[test]
fn permissions() {
    // CIS's `war` has writes and attribute changes; `rx` has neither.
    file(&["always exit path=/usr/sbin/dockerd perm=rwa"], true);
    file(&["always exit path=/usr/sbin/dockerd perm=x"], false);
    file(&["always exit path=/usr/sbin/dockerd perm=w"], false);
    file(&["always exit path=/usr/sbin/dockerd perm=a"], false);
}

#[test]
fn fields_that_narrow() {
    for field in ["auid!=-1", "auid>=1000", "uid=0", "exe=/usr/bin/vi", "success=1", "success=0", "arch!=b64", "path!=/x", "perm!=r"] {
        file(&[&format!("always exit path=/usr/sbin/dockerd perm=wa {field}")], false);
    }
    let given = judge(&["always exit path=/usr/sbin/dockerd perm=wa auid!=-1"], DOCKERD, Scope::File);
    assert!(given.gaps.iter().any(|gap| gap.contains("sees only what meets auid!=-1")), "{given:?}");
}

#[test]
fn other_lists_and_actions() {
    file(&["always user path=/usr/sbin/dockerd perm=wa"], false);
    file(&["always exclude path=/usr/sbin/dockerd perm=wa"], false);
    file(&["never exit path=/usr/sbin/dockerd perm=wa"], false);
    // The first rule that matches decides.
    file(&["never exit path=/usr/sbin/dockerd", "always exit path=/usr/sbin/dockerd perm=wa"], false);
    file(&["always exit path=/usr/sbin/dockerd perm=wa", "never exit path=/usr/sbin/dockerd"], true);
    file(&["never exit dir=/usr", "always exit path=/usr/sbin/dockerd perm=wa"], false);
    file(&["never exit auid=1000", "always exit path=/usr/sbin/dockerd perm=wa"], false);
    file(&["never exit path=/usr/sbin/other", "always exit path=/usr/sbin/dockerd perm=wa"], true);
    file(&["never exit path=/usr/sbin/dockerd perm=x", "always exit path=/usr/sbin/dockerd perm=wa"], true);
    // adjtimex is no call that changes files (a usual exception for time daemons).
    file(&["never exit arch=b64 auid=-1 calls=159", "always exit path=/usr/sbin/dockerd perm=wa"], true);
    // What many distributions ship: no system call of any program is recorded.
    file(&["never task", "always exit path=/usr/sbin/dockerd perm=wa"], false);
}

/// What auditctl 4.x loads for `-F arch=b64 -F perm=wa`, by number.
fn expanded(arch: &str) -> String {
    let calls = match arch {
        "b64" => {
            "2,257,437,85,76,77,285,82,264,316,83,258,84,87,263,86,265,88,266,133,259,90,91,268,92,93,94,260,188,189,190,197,198,199,163,167,49,179"
        }
        _ => {
            "5,295,437,8,92,93,324,38,302,353,39,296,40,10,301,9,303,83,304,14,297,15,94,306,182,95,16,298,226,227,228,235,236,237,51,87,361,131"
        }
    };
    format!("always exit arch={arch} calls={calls} path=/usr/sbin/dockerd perm=wa")
}

#[test]
fn masks() {
    file(&[&expanded("b64"), &expanded("b32")], true);
    // The same numbers mean other calls in the other word size.
    file(&[&expanded("b64"), &expanded("b64").replace("b64", "b32")], false);
    file(&["always exit calls=2,257 path=/usr/sbin/dockerd perm=wa"], false);
    // A rule for everything, without a path.
    file(&["always exit"], true);
    file(&["always exit arch=b64", "always exit arch=b32"], true);
}

#[test]
fn links() {
    // A watch on a link never fires.
    file(&["always exit path=/usr/bin/dockerd perm=wa"], false);
    let given = judge(&["always exit path=/usr/bin/dockerd perm=wa"], DOCKERD, Scope::File);
    assert!(given.gaps.iter().any(|gap| gap.contains("a symbolic link: it never fires")), "{given:?}");
    check(&["always exit dir=/srv/docker-link perm=wa"], "/etc/docker", Scope::Folder, Some(false));
    // Links above the last component are followed.
    check(&["always exit path=/var/run/containerd/containerd.sock perm=wa"], SOCKET, Scope::File, Some(true));
    check(&["always exit dir=/var/run/containerd perm=wa"], SOCKET, Scope::File, Some(true));
    // Where nobody looked, a rule of the same name may be the same file.
    check(&["always exit path=/mnt/x/dockerd perm=wa"], DOCKERD, Scope::File, None);
    check(&["always exit path=/mnt/x/other perm=wa"], DOCKERD, Scope::File, Some(false));
}

#[test]
fn folders() {
    check(&["always exit dir=/etc/docker perm=wa"], "/etc/docker", Scope::Folder, Some(true));
    check(&["always exit dir=/etc/docker/ perm=wa"], "/etc/docker", Scope::Folder, Some(true));
    check(&["always exit dir=/etc perm=wa"], "/etc/docker", Scope::Folder, Some(true));
    check(&["always exit dir=/etc perm=wa"], "/etc/docker/daemon.json", Scope::File, Some(true));
    check(&["always exit dir=/etc/dock perm=wa"], "/etc/docker", Scope::Folder, Some(false));
    check(&["always exit dir=/etc/docker/certs.d perm=wa"], "/etc/docker", Scope::Folder, Some(false));
    // -w on a folder that was not there yet is a file watch: what is in it is not seen.
    check(&["always exit path=/etc/docker perm=wa"], "/etc/docker", Scope::Folder, Some(false));
    let given = judge(&["always exit path=/etc/docker perm=wa"], "/etc/docker", Scope::Folder);
    assert!(given.gaps.iter().any(|gap| gap.contains("not what is in it")), "{given:?}");
    // The path may be absent: the rule fires when the file appears.
    check(&["always exit path=/etc/docker/daemon.json perm=wa"], "/etc/docker/daemon.json", Scope::File, Some(true));
}

#[test]
fn what_touches_a_path_is_named() {
    let rules = ["always exit path=/etc/passwd perm=wa", "always exit path=/usr/sbin/dockerd perm=x", "never exit dir=/usr perm=w"];
    assert_eq!(judge(&rules, DOCKERD, Scope::File).touching, &rules[1..]);
    assert_eq!(judge(&rules[..1], DOCKERD, Scope::File).gaps, ["no loaded rule watches it"]);
}

// ---- rule files --------------------------------------------------------------------------------------------------------------------

fn text_file(path: &str, text: &str) -> Observed<TextFile> {
    let stat = stat(FileKind::File).fact.known().unwrap().clone();
    Observed::new(SourceId(0), Fact::Known(TextFile { path: path.into(), stat, text: text.into(), form: Fact::Absent }))
}

#[track_caller]
fn boot_on(host: &Host, files: &[(&str, &str)], path: &str, scope: Scope, expect: Option<bool>) {
    let files = Fact::Known(files.iter().map(|(path, text)| text_file(path, text)).collect());
    let given = persisted(&files, path, scope, Paths::of(host));
    assert_eq!(given.known().copied(), expect, "{files:?} for {path}: {given:?}");
}

#[track_caller]
fn boot(text: &str, expect: bool) {
    boot_on(&host(), &[("/etc/audit/rules.d/x.rules", text)], DOCKERD, Scope::File, Some(expect));
}

#[test]
fn spellings_in_files() {
    boot("-w /usr/sbin/dockerd -k docker\n", true);
    boot("-w /usr/sbin/dockerd -p wa -k docker\n", true);
    boot("-w /usr/sbin/dockerd -pwa -kdocker\n", true);
    boot("  -w /usr/sbin/dockerd   -p wa  \r\n", true);
    boot("-w /usr/sbin/dockerd -p x -k docker\n", false);
    boot("-a always,exit -F path=/usr/sbin/dockerd -F perm=wa -k docker\n", true);
    boot("-a exit,always -F path=/usr/sbin/dockerd -F perm=war -k docker\n", true);
    boot("-a always,exit -S all -F path=/usr/sbin/dockerd -F perm=wa -F key=docker\n", true);
    boot(
        "-a always,exit -F arch=b64 -F path=/usr/sbin/dockerd -F perm=wa\n-a always,exit -F arch=b32 -F path=/usr/sbin/dockerd -F perm=wa\n",
        true,
    );
    boot("-a always,exit -F arch=b64 -F path=/usr/sbin/dockerd -F perm=wa\n", false);
    boot("-a always,exit -S openat -F path=/usr/sbin/dockerd -F perm=wa\n", false);
    boot("-a always,exit -F path=/usr/sbin/dockerd -F perm=wa -F auid!=unset\n", false);
    boot("-a always,exit -F path=/usr/sbin/dockerd -F perm=wa -C auid!=uid\n", false);
    boot("# -w /usr/sbin/dockerd -p wa\n", false);
    boot("", false);
    // A quote is part of the path, a backslash keeps a blank, a tab parts nothing.
    boot("-w \"/usr/sbin/dockerd\" -p wa\n", false);
    boot("-w /usr/sbin/dockerd\\ old -p wa\n", false);
    boot("-w\t/usr/sbin/dockerd -p wa\n", false);
}

#[test]
fn what_the_files_do_in_order() {
    boot("-D\n-b 8192\n-f 1\n--backlog_wait_time 60000\n-w /usr/sbin/dockerd -p wa\n-e 2\n", true);
    // augenrules puts a plain -D first, wherever it stands; with a key it stays where it is.
    boot("-w /usr/sbin/dockerd -p wa -k docker\n-D\n", true);
    boot("-w /usr/sbin/dockerd -p wa -k docker\n-D -k docker\n", false);
    boot("-w /usr/sbin/dockerd -p wa -k docker\n-W /usr/sbin/dockerd -p wa -k docker\n", false);
    boot("-w /usr/sbin/dockerd -p wa -k docker\n-A never,exit -F path=/usr/sbin/dockerd\n", false);
    boot("-w /usr/sbin/dockerd -p wa -k docker\n-a never,exit -F path=/usr/sbin/dockerd\n", true);
    boot("-a never,task\n-w /usr/sbin/dockerd -p wa -k docker\n", false);
    // A line that auditctl refuses ends the loading: every later rule is lost.
    boot("-a always,nonsense -F path=/x\n-w /usr/sbin/dockerd -p wa\n", false);
    boot("-w relative -p wa\n-w /usr/sbin/dockerd -p wa\n", false);
    boot("-w /usr/sbin/dockerd -p wa\n-w relative -p wa\n", true);
    boot("-i\n-w relative -p wa\n-w /usr/sbin/dockerd -p wa\n", true);
    boot("-c\n-w relative -p wa\n-w /usr/sbin/dockerd -p wa\n", true);
}

#[test]
fn only_files_that_augenrules_loads() {
    let rule = "-w /usr/sbin/dockerd -p wa\n";
    let host = host();
    boot_on(&host, &[("/etc/audit/rules.d/a.rules", rule)], DOCKERD, Scope::File, Some(true));
    boot_on(&host, &[("/etc/audit/rules.d/a.rules.bak", rule)], DOCKERD, Scope::File, Some(false));
    boot_on(&host, &[("/etc/audit/rules.d/old/a.rules", rule)], DOCKERD, Scope::File, Some(false));
    // audit.rules is written anew from rules.d.
    boot_on(&host, &[("/etc/audit/rules.d/a.rules", "-b 8192\n"), ("/etc/audit/audit.rules", rule)], DOCKERD, Scope::File, Some(false));
    boot_on(&host, &[("/etc/audit/audit.rules", rule)], DOCKERD, Scope::File, None);
    let mut without_folder = self::host();
    without_folder.resolved_paths.insert("/etc/audit/rules.d".into(), Fact::Absent);
    boot_on(&without_folder, &[("/etc/audit/audit.rules", rule)], DOCKERD, Scope::File, Some(true));
    let unread = Fact::Known(vec![text_file("/etc/audit/rules.d/a.rules", rule), Observed::new(SourceId(0), Fact::unknown("no right"))]);
    assert!(persisted(&unread, DOCKERD, Scope::File, Paths::of(&host)).is_unknown());
    assert!(persisted(&Fact::unknown("no right"), DOCKERD, Scope::File, Paths::of(&host)).is_unknown());
}

/// /run is empty when auditd loads its rules, unless systemd-tmpfiles made the folder before.
#[test]
fn rules_below_run_are_lost_at_boot() {
    let bare = host();
    let mut made = host();
    made.files.insert("/etc/tmpfiles.d/cofferdam.conf".into(), stat(FileKind::File));
    let mut unseen = host();
    unseen.files.insert("/etc/tmpfiles.d/cofferdam.conf".into(), Observed::new(SourceId(0), Fact::unknown("no right")));
    let on_socket = [("/etc/audit/rules.d/a.rules", "-w /run/containerd/containerd.sock -p wa\n-w /usr/sbin/dockerd -p wa\n")];
    for (host, expect) in [(&bare, Some(false)), (&made, Some(true)), (&unseen, None)] {
        boot_on(host, &on_socket, SOCKET, Scope::File, expect);
        // And with it every later rule, another person's too.
        boot_on(host, &on_socket, DOCKERD, Scope::File, expect);
    }
    let on_folder = [("/etc/audit/rules.d/a.rules", "-a always,exit -F dir=/run/containerd -F perm=wa\n")];
    let watch = [("/etc/audit/rules.d/a.rules", "-w /run/containerd/ -p wa\n")];
    for (host, expect) in [(&bare, Some(false)), (&made, Some(true)), (&unseen, None)] {
        boot_on(host, &on_folder, "/run/containerd", Scope::Folder, expect);
        // -w on a folder that is not there yet watches a file of that name.
        boot_on(host, &watch, "/run/containerd", Scope::Folder, expect);
    }
    boot_on(
        &made,
        &[("/etc/audit/rules.d/a.rules", "-w /run/docker/x.sock -p wa\n-w /usr/sbin/dockerd -p wa\n")],
        DOCKERD,
        Scope::File,
        Some(false),
    );
    let goes_on = [("/etc/audit/rules.d/a.rules", "-i\n-w /run/docker/x.sock -p wa\n-w /usr/sbin/dockerd -p wa\n")];
    boot_on(&bare, &goes_on, DOCKERD, Scope::File, Some(true));
}
