//! YAML in and out. The only file that names a YAML crate.
