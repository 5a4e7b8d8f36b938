use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;

use super::*;

const UID: &str = "8a5f0b3e-6a52-4a3c-9d8e-2f6f3c1f7b11";
const OTHER_UID: &str = "11111111-2222-3333-4444-555555555555";

fn pem(certificates: &[&str]) -> String {
    let blocks = certificates.iter().map(|der| {
        let der = STANDARD.encode(der);
        format!("-----BEGIN CERTIFICATE-----\n{der}\n-----END CERTIFICATE-----\n")
    });
    blocks.collect()
}

fn known(uid: Option<&str>, own: &[&str], server: &[&str]) -> ClusterIdentity {
    let (own, server) = (pem(own), pem(server));
    let given = |pem: &'_ str| (!pem.is_empty()).then(|| pem.to_owned());
    ClusterIdentity::new(uid, given(&own).as_deref(), given(&server).as_deref())
}

/// What another run reads of a mark that `identity` wrote.
fn written(identity: ClusterIdentity) -> ClusterIdentity {
    let comment = Mark::new("a", identity).comment();
    Mark::of_item(&comment).expect("a mark").cluster
}

#[test]
fn a_mark_is_read_as_it_was_written_in_every_form() {
    for (identity, fields) in [
        (ClusterIdentity::default(), "instance blue"),
        (
            known(Some(UID), &[], &[]),
            "instance blue, cluster 8a5f0b3e-6a52-4a3c-9d8e-2f6f3c1f7b11",
        ),
        (
            known(None, &["a"], &[]),
            "instance blue, ca ca978112ca1bbdca",
        ),
        (
            known(Some(UID), &["a"], &["b"]),
            "instance blue, cluster 8a5f0b3e-6a52-4a3c-9d8e-2f6f3c1f7b11, ca ca978112ca1bbdca",
        ),
    ] {
        let mark = Mark::new("blue", identity);
        assert_eq!(mark.comment(), format!("# by monconf, {fields}"));
        let end = ": changes made here by hand are overwritten.\n";
        for (comment, begin) in [(Comment::Hash, "# "), (Comment::Slashes, "// ")] {
            let header = mark.header(comment);
            assert_eq!(header, format!("{begin}Written by monconf, {fields}{end}"));
            for text in [
                header.clone(),
                header.replace('\n', "\r\n"),
                format!("\u{feff}{header}a: 1\n"),
            ] {
                assert_eq!(Mark::of_file(&text).expect("a mark").to_string(), fields);
            }
        }
        let behind = format!("  {}  ", mark.comment());
        assert_eq!(Mark::of_item(&behind).expect("a mark").to_string(), fields);
    }
}

#[test]
fn what_is_no_mark_is_nobody_s() {
    let end = ": changes made here by hand are overwritten.";
    for fields in [
        "instance ",
        "instance a b",
        "blue",
        "instance a, cluster",
        "instance a, cluster ",
        "instance a, cluster x y",
        "instance a, cluster x/y",
        "instance a, ca 12",
        "instance a, ca CA978112CA1BBDCA",
        "instance a, ca ca978112ca1bbdca, cluster x",
        "instance a, cluster x, cluster y",
        "instance a, cluster x, ca ca978112ca1bbdca, ca ca978112ca1bbdca",
        "instance a, cluster x, zone z",
    ] {
        assert_eq!(
            Mark::of_item(&format!("# by monconf, {fields}")),
            None,
            "{fields}"
        );
        let file = format!("# Written by monconf, {fields}{end}\n");
        assert_eq!(Mark::of_file(&file), None, "{fields}");
    }
    for text in [
        "a: 1 # by monconf, instance a",
        "\n# Written by monconf, instance a: changes made here by hand are overwritten.",
        "# Written by monconf, instance a",
    ] {
        assert_eq!(Mark::of_file(text), None, "{text}");
        assert_eq!(Mark::of_item(text), None, "{text}");
    }
}

#[test]
fn an_owner_is_named_by_instance_and_cluster() {
    let own = Mark::new("a", known(Some(UID), &["a"], &[]));
    let file = |instance: &str, cluster| Mark::new(instance, cluster).header(Comment::Hash) + "x\n";
    assert_eq!(own.owns(None), Ownership::Absent);
    assert_eq!(own.owns(Some(" \n")), Ownership::Empty);
    assert_eq!(own.owns(Some("x\n")), Ownership::Foreign);
    let ours = own.owns(Some(&file("a", known(Some(UID), &["new"], &[]))));
    assert!(matches!(ours, Ownership::Ours(_)), "{ours:?}");
    let other = own.owns(Some(&file("b", known(Some(UID), &["a"], &[]))));
    assert_eq!(other.other().expect("another"), "instance b of monconf");
    let other = own.owns(Some(&file("a", known(Some(OTHER_UID), &["a"], &[]))));
    assert_eq!(
        other.other().expect("a mark"),
        "instance a of monconf on another cluster (UID of kube-system 11111111-2222-3333-4444-555555555555)"
    );
    let other = own.owns(Some(&file("a", known(None, &["b"], &[]))));
    assert_eq!(
        other.other().expect("a mark"),
        "instance a of monconf on another cluster (CA sha256:3e23e8160039594a…)"
    );
}

