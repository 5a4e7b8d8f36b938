//! The Pod Security Standards: what of a Pod is against them, as far as its fields tell
//! (<https://kubernetes.io/docs/concepts/security/pod-security-standards/>).

use serde_json::Value;

/// A level of the Pod Security Standards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Everything is admitted.
    Privileged,
    /// No known escalation of privileges.
    Baseline,
    /// Hardened Pods alone.
    Restricted,
}

/// The capabilities that `baseline` lets a container add.
const ADDED: [&str; 13] = [
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];
/// The volumes that `restricted` admits.
const VOLUMES: [&str; 8] = [
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "persistentVolumeClaim",
    "projected",
    "secret",
];

impl Level {
    /// As in the label of a Namespace.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Privileged => "privileged",
            Self::Baseline => "baseline",
            Self::Restricted => "restricted",
        }
    }

    /// The level that a Namespace enforces: without the label every Pod is admitted.
    #[must_use]
    pub fn enforced(namespace: &Value) -> Self {
        let labels = &namespace["metadata"]["labels"];
        match labels["pod-security.kubernetes.io/enforce"].as_str() {
            Some("baseline") => Self::Baseline,
            None | Some("privileged") => Self::Privileged,
            // A value that is none of the three is taken for the strictest.
            Some(_) => Self::Restricted,
        }
    }

    /// What of a Pod it does not admit, a sentence for each field.
    #[must_use]
    pub fn against(self, pod: &Value) -> Vec<String> {
        let spec = &pod["spec"];
        let mut found = Vec::new();
        if self >= Self::Baseline {
            baseline(spec, &mut found);
        }
        if self == Self::Restricted {
            restricted(spec, &mut found);
        }
        found
    }
}

/// Every container, with its place.
fn containers(spec: &Value) -> Vec<(String, &Value)> {
    let lists = ["initContainers", "containers", "ephemeralContainers"];
    let of = |list: &&'static str| {
        let items = spec[*list].as_array().into_iter().flatten();
        let list = *list;
        let named = items.enumerate();
        named.map(move |(index, container)| (format!("{list}[{index}]"), container))
    };
    lists.iter().flat_map(of).collect()
}

fn texts(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
}

fn baseline(spec: &Value, found: &mut Vec<String>) {
    for field in ["hostNetwork", "hostPID", "hostIPC"] {
        if spec[field] == true {
            found.push(format!("{field} is true"));
        }
    }
    for (index, volume) in spec["volumes"].as_array().into_iter().flatten().enumerate() {
        if !volume["hostPath"].is_null() {
            found.push(format!("volumes[{index}] is a hostPath"));
        }
    }
    if spec["securityContext"]["seccompProfile"]["type"] == "Unconfined" {
        found.push("securityContext.seccompProfile is Unconfined".to_owned());
    }
    for (place, container) in containers(spec) {
        let context = &container["securityContext"];
        if context["privileged"] == true {
            found.push(format!("{place}.securityContext.privileged is true"));
        }
        if context["seccompProfile"]["type"] == "Unconfined" {
            found.push(format!(
                "{place}.securityContext.seccompProfile is Unconfined"
            ));
        }
        if context["procMount"] == "Unmasked" {
            found.push(format!("{place}.securityContext.procMount is Unmasked"));
        }
        for capability in
            texts(&context["capabilities"]["add"]).filter(|known| !ADDED.contains(known))
        {
            found.push(format!("{place} adds the capability {capability}"));
        }
        let ports = container["ports"].as_array().into_iter().flatten();
        for port in ports
            .filter_map(|port| port["hostPort"].as_u64())
            .filter(|port| *port != 0)
        {
            found.push(format!("{place} has the hostPort {port}"));
        }
    }
}

fn restricted(spec: &Value, found: &mut Vec<String>) {
    for (index, volume) in spec["volumes"].as_array().into_iter().flatten().enumerate() {
        let kinds = volume
            .as_object()
            .into_iter()
            .flatten()
            .map(|(kind, _)| kind);
        for kind in kinds.filter(|kind| *kind != "name" && *kind != "hostPath") {
            if !VOLUMES.contains(&kind.as_str()) {
                found.push(format!("volumes[{index}] is of kind {kind}"));
            }
        }
    }
    let of_pod = &spec["securityContext"];
    for (place, container) in containers(spec) {
        let context = &container["securityContext"];
        let or_of_pod = |field: &str| match &context[field] {
            Value::Null => &of_pod[field],
            own => own,
        };
        if context["allowPrivilegeEscalation"] != false {
            found.push(format!(
                "{place}.securityContext.allowPrivilegeEscalation is not false"
            ));
        }
        if !texts(&context["capabilities"]["drop"]).any(|dropped| dropped == "ALL") {
            found.push(format!(
                "{place}.securityContext.capabilities does not drop ALL"
            ));
        }
        for capability in texts(&context["capabilities"]["add"]) {
            if capability != "NET_BIND_SERVICE" && ADDED.contains(&capability) {
                found.push(format!("{place} adds the capability {capability}"));
            }
        }
        if *or_of_pod("runAsNonRoot") != true {
            found.push(format!("{place}: runAsNonRoot is not true"));
        }
        if *or_of_pod("runAsUser") == 0 {
            found.push(format!("{place}: runAsUser is 0"));
        }
        let profile = or_of_pod("seccompProfile");
        if profile["type"] != "RuntimeDefault" && profile["type"] != "Localhost" {
            found.push(format!(
                "{place}: seccompProfile is not RuntimeDefault or Localhost"
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_hardened_pod_is_admitted_and_a_plain_one_told_what_it_lacks() {
        let context = json!({
            "allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]},
        });
        let hardened = json!({"spec": {
            "securityContext": {"runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [{"name": "a", "securityContext": context}],
            "volumes": [{"name": "v", "configMap": {"name": "c"}}],
        }});
        assert_eq!(Level::Restricted.against(&hardened), Vec::<String>::new());
        let plain = json!({"spec": {"containers": [{"name": "a"}]}});
        assert_eq!(Level::Baseline.against(&plain), Vec::<String>::new());
        assert_eq!(
            Level::Restricted.against(&plain),
            [
                "containers[0].securityContext.allowPrivilegeEscalation is not false",
                "containers[0].securityContext.capabilities does not drop ALL",
                "containers[0]: runAsNonRoot is not true",
                "containers[0]: seccompProfile is not RuntimeDefault or Localhost",
            ]
        );
        let host = json!({"spec": {"hostNetwork": true, "containers": [], "volumes": [{"name": "v", "hostPath": {"path": "/"}}]}});
        assert_eq!(
            Level::Baseline.against(&host),
            ["hostNetwork is true", "volumes[0] is a hostPath"]
        );
    }
}
