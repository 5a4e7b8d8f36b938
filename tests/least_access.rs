//! Every right that is derived from a job is needed, and together they suffice: tried with the real API server, kubelet,
//! components, operators, Prometheus and Grafana Agent.

mod case;
mod consumer;
mod grafana;
mod kubelet;
pub(crate) mod operator;
mod right;
mod table;
mod told;
mod trial;
mod world;

use std::sync::Mutex;

use case::Case;
use right::Held;
use table::Seen;
use trial::{Holder, Trial};
pub(crate) use world::{SELECTS_ALL, World};

/// How many consumers run at once.
const AT_ONCE: usize = 4;

/// Writes or checks the tables of `docs/access.md`.
#[test]
fn every_right_is_needed_and_all_together_suffice() {
    let Some(world) = World::shared() else {
        return;
    };
    let cases = Case::all();
    let failures = Mutex::new(Vec::new());
    let fail = |case: &Case, what: String| {
        let failure = format!("{:?} {}: {what}", case.form, case.flags().join(" "));
        failures.lock().unwrap().push(failure);
    };
    let granted = in_parallel(&cases, |case| {
        let trial = Trial::start(world, case, None);
        if let Err(why) = trial.suffices().and_then(|()| trial.is_told(None)) {
            fail(case, why);
        }
        trial.held
    });
    let report = || {
        let failures = failures.lock().unwrap();
        assert!(failures.is_empty(), "{}", failures.join("\n"));
    };
    // Where one is missing already, every trial with one less would say so again.
    report();
    let mut tries: Vec<(&Case, Holder, Held)> = Vec::new();
    for (case, granted) in cases.iter().zip(granted) {
        for (holder, held) in granted {
            tries.extend(held.into_iter().map(|held| (case, holder, held)));
        }
    }
    let seen = in_parallel(&tries, |(case, holder, held)| {
        let trial = Trial::start(world, case, Some((*holder, held)));
        // What Prometheus' own account lacks is nothing that monconf gave.
        let lacking = (*holder == Holder::Own).then_some(held);
        let told = trial.is_told(lacking);
        let witness = told.and_then(|()| trial.misses(held));
        let witness = witness.map_err(|why| fail(case, format!("without {held}: {why}")));
        Some(Seen {
            case,
            holder: *holder,
            held: held.clone(),
            witness: witness.ok()?,
        })
    });
    report();
    let seen: Vec<Seen> = seen.into_iter().flatten().collect();
    table::compare(&table::of(&cases, &seen));
}

/// The results of `work` on each item, in their order; several at once.
fn in_parallel<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = Mutex::new(0);
    let take = || {
        let mut next = next.lock().unwrap();
        let number = *next;
        *next += 1;
        items.get(number).map(|item| (number, item))
    };
    let done = Mutex::new(Vec::new());
    std::thread::scope(|threads| {
        for _ in 0..AT_ONCE {
            threads.spawn(|| {
                while let Some((number, item)) = take() {
                    let result = work(item);
                    done.lock().unwrap().push((number, result));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap();
    done.sort_by_key(|(number, _)| *number);
    done.into_iter().map(|(_, result)| result).collect()
}
