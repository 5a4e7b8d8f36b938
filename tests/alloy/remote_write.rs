//! Where a translated configuration sends samples, and what arrives there.

use serde_json::{Value, json};

use super::translate::{SECRET, control_plane, create, is_formatted, run, translate, unhealthy};
use crate::support::Receiver;

const OAUTH2: &str = include_str!("metricsinstances/oauth2.yaml");
const SENT: &str = include_str!("metricsinstances/sent.yaml");

#[test]
fn a_login_by_oauth2_is_translated_and_no_secret_of_it_is_shown() {
    let scope = control_plane().scope("oauth2");
    create(&scope, OAUTH2);
    let refused = translate(&scope, "oauth2", &[]).run().exit(1);
    assert_eq!(refused.stdout, "");
    for place in ["tokenUrl", "endpointParams.client_assertion"] {
        let finding = format!("error: spec.remoteWrite[1].oauth2.{place}: holds a secret");
        let said = &refused.stderr;
        assert!(said.contains(&finding), "{finding}\n{said}");
    }
    let run = translate(&scope, "oauth2", &["--bypass-errors"]).run().ok();
    let text = &run.stdout;
    assert!(!(run.stderr + text).contains(SECRET));
    is_formatted(text);
    for block in [
        "\t\toauth2 {
\t\t\tclient_id       = nonsensitive(remote.kubernetes.secret.monconf_oauth2_client.data[\"id\"])
\t\t\tclient_secret   = remote.kubernetes.secret.monconf_oauth2_client.data[\"secret\"]
\t\t\ttoken_url       = \"https://login.example.com/token\"
\t\t\tscopes          = [\"metrics.write\", \"openid\"]
\t\t\tendpoint_params = {audience = \"metrics\"}
",
        "\t\t\tclient_id       = remote.kubernetes.configmap.monconf_oauth2_client.data[\"id\"]\n",
    ] {
        assert!(text.contains(block), "{block}\nis not in\n{text}");
    }
    assert_eq!(unhealthy(text, scope.kubeconfig()), [] as [Value; 0]);
}

#[test]
fn samples_of_a_translated_configuration_arrive() {
    let scope = control_plane().scope("sent");
    let receiver = Receiver::start();
    let prometheus = receiver.prometheus();
    let address = prometheus.url().trim_start_matches("http://");
    create(&scope, &SENT.replace("RECEIVER", address));
    let text = translate(&scope, "sent", &[]).run().ok().stdout;
    is_formatted(&text);
    let _agent = run(&text, scope.kubeconfig());

    receiver.wait_until_up("shop");
    let labels = receiver.series("up{job=\"shop\"}").remove(0);
    assert_eq!(labels["service"], "web");
    assert_eq!(labels["region"], "eu-1");
    assert_eq!(labels["instance"], address);
    let cluster = format!("{}/grafana-agent", scope.namespace);
    assert_eq!(labels["cluster"], json!(cluster));
    // What the job and the remote write drop stays behind; everything else of the same scrape is there.
    let named = |name: &str| prometheus.query(&format!("{{job=\"shop\",__name__=~\"{name}\"}}"));
    assert_ne!(named("process_.*"), json!([]));
    assert_eq!(named("(go|prometheus)_.*"), json!([]));
}
