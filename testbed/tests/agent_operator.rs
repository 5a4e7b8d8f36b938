//! The real Grafana Agent Operator: what it makes of its kinds.

use testbed::{ControlPlane, Crds, Options};

const CRDS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

#[test]
fn its_kinds_are_served_beside_or_without_the_prometheus_operators() {
    let version = |cp: &ControlPlane| {
        let crd = format!("{CRDS}/servicemonitors.monitoring.coreos.com");
        let crd = cp.admin().get(&crd).expect("an administrator");
        crd["metadata"]["annotations"]["operator.prometheus.io/version"].clone()
    };
    for (crds, kinds, newest) in [(Crds::None, 8, false), (Crds::Minimal, 11, true)] {
        let cp = ControlPlane::start(Options {
            crds,
            agent_crds: true,
            ..Options::bare()
        });
        let served = cp.admin().get(CRDS).expect("an administrator");
        assert_eq!(served["items"].as_array().map(Vec::len), Some(kinds));
        assert_eq!(version(&cp) == "0.93.0", newest);
        let agents = "/apis/monitoring.grafana.com/v1alpha1/namespaces/default/grafanaagents";
        cp.admin().get(agents).expect("it is served");
    }
}
