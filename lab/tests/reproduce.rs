//! Each verdict names a command that shows the same. Here all of them are run on real hosts, and what they print is held against what the
//! verdict shows; how the one shows the other is said by the check itself (`shown_as`).
#![cfg(feature = "real")]

#[path = "support/shown.rs"]
mod shown;
#[expect(dead_code, reason = "what changes hosts needs more of it")]
mod support;

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use assess::{Catalogue, ShownAs};
use lab::{VmOptions, World};
use serde_json::{Value, json};
use shown::disagreement;
use support::{Host, say};

/// Turns the weak host into one where most of what did not apply does: TLS and TCP, a swarm, certificates of registries, other limits, images
/// with lone updates and ADD, containers that are called as those of Docker Enterprise.
const CHANGES: &str = r#"set -e
mkdir -p /etc/sysconfig /etc/docker/certs.d/reg.example /root/tls /tmp/build
echo OPTIONS= >/etc/sysconfig/docker; chmod 664 /etc/sysconfig/docker; chown 0:7 /etc/sysconfig/docker
key=/etc/docker/certs.d/reg.example/client.key; echo x >$key; chmod 666 $key; chown 1000:1000 $key
docker run -d --name limited --ulimit nofile=512:1024 --network none lab/busybox:1 idle
docker tag lab/busybox:1 docker/ucp:3.0.0; docker create --name ucp-proxy docker/ucp:3.0.0 idle
cd /tmp/build; echo x >app
printf 'FROM lab/busybox:1\nADD app /app\nRUN true && apt-get update || true\n' >Dockerfile; docker build -q -t lab/added:1 .
cd /root/tls; openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=lab -keyout key.pem -out ca.pem; cp ca.pem cert.pem
chmod 444 ca.pem cert.pem; chmod 640 key.pem
printf '{"tls": true, "tlscacert": "/root/tls/ca.pem", "tlscert": "/root/tls/cert.pem", "tlskey": "/root/tls/key.pem"}' >/etc/docker/daemon.json
printf '[Service]\nExecStart=\nExecStart=/usr/sbin/dockerd -H fd:// -H tcp://127.0.0.1:2376 --containerd=/run/containerd/containerd.sock\n' \
    >/etc/systemd/system/docker.service.d/tcp.conf
systemctl daemon-reload; systemctl restart docker
docker swarm init --advertise-addr 127.0.0.1
docker network create -d overlay plain
docker service create -q --detach --name svc --replicas 0 --env MODE=x --env DB_PASSWORD=x lab/busybox:1 idle"#;

/// Checks that apply to no host of the lab, with the reason: their commands are run, and what they print is nothing's evidence.
const APPLY_NOWHERE: &[(&str, &str)] = &[
    ("docker.container.no-host-userns", "a daemon that remaps user namespaces has an empty data root: none of the lab's containers"),
    ("docker.container.selinux-options", "Debian's kernel has SELinux, and no policy for it is on the lab's hosts"),
    ("docker.daemon.base-device-size", "the storage driver devicemapper needs a volume group that the lab's hosts have not"),
    ("docker.daemon.legacy-registry-off", "engines that know the old protocol of registries ended with 17.11"),
];

/// One verdict on one subject.
struct Case {
    world: &'static str,
    check: String,
    subject: String,
    verdict: String,
    value: Value,
    command: String,
    printed: Printed,
}

/// What a command printed.
#[derive(Default)]
struct Printed {
    code: i32,
    stdout: String,
    stderr: String,
}

#[test]
fn commands_show_what_verdicts_show() -> Result<()> {
    let mut cases = Vec::new();
    for world in [World::Weak, World::Sound] {
        let host = Host::resume(world, VmOptions::default())?;
        cases.extend(shown(&host, world.name())?);
        if world == World::Weak {
            host.run(CHANGES)?;
            cases.extend(shown(&host, "changed")?);
        }
    }
    keep(&cases)?;
    let catalogue = Catalogue::load().map_err(|errors| anyhow::anyhow!("{errors}"))?;
    let shown_as = |case: &Case| &catalogue.checks[&case.check].shown_as;
    let mut wrong: Vec<String> = cases.iter().filter_map(|case| mistake(case, shown_as(case)).transpose()).collect::<Result<_>>()?;
    wrong.extend(indifferent(&cases, shown_as)?);
    let nowhere = |id: &str| APPLY_NOWHERE.iter().any(|(check, _)| *check == id);
    let compared = |id: &str| cases.iter().any(|case| case.check == id && is_compared(case));
    wrong.extend(catalogue.checks.keys().filter(|id| compared(id) == nowhere(id)).map(|id| match nowhere(id) {
        true => format!("{id}: applies somewhere after all: take it off the list"),
        false => format!("{id}: compared on no host"),
    }));
    ensure!(wrong.is_empty(), "{} of {} commands do not show what the verdict shows:\n\n{}", wrong.len(), cases.len(), wrong.join("\n\n"));
    let compared = cases.iter().filter(|case| is_compared(case)).count();
    say(&format!("{} commands run for {} checks, the output of {compared} compared", cases.len(), catalogue.checks.len()));
    Ok(())
}

