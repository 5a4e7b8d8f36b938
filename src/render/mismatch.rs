//! Why an object of an operator selects none of ours, and what would make it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::label_selector::{matches, wanted_labels};
use super::selection::Selector;

/// Why one object does not select another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// The kind of the one that selects: `Prometheus`.
    pub who: &'static str,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// The path of the selector that is at fault: `spec.serviceMonitorSelector`.
    pub selector: String,
    /// What is wrong.
    pub fault: Fault,
}

/// What keeps a selector from matching.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is absent, which selects nothing.
    Absent,
    /// No namespace selector is there, which means the selecting object's own namespace alone.
    OwnNamespaceOnly,
    /// The namespace's labels do not match; these would.
    NamespaceLabels(Option<BTreeMap<String, String>>),
    /// The object's labels do not match; these would be enough.
    Labels(Option<BTreeMap<String, String>>),
}

impl Selector<'_> {
    /// Why it does not select an object with `labels` in `namespace`, as both are; `None` where it does.
    #[must_use]
    pub fn mismatch(
        &self,
        namespace: &str,
        namespace_labels: &BTreeMap<String, String>,
        labels: &BTreeMap<String, String>,
    ) -> Option<Mismatch> {
        let metadata = &self.object["metadata"];
        let mismatch = |end: &str, fault| {
            let text = |key: &str| metadata[key].as_str().unwrap_or_default().to_owned();
            Some(Mismatch {
                who: self.who,
                namespace: text("namespace"),
                name: text("name"),
                selector: format!("{}.{}{end}", self.place, self.field),
                fault,
            })
        };
        let ours = &self.parent[format!("{}Selector", self.field)];
        if !ours.is_object() {
            return mismatch("Selector", Fault::Absent);
        }
        match &self.parent[format!("{}NamespaceSelector", self.field)] {
            Value::Null if metadata["namespace"] == namespace => {}
            Value::Null => return mismatch("NamespaceSelector", Fault::OwnNamespaceOnly),
            selector if matches(selector, namespace_labels) => {}
            selector => {
                let wanted = lacking(selector, namespace_labels);
                return mismatch("NamespaceSelector", Fault::NamespaceLabels(wanted));
            }
        }
        if matches(ours, labels) {
            return None;
        }
        mismatch("Selector", Fault::Labels(lacking(ours, labels)))
    }
}

/// The labels that make `selector` match what has the labels `have`; `None` where adding labels does not.
fn lacking(selector: &Value, have: &BTreeMap<String, String>) -> Option<BTreeMap<String, String>> {
    let mut wanted = wanted_labels(selector)?;
    let mut all = have.clone();
    wanted.retain(|key, value| have.get(key) != Some(value));
    all.extend(wanted.clone());
    matches(selector, &all).then_some(wanted)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::object::Kind;

    fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        let pairs = pairs.iter();
        pairs
            .map(|&(key, value)| (key.to_owned(), value.to_owned()))
            .collect()
    }

    fn fault(spec: &Value, have: &[(&str, &str)]) -> Option<(String, Fault)> {
        let object = json!({"metadata": {"namespace": "prom", "name": "main"}, "spec": spec});
        let selector = Selector::of_prometheus(&object, Kind::ServiceMonitor);
        let home = labels(&[("kubernetes.io/metadata.name", "shop")]);
        let found = selector.mismatch("shop", &home, &labels(have));
        assert_eq!(
            found.is_none(),
            selector.selects("shop", &home, &labels(have))
        );
        found.map(|found| (found.selector, found.fault))
    }

    #[test]
    fn the_selector_at_fault_is_named_with_what_would_match() {
        let everywhere = json!({});
        let release = json!({"matchLabels": {"release": "main"}});
        let selector = || "spec.serviceMonitorSelector".to_owned();
        let namespaces = || "spec.serviceMonitorNamespaceSelector".to_owned();
        for (spec, have, expected) in [
            (json!({}), &[][..], Some((selector(), Fault::Absent))),
            (
                json!({"serviceMonitorSelector": {}}),
                &[],
                Some((namespaces(), Fault::OwnNamespaceOnly)),
            ),
            (
                json!({"serviceMonitorSelector": {}, "serviceMonitorNamespaceSelector": release}),
                &[],
                Some((
                    namespaces(),
                    Fault::NamespaceLabels(Some(labels(&[("release", "main")]))),
                )),
            ),
            (
                json!({"serviceMonitorSelector": release, "serviceMonitorNamespaceSelector": everywhere}),
                &[("release", "other")],
                Some((
                    selector(),
                    Fault::Labels(Some(labels(&[("release", "main")]))),
                )),
            ),
            (
                json!({
                    "serviceMonitorSelector": {"matchExpressions": [{"key": "team", "operator": "DoesNotExist"}]},
                    "serviceMonitorNamespaceSelector": everywhere,
                }),
                &[("team", "a")],
                Some((selector(), Fault::Labels(None))),
            ),
            (
                json!({"serviceMonitorSelector": release, "serviceMonitorNamespaceSelector": everywhere}),
                &[("release", "main")],
                None,
            ),
        ] {
            assert_eq!(fault(&spec, have), expected, "{spec}");
        }
    }
}
