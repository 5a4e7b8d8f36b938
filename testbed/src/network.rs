//! Addresses beside loopback, in a network of the test's own.

use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU8, Ordering};

use crate::packages::{self, Package};
use crate::poll::until;
use crate::process::{Directory, Launch, Process};
use crate::root;

/// A network namespace and a pair of interfaces into it: Kubernetes refuses loopback addresses as endpoints, and the
/// pair's ends have other ones.
///
/// The namespace has no name: a process of this run holds it, and the kernel removes it, and with it the pair, when
/// that process and those that joined it are gone. Nothing leads out of it but the way to the host.
pub struct Network {
    name: String,
    number: u8,
    holder: Process,
    _directory: Directory,
}

static NEXT: AtomicU8 = AtomicU8::new(0);

impl Network {
    /// Makes one. `None`, with a word on standard error, where that needs root and the user is not; in CI that is a
    /// failure.
    pub fn new() -> Option<Self> {
        if !root::is_available("a network namespace") {
            return None;
        }
        packages::install(&[Package::Iproute2]);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let directory = Directory::new("network");
        let holder = Launch::new("unshare", directory.path().join("holder.log"))
            .args(["--net", "sleep", "infinity"])
            .attached()
            .expect("a namespace can be held");
        let network = Self {
            // At most 15 characters, the kernel's limit for names of interfaces.
            name: format!("mcb{}.{number}", std::process::id()),
            number,
            holder,
            _directory: directory,
        };
        until("a namespace is there", || {
            std::fs::read_link(network.namespace()).ok()
                != std::fs::read_link("/proc/self/ns/net").ok()
        });
        network.connect();
        Some(network)
    }

    fn connect(&self) {
        let (name, holder) = (&self.name, self.holder.identity().pid.to_string());
        let host = format!("{}/30", self.host_address());
        run(ip()
            .args(["link", "add", name, "type", "veth"])
            .args(["peer", "name", "eth0", "netns", &holder]));
        run(ip().args(["address", "add", &host, "dev", name]));
        run(ip().args(["link", "set", name, "up"]));
        let inside = format!("{}/30", self.node_address());
        self.ip(&["address", "add", &inside, "dev", "eth0"]);
        self.ip(&["link", "set", "eth0", "up"]);
        self.ip(&["link", "set", "lo", "up"]);
    }

    /// The host's address in it: for `Options::address`.
    pub fn address(&self) -> IpAddr {
        self.host_address().into()
    }

    /// The address at the other end, inside the namespace.
    pub fn node_address(&self) -> Ipv4Addr {
        let [a, b, c, d] = self.host_address().octets();
        Ipv4Addr::new(a, b, c, d + 1)
    }

    fn host_address(&self) -> Ipv4Addr {
        let (high, low) = process_bytes();
        Ipv4Addr::new(10, 200 + high, low, self.number.wrapping_mul(4) + 1)
    }

    /// Routes a subnet, `10.B.C.D/26`, to the other end and returns it. A process has eight at a time.
    pub(crate) fn route_subnet(&self) -> String {
        static NEXT: AtomicU8 = AtomicU8::new(0);
        let (high, low) = process_bytes();
        let node = self.node_address().to_string();
        let mut failures = String::new();
        for _ in 0..8 {
            let number = NEXT.fetch_add(1, Ordering::Relaxed) % 8;
            let (block, place) = (number / 4, number % 4);
            let subnet = format!("10.{}.{low}.{}/26", 216 + 16 * block + high, place * 64);
            let added = ip().args(["route", "add", &subnet, "via", &node]).output();
            let added = added.expect("`ip` can be run");
            if added.status.success() {
                return subnet;
            }
            // Most likely that one is still in use.
            failures.push_str(&String::from_utf8_lossy(&added.stderr));
        }
        panic!("no subnet can be routed: {failures}")
    }

    /// The file that stands for the namespace, for `nsenter --net=`.
    pub(crate) fn namespace(&self) -> PathBuf {
        Path::new("/proc")
            .join(self.holder.identity().pid.to_string())
            .join("ns/net")
    }

    /// Runs `ip` inside.
    fn ip(&self, arguments: &[&str]) {
        let mut command = Command::new("nsenter");
        command.arg(format!("--net={}", self.namespace().display()));
        run(command.arg("ip").args(arguments));
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        // The namespace would take it along, but later.
        let _ = ip().args(["link", "delete", &self.name]).output();
    }
}

/// Twelve bits that runs at the same time hardly share.
fn process_bytes() -> (u8, u8) {
    let [_, _, high, low] = std::process::id().to_be_bytes();
    (high & 15, low)
}

fn ip() -> Command {
    Command::new("ip")
}

fn run(command: &mut Command) {
    let output = command.output().expect("`ip` can be run");
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}
