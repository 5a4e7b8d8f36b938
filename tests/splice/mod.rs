//! Changing a list in somebody's text: only lines of our own items change, whatever the text looks like.

mod corpus;
mod edit;
mod fuzz_bodies;
mod generated;
mod generator;
mod hostile;
mod mutated;
mod prometheus_testdata;
mod refusals;
