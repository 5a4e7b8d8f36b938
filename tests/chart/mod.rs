//! The Helm chart: one model with monconf itself, and at work in a cluster.

mod catalogue;
mod faults;
mod life;
mod release;
mod rights;
mod world;
