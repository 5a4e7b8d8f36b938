//! An instance of the same name on two clusters: neither takes the files of the other one for its own.

mod cluster_unknown;
mod in_one_file;
mod viewer;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use testbed::{ControlPlane, Options, Scope, poll};

use crate::support::Monconf;

const KUBE_SYSTEM: &str = "/api/v1/namespaces/kube-system";

/// The same names on two clusters, and a folder.
struct Pair {
    here: Scope<'static>,
    there: Scope<'static>,
    folder: tempfile::TempDir,
}

impl Pair {
    fn new(test: &str) -> Self {
        static CLUSTERS: LazyLock<[ControlPlane; 2]> = LazyLock::new(|| {
            let clusters = [(); 2].map(|()| ControlPlane::start(Options::bare()));
            for cluster in &clusters {
                // The API server makes it once it is ready.
                poll::until("Namespace kube-system", || {
                    !cluster.admin().is_absent(KUBE_SYSTEM)
                });
            }
            clusters
        });
        let [here, there] = &*CLUSTERS;
        let (here, there) = (here.scope(test), there.scope(test));
        let there = Scope {
            name: here.name.clone(),
            namespace: here.namespace.clone(),
            user: there.cp.user(&there.user.name, &["system:masters"]),
            cp: there.cp,
        };
        Self {
            here,
            there,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// `monconf WORDS… --name NAME --namespace NAMESPACE` on one of the clusters, in the folder.
    fn run(&self, on: &Scope, words: &[&str]) -> Monconf {
        Monconf::new(words)
            .args(["--name", &on.name, "--namespace", &on.namespace])
            .kubeconfig(on.kubeconfig())
            .current_dir(self.folder.path())
    }

    fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut found = BTreeMap::new();
        below(self.folder.path(), &mut found);
        found
    }
}

fn below(folder: &Path, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            below(&path, found);
        } else {
            found.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
}

fn uid(on: &Scope) -> String {
    let namespace = on.admin().get(KUBE_SYSTEM).unwrap();
    namespace["metadata"]["uid"].as_str().unwrap().to_owned()
}

fn account(on: &Scope) -> String {
    format!(
        "/api/v1/namespaces/{}/serviceaccounts/{}-sa",
        on.namespace, on.name
    )
}
