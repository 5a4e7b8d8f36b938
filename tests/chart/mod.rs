//! The Helm chart: one model with monconf itself, and at work in a cluster.

mod access;
mod catalogue;
mod dry_run;
mod faults;
mod life;
mod preflight;
mod readme;
mod release;
mod rendered;
mod rights;
mod runner;
mod schedule;
mod schema;
mod value_sets;
mod world;
mod wrong_values;

use self::release::CHART;

/// The key of `monconf.yaml` for the field of a setting.
fn camel_case(field: &str) -> String {
    let mut words = field.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |mut key, word| {
        key.push_str(&word[..1].to_uppercase());
        key.push_str(&word[1..]);
        key
    })
}
