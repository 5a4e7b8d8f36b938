//! How an own job finds its targets.

use std::collections::BTreeSet;

use super::fields::{Fields, Reader};
use super::selector::selector_fault;
use crate::job::{Attachment, Discovery, Role, Selector};
use crate::spec::valid_name;

pub(super) fn role(reader: &mut Reader, fields: &Fields) -> Role {
    let names = Role::ALL.map(Role::name);
    let Some(text) = reader.required_text(fields, "role") else {
        return Role::Pod;
    };
    Role::named(&text).unwrap_or_else(|| {
        reader.unknown(fields, "role", &text, &names);
        Role::Pod
    })
}

pub(super) fn discovery(reader: &mut Reader, fields: &Fields, role: Role) -> Discovery {
    let namespaces = reader.texts(fields, "namespaces");
    for (index, namespace) in namespaces.iter().enumerate() {
        let key = format!("namespaces/{index}");
        if !valid_name(namespace) {
            reader.fault(
                fields,
                &key,
                &format!("{namespace:?} is not a valid name of a namespace"),
            );
        } else if namespaces[..index].contains(namespace) {
            reader.fault(fields, &key, &format!("{namespace:?} is named twice"));
        }
    }
    if !namespaces.is_empty() && !role.is_namespaced() {
        reader.fault(fields, "namespaces", "nodes are in no namespace");
    }
    Discovery {
        role,
        namespaces,
        selectors: selectors(reader, fields, role),
        attach_metadata: attachments(reader, fields, role),
        service: None,
    }
}

fn selectors(reader: &mut Reader, fields: &Fields, role: Role) -> Vec<Selector> {
    let allowed: Vec<&str> = role.selectable().iter().map(|role| role.name()).collect();
    let mut selectors: Vec<Selector> = Vec::new();
    let Some(list) = fields.map.get("selectors") else {
        return selectors;
    };
    let pointer = fields.pointer("selectors");
    for selector in reader.maps(list, &pointer, &["role", "label", "field"]) {
        let Some(text) = reader.required_text(&selector, "role") else {
            continue;
        };
        let Some(of) = Role::named(&text).filter(|of| role.selectable().contains(of)) else {
            reader.fault(
                &selector,
                "role",
                &format!(
                    "the role {} has selectors of {} only, not of {text:?}",
                    role.name(),
                    allowed.join(", ")
                ),
            );
            continue;
        };
        if selectors.iter().any(|other| other.role == of) {
            reader.fault(
                &selector,
                "role",
                &format!("there are two selectors of {text}"),
            );
        }
        let label = reader.text(&selector, "label");
        let field = reader.text(&selector, "field");
        for (key, text) in [("label", &label), ("field", &field)] {
            if let Some(fault) = text.as_deref().and_then(|text| selector_fault(key, text)) {
                reader.fault(&selector, key, &fault);
            }
        }
        if label.is_none() && field.is_none() {
            reader.fault(
                &selector,
                "",
                "has neither label nor field, and so selects nothing",
            );
        }
        selectors.push(Selector {
            role: of,
            label,
            field,
        });
    }
    selectors
}

fn attachments(reader: &mut Reader, fields: &Fields, role: Role) -> BTreeSet<Attachment> {
    let names = Attachment::ALL.map(Attachment::name);
    let mut attached = BTreeSet::new();
    for (index, text) in reader.texts(fields, "attachMetadata").iter().enumerate() {
        let key = format!("attachMetadata/{index}");
        let found = Attachment::ALL
            .into_iter()
            .find(|attachment| attachment.name() == text);
        match found {
            None => reader.unknown(fields, &key, text, &names),
            Some(attachment) if !attachment.is_for(role) => reader.fault(
                fields,
                &key,
                &format!(
                    "Prometheus attaches no metadata of the {text} to the role {}",
                    role.name()
                ),
            ),
            Some(attachment) => {
                attached.insert(attachment);
            }
        }
    }
    attached
}
