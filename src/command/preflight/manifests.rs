//! What whoever applies manifests needs: read, asked about, and held against Pod Security.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::path::Path;

use super::ask::answered;
use crate::client::Cluster;
use crate::cluster::Tried;
use crate::error::{Error, Result};
use crate::object::{Kind, ObjectRef};
use crate::preflight::{
    Admission, Demand, Level, Manifest, Preflight, Served, Tool, Weight, Workload, of_manifests,
    parse, rights, tool_of, workloads,
};
use crate::promfile;

/// What is to be applied, how, and where.
pub(super) struct Applied {
    manifests: Vec<Manifest>,
    tool: Tool,
    namespace: String,
}

impl Applied {
    /// # Errors
    /// What cannot be read or is no manifest, with its line.
    pub(super) fn read(path: &Path, tool: Option<Tool>, namespace: Option<&str>) -> Result<Self> {
        let text = text(path)?;
        let origin = path.display().to_string();
        let origin = if origin == "-" { "stdin" } else { &origin };
        let manifests = parse(&text, origin).map_err(|why| {
            Error::usage_hint(
                why,
                "a chart has to be rendered first: `helm template … | monconf preflight --manifests -`",
            )
        })?;
        if manifests.is_empty() {
            return Err(Error::usage(format!("there is no manifest in {origin}")));
        }
        Ok(Self {
            tool: tool.unwrap_or_else(|| tool_of(&manifests)),
            namespace: namespace.unwrap_or("default").to_owned(),
            manifests,
        })
    }

    /// The same preflight with what is needed, as far as the manifests tell.
    pub(super) fn offline(&self, mut preflight: Preflight) -> Preflight {
        self.demand(&mut preflight, &Served::new());
        preflight.demands.notes.push(
            "how kinds are served and what the namespace enforces is not known without a cluster"
                .to_owned(),
        );
        preflight
    }

    /// The same with what the cluster says.
    ///
    /// # Errors
    /// Whatever keeps the API server from answering.
    pub(super) async fn online(
        &self,
        mut preflight: Preflight,
        cluster: &Cluster,
    ) -> Result<Preflight> {
        let versions: BTreeSet<String> = self
            .manifests
            .iter()
            .map(|manifest| manifest.api_version.clone())
            .collect();
        let (served, is_new) = tokio::join!(
            cluster.kinds(versions),
            cluster.lacks_namespace(&self.namespace)
        );
        self.demand(&mut preflight, &served?);
        if is_new {
            self.make_namespace(&mut preflight);
        }
        for granting in &mut preflight.demands.grantings {
            if granting.rights.is_none() {
                let live = cluster.seen(&granting.role).await;
                granting.rights = live.map(|role| rights(&role));
            }
        }
        for workload in workloads(&self.manifests, &self.namespace) {
            preflight
                .admissions
                .push(admission(workload, cluster).await?);
        }
        answered(preflight, cluster).await
    }

    fn demand(&self, preflight: &mut Preflight, served: &Served) {
        preflight.command = format!("{} in namespace {}", self.tool.command(), self.namespace);
        preflight.role = format!("{}-{}", self.tool.role(), self.namespace);
        preflight.demands = of_manifests(&self.manifests, self.tool, served, &self.namespace);
    }

    /// Helm does it with `--create-namespace`; else somebody else has done it before.
    fn make_namespace(&self, preflight: &mut Preflight) {
        let namespace = ObjectRef::cluster(Kind::Namespace, &self.namespace);
        for verb in ["create", "patch"] {
            preflight.demands.add(Demand {
                weight: Weight::Perhaps("only with --create-namespace".to_owned()),
                ..Demand::on(&namespace, verb, "the Namespace")
            });
        }
        preflight.demands.namespaces.insert(self.namespace.clone());
    }
}

/// The API server's word where the caller may create Pods; else what the namespace's label and the fields tell.
async fn admission(workload: Workload, cluster: &Cluster) -> Result<Admission> {
    let Workload {
        title,
        namespace,
        pod,
    } = workload;
    let object = ObjectRef::cluster(Kind::Namespace, &namespace);
    let (live, tried) = tokio::join!(
        cluster.seen(&object),
        cluster.try_pod(&namespace, pod.clone())
    );
    let level = live.as_ref().map(Level::enforced);
    let tried = tried?;
    let is_said = matches!(tried, Tried::Admitted | Tried::Refused(_));
    let looked_at = || level.map(|level| level.against(&pod));
    let (refused, unknown) = match tried {
        Tried::Admitted => (Vec::new(), None),
        Tried::Refused(why) => (vec![why], None),
        Tried::NotForUs => match looked_at() {
            Some(refused) => (refused, None),
            None => (Vec::new(), Some(unseen(&namespace))),
        },
        // What the fields tell is so whatever else is in the way.
        Tried::Unknown(why) => match looked_at() {
            Some(refused) if !refused.is_empty() => (refused, None),
            _ => (Vec::new(), Some(why)),
        },
    };
    Ok(Admission {
        workload: title,
        level,
        refused,
        unknown,
        is_said,
    })
}

fn unseen(namespace: &str) -> String {
    format!(
        "the Namespace {namespace} is not there or may not be read, and no Pod may be created in it"
    )
}

fn text(path: &Path) -> Result<String> {
    let unreadable = |reason: String| Error::File {
        action: "read",
        path: path.to_owned(),
        reason,
    };
    if path.as_os_str() == "-" {
        let mut text = String::new();
        let read = std::io::stdin().lock().read_to_string(&mut text);
        return match read {
            Ok(_) => Ok(text),
            Err(error) => Err(unreadable(error.to_string())),
        };
    }
    let file = promfile::read(path)?;
    file.map(|file| file.text.to_string())
        .ok_or_else(|| unreadable("there is no such file".to_owned()))
}
