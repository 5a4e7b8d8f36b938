//! What somebody made by hand, when it is taken over.

use serde::Deserialize;
use serde_json::Value;

use super::change::Planner;
use crate::access::{Grants, Need};
use crate::object::{Kind, ObjectRef};
use crate::rbac::{Right, Rule, Scope, missing};

impl Planner<'_> {
    /// Tells which rights of a role that is not monconf's nobody asked for.
    pub(super) fn beyond(&mut self, role: &ObjectRef, live: &Value, desired: &Value) {
        if !matches!(role.kind, Kind::ClusterRole | Kind::Role) {
            return;
        }
        let rules = |role: &Value| Vec::<Rule>::deserialize(&role["rules"]).unwrap_or_default();
        let surplus = missing(&rules(live), &rules(desired));
        if surplus.is_empty() {
            return;
        }
        let what_comes = if self.consent.take_ownership {
            "that is taken away"
        } else {
            "--take-ownership takes that away"
        };
        self.plan.warnings.push(format!(
            "{role} grants more than is asked for: {}; {what_comes}, and with --access observer a general read set stays",
            sentence(&surplus)
        ));
        if surplus.iter().any(is_nodes_proxy) {
            self.plan.warnings.push(format!(
                "{role} grants nodes/proxy: whoever holds a token of it executes commands in every pod of every node"
            ));
        }
    }
}

/// `get, list, watch nodes, pods; get /metrics`.
fn sentence(rights: &[Right]) -> String {
    let needs: Vec<Need> = rights
        .iter()
        .map(|right| Need {
            right: right.clone(),
            scope: Scope::Cluster,
            jobs: Vec::new(),
        })
        .collect();
    let rules = Grants::of(&needs).cluster;
    let rules: Vec<String> = rules.iter().map(ToString::to_string).collect();
    rules.join("; ")
}

fn is_nodes_proxy(right: &Right) -> bool {
    let whole = Rule::of(right);
    ["get", "create"]
        .iter()
        .any(|verb| whole.allows(&Right::resource("", "nodes/proxy", verb)))
}