/// What the verdicts on a host show, and what their commands print there.
fn shown(host: &Host, world: &'static str) -> Result<Vec<Case>> {
    let mut cases = verdicts(host, world)?;
    run(host, &mut cases)?;
    Ok(cases)
}

/// The first subject of each verdict of each check, as `assess` has it while it writes the snapshot too.
fn verdicts(host: &Host, world: &'static str) -> Result<Vec<Case>> {
    let assessment = host.json("assess --format json --save /tmp/reproduce.snapshot.json")?;
    let mut cases: Vec<Case> = Vec::new();
    for (check, result) in assessment["results"].as_object().context("results")? {
        let mut seen: Vec<&str> = Vec::new();
        for subject in result["subjects"].as_array().into_iter().flatten() {
            let verdict = subject["verdict"].as_str().unwrap_or_default();
            if seen.contains(&verdict) {
                continue;
            }
            seen.push(verdict);
            cases.push(Case {
                world,
                check: check.clone(),
                subject: subject["name"].as_str().unwrap_or_default().to_owned(),
                verdict: verdict.to_owned(),
                value: subject["facts"][0]["value"].clone(),
                command: subject["reproduce"].as_str().unwrap_or_default().to_owned(),
                printed: Printed::default(),
            });
        }
    }
    Ok(cases)
}

