//! The kubelet's own refusals, and the rights that end them.

use monconf::access::{kubelet_resource, observer};
use monconf::job::Authority;
use monconf::rbac::{Right, Scope as Place};
use serde_json::json;
use testbed::Client;
use testbed::client::Identity;
use testbed::poll::poll;

use super::right::Held;
use super::world::World;

/// Each path with the subresource in the refusal, and what an authorized caller is answered: this kubelet does not know
/// the device of its root filesystem, which the summary begins with.
const PATHS: [(&str, &str, u16); 6] = [
    ("/metrics", "metrics", 200),
    ("/metrics/cadvisor", "metrics", 200),
    ("/metrics/probes", "metrics", 200),
    ("/metrics/resource", "metrics", 200),
    ("/metrics/slis", "metrics", 200),
    ("/stats/summary", "stats", 500),
];

#[test]
fn the_kubelets_refusal_ends_with_the_right_for_its_path() {
    let Some(world) = World::shared() else {
        return;
    };
    let cp = &world.cluster.cp;
    let scope = cp.scope("kubelet-refuses");
    scope.create_namespace();
    cp.wait_for_namespace(&scope.namespace);
    let token = cp.admin().token(&scope.namespace, "default", 600).unwrap();
    let user = format!("system:serviceaccount:{}:default", scope.namespace);
    let url = format!("https://{}:10250", world.cluster.node.address());
    let kubelet = Client::new(&url, cp.ca_pem(), &Identity::Token(token));
    let answer = |path: &str| kubelet.send("GET", path, "", &[]).unwrap();
    let refusal = |subresource: &str| {
        format!(
            "Forbidden (user={user}, verb=get, resource=nodes, subresource(s)=[{subresource}])\n"
        )
    };
    let is_refused = |path: &str, subresource: &str| {
        let answer = answer(path);
        (answer.code, answer.text) == (403, refusal(subresource))
    };
    for (path, subresource, _) in PATHS {
        assert!(is_refused(path, subresource), "{:?}", answer(path));
    }
    for granted in ["metrics", "stats"] {
        let of_this = PATHS
            .iter()
            .filter(|(_, subresource, _)| *subresource == granted);
        for (number, (path, _, code)) in of_this.enumerate() {
            let right = monconf::access::scrape(Authority::Kubelet, path).unwrap();
            assert_eq!(right, Right::resource("", kubelet_resource(path), "get"));
            assert!(
                observer(false).iter().any(|rule| rule.allows(&right)),
                "an observer has it"
            );
            let held = Held {
                place: Place::Cluster,
                right,
            };
            // The first path brings the right; it is the right for the others too.
            if number == 0 {
                cp.grant(&user, None, &json!([held.rule()]));
            }
            let authorized = poll(|| Some(answer(path)).filter(|answer| answer.code != 403));
            assert_eq!(authorized.map(|answer| answer.code), Some(*code), "{path}");
        }
        if granted == "metrics" {
            assert!(
                is_refused("/stats/summary", "stats"),
                "another right is no help"
            );
        }
    }
}
