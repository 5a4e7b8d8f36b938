//! Real exporters: programs that serve metrics over plain HTTP, for what scrapes them.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;

use ureq::Agent;

use crate::components::Component;
use crate::control_plane::ControlPlane;
use crate::control_plane::pki::{Pair, Pki};
use crate::process::{Directory, Launch, Process, free_port_of, with_free_ports};
use crate::web;

/// Two ways to probe, which need no rights.
const BLACKBOX: &str = "modules: {http_2xx: {prober: http}, tcp_connect: {prober: tcp}}\n";

/// The certificate that an exporter shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certificate {
    /// Of the cluster's authority, for the address.
    Trusted,
    /// Of the cluster's authority, and ended.
    Expired,
    /// Of the cluster's authority, for another address.
    OtherName,
    /// Of another authority.
    OtherAuthority,
}

impl Certificate {
    fn pair(self, cp: &ControlPlane, address: IpAddr) -> Pair {
        let pki = cp.pki();
        match self {
            Self::Trusted => pki.serving(&["exporter"], &[address]),
            Self::Expired => pki.expired(&[address]),
            Self::OtherName => pki.serving(&["elsewhere.example"], &[]),
            Self::OtherAuthority => Pki::new().serving(&["exporter"], &[address]),
        }
    }
}

/// A running exporter, ended when dropped.
///
/// Each starts on the address and port of the caller's choice; with port 0 on a free one.
pub struct Exporter {
    _process: Process,
    address: SocketAddr,
    agent: Agent,
    _directory: Directory,
}

impl Exporter {
    /// The node exporter: metrics of this machine.
    pub fn node(address: impl Into<SocketAddr>) -> Self {
        let flags = |address: SocketAddr, _: &Path| vec![format!("--web.listen-address={address}")];
        Self::start(
            Component::NodeExporter,
            "node_exporter",
            address.into(),
            flags,
        )
    }

    /// The node exporter, which tells nothing of this machine but the metrics of `text`, in the text format.
    pub fn text(address: impl Into<SocketAddr>, text: &str) -> Self {
        let flags = |address: SocketAddr, folder: &Path| {
            fs::write(folder.join("metrics.prom"), text).expect("the directory is writable");
            vec![
                format!("--web.listen-address={address}"),
                "--collector.disable-defaults".to_owned(),
                "--collector.textfile".to_owned(),
                format!("--collector.textfile.directory={}", folder.display()),
            ]
        };
        Self::start(
            Component::NodeExporter,
            "node_exporter",
            address.into(),
            flags,
        )
    }

    /// The node exporter over HTTPS, with that certificate.
    pub fn secure(cp: &ControlPlane, certificate: Certificate) -> Self {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let pair = certificate.pair(cp, address.ip());
        let flags = |address: SocketAddr, folder: &Path| {
            let write = |name: &str, text: &str| {
                let path = folder.join(name);
                fs::write(&path, text).expect("the directory is writable");
                path.display().to_string()
            };
            let certificate = write("tls.crt", &pair.certificate_pem);
            let key = write("tls.key", &pair.key_pem);
            let config =
                format!("tls_server_config: {{cert_file: {certificate}, key_file: {key}}}\n");
            vec![
                format!("--web.listen-address={address}"),
                format!("--web.config.file={}", write("web.yml", &config)),
            ]
        };
        let (component, program) = (Component::NodeExporter, "node_exporter");
        Self::start_at(component, program, "https", address, flags)
    }

    /// The blackbox exporter, with the modules `http_2xx` and `tcp_connect`.
    pub fn blackbox(address: impl Into<SocketAddr>) -> Self {
        let flags = |address: SocketAddr, folder: &Path| {
            let config = folder.join("blackbox.yml");
            fs::write(&config, BLACKBOX).expect("the directory is writable");
            vec![
                format!("--web.listen-address={address}"),
                format!("--config.file={}", config.display()),
            ]
        };
        Self::start(
            Component::BlackboxExporter,
            "blackbox_exporter",
            address.into(),
            flags,
        )
    }

    /// `CoreDNS`, which answers every question on a free port of the same address with who asked.
    pub fn coredns(address: impl Into<SocketAddr>) -> Self {
        let flags = |address: SocketAddr, folder: &Path| {
            let (ip, port) = (address.ip(), free_port_of(address.ip()));
            let zone = format!(".:{port} {{\n  bind {ip}\n  prometheus {address}\n  whoami\n}}\n");
            let corefile = folder.join("Corefile");
            fs::write(&corefile, zone).expect("the directory is writable");
            vec![format!("-conf={}", corefile.display())]
        };
        Self::start(Component::CoreDns, "coredns", address.into(), flags)
    }

    fn start(
        component: Component,
        program: &str,
        wanted: SocketAddr,
        flags: impl Fn(SocketAddr, &Path) -> Vec<String>,
    ) -> Self {
        Self::start_at(component, program, "http", wanted, flags)
    }

    fn start_at(
        component: Component,
        program: &str,
        scheme: &str,
        wanted: SocketAddr,
        flags: impl Fn(SocketAddr, &Path) -> Vec<String>,
    ) -> Self {
        with_free_ports(|| {
            let mut address = wanted;
            if address.port() == 0 {
                address.set_port(free_port_of(address.ip()));
            }
            let directory = Directory::new(program);
            let log = directory.path().join(format!("{program}.log"));
            let mut process = Launch::new(component.binary(program), log)
                .args(flags(address, directory.path()))
                .attached()
                .map_err(|e| e.to_string())?;
            let agent = web::unverified_agent();
            let url = format!("{scheme}://{address}/metrics");
            web::wait_ready(&mut process, &agent, &url)?;
            Ok(Self {
                _process: process,
                address,
                agent,
                _directory: directory,
            })
        })
    }

    /// Where it serves `/metrics`.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The port of [`Exporter::address`].
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// What it answers on a path, such as `/metrics`; panics when that is not a success.
    pub fn get(&self, path: &str) -> String {
        let url = format!("http://{}{path}", self.address);
        let answer = self.agent.get(&url).call();
        let mut answer = answer.unwrap_or_else(|e| panic!("{url} does not answer: {e}"));
        let text = answer.body_mut().read_to_string().unwrap_or_default();
        assert!(answer.status() == 200, "{url}: {}: {text}", answer.status());
        text
    }
}
