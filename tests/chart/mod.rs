//! The Helm chart: one model with monconf itself, and at work in a cluster.

mod catalogue;
mod life;
mod release;
mod world;
