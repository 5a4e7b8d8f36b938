//! The cluster that a text is for, where its marks alone do not tell.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Blocker;
use super::change::Planner;
use crate::mark::{ClusterIdentity, Mark};
use crate::render::{DesiredEdit, JOBS};
use crate::splice::{Named, names};
use yaml::Step;

impl Planner<'_> {
    /// The mark of this instance, for this cluster.
    pub(super) fn mark(&self) -> Mark {
        Mark::new(&self.consent.names.instance, self.consent.cluster.clone())
    }

    /// The mark by which items of `text` are ours. Where the cluster is not asked, a text with the jobs of one cluster is
    /// compared as ours; of several the one is taken whose drop-in file is named, or whose jobs discover at our server.
    pub(super) fn mark_in(
        &self,
        text: &str,
        desired: &DesiredEdit,
        holder: &[Step],
    ) -> Result<Mark, Blocker> {
        let mark = self.mark();
        if !mark.cluster.is_unknown() || !Mark::may_be_in(text, &mark.instance) {
            return Ok(mark);
        }
        if let Some(drop_in) = self.drop_in(desired, &mark) {
            return Ok(drop_in);
        }
        let origin = desired.place.to_string();
        let mut found = Vec::new();
        for list in &desired.lists {
            let steps = [holder, &list.steps].concat();
            // What is wrong with the text is said where it is edited.
            found.extend(names(text, &origin, &steps, "job_name").unwrap_or_default());
        }
        let clusters = clusters(found, &mark.instance);
        if clusters.len() < 2 {
            return Ok(mark);
        }
        let servers = desired_servers(desired);
        let mut ours = clusters
            .iter()
            .filter(|(_, found)| !found.is_disjoint(&servers));
        match (ours.next(), ours.next()) {
            (Some((cluster, _)), None) => Ok(Mark::new(&mark.instance, cluster.clone())),
            _ => Err(Blocker::SeveralClusters {
                place: origin,
                instance: mark.instance,
                servers: clusters.into_iter().flat_map(|(_, found)| found).collect(),
            }),
        }
    }

    /// The mark of the drop-in file, where it exists and names a cluster.
    fn drop_in(&self, desired: &DesiredEdit, mark: &Mark) -> Option<Mark> {
        let drop_in = desired.drop_in.as_ref()?;
        let found = Mark::of_file(&self.existing.files.get(drop_in)?.text)?;
        (found.instance == mark.instance && !found.cluster.is_unknown()).then_some(found)
    }
}

/// The clusters that marks of `instance` name, each with the API servers that its jobs discover at.
fn clusters(found: Vec<Named>, instance: &str) -> Vec<(ClusterIdentity, BTreeSet<String>)> {
    let mut clusters: Vec<(ClusterIdentity, BTreeSet<String>)> = Vec::new();
    for Named { mark, value, .. } in found {
        let Some(mark) = mark.filter(|mark| mark.instance == instance) else {
            continue;
        };
        if mark.cluster.is_unknown() {
            continue;
        }
        let servers = value.as_ref().map(servers).unwrap_or_default();
        let same =
            |(cluster, _): &&mut (ClusterIdentity, _)| cluster.is(&mark.cluster) == Some(true);
        match clusters.iter_mut().find(same) {
            Some((_, known)) => known.extend(servers),
            None => clusters.push((mark.cluster, servers)),
        }
    }
    clusters
}

/// The API servers that a job discovers at.
pub(super) fn servers(job: &Value) -> BTreeSet<String> {
    let discoveries = job["kubernetes_sd_configs"].as_array();
    let discoveries = discoveries.into_iter().flatten();
    discoveries
        .filter_map(|discovery| discovery["api_server"].as_str().map(str::to_owned))
        .collect()
}

/// The API servers that the jobs of a text should discover at.
pub(super) fn desired_servers(desired: &DesiredEdit) -> BTreeSet<String> {
    let jobs = desired.jobs.iter();
    jobs.flat_map(|job| servers(&job.value)).collect()
}

/// The API servers that the jobs of a drop-in file discover at.
pub(super) fn servers_of_file(text: &str) -> BTreeSet<String> {
    let documents = yaml::parse(text, "").unwrap_or_default();
    let jobs = documents
        .first()
        .and_then(|document| document[JOBS].as_array());
    jobs.into_iter().flatten().flat_map(servers).collect()
}
