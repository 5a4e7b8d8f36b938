//! What an answer must be: the object that was asked for, a list of its kind, or a document.

use serde_json::Value;

use super::shape::{self, LIST, Shape};
use crate::object::ObjectRef;

/// Metadata alone (`k8s.io/apimachinery/pkg/apis/meta/v1`), for which a request may ask instead of objects.
const METADATA: (&str, &str) = ("meta.k8s.io/v1", "PartialObjectMetadata");

/// What an answer must be.
#[derive(Debug)]
pub(crate) struct Expected {
    form: Form,
    /// The kind of the object, of the items or of the document; empty where any will do.
    kind: String,
    /// Its `apiVersion`; empty where any will do.
    api_version: String,
    namespace: Option<String>,
    name: Option<String>,
    shape: &'static Shape,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Object,
    List,
    /// Neither stored nor named.
    Document,
    /// The object that was deleted, or a `Status`.
    Deleted,
}

impl Expected {
    /// That object.
    pub(crate) fn object(object: &ObjectRef) -> Self {
        Self::named(
            object.kind.api_version(),
            object.kind.name(),
            object.namespace.as_deref(),
            &object.name,
        )
    }

    /// An object of a kind that monconf has no name for.
    pub(crate) fn named(
        api_version: &str,
        kind: &str,
        namespace: Option<&str>,
        name: &str,
    ) -> Self {
        Self {
            form: Form::Object,
            kind: kind.to_owned(),
            api_version: api_version.to_owned(),
            namespace: namespace.map(str::to_owned),
            name: Some(name.to_owned()),
            shape: shape::of_kind(kind),
        }
    }

    /// Objects of one kind, of any namespace where none is given.
    pub(crate) fn list(api_version: &str, kind: &str, namespace: Option<&str>) -> Self {
        Self {
            form: Form::List,
            kind: kind.to_owned(),
            api_version: api_version.to_owned(),
            namespace: namespace.map(str::to_owned),
            name: None,
            shape: shape::of_kind(kind),
        }
    }

    /// Something that is not stored.
    pub(crate) fn document(api_version: &str, kind: &str, shape: &'static Shape) -> Self {
        Self {
            form: Form::Document,
            kind: kind.to_owned(),
            api_version: api_version.to_owned(),
            namespace: None,
            name: None,
            shape,
        }
    }

    /// Any object.
    pub(crate) fn anything() -> Self {
        Self::document("", "", &Shape::Object(&[]))
    }

    /// The same object after it was deleted.
    pub(crate) fn deleted(mut self) -> Self {
        self.form = Form::Deleted;
        self
    }

    /// A list of the same, whatever its kind.
    pub(crate) fn in_list(mut self) -> Self {
        if self.form != Form::List {
            self = Self::list("", "", None);
        }
        self
    }

    /// Compares an answer with it.
    ///
    /// # Errors
    /// Why the answer is something else.
    pub(crate) fn check(&self, answer: &Value) -> Result<(), String> {
        let checked = match self.form {
            Form::List => self.check_list(answer),
            Form::Object => self.check_object(answer),
            Form::Document => self.check_document(answer),
            Form::Deleted => shape_of(&Shape::Object(&[]), answer, ""),
        };
        checked.map_err(|reason| format!("the answer is no {}: {reason}", self.title()))
    }

    fn title(&self) -> String {
        match (self.form, self.kind.as_str()) {
            (Form::List, "") => "list".to_owned(),
            (Form::List, kind) => format!("list of {kind} objects"),
            (_, "") => "document".to_owned(),
            (_, kind) => kind.to_owned(),
        }
    }

    fn check_document(&self, answer: &Value) -> Result<(), String> {
        shape_of(self.shape, answer, "")?;
        if self.kind.is_empty() || self.is_of_kind(answer, &self.kind) {
            return Ok(());
        }
        Err(format!("it is {}", shown(answer)))
    }

    fn check_object(&self, answer: &Value) -> Result<(), String> {
        shape_of(&Shape::Object(&[]), answer, "")?;
        let is_metadata = type_of(answer) == METADATA;
        if !is_metadata && !self.is_of_kind(answer, &self.kind) {
            return Err(format!("it is {}", shown(answer)));
        }
        shape_of(self.shape_unless(is_metadata), answer, "")?;
        let text = |field: &str| answer["metadata"][field].as_str();
        let location = |namespace: Option<&str>, name: &str| match namespace {
            Some(namespace) => format!("{}/{}", short(namespace), short(name)),
            None => short(name),
        };
        let (namespace, name) = (text("namespace"), text("name").unwrap_or_default());
        let wanted = self.name.as_deref().unwrap_or_default();
        if namespace != self.namespace.as_deref() || name != wanted {
            return Err(format!(
                "it is {}, not {}",
                location(namespace, name),
                location(self.namespace.as_deref(), wanted)
            ));
        }
        if text("uid").unwrap_or_default().is_empty() {
            return Err("it has no metadata.uid".to_owned());
        }
        Ok(())
    }

    fn check_list(&self, list: &Value) -> Result<(), String> {
        shape_of(&LIST, list, "")?;
        let (api_version, kind) = type_of(list);
        let is_metadata = (api_version, kind.strip_suffix("List").unwrap_or_default()) == METADATA;
        let wanted = format!("{}List", self.kind);
        if !kind.ends_with("List")
            || !is_metadata && !self.kind.is_empty() && !self.is_of_kind(list, &wanted)
        {
            return Err(format!("it is {}", shown(list)));
        }
        let items = list["items"].as_array().into_iter().flatten();
        items.enumerate().try_for_each(|(index, item)| {
            self.check_item(item, is_metadata)
                .map_err(|reason| format!("items[{index}] {reason}"))
        })
    }

