//! The files of an image, as one archive.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Seek, Write};
use std::path::PathBuf;

use flate2::{Compression, GzBuilder};
use tar::{EntryType, Header};

use crate::blob::{Digest, Digesting};

/// The one layer of an image.
pub(crate) struct Layer {
    /// Its bytes, from their beginning.
    pub(crate) blob: File,
    pub(crate) digest: Digest,
    /// The digest of the archive before it was compressed.
    pub(crate) diff_id: String,
    pub(crate) media_type: &'static str,
}

impl Layer {
    /// Holds `files`, path within and source, in that order; all belong to root and can be run by everybody.
    pub(crate) fn new(
        files: &[(String, PathBuf)],
        time: u64,
        compressed: bool,
    ) -> io::Result<Self> {
        let blob = Digesting::new(BufWriter::new(tempfile::tempfile()?));
        let (blob, diff_id, media_type) = if compressed {
            // Without a name or a time: the same content gives the same bytes.
            let gzip = GzBuilder::new().write(blob, Compression::best());
            let (gzip, diff_id) = archive(files, time, gzip)?;
            (
                gzip.finish()?,
                diff_id,
                "application/vnd.oci.image.layer.v1.tar+gzip",
            )
        } else {
            let (blob, diff_id) = archive(files, time, blob)?;
            (blob, diff_id, "application/vnd.oci.image.layer.v1.tar")
        };
        let (blob, digest) = blob.finish();
        let mut blob = blob.into_inner()?;
        blob.rewind()?;
        Ok(Self {
            blob,
            digest,
            diff_id,
            media_type,
        })
    }
}

/// Writes the archive of the files, and tells its digest.
fn archive<W: Write>(files: &[(String, PathBuf)], time: u64, to: W) -> io::Result<(W, String)> {
    let mut archive = tar::Builder::new(Digesting::new(to));
    for (path, source) in files {
        let file = File::open(source).map_err(|error| {
            io::Error::other(format!("cannot read {}: {error}", source.display()))
        })?;
        let size = file.metadata()?.len();
        archive.append_data(&mut header(0o755, size, time), path, BufReader::new(file))?;
    }
    let (inner, digest) = archive.into_inner()?.finish();
    Ok((inner, digest.name()))
}

/// A file of root's; nothing in it is of this machine.
pub(crate) fn header(mode: u32, size: u64, time: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(EntryType::Regular);
    header.set_mode(mode);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(time);
    header.set_size(size);
    header
}
