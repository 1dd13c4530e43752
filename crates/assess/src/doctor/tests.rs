//! A real snapshot of the weak lab host, whole and with things taken away.

use std::collections::BTreeMap;

use facts::{Fact, Gap, Snapshot};

use super::*;

const WEAK: &str = include_str!("../../../cofferdam/tests/fixtures/weak.snapshot.json");

fn weak() -> Snapshot {
    Snapshot::from_json(WEAK).unwrap()
}

fn diagnosis(snapshot: &Snapshot) -> Diagnosis {
    let catalogue = Catalogue::load().unwrap();
    diagnose(snapshot, &catalogue, &catalogue.benchmarks["cis-docker-1.6.0"], &Operator::default())
}

fn of(diagnosis: &Diagnosis, access: Access) -> &AccessState {
    diagnosis.accesses.iter().find(|one| one.access == access).unwrap_or_else(|| panic!("{access:?}"))
}

#[test]
fn a_host_that_root_saw() {
    let found = diagnosis(&weak());
    assert!(found.all_readable(), "{found:#?}");
    assert_eq!(found.rows.all, 117);
    // Whether a stopped container would get the daemon's defaults shows to nobody, and the snapshot is older than some facts.
    let excused = |met: &MetObstacle| ["start it to see", "not collected by"].iter().any(|why| met.why.contains(why));
    assert!(found.shown_to_nobody.iter().all(excused), "{:#?}", found.shown_to_nobody);
    let audit = of(&found, Access::KernelAudit);
    assert!(audit.hang.rows.contains(&"1.1.3".to_owned()) && audit.unknown.verdicts == 0, "{audit:#?}");
}

/// Whatever is taken away, a verdict that turns unknown says by its mark what was taken, or else what was unknown before.
#[test]
fn no_cause_is_lost() {
    let snapshot = weak();
    let catalogue = Catalogue::load().unwrap();
    let marked = Marked::of(&snapshot);
    let judge = |snapshot: &Snapshot| unseen(snapshot, &catalogue, &Operator::default(), |_| true);
    let key = |one: &Unseen| (one.check.clone(), one.subject.id.clone());
    let before: BTreeMap<_, Verdict> = judge(&marked.snapshot(None).unwrap()).iter().map(|one| (key(one), one.verdict)).collect();
    for access in Access::ALL {
        let without = marked.snapshot(Some(access)).unwrap();
        for one in judge(&without).iter().filter(|one| one.verdict == Verdict::Unknown) {
            let was_unknown = before.get(&key(one)) == Some(&Verdict::Unknown);
            assert!(was_unknown || numbers(&one.because).contains(&TAKEN), "{access:?}: {one:#?}");
        }
    }
}

#[test]
fn audit_that_may_not_be_asked() {
    let mut snapshot = weak();
    let needs = "CAP_AUDIT_CONTROL, as root has it, in the initial user and pid namespace";
    for what in ["kernel audit status", "kernel audit rules"] {
        snapshot.gaps.push(Gap { what: what.into(), why: "permission denied".into(), needs: needs.into() });
    }
    snapshot.host.audit.status.fact = Fact::unknown(format!("kernel audit status: permission denied (needs {needs})"));
    snapshot.host.audit.rules.fact = Fact::unknown(format!("kernel audit rules: permission denied (needs {needs})"));
    let whole = diagnosis(&weak());
    let found = diagnosis(&snapshot);
    let audit = of(&found, Access::KernelAudit);
    assert_eq!((audit.readable, found.accesses[0].access), (Readable::No, Access::KernelAudit));
    assert_eq!(audit.obstacles.len(), 1);
    assert_eq!((audit.obstacles[0].needs.as_deref(), audit.obstacles[0].why.as_str()), (Some(needs), "permission denied"));
    // What hung on it when it was there is what is unknown now.
    assert_eq!(audit.unknown, of(&whole, Access::KernelAudit).hang);
    assert_eq!(audit.unknown, audit.obstacles[0].unknown);
    assert_eq!(found.needs()[0].0, needs);
    assert!(!found.all_readable());
}

#[test]
fn an_engine_that_is_away() {
    let mut snapshot = weak();
    snapshot.docker = Fact::unknown("no engine at unix:///s: the socket does not exist (needs an engine that answers)");
    let found = diagnosis(&snapshot);
    let engine = of(&found, Access::EngineApi);
    assert_eq!(engine.readable, Readable::No);
    assert!(engine.unknown.verdicts > 70, "{engine:#?}");
    assert_eq!(engine.obstacles[0].needs.as_deref(), Some("an engine that answers"));
    assert!(found.shown_to_nobody.is_empty(), "{:#?}", found.shown_to_nobody);
}

/// What fails because the process was not found is that failure's, and not one of the files that it would have named.
#[test]
fn a_daemon_that_may_not_be_looked_at() {
    let mut snapshot = weak();
    let why = "permission denied looking at the open files of other users' processes (needs CAP_SYS_PTRACE, as root has it)";
    let engine = snapshot.docker.known_mut().unwrap();
    engine.process.fact = Fact::unknown(why);
    engine.unit = Fact::unknown(why);
    engine.config_path = Fact::unknown("the daemon's command line could not be read");
    engine.config_file.fact = Fact::unknown("the daemon's command line could not be read");
    let found = diagnosis(&snapshot);
    let descriptors = of(&found, Access::DaemonDescriptors);
    assert_eq!(descriptors.obstacles[0].needs.as_deref(), Some("CAP_SYS_PTRACE, as root has it"));
    assert_eq!(of(&found, Access::Units).readable, Readable::Yes);
    assert_ne!(of(&found, Access::Configuration).readable, Readable::No);
}

#[test]
fn what_to_type_next() {
    let account = |uid: u32, lacks: &[&str], host: bool| facts::Account {
        uid: Fact::Known(uid),
        lacks: Fact::Known(lacks.iter().map(|name| (*name).to_owned()).collect()),
        host_processes: Fact::Known(host),
        host_users: Fact::Known(true),
        ..facts::Account::default()
    };
    let whole = diagnosis(&weak());
    let mut blind = weak();
    blind.host.audit.rules.fact = Fact::unknown("kernel audit rules: permission denied (needs CAP_AUDIT_CONTROL)");
    let blind = diagnosis(&blind);
    let command = |diagnosis: &Diagnosis, account: facts::Account| next(diagnosis, Some(&account), None, None).command;
    assert_eq!(command(&whole, account(0, &[], true)), "cofferdam bench docker --benchmark cis-docker-1.6.0");
    assert_eq!(command(&blind, account(1000, &["CAP_AUDIT_CONTROL"], true)), "sudo cofferdam doctor docker --benchmark cis-docker-1.6.0");
    let stripped = next(&blind, Some(&account(0, &["CAP_AUDIT_CONTROL"], true)), None, None);
    assert!(stripped.why.contains("CAP_AUDIT_CONTROL"), "{stripped:?}");
    assert!(next(&blind, Some(&account(0, &[], false)), None, None).why.contains("own host"));
    let file = next(&whole, None, None, Some("my snapshot.json"));
    assert_eq!(file.command, "cofferdam bench docker --benchmark cis-docker-1.6.0 --snapshot 'my snapshot.json'");
}