/// `Some(true)`: the same cluster. `None`: nothing tells.
#[test]
fn a_cluster_is_known_by_its_uid_and_else_by_its_authorities() {
    for (who, writer, reader, expected) in [
        (
            "nothing is known",
            known(None, &[], &[]),
            known(Some(UID), &["a"], &[]),
            None,
        ),
        (
            "offline",
            known(Some(UID), &["a"], &[]),
            known(None, &[], &[]),
            None,
        ),
        (
            "the CA was replaced",
            known(Some(UID), &["a"], &[]),
            known(Some(UID), &["b"], &[]),
            Some(true),
        ),
        (
            "one CA for two clusters",
            known(Some(UID), &["a"], &[]),
            known(Some(OTHER_UID), &["a"], &[]),
            Some(false),
        ),
        (
            "a viewer",
            known(Some(UID), &["a"], &["a"]),
            known(None, &[], &["a"]),
            Some(true),
        ),
        (
            "a viewer of another cluster",
            known(Some(UID), &["a"], &["a"]),
            known(None, &[], &["b"]),
            Some(false),
        ),
        (
            "an administrator after a viewer",
            known(None, &[], &["a"]),
            known(Some(UID), &["a"], &["a"]),
            Some(true),
        ),
        (
            "a bundle in the kubeconfig",
            known(Some(UID), &["a"], &["b", "a"]),
            known(None, &[], &["a", "b"]),
            Some(true),
        ),
        (
            "a bundle that a viewer wrote",
            known(None, &[], &["a", "b"]),
            known(Some(UID), &["a"], &["b", "a"]),
            Some(true),
        ),
        (
            "a load balancer before two clusters",
            known(None, &["a"], &["lb"]),
            known(None, &["b"], &["lb"]),
            Some(false),
        ),
    ] {
        assert_eq!(reader.is(&written(writer)), expected, "{who}");
    }
}

#[test]
fn users_who_know_a_cluster_by_different_fields_agree_on_its_mark() {
    let full = known(Some(UID), &["a"], &["a"]);
    let viewer = known(None, &[], &["a"]);
    let through_a_proxy = known(Some(UID), &[], &["proxy"]);
    for (writers, expected) in [
        (vec![&full, &viewer], &full),
        (vec![&viewer, &full, &viewer], &full),
        (vec![&full, &through_a_proxy], &full),
        (vec![&through_a_proxy, &full, &through_a_proxy], &full),
    ] {
        let mut mark = Mark::new("a", ClusterIdentity::default());
        for writer in writers {
            mark = Mark::new("a", writer.clone()).after(&mark);
        }
        let expected = Mark::new("a", expected.clone());
        assert_eq!(mark.to_string(), expected.to_string());
    }
    // A CA that was replaced is followed by whoever knows it.
    let replaced = known(Some(UID), &["b"], &["b"]);
    let mark = Mark::new("a", replaced.clone()).after(&Mark::new("a", written(full)));
    assert_eq!(mark.to_string(), Mark::new("a", replaced).to_string());
}

#[test]
fn a_uid_that_could_end_a_comment_is_not_written() {
    for uid in ["", "a\nb: 1", "a: b", "a, ca b", "ä", &"a".repeat(65)] {
        let identity = known(Some(uid), &["a"], &[]);
        assert_eq!(identity.uid(), None, "{uid:?}");
    }
}

fn identities() -> impl Strategy<Value = ClusterIdentity> {
    let uid = proptest::option::of("[0-9a-f]{8}-[0-9a-f]{4}|[A-Za-z0-9-]{1,64}");
    let ca = proptest::collection::vec("[a-d]", 0..3);
    (uid, ca.clone(), ca).prop_map(|(uid, own, server)| {
        let texts = |ca: &[String]| pem(&ca.iter().map(String::as_str).collect::<Vec<_>>());
        let (own, server) = (texts(&own), texts(&server));
        ClusterIdentity::new(uid.as_deref(), Some(&own), Some(&server))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read(instance in "[a-z0-9]([-a-z0-9]{0,40}[a-z0-9])?", cluster in identities()) {
        let mark = Mark::new(&instance, cluster);
        for found in [
            Mark::of_item(&mark.comment()),
            Mark::of_file(&mark.header(Comment::Hash)),
            Mark::of_file(&mark.header(Comment::Slashes)),
        ] {
            let found = found.expect("a mark");
            prop_assert_eq!(found.to_string(), mark.to_string());
            prop_assert!(matches!(mark.judge(found.clone()), Ownership::Ours(_)));
            // A second run changes nothing.
            prop_assert_eq!(mark.after(&found).to_string(), found.to_string());
        }
        prop_assert!(Mark::may_be_in(&mark.comment(), &instance));
    }

    #[test]
    fn no_field_ends_the_line(instance in any::<String>(), uid in any::<String>()) {
        let mark = Mark::new(&instance, ClusterIdentity::new(Some(&uid), Some(&uid), Some(&uid)));
        prop_assert_eq!(mark.header(Comment::Hash).lines().count(), 1);
        let item = format!("- a {}\n", mark.comment());
        prop_assert_eq!(yaml::parse(&item, "").expect("a mark"), vec![serde_json::json!(["a"])]);
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in any::<String>()) {
        let _ = Mark::of_item(&text);
        let _ = Mark::of_file(&format!("# Written by monconf, {text}"));
    }
}
