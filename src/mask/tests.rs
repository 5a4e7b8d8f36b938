use proptest::prelude::*;
use serde_json::json;

use super::*;

const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nMIIBAQ==\n-----END CERTIFICATE-----\n";

fn shares_a_piece(text: &str, secret: &str) -> bool {
    secret
        .as_bytes()
        .windows(8)
        .any(|piece| text.as_bytes().windows(8).any(|window| window == piece))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_piece_of_a_secret_is_left(secret in "[A-Za-z0-9+/]{16,80}", around in ".{0,20}") {
        let encoded = STANDARD.encode(&secret);
        let object = json!({
            "kind": "Secret",
            "metadata": {"annotations": {LAST_APPLIED: json!({"kind": "Secret", "stringData": {"token": secret}}).to_string()}},
            "data": {"token": encoded, "other": encoded},
            "stringData": {"token": secret},
        });
        let shown = Masker::default().object(&object).to_string();
        prop_assert!(!shares_a_piece(&shown, &secret) && !shares_a_piece(&shown, &encoded), "{}", shown);

        let config = format!("a:\n- authorization: x\n  credentials: {secret}\n  bearer_token: \"{secret}\"\n");
        let shown = Masker::default().text(&config.clone().into());
        prop_assert!(!shares_a_piece(&shown, &secret), "{}", shown);

        let message = format!("{around}{secret}{around}{}", &secret[3..]);
        let shown = hide(&message, &[&secret]);
        prop_assert!(!shares_a_piece(&shown, &secret) || shares_a_piece(&around, &secret), "{}", shown);
    }

    #[test]
    fn scrubbing_leaves_nothing_that_moves_a_cursor(text in any::<String>()) {
        let shown = scrub(&text);
        prop_assert!(shown.chars().all(|character| character == '\n' || character == '\t' || !character.is_control()));
    }
}

#[test]
fn equal_secrets_have_equal_numbers_and_certificates_a_fingerprint() {
    let mut masker = Masker::default();
    let mut data = |token: &str| {
        masker.object(&json!({"kind": "Secret", "data": {
            "token": STANDARD.encode(token), "ca.crt": STANDARD.encode(CERTIFICATE),
        }}))["data"]
            .clone()
    };
    let first = data("one");
    assert_eq!(first["token"], "<not shown #1>");
    assert_eq!(first["ca.crt"], "<certificate, sha256:7a19bcec06c6…>");
    assert_eq!(data("two")["token"], "<not shown #2>");
    assert_eq!(data("one"), first);
    let pending = masker.object(&json!({"kind": "Secret", "data": {"token": PENDING_TOKEN}}));
    assert_eq!(pending["data"]["token"], "<not shown #3, a new token>");
}

#[test]
fn tokens_and_passwords_are_found_in_any_text() {
    for (text, shown) in [
        ("Bearer eyJhbGciOi.eyJpc3Mi.c2ln end", "Bearer <token> end"),
        ("cut off: eyJhbGciOi", "cut off: <token>"),
        (
            "https://jane:secret@host/path",
            "https://jane:<password>@host/path",
        ),
        ("https://jane@host:443", "https://jane@host:443"),
        ("a\u{1b}[31mb\u{202e}c", "a\\u{1b}[31mb\\u{202e}c"),
        ("keyJ is a name", "keyJ is a name"),
    ] {
        assert_eq!(scrub(text), shown);
    }
}

#[test]
fn references_to_secrets_are_no_secrets() {
    let monitor = json!({"kind": "ServiceMonitor", "spec": {"endpoints": [
        {"authorization": {"credentials": {"name": "prometheus-k8s-token", "key": "token"}}},
    ]}});
    assert_eq!(Masker::default().object(&monitor), monitor);
    for config in [
        "authorization:\n  credentials_file: /etc/token\n",
        "authorization:\n  credentials:\n    name: prometheus-k8s-token\n    key: token\n",
        "tls_config: {ca: {secret: {name: prometheus-k8s-token, key: ca.crt}}}\n",
        "# ===== a: b\n# ::\n#\n",
        "# The token is bound to this empty Secret: deleting it revokes the token.\n",
        "automountServiceAccountToken: false # issued elsewhere\n",
        "static_configs:\n- targets: ['api-token:9100', 'node:9100'] # main\n",
        "relabel_configs:\n- source_labels: [__meta_kubernetes_secret]\n  regex: 'a;(.+)'\n",
        "oauth2: {token_url: https://example.com/token, client_secret_file: a, scopes: [b]}\n",
    ] {
        assert_eq!(Masker::default().text(&config.to_owned().into()), config);
    }
    let manifest = "kind: GrafanaAgent\nspec:\n  secrets: [grafana-agent-token]\n";
    assert_eq!(Masker::default().text(&Text::manifest(manifest)), manifest);
    let header = "http_headers: {X-Foo: {secrets: [correct-horse]}}\n";
    let shown = Masker::default().text(&Text::manifest(header));
    assert!(!shown.contains("horse"), "{shown}");
}

#[test]
fn a_bundle_behind_a_mark_is_shown_by_its_fingerprint() {
    let mark =
        "# Written by monconf, instance monitoring: changes made here by hand are overwritten.\n";
    let shown = |text: String| Masker::default().text(&text.into());
    assert_eq!(
        shown(format!("{mark}{CERTIFICATE}\n")),
        format!("{mark}<certificate, sha256:7a19bcec06c6…>\n")
    );
    let both = format!("{mark}{CERTIFICATE}\n{CERTIFICATE}\n");
    assert_eq!(
        shown(both),
        format!("{mark}<2 certificates, sha256:7a19bcec06c6…>\n")
    );
    // A comment may hold what is not shown either.
    assert_eq!(
        shown(format!("# eyJhbGciOi.eyJpc3Mi.c2ln\n{CERTIFICATE}\n")),
        "# <token>\n<certificate, sha256:7a19bcec06c6…>\n"
    );
}