/// Runs them in a few round trips, each by `sh -c` with a time limit; two lines of hexadecimal digits and a number come back for each.
fn run(host: &Host, cases: &mut [Case]) -> Result<()> {
    const EACH: &str = r#"cd /tmp; while read -r line; do
        timeout 60 sh -c "$(printf '%b' "$(printf %s "$line" | sed 's/../\\x&/g')")" </dev/null >r.out 2>r.err; echo $?
        for f in r.out r.err; do head -c 200000 $f | od -An -v -tx1 | tr -d ' \n'; echo; done; done"#;
    // A round trip has a time limit of its own, and an emulated host under load takes a second for each.
    for cases in cases.chunks_mut(40) {
        let lines: String = cases.iter().map(|case| hex(case.command.as_bytes()) + "\n").collect();
        let answer = host.vm.ssh_with_input(EACH, lines.as_bytes())?.success()? + "\n\n\n";
        let mut lines = answer.lines();
        for case in cases {
            let mut next = || lines.next().with_context(|| format!("no answer to {}", case.command));
            case.printed = Printed { code: next()?.parse()?, stdout: text(next()?)?, stderr: text(next()?)? };
        }
    }
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn text(hex: &str) -> Result<String> {
    let byte = |at: usize| hex.get(at..at + 2).and_then(|digits| u8::from_str_radix(digits, 16).ok()).context("half a byte");
    let bytes: Vec<u8> = (0..hex.len()).step_by(2).map(byte).collect::<Result<_>>()?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Writes all of it to the file that COFFERDAM_REPRODUCED names, for whoever writes a check.
fn keep(cases: &[Case]) -> Result<()> {
    let Some(path) = std::env::var_os("COFFERDAM_REPRODUCED") else { return Ok(()) };
    let case = |case: &Case| {
        json!({"world": case.world, "check": case.check, "subject": case.subject, "verdict": case.verdict, "value": case.value,
            "command": case.command, "code": case.printed.code, "stdout": case.printed.stdout, "stderr": case.printed.stderr})
    };
    std::fs::write(path, format!("{:#}\n", Value::from(cases.iter().map(case).collect::<Vec<_>>())))?;
    Ok(())
}

/// What was not seen shows nothing, and what does not apply shows nothing that decided. Their commands must run all the same.
fn is_compared(case: &Case) -> bool {
    matches!(case.verdict.as_str(), "pass" | "fail" | "manual" | "waived")
}

fn mistake(case: &Case, shown_as: &ShownAs) -> Result<Option<String>> {
    let Printed { code, stdout, stderr } = &case.printed;
    let story = |what: &str| {
        let Case { world, check, subject, verdict, value, command, .. } = case;
        format!("{world} {check} on {subject}, {verdict}, shows {value}\n  $ {command}\n  {what}\n  exit code {code}\n{stdout}{stderr}")
    };
    // Where a check does not apply, its tools need not be there either; a command that the shell cannot read is wrong everywhere.
    const UNREADABLE: [&str; 3] = ["yntax error", "template parsing", "unexpected EOF"];
    const MISSING: [&str; 3] = [": not found", "invalid option", "unrecognized option"];
    let missing = MISSING.iter().filter(|_| is_compared(case));
    if let Some(word) = UNREADABLE.iter().chain(missing).find(|word| stderr.contains(**word)) {
        return Ok(Some(story(&format!("it is broken: {word}"))));
    }
    if !is_compared(case) {
        // Without an object to ask of, commands fail in their own ways; those that hang are wrong everywhere.
        return Ok((*code == 124).then(|| story("it does not end")));
    }
    // grep and test say 1 where they find nothing.
    if *code > 1 {
        return Ok(Some(story("it fails")));
    }
    match disagreement(&case.value, stdout, shown_as).with_context(|| story("cannot be compared")) {
        Ok(None) if disagreement(&case.value, "", shown_as)?.is_none() => Ok(Some(story("no output at all would show it as well"))),
        Ok(None) => Ok(None),
        Ok(Some(pattern)) => Ok(Some(story(&format!("does not hold of its output: {pattern}")))),
        Err(error) => Ok(Some(format!("{error:#}"))),
    }
}

/// Comparisons that tell nothing apart: the output of one subject would show the other value of another subject as well.
fn indifferent<'c>(cases: &[Case], shown_as: impl Fn(&Case) -> &'c ShownAs) -> Result<Vec<String>> {
    let mut by_check: BTreeMap<&str, Vec<&Case>> = BTreeMap::new();
    for case in cases.iter().filter(|case| is_compared(case)) {
        by_check.entry(&case.check).or_default().push(case);
    }
    let mut found = Vec::new();
    for (check, cases) in by_check {
        for (one, other) in cases.iter().flat_map(|one| cases.iter().map(move |other| (*one, *other))) {
            let both = one.verdict != other.verdict && one.value != other.value && !holds_more(&one.value, &other.value);
            if both && matches!(disagreement(&other.value, &one.printed.stdout, shown_as(other)), Ok(None)) {
                found.push(format!("{check}: the output for {} ({}) shows {} as well", one.subject, one.value, other.value));
            }
        }
    }
    Ok(found)
}

/// A longer list shows each of its parts.
fn holds_more(one: &Value, other: &Value) -> bool {
    match (one.as_array(), other.as_array()) {
        (Some(one), Some(other)) => !other.is_empty() && other.iter().all(|member| one.contains(member)),
        _ => false,
    }
}

/// The comparison itself: wrong outputs are refused.
#[test]
fn wrong_outputs_are_refused() -> Result<()> {
    let plain = ShownAs::default();
    let agrees = |value: Value, output: &str, shown_as: &ShownAs| Ok::<_, anyhow::Error>(disagreement(&value, output, shown_as)?.is_none());
    assert!(agrees(json!(true), "x true\n", &plain)?);
    assert!(!agrees(json!(true), "false\n", &plain)? && !agrees(json!(true), "true false\n", &plain)? && !agrees(json!(true), "", &plain)?);
    assert!(agrees(json!(7), "a 7,\n", &plain)? && !agrees(json!(7), "175\n", &plain)?);
    assert!(agrees(json!("a.b+c"), "x a.b+c\n", &plain)? && !agrees(json!("a.b"), "aXb\n", &plain)?);
    assert!(agrees(json!(["a", "b c"]), "b   c\na\n", &plain)? && !agrees(json!(["a", "b"]), "a\n", &plain)?);
    assert!(agrees(json!([]), "a\n", &plain).is_err(), "what shows that there is none must be said");
    let list = |patterns: &[&str]| Some(patterns.iter().map(|pattern| (*pattern).to_owned()).collect());
    let said = ShownAs { if_none: list(&["=^0:0 "]), each: list(&["^%last %first$"]), ..ShownAs::default() };
    assert!(agrees(json!([]), "0:0 a\n0:0 b\n", &said)? && !agrees(json!([]), "0:0 a\n1:0 b\n", &said)? && !agrees(json!([]), "", &said)?);
    assert!(agrees(json!("one two three"), "three one\n", &said)? && !agrees(json!("one two"), "one two\n", &said)?);
    let labelled = ShownAs { each: list(&["^%label: .*ADD "]), ..ShownAs::default() };
    assert!(
        agrees(json!(["line 3: of files"]), "line 3: x ADD y\n", &labelled)?
            && !agrees(json!(["line 3: a"]), "line 2: ADD y\n", &labelled)?
    );
    Ok(())
}
