//! What a command would write, as far as its caller may see what exists.

use std::collections::{BTreeMap, BTreeSet};

use super::removal::removal_of;
use super::{PENDING_CA, planned, unseen};
use crate::client::Cluster;
use crate::cluster::Refused;
use crate::error::Result;
use crate::mark::ClusterIdentity;
use crate::object::ObjectRef;
use crate::plan::{Consent, Existing, Plan, plan};
use crate::render::{Operators, Surroundings, Templates, desired};
use crate::spec::{Form, Spec};
use crate::token::decide;

/// A plan of what may be seen.
pub struct Partly {
    /// What would be written if what may not be read did not exist.
    pub plan: Plan,
    /// The configuration that would be written.
    pub form: Form,
    /// What may not be read.
    pub hidden: BTreeSet<ObjectRef>,
}

/// Plans from what the caller may read. Nobody is asked what others may do.
///
/// # Errors
/// What cannot be read, other than that it may not be.
pub async fn prepare_partly(
    spec: &Spec,
    templates: &Templates,
    cluster: &Cluster,
) -> Result<Partly> {
    let (snapshot, refused) = Box::pin(cluster.read_what_may_be(spec, false)).await?;
    let form = Form::of(spec, snapshot.serves(spec));
    let prepared = Box::pin(planned(spec, templates, cluster, snapshot, false, false)).await?;
    Ok(Partly {
        plan: prepared.plan,
        form,
        hidden: hidden(refused),
    })
}

/// The same for a removal.
///
/// # Errors
/// What cannot be read, other than that it may not be.
pub async fn prepare_removal_partly(
    spec: &Spec,
    cluster: &Cluster,
    with_namespace: bool,
) -> Result<Partly> {
    let (owned, refused) = cluster.read_owned_that_may_be(spec).await?;
    let content = if with_namespace {
        Some(cluster.content(&spec.names.namespace).await)
    } else {
        None
    };
    let prepared = removal_of(spec, cluster, (owned, content), with_namespace, false)?;
    Ok(Partly {
        plan: prepared.plan,
        form: Form::of(spec, true),
        hidden: hidden(refused),
    })
}

fn hidden(refused: Vec<Refused>) -> BTreeSet<ObjectRef> {
    refused
        .into_iter()
        .filter_map(|(object, _)| object)
        .collect()
}

/// Plans against an empty cluster, and looks at no file.
///
/// # Errors
/// A template that does not render what it should.
pub fn prepare_unseen(spec: &Spec, form: &Form, templates: &Templates) -> Result<Plan> {
    let slots = spec.names.handles();
    let decision = decide(&unseen(spec, &slots));
    let surroundings = Surroundings {
        server: "https://kubernetes.default.svc",
        ca: PENDING_CA,
        operators: &Operators::none(),
        schemas: &BTreeMap::new(),
        objects: &BTreeMap::new(),
        namespace_labels: &BTreeMap::new(),
        token: None,
        handle: None,
        is_named: false,
    };
    let desired = desired(spec, form, &surroundings, &decision, templates)?;
    let consent = Consent {
        names: &spec.names,
        cluster: &ClusterIdentity::default(),
        take_ownership: spec.take_ownership,
        token_owner: None,
        backup: false,
        removing: false,
        user: "",
        held: &BTreeMap::new(),
    };
    Ok(plan(&desired, &Existing::default(), &consent))
}
