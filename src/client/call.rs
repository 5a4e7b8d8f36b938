//! One request.

use http::Method;
use serde_json::{Value, json};

use super::expected::Expected;
use super::shape::{GROUPS, RESOURCES, REVIEW, Shape};
use crate::object::FIELD_MANAGER;
use crate::object::ObjectRef;

/// A request, with the words that an error about it needs.
pub struct Call {
    pub(crate) method: Method,
    /// `read`, `write`, `delete`, `create`.
    pub(crate) action: &'static str,
    /// `ClusterRole monitoring-clusterrole`.
    pub(crate) subject: String,
    /// Path and query.
    pub(crate) path: String,
    pub(crate) content_type: &'static str,
    /// What the answer may be.
    pub(crate) accept: &'static str,
    /// What the answer must be.
    pub(crate) expected: Expected,
    pub(crate) body: Option<Value>,
    /// Whether its `data` is configuration, of which only some values are secret.
    pub(crate) is_configuration: bool,
    /// Whether sending it again does no more than sending it once.
    pub(crate) idempotent: bool,
}

const JSON: &str = "application/json";
/// JSON, or whatever a server that is no API server has to say.
const ANYTHING: &str = "application/json, */*";
const METADATA: &str = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
const METADATA_LIST: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
/// Server-side apply; JSON is YAML.
const APPLY: &str = "application/apply-patch+yaml";
/// JSON merge patch (RFC 7396).
const MERGE: &str = "application/merge-patch+json";

/// Of every write: by whom, and that no field is dropped in silence.
fn written_by(manager: &str) -> String {
    format!("fieldManager={manager}&fieldValidation=Strict")
}

impl Call {
    /// Reads an object.
    #[must_use]
    pub fn get(object: &ObjectRef) -> Self {
        Self {
            expected: Expected::object(object),
            ..Self::read(&object.to_string(), &object.path())
        }
    }

    /// Reads an object of a kind that has no [`ObjectRef`], outside of namespaces.
    pub(crate) fn get_named(
        subject: &str,
        path: &str,
        (api_version, kind): (&str, &str),
        name: &str,
    ) -> Self {
        Self {
            expected: Expected::named(api_version, kind, None, name),
            ..Self::read(subject, path)
        }
    }

    /// Reads objects of one kind, all of `namespace` where one is given.
    #[must_use]
    pub fn list(
        subject: &str,
        path: &str,
        (api_version, kind): (&str, &str),
        namespace: Option<&str>,
    ) -> Self {
        Self {
            expected: Expected::list(api_version, kind, namespace),
            ..Self::read(subject, path)
        }
    }

    /// Reads the groups that the cluster serves.
    pub(crate) fn groups() -> Self {
        Self {
            expected: Expected::document("", "APIGroupList", &GROUPS),
            ..Self::read("the groups of kinds that are served", "/apis")
        }
    }

    /// Reads the kinds of an API version: `/api/v1`, `/apis/GROUP/VERSION`.
    pub(crate) fn kinds(path: &str) -> Self {
        Self {
            // That of `/api/v1` has no apiVersion.
            expected: Expected::document("", "APIResourceList", &RESOURCES),
            ..Self::read("the kinds that are served", path)
        }
    }

    /// Reads a document that is no object of the API.
    pub(crate) fn document(subject: &str, path: &str, shape: &'static Shape) -> Self {
        Self {
            expected: Expected::document("", "", shape),
            ..Self::read(subject, path)
        }
    }

    /// Reads any path whose answer is a JSON object.
    #[must_use]
    pub fn read(subject: &str, path: &str) -> Self {
        Self {
            method: Method::GET,
            action: "read",
            subject: subject.to_owned(),
            path: path.to_owned(),
            content_type: JSON,
            accept: ANYTHING,
            expected: Expected::anything(),
            body: None,
            is_configuration: false,
            idempotent: true,
        }
    }

    /// The same read, of the object's metadata alone.
    #[must_use]
    pub const fn metadata_only(mut self) -> Self {
        self.accept = METADATA;
        self
    }

    /// The same read of a collection, of its objects' metadata alone.
    #[must_use]
    pub fn list_of_metadata(mut self) -> Self {
        self.accept = METADATA_LIST;
        self.expected = self.expected.in_list();
        self
    }

    /// A question in the form of a POST, which stores nothing.
    #[must_use]
    pub fn review(subject: &str, path: &str, body: Value) -> Self {
        let text = |field: &str| body[field].as_str().unwrap_or_default().to_owned();
        let expected = Expected::document(&text("apiVersion"), &text("kind"), &REVIEW);
        Self {
            method: Method::POST,
            body: Some(body),
            expected,
            ..Self::read(subject, path)
        }
    }

    /// A POST that creates something, sent once; the answer is of the same kind.
    #[must_use]
    pub fn create(subject: &str, path: &str, body: Value) -> Self {
        Self {
            action: "create",
            idempotent: false,
            ..Self::review(subject, path, body)
        }
    }

    /// Creates an object that holds configuration and must not exist yet; sent once, strictly validated.
    #[must_use]
    pub fn create_configuration(object: &ObjectRef, body: Value) -> Self {
        let collection = object.kind.collection(object.namespace.as_deref());
        let path = format!("{collection}?{}", written_by(FIELD_MANAGER));
        Self {
            is_configuration: true,
            expected: Expected::object(object),
            ..Self::create(&object.to_string(), &path, body)
        }
    }

    /// Changes those fields of an object that `change` has, strictly validated. With `metadata.resourceVersion` in it,
    /// only if the object is still the one that was read.
    #[must_use]
    pub fn merge_configuration(object: &ObjectRef, change: Value) -> Self {
        Self {
            method: Method::PATCH,
            action: "write",
            path: format!("{}?{}", object.path(), written_by(FIELD_MANAGER)),
            content_type: MERGE,
            body: Some(change),
            is_configuration: true,
            ..Self::get(object)
        }
    }

    /// Server-side apply, strictly validated. `force` takes fields over from other managers.
    #[must_use]
    pub fn apply(object: &ObjectRef, body: Value, force: bool) -> Self {
        let force = if force { "&force=true" } else { "" };
        Self {
            method: Method::PATCH,
            action: "write",
            path: format!("{}?{}{force}", object.path(), written_by(FIELD_MANAGER)),
            content_type: APPLY,
            body: Some(body),
            ..Self::get(object)
        }
    }

    /// Makes an object that holds configuration, as a field manager of its own. A role can allow that by the object's
    /// name, which a POST does not have in its path. If the object is there by now, what differs is a conflict, and the
    /// rest is merged into it: the answer tells.
    #[must_use]
    pub fn make_configuration(object: &ObjectRef, body: Value, manager: &str) -> Self {
        Self {
            path: format!("{}?{}", object.path(), written_by(manager)),
            is_configuration: true,
            ..Self::apply(object, body, false)
        }
    }

    /// Deletes an object.
    #[must_use]
    pub fn delete(object: &ObjectRef) -> Self {
        Self {
            method: Method::DELETE,
            action: "delete",
            expected: Expected::object(object).deleted(),
            ..Self::get(object)
        }
    }

    /// Deletes the object only if it is still the one of this UID, and as it was read.
    #[must_use]
    pub fn only(mut self, uid: &str, resource_version: Option<&str>) -> Self {
        self.body = Some(json!({
            "apiVersion": "v1", "kind": "DeleteOptions",
            "preconditions": {"uid": uid, "resourceVersion": resource_version},
        }));
        self
    }
}

/// `text` as the value of a parameter of a query.
pub(crate) fn query(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
