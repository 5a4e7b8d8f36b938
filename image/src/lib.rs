//! Images without a container engine.
//!
//! [`Image`] writes files as an archive in the layout of the Open Container Initiative, which container engines load;
//! the same files give the same bytes. [`Project`] is what the image of monconf is made of, and [`Project::program`]
//! builds the static program in it; the `Dockerfile` calls the same.

mod blob;
mod image;
mod layer;
mod program;
mod project;
mod revision;
mod run;

pub use image::Image;
pub use project::{ENTRYPOINT, Project, USER};
pub use revision::Revision;
