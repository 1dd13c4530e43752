//! Several files that are judged as one.

use super::*;
use crate::derive::audit::{Judge, Several};

/// A unit with a drop-in: each file must be covered, and the first that is not is named.
#[test]
fn several_files_as_one() {
    let (unit, drop_in) = ("/lib/systemd/system/docker.service", "/etc/systemd/system/docker.service.d/a.conf");
    let mut host = host();
    for path in [unit, drop_in] {
        host.files.insert(path.into(), stat(FileKind::File));
        host.resolved_paths.insert(path.into(), known(path));
    }
    let judge = |rules: Option<&[&str]>, paths: &[&str], unseen: Option<&str>| {
        let mut host = host.clone();
        host.audit.rules.fact =
            rules.map_or_else(|| Fact::unknown("no right"), |rules| Fact::Known(rules.iter().map(|rule| loaded(rule)).collect()));
        host.audit.rule_files = Fact::Known(vec![]);
        let snapshot = facts::Snapshot {
            schema: facts::SCHEMA.into(),
            tool: facts::Tool { name: String::new(), version: String::new() },
            taken_at: String::new(),
            sources: facts::Sources::default(),
            gaps: vec![],
            host,
            docker: Fact::Absent,
        };
        let several = Several { paths: paths.iter().map(|path| (*path).to_owned()).collect(), unseen: unseen.map(str::to_owned) };
        let judge = Judge { snapshot: &snapshot, paths: Paths::of(&snapshot.host) };
        judge.several(&several).known().unwrap().clone()
    };
    let (on_unit, on_drop_in) = (format!("always exit path={unit} perm=wa"), format!("always exit dir={} perm=wa", "/etc/systemd/system"));
    let both = judge(Some(&[&on_unit, &on_drop_in]), &[unit, drop_in], None);
    assert_eq!((both.covered.known(), both.path.known().map(String::as_str)), (Some(&true), Some(unit)));
    assert_eq!(both.rules.known().unwrap().members.len(), 2);
    let one = judge(Some(&[&on_unit]), &[unit, drop_in], None);
    assert_eq!((one.covered.known(), one.path.known().map(String::as_str)), (Some(&false), Some(drop_in)));
    assert!(one.gaps.known().unwrap().members[0].starts_with(drop_in), "{one:?}");
    assert!(judge(None, &[unit, drop_in], None).covered.fact.is_unknown());
    // There may be more: what is missing already decides, what is there does not.
    assert!(judge(Some(&[&on_unit]), &[unit], Some("no right")).covered.fact.is_unknown());
    assert_eq!(judge(Some(&[&on_unit]), &[drop_in], Some("no right")).covered.known(), Some(&false));
    let none = judge(Some(&[]), &[], None);
    assert_eq!((none.exists.known(), none.covered.fact.is_unknown()), (Some(&false), true));
    assert!(judge(Some(&[]), &[], Some("no right")).exists.fact.is_unknown());
}
