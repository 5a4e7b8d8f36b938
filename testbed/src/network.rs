//! An address beside loopback, in a network of the test's own.

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU8, Ordering};

use crate::root;

/// A network namespace and a pair of interfaces into it: Kubernetes refuses loopback addresses as endpoints, and the
/// host's end of the pair is none. Removed when dropped; one that a killed run left is removed by the next.
pub struct Network {
    name: String,
    address: Ipv4Addr,
}

static NEXT: AtomicU8 = AtomicU8::new(0);

/// What every name begins with; the process's id follows.
const PREFIX: &str = "mcb";

impl Network {
    /// Makes one. `None`, with a word on standard error, where that needs root and the user is not; in CI that is a
    /// failure.
    pub fn new() -> Option<Self> {
        if !root::is_available("a network namespace") {
            return None;
        }
        install_iproute();
        remove_orphans();
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let process = std::process::id();
        let [_, _, high, low] = process.to_be_bytes();
        let network = Self {
            // At most 15 characters, the kernel's limit for names of interfaces.
            name: format!("{PREFIX}{process}.{number}"),
            address: Ipv4Addr::new(10, 200 + (high & 15), low, number.wrapping_mul(4) + 1),
        };
        let name = &network.name;
        ip(&["netns", "add", name]);
        ip(&[
            "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", name,
        ]);
        ip(&[
            "address",
            "add",
            &format!("{}/30", network.address),
            "dev",
            name,
        ]);
        ip(&["link", "set", name, "up"]);
        Some(network)
    }

    /// The host's address in it: for `Options::address`.
    pub fn address(&self) -> IpAddr {
        self.address.into()
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        remove(&self.name);
    }
}

fn remove(name: &str) {
    // The pair goes with either end, and the namespace may already be gone.
    let _ = Command::new("ip").args(["link", "delete", name]).output();
    let _ = Command::new("ip").args(["netns", "delete", name]).output();
}

fn remove_orphans() {
    let Ok(entries) = std::fs::read_dir("/run/netns") else {
        return;
    };
    for name in entries
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
    {
        let process = name
            .strip_prefix(PREFIX)
            .and_then(|rest| rest.split('.').next());
        if process.is_some_and(|process| !Path::new("/proc").join(process).exists()) {
            remove(&name);
        }
    }
}

fn install_iproute() {
    let present = Command::new("ip").arg("-V").output().is_ok();
    if !present {
        let installed = Command::new("apt-get")
            .args(["install", "--yes", "iproute2"])
            .output();
        assert!(
            installed.is_ok_and(|output| output.status.success()),
            "`ip` is needed and the package iproute2 cannot be installed"
        );
    }
}

fn ip(arguments: &[&str]) {
    let output = Command::new("ip")
        .args(arguments)
        .output()
        .expect("`ip` can be run");
    assert!(
        output.status.success(),
        "ip {}: {}",
        arguments.join(" "),
        String::from_utf8_lossy(&output.stderr)
    );
}
