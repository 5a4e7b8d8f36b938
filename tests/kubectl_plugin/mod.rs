//! The program as a plugin of kubectl: `kubectl monconf`.

mod called;
mod complete;
mod installed;
