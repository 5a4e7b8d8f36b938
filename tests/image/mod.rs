//! The image: what is in it, that it is the same wherever it is made, and that it runs.

mod archive;
mod dockerfile;
mod pod;
mod reproducible;
