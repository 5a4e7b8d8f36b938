//! etcd, kube-apiserver and kube-controller-manager: a cluster without nodes, ready in seconds.

pub(crate) mod commands;
mod crds;
mod options;
mod parts;
pub(crate) mod pki;

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use rustix::process::Signal;

pub use options::{Crds, Options};

use crate::client::{Client, Identity};
use crate::poll::{BOUND, until};
use crate::process::{Directory, Process, with_free_ports};
use parts::Parts;
use pki::Pki;

/// A running control plane.
pub struct ControlPlane {
    // Dropped in this order: an API server without its etcd would hold its port for another minute.
    apiserver: Mutex<Process>,
    controller_manager: Option<Process>,
    scheduler: Option<Process>,
    etcd: Process,
    parts: Parts,
    url: String,
    admin: Client,
    pki: Arc<Pki>,
    _directory: Option<Directory>,
}

impl ControlPlane {
    /// The one that all tests of this process share: started by the first call, ended with the process.
    pub fn shared() -> &'static Self {
        static SHARED: LazyLock<ControlPlane> =
            LazyLock::new(|| ControlPlane::start(Options::default()));
        &SHARED
    }

    /// One of the caller's own, for tests that stop, stall or configure it; ended when dropped.
    pub fn start(options: Options) -> Self {
        let directory = Directory::new("control-plane");
        let path = directory.path().to_owned();
        Self::start_in(path, Some(directory), options)
    }

    /// One that lives on when this process ends, with everything that it needs in `directory`.
    pub fn start_detached(directory: PathBuf, options: Options) -> Self {
        Self::start_in(directory, None, options)
    }

    fn start_in(path: PathBuf, directory: Option<Directory>, options: Options) -> Self {
        let pki = Pki::new();
        let mut addresses = vec![
            Ipv4Addr::LOCALHOST.into(),
            Ipv4Addr::new(10, 96, 0, 1).into(),
        ];
        addresses.extend(options.address);
        pki.write(&path, &addresses);
        let mut parts = Parts::new(path, options, directory.is_some());
        let (etcd, etcd_port) = with_free_ports(|| parts.start_etcd());
        parts.etcd_port = etcd_port;

        let pair = pki.client("testbed-admin", &["system:masters"]);
        let identity = Identity::from(pair);
        let (apiserver, port, admin) = with_free_ports(|| {
            let (mut apiserver, port) = parts.start_apiserver(None);
            let admin = Client::new(
                &format!("https://127.0.0.1:{port}"),
                pki.ca_pem(),
                &identity,
            );
            parts::wait_ready(&mut apiserver, &admin)?;
            Ok((apiserver, port, admin))
        });
        parts.port = port;
        let url = format!("https://127.0.0.1:{port}");
        let controller_manager = parts
            .options
            .controller_manager
            .then(|| parts.start_controller_manager(&url, &pki));
        let scheduler = parts
            .options
            .scheduler
            .then(|| parts.start_scheduler(&url, &pki));
        crds::install(&admin, &parts.options);
        Self {
            apiserver: Mutex::new(apiserver),
            controller_manager,
            scheduler,
            etcd,
            parts,
            url,
            admin,
            pki: Arc::new(pki),
            _directory: directory,
        }
    }

    /// Installs kinds of the Prometheus Operator that it was started without, and waits until they are served.
    pub fn install_crds(&self, crds: Crds) {
        let options = Options {
            crds,
            ..self.parts.options.clone()
        };
        crds::install(&self.admin, &options);
    }

    /// Installs what the Grafana Agent Operator needs, where the kinds of `crds` are installed.
    pub fn install_agent_crds(&self, crds: Crds) {
        let options = Options {
            crds,
            agent_crds: true,
            ..self.parts.options.clone()
        };
        crds::install(&self.admin, &options);
    }

    /// Its address: `https://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The API server's port.
    pub fn port(&self) -> u16 {
        self.parts.port
    }

    /// The address by which a node reaches it: that of [`Options::address`].
    pub(crate) fn node_url(&self) -> String {
        let address = self.parts.options.address;
        format!(
            "https://{}:{}",
            address.expect("a cluster with a node has an address"),
            self.port()
        )
    }

    /// The authority of its certificates.
    pub fn ca_pem(&self) -> &str {
        self.pki.ca_pem()
    }

    /// A client of the user `testbed-admin`, who may do everything.
    pub fn admin(&self) -> &Client {
        &self.admin
    }

    /// The folder of its files, among them `apiserver.log` and `audit.log`.
    pub fn directory(&self) -> &Path {
        &self.parts.directory
    }

    pub(crate) fn options(&self) -> &Options {
        &self.parts.options
    }

    pub(crate) fn pki(&self) -> &Arc<Pki> {
        &self.pki
    }

    /// The processes: etcd, API server and, if there are any, controller manager and scheduler.
    pub fn processes(&self) -> Vec<crate::process::Identity> {
        let mut all = vec![self.etcd.identity(), self.apiserver().identity()];
        let optional = [&self.controller_manager, &self.scheduler];
        all.extend(optional.into_iter().flatten().map(Process::identity));
        all
    }

    fn apiserver(&self) -> MutexGuard<'_, Process> {
        self.apiserver
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Stops the API server in its tracks: it accepts connections and answers nothing until [`Self::resume`].
    pub fn pause(&self) {
        self.apiserver().signal(Signal::STOP);
    }

    /// Lets a paused API server go on.
    pub fn resume(&self) {
        self.apiserver().signal(Signal::CONT);
    }

    /// Kills the API server: connections are refused until [`Self::restart_apiserver`].
    pub fn kill_apiserver(&self) {
        self.apiserver().kill();
    }

    /// Starts the API server again on the port that it had, and waits until it is ready.
    pub fn restart_apiserver(&self) {
        let mut apiserver = self.apiserver();
        apiserver.kill();
        let started = Instant::now();
        loop {
            *apiserver = self.parts.start_apiserver(Some(self.port())).0;
            match parts::wait_ready(&mut apiserver, &self.admin) {
                Ok(()) => return,
                Err(log) => assert!(started.elapsed() < BOUND, "{log}"),
            }
        }
    }

    /// Waits until the controller manager has furnished a namespace: with the service account `default` and
    /// with the `ConfigMap` that holds the cluster's authority.
    pub fn wait_for_namespace(&self, namespace: &str) {
        for name in ["serviceaccounts/default", "configmaps/kube-root-ca.crt"] {
            let path = format!("/api/v1/namespaces/{namespace}/{name}");
            until(&format!("{path} exists"), || self.admin.get(&path).is_ok());
        }
    }
}
