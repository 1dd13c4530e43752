use std::sync::LazyLock;

use super::*;
use crate::view::Policy;

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::load().unwrap());

fn parse(text: &str) -> Result<Operator, String> {
    Operator::parse("c.yaml", text, &CATALOGUE).map_err(|errors| errors.to_string())
}

const WAIVER: &str = "waivers:
  - check: docker.container.memory-limit
    subject: container:web
    reason: it is small
    owner: ann
    until: 2027-03-31
";

#[test]
fn the_example_says_everything() {
    let operator = Operator::parse("example.yaml", EXAMPLE, &CATALOGUE).unwrap();
    assert_eq!(operator.waivers.len(), 3);
    assert!(operator.waivers[2].checks.len() > 10 && operator.waivers[2].until == Until::Never);
    assert_eq!(operator.service.unwrap().restart, ["rc-service", "docker", "restart"]);
    let policy = operator.policy;
    assert_eq!(policy.memory_ceiling.known(), Some(&(2 << 30)));
    assert_eq!(policy.trusted_users.known().unwrap().members, ["ann", "bob"]);
    assert!(
        policy.trusted_users.origin.pointer.starts_with("example.yaml:")
            && policy.trusted_users.origin.pointer.ends_with(" policy.trusted_users")
    );
    use crate::view::record::Record;
    let unstated = policy.slots().iter().filter(|slot| slot.slot_value(true) == crate::expression::Value::Absent).count();
    assert_eq!(unstated, 0, "the example holds every statement");
}

#[test]
fn nothing_said() {
    for text in ["", "# nothing\n\n  # at all\n", "waivers: []\n", "waivers:\npolicy:\n", "policy: {}\n"] {
        let operator = parse(text).unwrap_or_else(|error| panic!("{text:?}: {error}"));
        assert!(operator.waivers.is_empty() && operator.policy == Policy::unstated(), "{text:?}");
    }
}

#[test]
fn mistakes_are_named_with_their_place() {
    let cases: &[(&str, &str, &str)] = &[
        ("owner: ann", "ownr: ann", "c.yaml:5:5: unknown field `ownr`, did you mean `owner`?"),
        ("until: 2027-03-31", "expires: 2027-03-31", "c.yaml:6:5: unknown field `expires`: it is called `until` here"),
        ("waivers:", "exceptions:", "1:1: unknown field `exceptions`: it is called `waivers` here"),
        ("reason: it is small", "reason: ' '", "4:13: `reason` is empty"),
        ("    reason: it is small\n", "", "missing field `reason`"),
        ("owner: ann", "owner: ''", "5:12: `owner` is empty"),
        ("    until: 2027-03-31\n", "", "missing field `until`"),
        ("2027-03-31", "2027-02-30", "6:12: `2027-02-30` is no day"),
        ("2027-03-31", "31.03.2027", "`31.03.2027` is no day"),
        ("2027-03-31", "2027-03-31T00:00:00", "is no day"),
        ("2027-03-31", "forever", "is no day"),
        (
            "docker.container.memory-limit",
            "docker.container.memroy-limit",
            "2:12: no check `docker.container.memroy-limit`; do you mean docker.container.memory-limit?",
        ),
        ("docker.container.memory-limit", "memory-limit", "do you mean docker.container.memory-limit?"),
        ("docker.container.memory-limit", "'5.11'", "is a number of several benchmarks (name the version too, e.g. cis-docker-1.6.0:5.11)"),
        ("docker.container.memory-limit", "cis-docker-1.6.0:99.9", "cis-docker-1.6.0 has no control `99.9`"),
        ("docker.container.memory-limit", "cis-docker-9:5.11", "no benchmark `cis-docker-9` (there are "),
        (
            "docker.container.memory-limit",
            "docker.registry.allowlist",
            "is a measure of threats, no check (it rests on docker.images.trusted-base-images)",
        ),
        (
            "docker.container.memory-limit",
            "docker.contaner.*",
            "no check has an id like `docker.contaner.*`, did you mean `docker.container.*`?",
        ),
        ("container:web", "image:web", "3:14: docker.container.memory-limit is asked of containers, and `image:` is another kind"),
        ("container:web", "'container:'", "the pattern is empty"),
        ("    subject: container:web\n", "", "2:12: `subject` is missing: docker.container.memory-limit is asked of containers"),
        ("docker.container.memory-limit", "docker.daemon.live-restore", "is asked of the daemon, and `container:` is another kind"),
        ("container:web", "'container:web\\'", "takes the meaning from nothing"),
        ("owner: ann", "owner: ann\n    image: sha256:3f53bb00af94", "an image's id has 64 digits"),
    ];
    for (from, to, expect) in cases {
        assert!(WAIVER.contains(from), "{from}");
        let found = parse(&WAIVER.replacen(from, to, 1)).unwrap_err();
        assert!(found.contains(expect), "{to}\n  expected {expect}\n  found {found}");
    }
    // All mistakes at once, not one a run.
    let two = WAIVER.replace("ann", "''").replace("2027-03-31", "soon");
    assert_eq!(parse(&two).unwrap_err().lines().count(), 2);
}

#[test]
fn a_bare_name_never_means_the_host() {
    let text = "waivers:\n  - {check: docker.daemon.live-restore, subject: web, reason: r, owner: o, until: never}\n";
    assert!(parse(text).unwrap_err().contains("leave `subject` out, or write daemon:NAME"), "{:?}", parse(text));
    for subject in ["daemon:web-7", "'*'", "daemon:*"] {
        parse(&text.replace("subject: web", &format!("subject: {subject}"))).unwrap();
    }
    parse(&text.replace(" subject: web,", "")).unwrap();
    let of_image = text.replace("subject: web", "image: web");
    assert!(parse(&of_image).unwrap_err().contains("`image` chooses containers"));
}