    fn check_item(&self, item: &Value, of_metadata: bool) -> Result<(), String> {
        let (api_version, kind) = type_of(item);
        let is_metadata = of_metadata || (api_version, kind) == METADATA;
        // Items need not repeat what the list says.
        let differs =
            |found: &str, wanted: &str| !found.is_empty() && !wanted.is_empty() && found != wanted;
        if !is_metadata && (differs(kind, &self.kind) || differs(api_version, &self.api_version)) {
            return Err(format!("is {}", shown(item)));
        }
        shape_of(self.shape_unless(is_metadata), item, "is wrong: ")?;
        let text = |field: &str| item["metadata"][field].as_str().unwrap_or_default();
        if text("name").is_empty() {
            return Err("has no metadata.name".to_owned());
        }
        match self.namespace.as_deref() {
            Some(wanted) if text("namespace") != wanted => Err(format!(
                "is in namespace {:?}, not {wanted}",
                short(text("namespace"))
            )),
            _ => Ok(()),
        }
    }

    fn shape_unless(&self, is_metadata: bool) -> &'static Shape {
        if is_metadata {
            shape::of_kind("")
        } else {
            self.shape
        }
    }

    fn is_of_kind(&self, answer: &Value, kind: &str) -> bool {
        let found = type_of(answer);
        found.1 == kind && (self.api_version.is_empty() || found.0 == self.api_version)
    }
}

fn shape_of(shape: &Shape, answer: &Value, before: &str) -> Result<(), String> {
    let checked = shape.check(answer);
    checked.map_err(|mismatch| format!("{before}{mismatch}"))
}

/// `apiVersion` and `kind`; empty where they are absent.
fn type_of(value: &Value) -> (&str, &str) {
    let text = |field: &str| value[field].as_str().unwrap_or_default();
    (text("apiVersion"), text("kind"))
}

/// `of kind ConfigMap (v1)`.
fn shown(value: &Value) -> String {
    match type_of(value) {
        (_, "") => "without a kind".to_owned(),
        ("", kind) => format!("of kind {}", short(kind)),
        (api_version, kind) => format!("of kind {} ({})", short(kind), short(api_version)),
    }
}

/// A server's word may be of any length.
fn short(text: &str) -> String {
    match text.char_indices().nth(80) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::object::Kind;

    fn secret() -> Expected {
        Expected::object(&ObjectRef::namespaced(Kind::Secret, "m", "s"))
    }

    #[track_caller]
    fn refused(expected: &Expected, answer: &Value, words: &str) {
        assert_eq!(
            expected.check(answer).expect_err("something else"),
            words,
            "{answer}"
        );
    }

    #[test]
    fn an_object_is_the_one_that_was_asked_for() {
        let metadata = json!({"name": "s", "namespace": "m", "uid": "u"});
        for of in [("v1", "Secret"), METADATA] {
            let answer = json!({"apiVersion": of.0, "kind": of.1, "metadata": metadata});
            assert_eq!(secret().check(&answer), Ok(()), "{answer}");
        }
        for (answer, words) in [
            (
                json!([]),
                "the answer is no Secret: expected an object, found an array",
            ),
            (json!({}), "the answer is no Secret: it is without a kind"),
            (
                json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}),
                "the answer is no Secret: it is of kind ConfigMap (v1)",
            ),
            (
                json!({"apiVersion": "v2", "kind": "Secret", "metadata": metadata}),
                "the answer is no Secret: it is of kind Secret (v2)",
            ),
            (
                json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": "x"}),
                "the answer is no Secret: data: expected an object, found a string",
            ),
            (
                json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": "n", "uid": "u"}}),
                "the answer is no Secret: it is n/s, not m/s",
            ),
            (
                json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": "m"}}),
                "the answer is no Secret: it has no metadata.uid",
            ),
        ] {
            refused(&secret(), &answer, words);
        }
    }

    #[test]
    fn a_list_holds_objects_of_its_kind() {
        let list = Expected::list("v1", "Secret", Some("m"));
        let of = |items: Value| json!({"apiVersion": "v1", "kind": "SecretList", "items": items});
        let named = json!({"metadata": {"name": "a", "namespace": "m"}});
        for items in [json!(null), json!([]), json!([named])] {
            assert_eq!(list.check(&of(items.clone())), Ok(()), "{items}");
        }
        for (items, words) in [
            (json!({}), "items: expected an array, found an object"),
            (
                json!([named, null]),
                "items[1]: expected an object, found null",
            ),
            (json!([{"kind": "Pod"}]), "items[0] is of kind Pod"),
            (json!([{}]), "items[0] has no metadata.name"),
            (
                json!([{"metadata": {"name": "a", "namespace": "x"}}]),
                "items[0] is in namespace \"x\", not m",
            ),
            (
                json!([{"metadata": {"name": "a", "namespace": "m"}, "data": [1]}]),
                "items[0] is wrong: data: expected an object, found an array",
            ),
        ] {
            let words = format!("the answer is no list of Secret objects: {words}");
            refused(&list, &of(items), &words);
        }
        let other = json!({"apiVersion": "v1", "kind": "PodList", "items": []});
        refused(
            &list,
            &other,
            "the answer is no list of Secret objects: it is of kind PodList (v1)",
        );
    }
}
