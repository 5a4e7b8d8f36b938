//! What a node's processes live in: namespaces that the kernel takes down with everything in them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::network::Network;
use crate::poll::poll;
use crate::process::{Identity, Launch, Process, run_directory};

/// The first process. It hides the folders that the node's programs write to whatever their flags say, and then it
/// takes in orphans.
///
/// The kubelet sets some limits of the whole kernel when they differ from what it wants. Files with what it wants to
/// read lie over them, so that the machine of whoever runs the tests stays as it is.
const INIT: &str = r#"set -e
mount -t tmpfs -o mode=755 tmpfs /run
mount -t tmpfs -o mode=755 tmpfs /var/log
mkdir -p "$0/var" "$0/work" "$0/kubelet" "$0/containerd" /run/lock /run/sysctl
mount -t overlay -o lowerdir=/var/lib,upperdir="$0/var",workdir="$0/work" overlay /var/lib
for name in kubelet containerd; do
    mkdir -p "/var/lib/$name"
    mount --bind "$0/$name" "/var/lib/$name"
done
for limit in vm/overcommit_memory=1 vm/panic_on_oom=0 kernel/panic=10 kernel/panic_on_oops=1 \
    kernel/keys/root_maxkeys=1000000 kernel/keys/root_maxbytes=25000000; do
    file=/run/sysctl/${limit##*/}
    echo "${limit#*=}" >"$file"
    mount --bind "$file" "/proc/sys/${limit%=*}"
done
echo 1 >/proc/sys/net/ipv4/ip_forward
: >"$0/up"
sleep infinity & wait"#;

/// Namespaces for processes and mounts inside a [`Network`]. When its first process ends, as it does with this one,
/// the kernel kills all others in it, shims and Pods included, and its mounts are gone.
pub(crate) struct Machine {
    holder: Process,
    init: Identity,
}

impl Machine {
    /// Starts one that keeps what it writes in `directory`.
    pub(crate) fn start(directory: &Path, network: &Network) -> Self {
        for hidden in ["/run", "/var/log"] {
            assert!(
                !run_directory().starts_with(hidden),
                "the temporary folder of a node cannot be in {hidden}"
            );
        }
        let mut holder = Launch::new("nsenter", directory.join("machine.log"))
            .args([format!("--net={}", network.namespace().display())])
            .args(["unshare", "--mount", "--pid", "--fork", "--mount-proc"])
            .args(["--kill-child=KILL", "sh", "-c", INIT])
            .args([directory])
            .attached()
            .expect("nsenter can be started");
        let up = directory.join("up");
        let is_up = poll(|| (up.exists() || holder.has_ended()).then(|| up.exists()));
        assert!(
            is_up == Some(true),
            "a node's namespaces cannot be made: {}",
            holder.log_tail()
        );
        let init = child_of(holder.identity().pid).expect("the first process runs");
        Self { holder, init }
    }

    /// A program inside, tied to this process.
    pub(crate) fn launch(&self, program: &Path, log: PathBuf) -> Launch {
        Launch::new("nsenter", log)
            .args(self.entrance())
            .args([program])
    }

    /// Runs a program inside to its end; panics with what it said when it fails.
    pub(crate) fn run(&self, program: &str, arguments: &[&str]) {
        if let Err(said) = self.try_run(program, arguments) {
            panic!("{program} {}: {said}", arguments.join(" "));
        }
    }

    /// Like [`Machine::run`]; `Err` with what it said when it fails.
    pub(crate) fn try_run(&self, program: &str, arguments: &[&str]) -> Result<(), String> {
        let output = Command::new("nsenter")
            .args(self.entrance())
            .arg(program)
            .args(arguments)
            .output()
            .expect("nsenter can be started");
        if output.status.success() {
            Ok(())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }

    fn entrance(&self) -> [String; 6] {
        let init = self.init.pid.to_string();
        ["--target", &init, "--net", "--mount", "--pid", "--"].map(str::to_owned)
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        // Its end is reported only when every other process in its namespace is gone, so wait for that.
        self.init.kill();
        self.holder.terminate();
    }
}

/// The child of a process that has one.
fn child_of(pid: u32) -> Option<Identity> {
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).ok()?;
    Identity::of(children.trim().parse().ok()?)
}