#[test]
fn the_same_twice() {
    let twice = format!("{WAIVER}{}", WAIVER.replace("waivers:\n", "").replace("ann", "bob"));
    assert_eq!(parse(&twice).unwrap_err(), "c.yaml:7:5: this is the waiver of line 2 again");
    // By number and by id it is the same check.
    let by_number = twice.replacen("docker.container.memory-limit", "cis-docker-1.6.0:5.11", 1);
    assert!(parse(&by_number).unwrap_err().contains("again"));
    assert_eq!(parse(&twice.replacen("container:web", "container:db", 1)).unwrap().waivers.len(), 2);
}

#[test]
fn statements_are_typed() {
    for (statement, expect) in [
        ("trusted_user: [ann]", "2:3: unknown field `trusted_user`, did you mean `trusted_users`?"),
        ("trusted_users: ann", "2:"),
        ("trusted_users: ['*']", "`*` is no account"),
        ("trusted_users: ['ann lee']", "is no account"),
        ("trusted_users: ['uid:x']", "is no account"),
        ("trusted_users: [ann, ann]", "`ann` stands twice"),
        ("accounts_are_local: yes", "2:"),
        ("allowed_registries: ['https://r.example']", "is an address"),
        ("allowed_registries: [library]", "names no registry"),
        ("allowed_registries: ['r.example/web:1']", "has a tag"),
        ("allowed_registries: ['*.example']", "is no name"),
        ("allowed_registries: ['r.example/']", "is no name"),
        ("allowed_ports: ['443']", "is no port"),
        ("allowed_ports: [0/tcp]", "is no port"),
        ("allowed_ports: [65536/tcp]", "is no port"),
        ("allowed_ports: [443/TCP]", "is no port"),
        ("memory_ceiling: lots", "is no size"),
        ("memory_ceiling: 0", "is no size"),
        ("memory_ceiling: -1", "is no size"),
        ("memory_ceiling: true", "this is a bool"),
        ("default_ulimits: [nofile]", "is no limit"),
        ("seccomp_profiles: [default]", "is no profile"),
        ("max_unused_images: -1", "write 0 or more"),
    ] {
        let error = parse(&format!("policy:\n  {statement}\n")).unwrap_err();
        assert!(error.starts_with("c.yaml:2:") && error.contains(expect), "{statement}: {error}");
    }
    assert!(parse("service: {}\n").unwrap_err().contains("names no restart command"));
    assert!(parse("service: {restart: [x], shell: y}\n").unwrap_err().contains("unknown field `shell`"));
    let policy = parse("policy:\n  allowed_ports: [443/tcp, 8000-8010/tcp]\n  memory_ceiling: 536870912\n").unwrap().policy;
    assert_eq!(policy.memory_ceiling.known(), Some(&536_870_912));
}

/// Hostile or broken text: an error in bounded time and memory.
#[test]
fn bombs() {
    let mut aliases = String::from("a: &a [x, x, x, x, x, x, x, x, x]\n");
    for (name, before) in ('b'..='j').zip('a'..) {
        aliases.push_str(&format!(
            "{name}: &{name} [*{before}, *{before}, *{before}, *{before}, *{before}, *{before}, *{before}, *{before}]\n"
        ));
    }
    aliases.push_str("policy:\n  trusted_users: *j\n");
    let many: String = (0..1_001)
        .map(|number| format!("  - {{check: docker.container.memory-limit, subject: w{number}, reason: r, owner: o, until: never}}\n"))
        .collect();
    for text in [
        aliases,
        "[".repeat(100_000),
        format!("policy: {}", "{a: ".repeat(10_000)),
        " ".repeat(LARGEST + 1),
        format!("waivers:\n{many}"),
        "waivers: [~]\n".to_owned(),
        "- a\n- b\n".to_owned(),
        "waivers: 5\n".to_owned(),
        "\0\u{1b}[31m".to_owned(),
        "waivers: []\nwaivers: []\n".to_owned(),
        "--- {}\n--- {}\n".to_owned(),
    ] {
        let error = parse(&text).unwrap_err();
        assert!(error.starts_with("c.yaml:") && error.len() < 2_000, "{}", &error[..error.len().min(2_000)]);
    }
}

#[test]
fn days() {
    let waiver = parse(WAIVER).unwrap().waivers.remove(0);
    let day = |text: &str| Some(text.parse().unwrap());
    assert!(!waiver.has_ended(day("2027-03-31")) && waiver.has_ended(day("2027-04-01")) && waiver.has_ended(None));
    let never = parse(&WAIVER.replace("2027-03-31", "never")).unwrap().waivers.remove(0);
    assert!(!never.has_ended(day("9999-12-31")) && !never.has_ended(None));
}

#[test]
fn the_schema_describes_the_file() {
    let schema = Operator::schema();
    let keys: Vec<&String> = schema["properties"].as_object().unwrap().keys().collect();
    assert_eq!(keys, ["policy", "service", "waivers"]);
    assert_eq!(schema["additionalProperties"], false);
    let policy = schema["$defs"]["Policy"]["properties"].as_object().unwrap();
    let mut stated: Vec<&str> = Policy::schema().fields.iter().map(|field| field.name).collect();
    stated.sort_unstable();
    assert_eq!(policy.keys().map(String::as_str).collect::<Vec<_>>(), stated);
}
