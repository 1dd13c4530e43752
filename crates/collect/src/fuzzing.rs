//! Entry points of the fuzz targets (`fuzz/`, CONTRIBUTING.md): each takes any bytes and panics where a promise of a parser is broken. No
//! part of the crate's interface: there only with the feature `fuzzing`.

use facts::docker::json::Member;
use facts::docker::{Duplicate, arguments, parse_config, read_config};
use facts::redact::{history_line, leaks};

use crate::redact::{self, MARK};
use crate::source::EngineQuestion;
use crate::{Endpoint, Recording, parse};

/// A parser's name, and what is called with each input.
pub type Target = (&'static str, fn(&[u8]));

/// The targets of this crate.
pub const TARGETS: &[Target] = &[
    ("acl", acl),
    ("argv", argv),
    ("audit_netlink", audit_netlink),
    ("cgroup", cgroup),
    ("daemon_json", daemon_json),
    ("endpoint", endpoint),
    ("engine_api", engine_api),
    ("id_map", id_map),
    ("image_history", image_history),
    ("limits", limits),
    ("mountinfo", mountinfo),
    ("proc_net", proc_net),
    ("proc_status", proc_status),
    ("recording", recording),
    ("small_files", small_files),
    ("unit_file", unit_file),
];

/// What stands in the place of `$` in an input: whatever a fuzzer puts around it, it is to be taken for a credential.
const PLANTED: &str = "ghp_0123456789abcdefghijABCDEFGHIJ012345";

fn text(data: &[u8]) -> String {
    String::from_utf8_lossy(data).into_owned()
}

/// The text with the credential in the place of each JSON string `"$"`. A quote behind a backslash begins none.
fn with_plants(text: &str) -> String {
    if text.contains("\\\"$\"") { text.to_owned() } else { text.replace("\"$\"", &format!("\"{PLANTED}\"")) }
}

fn lines(text: &str) -> usize {
    text.matches('\n').count()
}

/// daemon.json: whoever reads the redacted text sees the same keys, lines and traps as one who reads the file.
pub fn daemon_json(data: &[u8]) {
    let (safe, form) = parse::daemon_json(data);
    assert_eq!(redact::daemon_json(&safe), safe, "redacted twice is redacted once");
    let planted = with_plants(&text(data));
    assert!(values_without_plant(&redact::daemon_json(&planted)));
    if !form.sound_encoding || data.starts_with(&[0xff, 0xfe]) || data.starts_with(&[0xfe, 0xff]) {
        return;
    }
    let text = text(data);
    assert_eq!(lines(&safe), lines(&text));
    match (read_config(&text), read_config(&safe)) {
        (Ok(before), Ok(after)) => {
            assert_eq!(form.json_error, None);
            let keys = |members: &[Member]| members.iter().map(|member| (member.key.clone(), member.line)).collect::<Vec<_>>();
            assert_eq!(keys(&before.members), keys(&after.members));
            let twice = |all: &[Duplicate]| all.to_vec();
            assert_eq!(twice(&before.duplicates), twice(&after.duplicates));
            assert_eq!((before.trailing, before.byte_order_mark, before.blank), (after.trailing, after.byte_order_mark, after.blank));
            // The careful reader takes no more than the daemon does, and the same.
            if let Ok(entries) = parse_config(&text) {
                assert_eq!(entries, before.entries);
                assert!(entries.iter().all(|entry| before.members.iter().filter(|member| member.key == entry.key).count() == 1));
            }
        }
        (Err(_), _) => {}
        (Ok(_), Err(error)) => panic!("redaction made it unreadable: {error}"),
    }
}

/// Keys are kept, since a reader must see which are there; values are not.
fn values_without_plant(text: &str) -> bool {
    use facts::docker::json::{Node, Part, first_document};
    fn clean(node: &Node) -> bool {
        match &node.part {
            Part::Text(text) => !text.contains(PLANTED),
            Part::List(nodes) => nodes.iter().all(clean),
            Part::Object(members) => members.iter().all(|member| clean(&member.node)),
            _ => true,
        }
    }
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    match first_document(body) {
        Ok((node, end)) => clean(&node) && !body[end..].contains(PLANTED),
        Err(_) => !text.contains(PLANTED),
    }
}

/// Answers of the engine: of a text that is a credential nothing is left, in whatever member it stands.
pub fn engine_api(data: &[u8]) {
    let Some((choice, body)) = data.split_first() else { return };
    let questions = EngineQuestion::one_of_each();
    let question = &questions[usize::from(*choice) % questions.len()];
    let planted = with_plants(&text(body));
    match redact::engine_answer(question, planted.as_bytes()) {
        Ok(answer) => assert!(!answer.to_string().contains(PLANTED), "{question:?}: {answer}"),
        Err(obstacle) => assert!(!obstacle.to_string().contains(PLANTED), "{question:?}: {obstacle}"),
    }
}

/// Command lines: one word stays one word, and what follows a secret flag goes.
pub fn argv(data: &[u8]) {
    let words: Vec<String> = text(data).split(['\0', '\n']).map(str::to_owned).collect();
    for found in arguments(&words) {
        assert!(found.index < words.len());
    }
    for redactor in [redact::daemon_argv, redact::proxy_argv, redact::containerd_argv] {
        let safe = redactor(&words);
        assert_eq!(safe.len(), words.len());
        assert_eq!(redactor(&safe), safe, "redacted twice is redacted once");
        let planted: Vec<String> = words.iter().map(|word| if word == "$" { PLANTED.to_owned() } else { word.clone() }).collect();
        assert!(redactor(&planted).iter().all(|word| !word.contains(PLANTED)));
    }
}

/// Unit files, drop-ins and environment files: lines stay lines, and what is redacted stays as it is.
pub fn unit_file(data: &[u8]) {
    let text = text(data);
    let safe = redact::unit_file(&text);
    assert_eq!(lines(&safe), lines(&text));
    assert_eq!(redact::unit_file(&safe), safe, "redacted twice is redacted once");
    let mut continued = false;
    let mut plant = |line: &str| {
        let alone = !std::mem::replace(&mut continued, line.ends_with('\\'));
        match line.split_once('=') {
            _ if line == "[$]" => format!("[{PLANTED}]"),
            Some((key, "$")) if alone => format!("{key}={PLANTED}"),
            Some(("$", value)) if alone => format!("{PLANTED}={value}"),
            _ => line.to_owned(),
        }
    };
    let planted: Vec<String> = text.split('\n').map(&mut plant).collect();
    assert!(!redact::unit_file(&planted.join("\n")).contains(PLANTED));
}

/// Rules as the kernel hands them out.
pub fn audit_netlink(data: &[u8]) {
    crate::real::fuzzing::audit(data);
}

/// Lines of an image's history.
pub fn image_history(data: &[u8]) {
    let text = text(data);
    assert!(!history_line(&text.replace('$', PLANTED)).contains(PLANTED));
    leaks(&text);
}

/// /proc/PID/mountinfo.
pub fn mountinfo(data: &[u8]) {
    let text = text(data);
    parse::cgroup_mounts(&text);
    parse::root_mount(&text);
    for path in ["/", "/var/lib/docker", text.split(' ').nth(4).unwrap_or_default()] {
        if let Some(found) = parse::mount_of(&text, path) {
            assert!(path.starts_with(found.mount_point.trim_end_matches('/')), "{path} is not below {}", found.mount_point);
        }
    }
}

/// /proc/PID/cgroup.
pub fn cgroup(data: &[u8]) {
    let text = text(data);
    parse::cgroup_of(&text, None);
    parse::cgroup_of(&text, Some("memory"));
    for id in parse::container_ids(&text) {
        assert!(parse::names_container(&text, &id));
    }
    let _ = parse::unit_of(&text);
}

/// /proc/PID/uid_map.
pub fn id_map(data: &[u8]) {
    parse::id_map(&text(data));
}

/// /proc/PID/limits.
pub fn limits(data: &[u8]) {
    parse::limits(&text(data));
}

/// /proc/PID/status and stat.
pub fn proc_status(data: &[u8]) {
    parse::status(&text(data));
    parse::stat(&text(data));
}

/// /proc/net/unix and tcp.
pub fn proc_net(data: &[u8]) {
    parse::unix_listeners(&text(data), "docker.sock");
    parse::tcp_listeners(&text(data));
}

/// The extended attribute system.posix_acl_access.
pub fn acl(data: &[u8]) {
    parse::acl(data);
}

/// Recordings that someone else took.
pub fn recording(data: &[u8]) {
    let _ = Recording::from_json(&text(data));
}

/// DOCKER_HOST and --host.
pub fn endpoint(data: &[u8]) {
    let _ = Endpoint::resolve(Some(&text(data)), None);
}

/// Pid files, accounts, rules for auditctl, cofferdam's own record of a start.
pub fn small_files(data: &[u8]) {
    let text = text(data);
    let pid = redact::pid_file(&text);
    assert!(pid == MARK || pid.bytes().all(|byte| byte.is_ascii_digit()));
    redact::groups(&text);
    redact::users(&text);
    redact::startup_record(&text);
    assert_eq!(lines(&redact::audit_rules(&text)), lines(&text));
}
