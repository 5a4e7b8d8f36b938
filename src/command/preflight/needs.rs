//! What the commands need, with a cluster and without one.

use std::collections::BTreeSet;

use crate::client::Cluster;
use crate::command::rotate::nothing_to_replace;
use crate::error::Result;
use crate::plan::Plan;
use crate::preflight::{Demands, Known, Verb, demands};
use crate::prepare::{Partly, prepare_partly, prepare_removal_partly, prepare_unseen};
use crate::render::Templates;
use crate::spec::{Consumer, Form, Format, Spec};

/// What is asked for.
pub(super) struct Wanted<'a> {
    pub(super) verbs: &'a [Verb],
    pub(super) spec: &'a Spec,
    pub(super) templates: &'a Templates,
    pub(super) with_namespace: bool,
}

/// What is needed where nothing exists yet.
pub(super) fn offline(wanted: &Wanted<'_>) -> Result<Demands> {
    let Wanted {
        verbs,
        spec,
        templates,
        with_namespace,
    } = *wanted;
    let form = Form::of(spec, true);
    let plan = prepare_unseen(spec, &form, templates)?;
    check_rotation(wanted, &plan)?;
    let known = Known {
        form: &form,
        plan: &plan,
        removal: None,
        hidden: &BTreeSet::new(),
        with_namespace,
    };
    let mut all = Demands::default();
    for verb in verbs {
        all.join(demands(*verb, spec, &known));
    }
    let is_open =
        matches!(spec.format, Format::Auto { .. }) && spec.names.consumer == Consumer::Prometheus;
    if is_open && *verbs != [Verb::Status] {
        all.notes.push(
            "whether the cluster serves monitoring.coreos.com is not known: this is for --format operator; --format raw takes others".to_owned(),
        );
    }
    Ok(all)
}

/// What is needed for what exists, as far as it may be seen.
pub(super) async fn online(wanted: &Wanted<'_>, cluster: &Cluster) -> Result<Demands> {
    let Wanted {
        verbs,
        spec,
        templates,
        with_namespace,
    } = *wanted;
    let is_planned = verbs.iter().any(|verb| *verb != Verb::Remove);
    let is_removal = verbs.contains(&Verb::Remove);
    let (planned, removed) = tokio::join!(
        async {
            if is_planned {
                Some(Box::pin(prepare_partly(spec, templates, cluster)).await)
            } else {
                None
            }
        },
        async {
            if is_removal {
                Some(Box::pin(prepare_removal_partly(spec, cluster, with_namespace)).await)
            } else {
                None
            }
        }
    );
    let removed = removed.transpose()?;
    let planned = match planned.transpose()? {
        Some(planned) => planned,
        None => unseen(spec, templates)?,
    };
    check_rotation(wanted, &planned.plan)?;
    let mut all = Demands::default();
    for verb in verbs {
        let hidden = match (verb, &removed) {
            (Verb::Remove, Some(removed)) => &removed.hidden,
            _ => &planned.hidden,
        };
        let known = Known {
            form: &planned.form,
            plan: &planned.plan,
            removal: removed.as_ref().map(|removed| &removed.plan),
            hidden,
            with_namespace,
        };
        all.join(demands(*verb, spec, &known));
    }
    Ok(all)
}

/// A rotation that has nothing to replace takes no rights: the command says so too.
fn check_rotation(wanted: &Wanted<'_>, plan: &Plan) -> Result<()> {
    let mut plan = plan.clone();
    plan.retain_token(&wanted.spec.names);
    if wanted.verbs.contains(&Verb::Rotate) && plan.changes.is_empty() {
        return Err(nothing_to_replace());
    }
    Ok(())
}

fn unseen(spec: &Spec, templates: &Templates) -> Result<Partly> {
    let form = Form::of(spec, true);
    Ok(Partly {
        plan: prepare_unseen(spec, &form, templates)?,
        form,
        hidden: BTreeSet::new(),
    })
}
