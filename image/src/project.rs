//! What the image of monconf is made of.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::image::Image;
use crate::program;
use crate::revision::Revision;
use crate::run::ask;

/// Nobody: a user that has no name, as of images that are made for it. Any other does as well.
pub const USER: &str = "65532:65532";

/// The program in the image.
pub const ENTRYPOINT: &str = "/monconf";

/// A folder with the sources of monconf.
#[derive(Clone, Debug)]
pub struct Project {
    folder: PathBuf,
    /// Where the program is built; beside the other builds, since it is built otherwise.
    pub target: PathBuf,
    /// The package, as `cargo metadata` describes it.
    package: Value,
    /// Which state of the sources it is.
    pub revision: Revision,
}

impl Project {
    /// The one that `folder` is the root of.
    ///
    /// # Errors
    /// When cargo cannot read it.
    pub fn at(folder: &Path) -> io::Result<Self> {
        let arguments = ["metadata", "--locked", "--no-deps", "--format-version=1"];
        let metadata: Value = serde_json::from_str(&ask(folder, &program::cargo(), &arguments)?)?;
        let mut packages = metadata["packages"].as_array().into_iter().flatten();
        let package = packages.find(|package| package["name"] == "monconf");
        let package = package.ok_or_else(|| io::Error::other("there is no package monconf"))?;
        Ok(Self {
            folder: folder.to_owned(),
            target: Path::new(metadata["target_directory"].as_str().unwrap_or("target"))
                .join("image"),
            package: package.clone(),
            revision: Revision::of(folder)?,
        })
    }

    /// Builds the static program; its path.
    ///
    /// # Errors
    /// When it does not compile.
    pub fn program(&self) -> io::Result<PathBuf> {
        program::build(&self.folder, &self.target, "monconf")
    }

    /// The version of the sources.
    #[must_use]
    pub fn version(&self) -> String {
        self.field("version")
    }

    /// The annotations of the image; the `Dockerfile` has the same.
    #[must_use]
    pub fn labels(&self) -> BTreeMap<String, String> {
        let mut labels = BTreeMap::from([
            ("title", self.field("name")),
            ("description", self.field("description")),
            ("version", self.version()),
            ("licenses", self.field("license")),
        ]);
        if let Some(commit) = &self.revision.commit {
            labels.insert("revision", commit.clone());
        }
        labels
            .into_iter()
            .map(|(name, value)| (format!("org.opencontainers.image.{name}"), value))
            .collect()
    }

    /// The image with `program`, known as `name`: the program and nothing else.
    #[must_use]
    pub fn image(&self, program: PathBuf, name: &str) -> Image {
        Image {
            name: name.to_owned(),
            files: vec![(ENTRYPOINT.trim_start_matches('/').to_owned(), program)],
            entrypoint: ENTRYPOINT.to_owned(),
            user: Some(USER.to_owned()),
            labels: self.labels(),
            time: self.revision.time,
            compressed: true,
        }
    }

    fn field(&self, name: &str) -> String {
        self.package[name].as_str().unwrap_or_default().to_owned()
    }
}
