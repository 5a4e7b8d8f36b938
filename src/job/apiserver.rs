//! The API server, found behind the Service `default/kubernetes`.

use super::{Authority, Discovery, Job};

pub(super) fn apiserver() -> Job {
    Job {
        name: "apiserver".to_owned(),
        summary: "kube-apiserver's own metrics".to_owned(),
        job_name: "kubernetes-apiservers".to_owned(),
        // The API server maintains this Service itself, with these labels.
        discovery: Discovery::service(
            Some("default"),
            &[("component", &["apiserver"]), ("provider", &["kubernetes"])],
            &["https"],
        ),
        ..Job::secure(Authority::ApiServer)
    }
}
