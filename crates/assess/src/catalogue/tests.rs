use super::*;

#[test]
fn the_builtin_catalogue_loads() {
    if let Err(errors) = Catalogue::load() {
        panic!("{errors}");
    }
}

#[test]
fn every_example_holds() {
    let errors = Catalogue::load().unwrap().lint();
    assert!(errors.is_empty(), "{}", CatalogueErrors(errors));
}

const CHECK: &str = r#"id: docker.container.sample
title: Memory is limited
why: Otherwise one container takes all of it.
subject: docker.containers
when: container.running
when_not: it does not run
pass: container.memory_bounded
shows: container.memory_limit
fact: [container.memory_limit]
reproduce: docker inspect ${container.name}
severity: medium
stride: [D]
remedy:
  action: container-update
  change: {memory: 512m}
  text: Set a limit.
  disrupts: Nothing restarts.
examples:
  - {name: limited, expect: pass, container: {memory_bounded: true}}
  - {name: unlimited, expect: fail, reason: not set, container: {memory_limit: absent}}
  - {name: unseen, expect: unknown, container: {memory_bounded: ~}}
  - {name: stopped, expect: not-applicable, container: {running: false}}
"#;

/// The mistakes of one check file.
fn mistakes(text: &str) -> Vec<String> {
    let files = [("checks/docker/containers/sample.yaml", text)];
    let errors = match Catalogue::from_files(&files) {
        Ok(catalogue) => catalogue.lint(),
        Err(errors) => errors.0,
    };
    errors.iter().map(|error| error.to_string().replace("checks/docker/containers/sample.yaml:", "")).collect()
}

#[test]
fn a_sound_check_has_no_mistake() {
    assert_eq!(mistakes(CHECK), Vec::<String>::new());
}

#[test]
fn mistakes_are_named_with_their_place() {
    let cases: &[(&str, &str, &str)] = &[
        (
            "pass: container.memory_bounded",
            "pass: container.memory_bonded",
            "7:17: Container has no field `memory_bonded`, did you mean `memory_bounded`?",
        ),
        ("pass: container.memory_bounded", "pass: \"!(container.running) || container.memory\"", "7:42: Container has no field `memory`"),
        (
            "pass: container.memory_bounded",
            "pass: >-\n  container.running &&\n  container.memory_bound",
            "9:13: Container has no field `memory_bound`, did you mean `memory_bounded`?",
        ),
        ("pass: container.memory_bounded", "pass: container.memory_limit > 5", "7:7: `container.memory_limit` may be absent"),
        ("pass: container.memory_bounded", "pas: container.memory_bounded", "7:1: unknown field `pas`"),
        (
            "pass: container.memory_bounded",
            "pass: container.memory_bounded\nmanual: Look at it.",
            "8:9: either `pass` or `manual`, not both",
        ),
        ("when_not: it does not run\n", "", "5:7: `when` needs `when_not`"),
        (
            "pass: container.memory_bounded",
            "pass: container.memory_bounded\nby_policy: {when: is_set(policy.memory_ceiling), pass: container.running}",
            "8:19: `by_policy` is for `manual`",
        ),
        (
            "pass: container.memory_bounded",
            "manual: Look at it.\nby_policy: {when: container.running, pass: container.running}",
            "8:19: this rests on no statement",
        ),
        (
            "pass: container.memory_bounded",
            "manual: Look at it.\nby_policy: {when: is_set(policy.memory_ceilin), pass: container.running}",
            "Policy has no field `memory_ceilin`, did you mean `memory_ceiling`?",
        ),
        (
            "subject: docker.containers",
            "subject: docker.container",
            "4:10: unknown subject `docker.container`, did you mean `docker.containers`?",
        ),
        ("shows: container.memory_limit", "shows: container.mounts", "8:8: list<record Mount> can't be shown"),
        ("fact: [container.memory_limit]", "fact: [container.memory]", "9:8: Container has no field `memory`"),
        ("fact: [container.memory_limit]", "fact: []", "1:5: `fact` is empty"),
        ("${container.name}", "${container.nam}", "10:29: Container has no field `nam`, did you mean `name`?"),
        ("severity: medium", "severity: middling", "11:11: "),
        ("stride: [D]", "stride: [X]", "12:10: "),
        ("stride: [D]", "stride: []", "12:9: `stride` is empty"),
        (
            "action: container-update",
            "action: container-updat",
            "14:11: unknown action `container-updat`, did you mean `container-update`?",
        ),
        ("{memory: 512m}", "{memroy: 512m}", "15:11: container-update has no `memroy`, did you mean `memory`?"),
        ("text: Set a limit.", "text: ''", "16:9: `remedy.text` is empty"),
        ("title: Memory is limited", "title: ''", "2:8: `title` is empty"),
        ("id: docker.container.sample", "id: Docker.sample", "1:5: `Docker.sample` is no check id"),
        ("id: docker.container.sample", "id: x.y\nid: x.y", "2:1: "),
        (
            "expect: pass, container: {memory_bounded: true}",
            "expect: pass, container: {memory_bounded: false}",
            "19:5: example `limited` expects pass and gives fail",
        ),
        (
            "expect: pass, container: {memory_bounded: true}",
            "expect: pass, container: {memory_bound: true}",
            "19:47: Container has no field `memory_bound`, did you mean `memory_bounded`?",
        ),
        (
            "expect: pass, container: {memory_bounded: true}",
            "expect: pass, container: {memory_bounded: 'yes'}",
            "19:63: this is a string, it must be bool",
        ),
        (
            "expect: pass, container: {memory_bounded: true}",
            "expect: pass, container: {running: no}",
            "19:56: this is a string, it must be bool",
        ),
        (
            "expect: pass, container: {memory_bounded: true}",
            "expect: pass, container: {memory_bounded: absent}",
            "19:63: this fact is never absent",
        ),
        (
            "expect: pass, container: {memory_bounded: true}",
            "expect: pass, image: {user: x}",
            "19:42: a check of a container does not see any image",
        ),
        ("reason: not set", "reason: too large", "20:5: example `unlimited` expects the reason `too large`"),
        ("expect: unknown, container: {memory_bounded: ~}", "expect: pass", "19:3: no example expects unknown"),
        ("name: unseen", "name: limited", "21:5: two examples are named `limited`"),
        ("  - {name: stopped, expect: not-applicable, container: {running: false}}\n", "", "no example expects not-applicable"),
    ];
    for (from, to, expect) in cases {
        assert!(CHECK.contains(from), "{from}");
        let found = mistakes(&CHECK.replacen(from, to, 1));
        assert!(found.iter().any(|mistake| mistake.contains(expect)), "{to}\n  expected {expect}\n  found {found:#?}");
    }
}

