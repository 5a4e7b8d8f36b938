//! The types that the fields of an answer must have before any code reads them.

use std::fmt;

use serde_json::Value;

/// A type in the sense of the Kubernetes API. `null` is an absent field.
#[derive(Debug)]
pub(crate) enum Shape {
    /// A string.
    Text,
    /// `true` or `false`.
    Flag,
    /// An object with these fields, and any others.
    Object(&'static [(&'static str, Shape)]),
    /// An object whose values all have one type.
    Map(&'static Self),
    /// An array whose items all have one type; none of them is `null`.
    List(&'static Self),
}

/// A field of another type.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Mismatch {
    /// `metadata.labels`, `items[3]`; empty for the entire answer.
    pub path: String,
    /// `an object`.
    pub expected: &'static str,
    /// `an array`.
    pub found: &'static str,
}

const TEXTS: Shape = Shape::List(&Shape::Text);
const OBJECT: Shape = Shape::Object(&[]);
const OBJECTS: Shape = Shape::List(&OBJECT);
const TEXT_MAP: Shape = Shape::Map(&Shape::Text);

const METADATA: Shape = Shape::Object(&[
    ("name", Shape::Text),
    ("namespace", Shape::Text),
    ("uid", Shape::Text),
    ("resourceVersion", Shape::Text),
    ("creationTimestamp", Shape::Text),
    ("deletionTimestamp", Shape::Text),
    ("labels", TEXT_MAP),
    ("annotations", TEXT_MAP),
    ("finalizers", TEXTS),
    ("ownerReferences", OBJECTS),
    (
        "managedFields",
        Shape::List(&Shape::Object(&[
            ("manager", Shape::Text),
            ("operation", Shape::Text),
            ("subresource", Shape::Text),
            ("fieldsV1", OBJECT),
        ])),
    ),
]);

const RULES: Shape = Shape::List(&Shape::Object(&[
    ("apiGroups", TEXTS),
    ("resources", TEXTS),
    ("resourceNames", TEXTS),
    ("nonResourceURLs", TEXTS),
    ("verbs", TEXTS),
]));

/// Any object that is stored.
const STORED: Shape = Shape::Object(&[("metadata", METADATA)]);

const WITH_SPEC: Shape =
    Shape::Object(&[("metadata", METADATA), ("spec", OBJECT), ("status", OBJECT)]);

const SECRET: Shape = Shape::Object(&[
    ("metadata", METADATA),
    ("type", Shape::Text),
    ("immutable", Shape::Flag),
    ("data", TEXT_MAP),
]);

const CONFIG_MAP: Shape = Shape::Object(&[
    ("metadata", METADATA),
    ("immutable", Shape::Flag),
    ("data", TEXT_MAP),
    ("binaryData", TEXT_MAP),
]);

const SERVICE_ACCOUNT: Shape = Shape::Object(&[
    ("metadata", METADATA),
    ("automountServiceAccountToken", Shape::Flag),
    ("secrets", OBJECTS),
    ("imagePullSecrets", OBJECTS),
]);

const ROLE: Shape = Shape::Object(&[
    ("metadata", METADATA),
    ("rules", RULES),
    ("aggregationRule", OBJECT),
]);

const BINDING: Shape = Shape::Object(&[
    ("metadata", METADATA),
    (
        "roleRef",
        Shape::Object(&[
            ("apiGroup", Shape::Text),
            ("kind", Shape::Text),
            ("name", Shape::Text),
        ]),
    ),
    (
        "subjects",
        Shape::List(&Shape::Object(&[
            ("apiGroup", Shape::Text),
            ("kind", Shape::Text),
            ("name", Shape::Text),
            ("namespace", Shape::Text),
        ])),
    ),
]);

/// `APIResourceList`.
pub(crate) const RESOURCES: Shape = Shape::Object(&[(
    "resources",
    Shape::List(&Shape::Object(&[
        ("name", Shape::Text),
        ("kind", Shape::Text),
        ("group", Shape::Text),
        ("version", Shape::Text),
        ("namespaced", Shape::Flag),
        ("verbs", TEXTS),
    ])),
)]);

const GROUP_VERSION: Shape =
    Shape::Object(&[("groupVersion", Shape::Text), ("version", Shape::Text)]);

/// `APIGroupList`.
pub(crate) const GROUPS: Shape = Shape::Object(&[(
    "groups",
    Shape::List(&Shape::Object(&[
        ("name", Shape::Text),
        ("preferredVersion", GROUP_VERSION),
        ("versions", Shape::List(&GROUP_VERSION)),
    ])),
)]);

const USER: Shape = Shape::Object(&[
    ("username", Shape::Text),
    ("uid", Shape::Text),
    ("groups", TEXTS),
]);

/// The reviews of `authentication.k8s.io` and `authorization.k8s.io`.
pub(crate) const REVIEW: Shape = Shape::Object(&[(
    "status",
    Shape::Object(&[
        ("allowed", Shape::Flag),
        ("denied", Shape::Flag),
        ("reason", Shape::Text),
        ("incomplete", Shape::Flag),
        ("evaluationError", Shape::Text),
        ("resourceRules", RULES),
        ("nonResourceRules", RULES),
        ("authenticated", Shape::Flag),
        ("error", Shape::Text),
        ("user", USER),
        ("userInfo", USER),
        ("audiences", TEXTS),
        ("token", Shape::Text),
        ("expirationTimestamp", Shape::Text),
    ]),
)]);

