//! Jobs of the user's own: `ownJobs` of `monconf.yaml`, each checked as Prometheus would check it.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::duration::Duration;
use super::fields::{Fields, Reader};
use super::names::valid_name;
use crate::error::Result;
use crate::job::relabelling::ACTIONS;
use crate::job::{
    Attachment, Authority, BLACKBOX_EXPORTER, Discovery, Job, Relabelling, Role, Selector,
    catalogue, literal,
};

const KEYS: [&str; 19] = [
    "name",
    "jobName",
    "role",
    "namespaces",
    "selectors",
    "attachMetadata",
    "port",
    "path",
    "scheme",
    "params",
    "authority",
    "insecureTLS",
    "interval",
    "timeout",
    "honorLabels",
    "honorTimestamps",
    "relabelling",
    "metricRelabelling",
    "summary",
];

const RELABELLING_KEYS: [&str; 7] = [
    "action",
    "sourceLabels",
    "separator",
    "regex",
    "modulus",
    "targetLabel",
    "replacement",
];

/// The longest name: it is part of the name of an object, behind the instance's.
const LONGEST_NAME: usize = 40;

/// The jobs of `value`, which stands at `/ownJobs` of `text`.
///
/// # Errors
/// Everything that is wrong, each with file and line.
pub(super) fn read(value: &Value, text: &str, origin: &str) -> Result<Vec<Job>> {
    let mut reader = Reader::new(text, origin)?;
    let mut jobs: Vec<Job> = Vec::new();
    for fields in reader.maps(value, "/ownJobs", &KEYS) {
        let job = job(&mut reader, &fields);
        unique(&mut reader, &fields, &job, &jobs);
        jobs.push(job);
    }
    reader.finish(jobs)
}

fn job(reader: &mut Reader, fields: &Fields) -> Job {
    let name = name(reader, fields);
    let role = role(reader, fields);
    let tls = tls(reader, fields);
    let mut relabelling = port(reader, fields, role);
    relabelling.extend(steps(reader, fields, "relabelling"));
    let job = Job {
        summary: reader
            .text(fields, "summary")
            .unwrap_or_else(|| format!("{name}, defined in {}", reader.origin())),
        job_name: job_name(reader, fields, &name),
        discovery: discovery(reader, fields, role),
        authority: authority(reader, fields, tls),
        tls,
        insecure_tls: insecure_tls(reader, fields, tls),
        metrics_path: path(reader, fields),
        params: params(reader, fields),
        interval: duration(reader, fields, "interval"),
        timeout: duration(reader, fields, "timeout"),
        honor_labels: reader.flag(fields, "honorLabels").unwrap_or(false),
        honor_timestamps: reader.flag(fields, "honorTimestamps").unwrap_or(true),
        relabelling,
        metric_relabelling: steps(reader, fields, "metricRelabelling"),
        name,
    };
    if let (Some(timeout), Some(interval)) = (job.timeout, job.interval)
        && timeout > interval
    {
        reader.fault(
            fields,
            "timeout",
            &format!("{timeout} is longer than the interval of {interval}"),
        );
    }
    job
}

fn name(reader: &mut Reader, fields: &Fields) -> String {
    let Some(name) = reader.required_text(fields, "name") else {
        return String::new();
    };
    if !valid_name(&name) || name.len() > LONGEST_NAME {
        reader.fault(
            fields,
            "name",
            &format!("{name:?} is not a valid name: 1 to {LONGEST_NAME} lower-case letters, digits and hyphens"),
        );
    }
    name
}

fn unique(reader: &mut Reader, fields: &Fields, job: &Job, before: &[Job]) {
    let known = catalogue(BLACKBOX_EXPORTER);
    let others = || known.iter().chain(before);
    if others().any(|other| other.name == job.name) {
        let owner = if known.iter().any(|other| other.name == job.name) {
            "monconf has a job of its own"
        } else {
            "another job is"
        };
        reader.fault(fields, "name", &format!("{owner} called {:?}", job.name));
    } else if others().any(|other| other.job_name == job.job_name) {
        let key = if fields.map.contains_key("jobName") {
            "jobName"
        } else {
            "name"
        };
        reader.fault(
            fields,
            key,
            &format!(
                "another job has the job name {:?}, and Prometheus refuses two",
                job.job_name
            ),
        );
    }
}

