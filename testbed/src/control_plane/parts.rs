//! Starting the programs.

use std::fs;
use std::net::{Ipv4Addr, TcpStream};
use std::path::PathBuf;

use super::pki::Pki;
use super::{Options, commands};
use crate::client::Client;
use crate::components::Component;
use crate::poll::poll;
use crate::process::{Launch, Process, free_port};

/// What every start of a program needs.
pub(super) struct Parts {
    pub(super) directory: PathBuf,
    pub(super) options: Options,
    pub(super) etcd_port: u16,
    pub(super) port: u16,
    attached: bool,
}

impl Parts {
    pub(super) fn new(directory: PathBuf, options: Options, attached: bool) -> Self {
        let policy = directory.join("audit-policy.yaml");
        fs::write(policy, commands::AUDIT_POLICY).expect("the directory is writable");
        Self {
            directory,
            options,
            etcd_port: 0,
            port: 0,
            attached,
        }
    }

    pub(super) fn start_etcd(&self) -> Result<(Process, u16), String> {
        let (port, peers) = (free_port(), free_port());
        let flags = commands::etcd(&self.directory, port, peers);
        let mut etcd = self.launch(Component::Etcd, "etcd", flags);
        let answer = poll(|| {
            let connected = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok();
            (connected || etcd.has_ended()).then_some(connected)
        });
        match answer {
            Some(true) if !etcd.has_ended() => Ok((etcd, port)),
            _ => Err(format!("etcd does not serve: {}", etcd.log_tail())),
        }
    }

    pub(super) fn start_apiserver(&self, port: Option<u16>) -> (Process, u16) {
        let port = port.unwrap_or_else(free_port);
        let flags = commands::apiserver(&self.directory, self.etcd_port, port, &self.options);
        let apiserver = self.launch(Component::Kubernetes, "kube-apiserver", flags);
        (apiserver, port)
    }

    pub(super) fn start_controller_manager(&self, url: &str, pki: &Pki) -> Process {
        let kubeconfig = self.directory.join("controller-manager.kubeconfig");
        pki.kubeconfig("system:kube-controller-manager", &[], url, &kubeconfig);
        let flags = commands::controller_manager(&self.directory, self.options.scheduler);
        self.launch(Component::Kubernetes, "kube-controller-manager", flags)
    }

    pub(super) fn start_scheduler(&self, url: &str, pki: &Pki) -> Process {
        let kubeconfig = self.directory.join("scheduler.kubeconfig");
        pki.kubeconfig("system:kube-scheduler", &[], url, &kubeconfig);
        let flags = commands::scheduler(&self.directory);
        self.launch(Component::Kubernetes, "kube-scheduler", flags)
    }

    fn launch(&self, component: Component, name: &str, flags: Vec<String>) -> Process {
        let log = self.directory.join(format!("{name}.log"));
        let launch = Launch::new(component.binary(name), log).args(flags);
        let process = if self.attached {
            launch.attached()
        } else {
            launch.detached()
        };
        process.unwrap_or_else(|e| panic!("cannot start {name}: {e}"))
    }
}

/// Waits until the API server is ready; the end of its log when it ends instead.
pub(super) fn wait_ready(apiserver: &mut Process, admin: &Client) -> Result<(), String> {
    let ready = poll(|| {
        let ready = admin.get("/readyz").is_ok();
        (ready || apiserver.has_ended()).then_some(ready)
    });
    match ready {
        // Another server may have the port: then ours has ended, or will when it finds out.
        Some(true) if !apiserver.has_ended() => Ok(()),
        Some(_) => Err(format!("kube-apiserver ended: {}", apiserver.log_tail())),
        None => {
            apiserver.kill();
            Err(format!(
                "kube-apiserver is not ready: {}",
                apiserver.log_tail()
            ))
        }
    }
}