#[test]
fn the_same_id_twice() {
    let files = [("checks/a.yaml", CHECK), ("checks/b.yaml", CHECK)];
    let errors = Catalogue::from_files(&files).unwrap_err();
    assert_eq!(errors.to_string(), "checks/b.yaml:1:5: `docker.container.sample` is the id of checks/a.yaml already");
}

#[test]
fn own_checks_stand_beside_the_builtin_ones() {
    let catalogue = Catalogue::with_files(&[("checks/mine.yaml", CHECK)]).unwrap();
    assert!(catalogue.checks.contains_key("docker.container.sample") && catalogue.checks.contains_key("docker.daemon.live-restore"));
    let wrong = CHECK.replace("expect: pass", "expect: fail");
    assert!(Catalogue::with_files(&[("checks/mine.yaml", &wrong)]).is_err());
}

#[test]
fn tables_of_contents() {
    let load = |rows: &str| {
        let table = format!("id: t\ntitle: Table\ncontrols:\n{rows}");
        Catalogue::from_files(&[("checks/a.yaml", CHECK), ("benchmarks/t.yaml", &table)]).map_err(|errors| errors.to_string())
    };
    let good = "  - {id: '1.9', section: s, check: docker.container.sample, slug: a, level: 1, assessment: manual}\n  - {id: '1.10', section: s, check: docker.container.sample, slug: b, level: '?', assessment: '?'}\n";
    let catalogue = load(good).unwrap();
    let rows = &catalogue.benchmarks["t"].controls;
    assert_eq!((rows[0].level, rows[0].assessment.as_deref()), (Some(1), Some("manual")));
    assert_eq!((rows[1].level, rows[1].assessment.as_deref()), (None, None));
    assert_eq!(catalogue.numbers("docker.container.sample")["t"], ["1.9", "1.10"]);
    for (row, expect) in [
        ("  - {id: '1.1', section: s, check: docker.container.smaple, slug: a}\n", "did you mean `docker.container.sample`?"),
        ("  - {id: '1.1', section: s, check: ~, slug: a}\n", "`1.1` names no check: each row is answered by one"),
        ("  - {id: '1.1', section: s, slug: a}\n", "names no check"),
        (
            "  - {id: '1.2', section: s, check: docker.container.sample, slug: a}\n  - {id: '1.1', section: s, check: docker.container.sample, slug: a}\n",
            "rows are in numeric order",
        ),
        (
            "  - {id: '1.2', section: s, check: docker.container.sample, slug: a}\n  - {id: '1.2', section: s, check: docker.container.sample, slug: a}\n",
            "stands twice",
        ),
        ("  - {id: x, section: s, check: docker.container.sample, slug: a}\n", "is no number such as 2.15"),
        ("  - {id: '1.1', section: s, check: docker.container.sample, slug: a, level: high}\n", "`level` is 1, 2 or"),
    ] {
        let error = load(row).unwrap_err();
        assert!(error.contains(expect), "{error}");
    }
}

