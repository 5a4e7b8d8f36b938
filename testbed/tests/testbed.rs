//! The testbed's own tests: what the tests of monconf rely on.

mod audit;
mod components;
mod control_plane;
mod exporters;
mod operator;
mod process;
mod prometheus;
mod pty;
mod relay;
