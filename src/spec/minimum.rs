//! How new a Prometheus has to be for what is written for it (`CHANGELOG.md` of Prometheus).

use super::{FilePlace, Form, Spec};
use crate::error::{Error, Result};
use crate::job::{Attachment, Job, Role};
use promconf::Version;

/// Every job names the file of the token under `authorization`.
const AUTHORIZATION: Version = Version::new(2, 26, 0);
/// From here on both are read in the only version that clusters still serve.
const INGRESSES: Version = Version::new(2, 29, 2);
const ENDPOINT_SLICES: Version = Version::new(2, 35, 0);
const ATTACHED_NODE: Version = Version::new(2, 37, 0);
const SCRAPE_CONFIG_FILES: Version = Version::new(2, 43, 0);
const ATTACHED_NAMESPACE: Version = Version::new(3, 6, 0);
const ATTACHED_CONTROLLER: Version = Version::new(3, 11, 0);
const NODES_OF_PODS: Version = Version::new(3, 11, 0);

impl Spec {
    /// Whether a Prometheus of that version takes what is written for it.
    ///
    /// # Errors
    /// [`Error::TooOld`] with the first thing that it does not know.
    pub fn check_version(&self, version: Version) -> Result<()> {
        let drop_in = matches!(
            self.format.settled(),
            Some(Form::Files {
                place: FilePlace::DropIn { .. },
                ..
            })
        );
        if drop_in && version < SCRAPE_CONFIG_FILES {
            return Err(Error::TooOld {
                version,
                what: "scrape_config_files, which a drop-in needs,".to_owned(),
                since: SCRAPE_CONFIG_FILES,
                hint: "write the jobs into Prometheus' own file instead: --config prometheus.yml without --drop-in"
                    .to_owned(),
            });
        }
        for job in &self.jobs {
            let newer = needs(job).into_iter().find(|(since, _)| version < *since);
            if let Some((since, what)) = newer {
                return Err(Error::TooOld {
                    version,
                    what: format!("what job {} needs ({what})", job.name),
                    since,
                    hint: "update Prometheus, or choose other jobs with --jobs".to_owned(),
                });
            }
        }
        Ok(())
    }
}

fn needs(job: &Job) -> Vec<(Version, &'static str)> {
    let discovery = &job.discovery;
    let mut needs = vec![(AUTHORIZATION, "authorization")];
    match discovery.role {
        Role::EndpointSlice => {
            needs.push((ENDPOINT_SLICES, "EndpointSlices of discovery.k8s.io/v1"));
        }
        Role::Ingress => needs.push((INGRESSES, "Ingresses of networking.k8s.io/v1")),
        _ => {}
    }
    for attachment in &discovery.attach_metadata {
        needs.push(match attachment {
            Attachment::Node => (ATTACHED_NODE, "attach_metadata with node"),
            Attachment::Namespace => (ATTACHED_NAMESPACE, "attach_metadata with namespace"),
            Attachment::Deployment | Attachment::Job | Attachment::CronJob => (
                ATTACHED_CONTROLLER,
                "attach_metadata with deployment, job or cronjob",
            ),
        });
    }
    let selects = |role| {
        let mut selectors = discovery.selectors.iter();
        selectors.any(|selector| selector.role == role)
    };
    if discovery.role == Role::Pod && selects(Role::Node) {
        needs.push((NODES_OF_PODS, "a selector of nodes beside the role pod"));
    }
    needs
}