#[test]
fn threats_and_measures() {
    let threat = |change: &str| {
        let text = "threats:\n  - id: DK-D-99\n    element: {kind: docker.containers, name: containers, type: process}\n    stride: D\n    title: T\n    attacker: [lan]\n    applies_when: container.running\n    applies_text: It runs\n    mitigated_when: m.limit\n    reduced_by: [m.other]\n    mitigation: Limit it.\n    cwe: CWE-1\n    severity: low\n    severity_reason: r\n";
        let (from, to) = change.split_once(" => ").unwrap_or(("", ""));
        assert!(text.contains(from), "{from}");
        let files = [
            ("checks/a.yaml", CHECK.to_owned()),
            ("threats/measures.yaml", "measures:\n  m.limit: docker.container.sample\n  m.other: ~\n".to_owned()),
            ("threats/docker.yaml", text.replacen(from, to, 1)),
        ];
        let files: Vec<(&str, &str)> = files.iter().map(|(file, text)| (*file, text.as_str())).collect();
        Catalogue::from_files(&files).map_err(|errors| errors.to_string())
    };
    let catalogue = threat("").unwrap();
    assert_eq!(catalogue.measures["m.other"], None);
    assert_eq!(catalogue.threats[0].mitigated_when.to_string(), "m.limit");
    for (change, expect) in [
        ("m.limit => m.limt | m.other", "threats/docker.yaml:9:21: no measure `m.limt`, did you mean `m.limit`?"),
        ("m.limit => m.limit &", "9:30: a name is missing here"),
        ("[m.other] => [m.othr]", "no measure `m.othr`"),
        ("container.running => container.runing", "7:29: Container has no field `runing`, did you mean `running`?"),
        ("container.running => image.dangling", "unknown name `image`"),
        ("type: process => type: flow", ""),
        ("type: process => type: external", "type external has the letters SR, not D"),
        ("type: process => type: thing", "unknown element type `thing`"),
        ("stride: D => stride: Q", "4:13: "),
        ("title: T => title: ''", "`title` is empty"),
    ] {
        match threat(change) {
            Ok(_) => assert_eq!(expect, "", "{change} is accepted"),
            Err(error) => assert!(!expect.is_empty() && error.contains(expect), "{change}: {error}"),
        }
    }
}

#[test]
fn the_schema_describes_the_files() {
    let schema = Catalogue::check_schema();
    let properties = schema["properties"].as_object().unwrap();
    for key in [
        "id",
        "title",
        "why",
        "subject",
        "when",
        "when_not",
        "pass",
        "manual",
        "by_policy",
        "shows",
        "fact",
        "reproduce",
        "shown_as",
        "severity",
        "stride",
        "remedy",
        "note",
        "examples",
    ] {
        assert!(properties.contains_key(key), "{key}");
    }
    assert_eq!(schema["additionalProperties"], false);
    assert_eq!(properties.len(), 18);
}

#[test]
fn every_view_field_says_what_it_is() {
    for (name, schema) in crate::view::schemas() {
        for field in &schema.fields {
            assert!(!field.doc.is_empty(), "{name}.{}", field.name);
            let is_bool = field.ty == crate::expression::Type::Bool;
            assert_eq!(field.phrases.is_some(), is_bool, "{name}.{}: booleans, and only they, have phrases", field.name);
        }
    }
}

/// Judging goes by the same catalogue, whichever way it was loaded.
#[test]
fn loading_for_judging_leaves_out_what_judging_does_not_ask() {
    let (whole, judging) = (Catalogue::load().unwrap(), Catalogue::load_for_judging().unwrap());
    assert_eq!(whole.checks, judging.checks);
    assert_eq!(whole.benchmarks, judging.benchmarks);
    assert_eq!((&whole.threats, &whole.measures), (&judging.threats, &judging.measures));
    assert!(judging.kubernetes.is_empty() && judging.stories.stories.is_empty());
    // What is cut off is all of the examples, and nothing else.
    assert!(judging.checks.keys().all(|id| judging.examples(id).is_empty() && !whole.examples(id).is_empty()));
}