/// The document of `/openapi/v3/apis/GROUP/VERSION`.
pub(crate) const OPENAPI: Shape = Shape::Object(&[(
    "components",
    Shape::Object(&[("schemas", Shape::Map(&OBJECT))]),
)]);

/// `/openid/v1/jwks` and `/.well-known/openid-configuration`.
pub(crate) const OPENID: Shape = Shape::Object(&[("keys", OBJECTS), ("issuer", Shape::Text)]);

/// What a list says about itself.
pub(crate) const LIST: Shape = Shape::Object(&[
    ("metadata", Shape::Object(&[("continue", Shape::Text)])),
    ("items", OBJECTS),
]);

/// The shape of an object of `kind`, as far as monconf reads it.
pub(crate) fn of_kind(kind: &str) -> &'static Shape {
    match kind {
        "Secret" => &SECRET,
        "ConfigMap" => &CONFIG_MAP,
        "ServiceAccount" => &SERVICE_ACCOUNT,
        "ClusterRole" | "Role" => &ROLE,
        "ClusterRoleBinding" | "RoleBinding" => &BINDING,
        "Event" | "Endpoints" | "EndpointSlice" | "" => &STORED,
        _ => &WITH_SPEC,
    }
}

impl Shape {
    /// Compares `value` with this shape.
    ///
    /// # Errors
    /// The first field of another type.
    pub(crate) fn check(&self, value: &Value) -> Result<(), Mismatch> {
        if value.is_null() {
            return Err(self.mismatch(value));
        }
        self.fits(value)
    }

    /// The same with `null` allowed, as for an absent field.
    fn fits(&self, value: &Value) -> Result<(), Mismatch> {
        match (self, value) {
            (_, Value::Null) | (Self::Text, Value::String(_)) | (Self::Flag, Value::Bool(_)) => {
                Ok(())
            }
            (Self::Object(fields), Value::Object(map)) => {
                fields.iter().try_for_each(|(key, of)| {
                    map.get(*key)
                        .map_or(Ok(()), |value| of.fits(value))
                        .map_err(|wrong| wrong.below(key))
                })
            }
            (Self::Map(of), Value::Object(map)) => map
                .iter()
                .try_for_each(|(key, value)| of.fits(value).map_err(|wrong| wrong.below(key))),
            (Self::List(of), Value::Array(items)) => {
                items.iter().enumerate().try_for_each(|(index, item)| {
                    of.check(item)
                        .map_err(|wrong| wrong.below(&format!("[{index}]")))
                })
            }
            _ => Err(self.mismatch(value)),
        }
    }

    fn mismatch(&self, value: &Value) -> Mismatch {
        Mismatch {
            path: String::new(),
            expected: match self {
                Self::Text => "a string",
                Self::Flag => "true or false",
                Self::Object(_) | Self::Map(_) => "an object",
                Self::List(_) => "an array",
            },
            found: name(value),
        }
    }
}

impl Mismatch {
    /// The same, seen from the object or array around it.
    fn below(mut self, key: &str) -> Self {
        // A key may be as long as the server likes.
        let key: String = key.chars().take(80).collect();
        let joint = if self.path.is_empty() || self.path.starts_with('[') {
            ""
        } else {
            "."
        };
        self.path = format!("{key}{joint}{}", self.path);
        self
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        write!(f, "expected {}, found {}", self.expected, self.found)
    }
}

/// What JSON calls the type of `value`.
fn name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_field_of_another_type_is_named() {
        for (kind, value, expected) in [
            ("Secret", json!([]), (": an object", "an array")),
            ("Secret", json!(null), (": an object", "null")),
            (
                "Secret",
                json!({"metadata": 7}),
                ("metadata: an object", "a number"),
            ),
            (
                "Secret",
                json!({"data": {"token": [1]}}),
                ("data.token: a string", "an array"),
            ),
            (
                "ClusterRole",
                json!({"rules": [{"verbs": ["get"]}, null]}),
                ("rules[1]: an object", "null"),
            ),
            (
                "ClusterRole",
                json!({"rules": [{"verbs": ["get", {}]}]}),
                ("rules[0].verbs[1]: a string", "an object"),
            ),
            (
                "ServiceAccount",
                json!({"metadata": {"managedFields": [{"fieldsV1": "x"}]}}),
                ("metadata.managedFields[0].fieldsV1: an object", "a string"),
            ),
            (
                "ServiceMonitor",
                json!({"spec": true}),
                ("spec: an object", "a boolean"),
            ),
        ] {
            let wrong = of_kind(kind).check(&value).expect_err("another type");
            let told = (format!("{}: {}", wrong.path, wrong.expected), wrong.found);
            assert_eq!((told.0.as_str(), told.1), expected, "{value}");
        }
    }

    #[test]
    fn absent_fields_and_null_are_the_same() {
        for value in [
            json!({}),
            json!({"metadata": null, "data": null}),
            json!({"data": {"token": null}, "unknown": [null]}),
        ] {
            assert_eq!(of_kind("Secret").check(&value), Ok(()), "{value}");
        }
    }
}
