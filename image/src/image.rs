//! An image, and its archive.

use std::collections::BTreeMap;
use std::env::consts::ARCH;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::{Value, json};
use tar::Builder;

use crate::blob::Digest;
use crate::layer::{Layer, header};

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";

/// Files, and how they are run. For the architecture of this machine.
#[derive(Clone, Debug, Default)]
pub struct Image {
    /// `HOST/NAME:TAG`, by which it is known where it is loaded.
    pub name: String,
    /// Path in the image, without a first slash, and where the file lies now. All are files that can be run.
    pub files: Vec<(String, PathBuf)>,
    /// The program's path.
    pub entrypoint: String,
    /// `UID:GID`; without it, root.
    pub user: Option<String>,
    /// Annotations of the program, such as `org.opencontainers.image.version`.
    pub labels: BTreeMap<String, String>,
    /// When it was made, as everything in it says: seconds since 1970.
    pub time: u64,
    /// Compress the files.
    pub compressed: bool,
}

impl Image {
    /// Writes it to `archive`, a tar of an image layout, and tells the digest of its manifest. What was there is replaced
    /// when all is written. Engines that know no image layout find a `manifest.json`, as `docker save` writes one.
    ///
    /// # Errors
    /// A file that cannot be read or written.
    pub fn write(&self, archive: &Path) -> io::Result<String> {
        let folder = archive
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        let file = tempfile::Builder::new()
            .prefix(".image-")
            .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))
            .tempfile_in(folder.unwrap_or(Path::new(".")))?;
        let mut tar = Builder::new(BufWriter::new(file));
        let digest = self.layout(&mut tar)?;
        tar.into_inner()?.into_inner()?.persist(archive)?;
        Ok(digest)
    }

    fn layout(&self, tar: &mut Builder<impl Write>) -> io::Result<String> {
        let Layer {
            blob,
            digest: layer,
            diff_id,
            media_type,
        } = Layer::new(&self.files, self.time, self.compressed)?;
        let config = self.config(&diff_id).to_string();
        let config_digest = Digest::of(config.as_bytes());
        let manifest = json!({
            "schemaVersion": 2, "mediaType": MANIFEST,
            "config": config_digest.descriptor(CONFIG), "layers": [layer.descriptor(media_type)],
        })
        .to_string();
        let manifest_digest = Digest::of(manifest.as_bytes());
        let mut image = manifest_digest.descriptor(MANIFEST);
        image["platform"] = json!({"architecture": architecture(), "os": "linux"});
        image["annotations"] = json!({
            "io.containerd.image.name": self.name, "org.opencontainers.image.ref.name": self.tag(),
        });
        let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": [image]});
        let docker = json!([{
            "Config": config_digest.path(), "RepoTags": [self.name], "Layers": [layer.path()],
        }]);
        self.append(
            tar,
            "oci-layout",
            json!({"imageLayoutVersion": "1.0.0"})
                .to_string()
                .as_bytes(),
        )?;
        self.append(tar, "index.json", index.to_string().as_bytes())?;
        self.append(tar, "manifest.json", docker.to_string().as_bytes())?;
        self.append(tar, &manifest_digest.path(), manifest.as_bytes())?;
        self.append(tar, &config_digest.path(), config.as_bytes())?;
        let size = blob.metadata()?.len();
        self.append_sized(tar, &layer.path(), size, blob)?;
        Ok(manifest_digest.name())
    }

    /// The configuration that a container of it is started with.
    fn config(&self, diff_id: &str) -> Value {
        let mut config = json!({"Entrypoint": [self.entrypoint]});
        if let Some(user) = &self.user {
            config["User"] = json!(user);
        }
        if !self.labels.is_empty() {
            config["Labels"] = json!(self.labels);
        }
        json!({
            "created": Timestamp::from_second(self.time.cast_signed()).unwrap_or_default(), "architecture": architecture(), "os": "linux", "config": config,
            "rootfs": {"type": "layers", "diff_ids": [diff_id]},
        })
    }

    /// What follows the name's last colon, unless that begins a port.
    fn tag(&self) -> &str {
        match self.name.rsplit_once(':') {
            Some((_, tag)) if !tag.contains('/') => tag,
            _ => "latest",
        }
    }

    fn append(&self, tar: &mut Builder<impl Write>, path: &str, bytes: &[u8]) -> io::Result<()> {
        self.append_sized(tar, path, bytes.len() as u64, bytes)
    }

    fn append_sized(
        &self,
        tar: &mut Builder<impl Write>,
        path: &str,
        size: u64,
        content: impl Read,
    ) -> io::Result<()> {
        tar.append_data(&mut header(0o644, size, self.time), path, content)
    }
}

/// As images spell it.
fn architecture() -> &'static str {
    match ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}