fn job_name(reader: &mut Reader, fields: &Fields, name: &str) -> String {
    match reader.text(fields, "jobName") {
        Some(text) if text.is_empty() => {
            reader.fault(fields, "jobName", "must not be empty");
            text
        }
        Some(text) => text,
        None => name.to_owned(),
    }
}

fn role(reader: &mut Reader, fields: &Fields) -> Role {
    let names = Role::ALL.map(Role::name);
    let Some(text) = reader.required_text(fields, "role") else {
        return Role::Pod;
    };
    Role::named(&text).unwrap_or_else(|| {
        reader.unknown(fields, "role", &text, &names);
        Role::Pod
    })
}

fn discovery(reader: &mut Reader, fields: &Fields, role: Role) -> Discovery {
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

/// The terms of a selector: `a=b`, `a!=b`, and for labels also `a`, `!a`, `a in (b, c)`, `a notin (b)`.
fn selector_fault(kind: &str, text: &str) -> Option<String> {
    let wrong = || Some(format!("{text:?} is no {kind} selector"));
    if text.trim().is_empty() || text.chars().any(char::is_control) {
        return wrong();
    }
    let mut depth = 0_usize;
    let mut terms = vec![String::new()];
    for character in text.chars() {
        match character {
            '(' => depth += 1,
            ')' if depth == 0 => return wrong(),
            ')' => depth -= 1,
            ',' if depth == 0 => {
                terms.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(term) = terms.last_mut() {
            term.push(character);
        }
    }
    let valid = |term: &String| match kind {
        "field" => is_comparison(term, is_field),
        _ => is_comparison(term, is_label_key) || is_set(term),
    };
    (depth > 0 || !terms.iter().all(valid))
        .then(wrong)
        .flatten()
}

fn is_comparison(term: &str, is_key: fn(&str) -> bool) -> bool {
    let split = ["!=", "==", "="]
        .iter()
        .find_map(|operator| term.split_once(operator));
    split.is_some_and(|(key, value)| is_key(key.trim()) && !value.contains(['=', '!', '(', ' ']))
}

fn is_set(term: &str) -> bool {
    let term = term.trim();
    let words: Vec<&str> = term.splitn(3, ' ').collect();
    match words.as_slice() {
        [key] => is_label_key(key.trim_start_matches('!')),
        [key, "in" | "notin", values] => {
            let values = values.trim();
            is_label_key(key) && values.starts_with('(') && values.ends_with(')')
        }
        _ => false,
    }
}

fn is_label_key(key: &str) -> bool {
    let name = key.rsplit('/').next().unwrap_or_default();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte);
    !name.is_empty() && name.len() <= 63 && key.bytes().all(plain) && key.matches('/').count() <= 1
}

fn is_field(key: &str) -> bool {
    !key.is_empty()
        && key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'.')
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

/// The step that keeps the targets at a port, or for nodes the one that goes to it.
fn port(reader: &mut Reader, fields: &Fields, role: Role) -> Vec<Relabelling> {
    let Some(value) = fields.map.get("port") else {
        return Vec::new();
    };
    let number = value
        .as_u64()
        .filter(|number| (1..=65_535).contains(number));
    let name = value
        .as_str()
        .filter(|name| valid_name(name) && name.len() <= 63);
    let label = match (role, number, name) {
        (_, None, None) => {
            reader.fault(fields, "port", "is neither a number of a port nor its name");
            return Vec::new();
        }
        (Role::Node, Some(number), _) => {
            let address = "__meta_kubernetes_node_address_InternalIP";
            return vec![Relabelling::replace(
                &[address],
                "(.+)",
                "__address__",
                &format!("$1:{number}"),
            )];
        }
        (Role::Node, None, _) => {
            reader.fault(fields, "port", "a node's port has no name; give its number");
            return Vec::new();
        }
        (Role::Ingress, ..) => {
            reader.fault(fields, "port", "an Ingress has no port");
            return Vec::new();
        }
        (Role::Endpoints | Role::EndpointSlice, Some(number), _) => {
            return vec![Relabelling::keep(&["__address__"], &format!(".+:{number}"))];
        }
        (Role::Pod, Some(_), _) => "__meta_kubernetes_pod_container_port_number",
        (Role::Pod, None, _) => "__meta_kubernetes_pod_container_port_name",
        (Role::Service, Some(_), _) => "__meta_kubernetes_service_port_number",
        (Role::Service, None, _) => "__meta_kubernetes_service_port_name",
        (Role::Endpoints, None, _) => "__meta_kubernetes_endpoint_port_name",
        (Role::EndpointSlice, None, _) => "__meta_kubernetes_endpointslice_port_name",
    };
    let text = number.map_or_else(
        || literal(name.unwrap_or_default()),
        |number| number.to_string(),
    );
    vec![Relabelling::keep(&[label], &text)]
}

fn path(reader: &mut Reader, fields: &Fields) -> String {
    let Some(path) = reader.text(fields, "path") else {
        return "/metrics".to_owned();
    };
    if !path.starts_with('/')
        || path.contains(['?', '#'])
        || path.chars().any(|c| c.is_control() || c == ' ')
    {
        reader.fault(
            fields,
            "path",
            &format!("{path:?} is no path: it begins with / and has no query (see params)"),
        );
    }
    path
}

fn tls(reader: &mut Reader, fields: &Fields) -> bool {
    match reader.text(fields, "scheme").as_deref() {
        None | Some("http") => false,
        Some("https") => true,
        Some(other) => {
            reader.unknown(fields, "scheme", other, &["http", "https"]);
            false
        }
    }
}

fn authority(reader: &mut Reader, fields: &Fields, tls: bool) -> Authority {
    let Some(text) = reader.text(fields, "authority") else {
        return Authority::Nobody;
    };
    let found = Authority::NAMED.into_iter().find(|(name, _)| *name == text);
    let Some((_, authority)) = found else {
        reader.unknown(
            fields,
            "authority",
            &text,
            &Authority::NAMED.map(|(name, _)| name),
        );
        return Authority::Nobody;
    };
    if authority.wants_token() && !tls {
        reader.fault(
            fields,
            "authority",
            "the token would be sent in the clear: add scheme: https",
        );
    }
    authority
}

fn insecure_tls(reader: &mut Reader, fields: &Fields, tls: bool) -> bool {
    let insecure = reader.flag(fields, "insecureTLS").unwrap_or(false);
    if insecure && !tls {
        reader.fault(fields, "insecureTLS", "has no effect without scheme: https");
    }
    insecure
}

fn params(reader: &mut Reader, fields: &Fields) -> Vec<(String, Vec<String>)> {
    let Some(value) = fields.map.get("params") else {
        return Vec::new();
    };
    let Some(map) = value.as_object() else {
        reader.fault(fields, "params", "must be a map of lists");
        return Vec::new();
    };
    let map: Map<String, Value> = map.clone();
    let inner = Fields::new(fields.pointer("params"), &map);
    map.keys()
        .map(|name| (name.clone(), reader.texts(&inner, name)))
        .collect()
}

fn duration(reader: &mut Reader, fields: &Fields, key: &str) -> Option<Duration> {
    let value = fields.map.get(key)?;
    // A number without a unit is worth a sentence of its own.
    let text = value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned);
    match text.parse::<Duration>() {
        Ok(duration) if duration.as_secs() == 0 => {
            reader.fault(fields, key, "must not be 0");
            None
        }
        Ok(duration) => Some(duration),
        Err(why) => {
            reader.fault(fields, key, &why);
            None
        }
    }
}

fn steps(reader: &mut Reader, fields: &Fields, key: &str) -> Vec<Relabelling> {
    let Some(list) = fields.map.get(key) else {
        return Vec::new();
    };
    let pointer = fields.pointer(key);
    let steps = reader.maps(list, &pointer, &RELABELLING_KEYS);
    steps.iter().map(|fields| step(reader, fields)).collect()
}

fn step(reader: &mut Reader, fields: &Fields) -> Relabelling {
    let step = Relabelling {
        action: reader
            .text(fields, "action")
            .unwrap_or_else(|| ACTIONS[0].to_owned()),
        source_labels: reader.texts(fields, "sourceLabels"),
        separator: reader.text(fields, "separator"),
        regex: reader.text(fields, "regex"),
        modulus: reader.number(fields, "modulus"),
        target_label: reader.text(fields, "targetLabel"),
        replacement: reader.text(fields, "replacement"),
    };
    let is_understood = fields
        .map
        .keys()
        .all(|key| RELABELLING_KEYS.contains(&key.as_str()));
    if is_understood && let Err((field, why)) = step.check() {
        let key = match field {
            "source_labels" => "sourceLabels",
            "target_label" => "targetLabel",
            other => other,
        };
        reader.fault(fields, key, &why);
    }
    step
}
