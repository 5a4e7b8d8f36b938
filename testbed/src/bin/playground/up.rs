//! Starting the cluster.

use std::fs::{self, File};
use std::io;
use std::time::Instant;

use testbed::{ControlPlane, Options};

use super::say::say;
use super::{down, sample, state};

/// Starts what does not run; `always_tell` also says so when everything runs already.
pub(crate) fn up(always_tell: bool) -> io::Result<()> {
    let directory = state::directory();
    let target = state::workspace().join("target");
    fs::create_dir_all(&target)?;
    let lock = File::create(target.join("playground.lock"))?;
    lock.lock()?;
    if state::is_up() {
        if always_tell {
            say("it runs already");
            tell();
        }
        return Ok(());
    }
    down::end_and_remove()?; // what is left when the machine was restarted, or when a start failed
    fs::create_dir_all(&directory)?;
    say("starting etcd, kube-apiserver and kube-controller-manager");
    let start = Instant::now();
    let cp = ControlPlane::start_detached(directory, Options::default());
    sample::create(cp.admin());
    let user = cp.user("playground", &["system:masters"]);
    // The last step: the kubeconfig says that everything is there.
    fs::rename(user.kubeconfig, state::kubeconfig())?;
    say(&format!(
        "{} is ready after {:.1} s",
        cp.url(),
        start.elapsed().as_secs_f32()
    ));
    if always_tell {
        tell();
    }
    Ok(())
}

fn tell() {
    say(
        "the Prometheus object monitoring/main selects monitors and scrape configs with the label release=main",
    );
    say(
        "try: cargo playground monconf --help | cargo playground kubectl get namespaces | cargo playground down",
    );
}
