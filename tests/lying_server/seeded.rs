//! Runs against a server whose answers are spoiled at random, by a seed.

use std::env;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use testbed::ControlPlane;

use super::VERBS;
use super::caller::{Caller, TOKEN};
use super::secrets::Secrets;
use crate::support::Run;

/// How many runs there are without [`RUNS`].
const FEW: u64 = 200;
/// The variable that asks for another number of runs.
const RUNS: &str = "MONCONF_LYING_RUNS";
/// The variable that names the one run to repeat.
const SEED: &str = "MONCONF_LYING_SEED";
/// How much memory of its own the program may have.
const MEMORY: &str = "--data=700000000";

/// `MONCONF_LYING_SEED=N` repeats one run.
#[test]
fn lying_server() {
    let number = |variable: &str| env::var(variable).ok()?.parse::<u64>().ok();
    if let Some(seed) = number(SEED) {
        lied_to(seed);
        return;
    }
    let runs = number(RUNS).unwrap_or(FEW);
    let next = AtomicU64::new(0);
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= runs {
                return;
            }
            lied_to(seed);
        }
    };
    let threads = thread::available_parallelism().map_or(2, usize::from);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        for worker in workers {
            worker.join().expect("every run ends well");
        }
    });
}

/// One run: a verb, on a cluster where the instance exists or not, with more or fewer lies.
fn lied_to(seed: u64) {
    let cp = ControlPlane::shared();
    let caller = Caller::new(&format!("lie-{seed}"));
    let index = usize::try_from(seed).unwrap();
    let verb = VERBS[index % VERBS.len()];
    let round = index / VERBS.len();
    let mut secrets = Secrets::default();
    secrets.add(&TOKEN);
    // Every other time something exists that the verb may change.
    if round % 2 == 1 {
        let honest = cp.liar(seed, 0);
        let verb = if verb.contains("--drop-in") {
            VERBS[5]
        } else {
            VERBS[3]
        };
        caller.run(verb, &honest.url());
        honest.tokens().iter().for_each(|token| secrets.add(token));
    }
    let liar = cp.liar(seed, [4, 15, 40][round % 3]);
    let call = caller.impatient_call(verb, &liar.url());
    let call = if round.is_multiple_of(4) {
        call.args(["-v"])
    } else {
        call
    };
    let child = call.under(&["prlimit", MEMORY]).spawn();
    let output = child.wait_with_output().unwrap();
    liar.tokens().iter().for_each(|token| secrets.add(token));
    let run = Run {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    };
    let told = || {
        format!(
            "{SEED}={seed}: {verb}: {}\nstdout:\n{}\nstderr:\n{}\nlies: {:#?}",
            run.code,
            run.stdout,
            run.stderr,
            liar.lies()
        )
    };
    assert!([0, 1, 2, 75].contains(&run.code), "{}", told());
    assert!(!run.stderr.contains("panicked"), "{}", told());
    for text in [&run.stdout, &run.stderr] {
        // The text itself is not printed: it holds a secret.
        assert_eq!(
            secrets.found(text).map(|_| "a secret"),
            None,
            "{SEED}={seed}: {verb}"
        );
    }
}
