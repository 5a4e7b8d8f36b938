//! The container runtime.

use std::fs;
use std::path::Path;

use super::image::PAUSE;
use super::machine::Machine;
use crate::packages;
use crate::poll::poll;
use crate::process::Process;

/// Its root and its socket are where they usually are: the machine has these folders for itself.
pub(super) fn start(directory: &Path, machine: &Machine) -> Process {
    let config = directory.join("containerd.toml");
    fs::write(&config, configuration(directory)).expect("the directory is writable");
    let mut containerd = machine
        .launch(Path::new("containerd"), directory.join("containerd.log"))
        .args([Path::new("--config"), &config])
        .attached()
        .expect("containerd can be started");
    let socket = "/run/containerd/containerd.sock";
    let ready = poll(|| {
        let ready = machine.try_run("test", &["-S", socket]).is_ok()
            && machine.try_run("ctr", &["version"]).is_ok();
        (ready || containerd.has_ended()).then_some(ready)
    });
    assert!(
        ready == Some(true),
        "containerd is not ready: {}",
        containerd.log_tail()
    );
    containerd
}

fn configuration(directory: &Path) -> String {
    let plugins = packages::cni_plugins().expect("the CNI plugins are installed");
    // The plugin `opt` would make a folder in /opt, and an AppArmor profile would stay in the kernel. Scores below its
    // own may be refused to it.
    format!(
        r#"version = 2
disabled_plugins = ["io.containerd.internal.v1.opt"]
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "{PAUSE}"
restrict_oom_score_adj = true
disable_apparmor = true
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "{}"
conf_dir = "{}"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
SystemdCgroup = false
"#,
        plugins.display(),
        directory.join("cni").display()
    )
}
