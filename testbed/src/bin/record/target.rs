//! What a request is about.

use testbed::Event;

/// `secrets/token NAMESPACE/NAME`, or the path of what is no resource.
pub(crate) fn target(event: &Event) -> String {
    if event.resource.is_empty() {
        let path = event.uri.split('?').next();
        return path.unwrap_or_default().to_owned();
    }
    let mut target = event.resource.clone();
    for (sign, part) in [(".", &event.group), ("/", &event.subresource)] {
        if !part.is_empty() {
            target.push_str(sign);
            target.push_str(part);
        }
    }
    match (event.namespace.as_str(), event.name.as_str()) {
        ("", "") => target,
        // The log says of a Namespace that it is in itself.
        (_, name) if event.resource == "namespaces" => format!("{target} {name}"),
        ("", name) => format!("{target} {name}"),
        (namespace, name) => format!("{target} {namespace}/{name}"),
    }
}
