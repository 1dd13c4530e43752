//! Hostile text: whatever it is, no parser panics.

use proptest::prelude::*;

/// Text made of the pieces that the parsers look for.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("\n".to_owned()),
        Just(" ".to_owned()),
        Just("  ".to_owned()),
        Just("\t".to_owned()),
        Just(":".to_owned()),
        Just(" - ".to_owned()),
        Just("(".to_owned()),
        Just(") ".to_owned()),
        Just("/".to_owned()),
        Just("..".to_owned()),
        Just("\\040".to_owned()),
        Just("\\9".to_owned()),
        Just("cgroup2".to_owned()),
        Just("00010000".to_owned()),
        Just("0100007F:0947".to_owned()),
        Just("0A".to_owned()),
        Just("Uid:".to_owned()),
        Just("18446744073709551616".to_owned()),
        Just("-1".to_owned()),
        Just("ExecStart=".to_owned()),
        Just("\\\n".to_owned()),
        Just("--label".to_owned()),
        Just("$X".to_owned()),
        Just("é".to_owned()),
        Just("\u{0}".to_owned()),
        ".{0,6}",
        "[0-9]{1,3}",
    ];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn text_parsers(text in hostile(), other in hostile()) {
        super::unix_listeners(&text, "docker.sock");
        super::tcp_listeners(&text);
        super::status(&text);
        super::stat(&text);
        super::limits(&text);
        super::id_map(&text);
        super::cgroup_mounts(&text);
        super::root_mount(&text);
        super::mounts(&text);
        super::mount_of(&text, &other);
        super::mount_of(&text, "/var/lib/docker");
        super::cgroup_of(&text, None);
        super::cgroup_of(&text, Some("memory"));
        super::names_container(&text, &other);
        super::container_ids(&text);
        let _ = super::unit_of(&text);
        // A total order: sorting with an inconsistent one may panic.
        prop_assert_eq!(super::natural_order(&text, &other), super::natural_order(&other, &text).reverse());
        prop_assert_eq!(super::natural_order(&text, &text), std::cmp::Ordering::Equal);
    }

    #[test]
    fn order_is_transitive(mut names in proptest::collection::vec("[a1.~0-]{0,5}", 0..24)) {
        names.sort_by(|a, b| super::natural_order(a, b));
        for pair in names.windows(2) {
            prop_assert!(super::natural_order(&pair[0], &pair[1]).is_le());
        }
    }

    #[test]
    fn redaction(text in hostile()) {
        let unit = crate::redact::unit_file(&text);
        prop_assert_eq!(unit.matches('\n').count(), text.matches('\n').count());
        let rules = crate::redact::audit_rules(&text);
        prop_assert_eq!(rules.matches('\n').count(), text.matches('\n').count());
        crate::redact::daemon_json(&text);
        let words: Vec<String> = text.split(' ').map(str::to_owned).collect();
        prop_assert_eq!(crate::redact::daemon_argv(&words).len(), words.len());
        prop_assert_eq!(crate::redact::proxy_argv(&words).len(), words.len());
        crate::redact::url(&text);
    }

    #[test]
    fn acl_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        super::acl(&bytes);
        let mut valid = vec![2, 0, 0, 0];
        valid.extend(bytes);
        super::acl(&valid);
    }
}
