//! What the archive holds, read as others read it.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::Command;

use flate2::read::GzDecoder;
use oci_spec::image::{
    Arch, Descriptor, ImageConfiguration, ImageIndex, ImageManifest, MediaType, Os,
};
use ring::digest::{SHA256, digest};
use tar::{Archive, EntryType};

use crate::support::image::{NAME, PROJECT, image, program};

/// The size that an image may have, as it is loaded and sent.
const LARGEST: u64 = 15_000_000;

/// The files of an archive, and what they hold.
fn files(archive: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut archive = Archive::new(fs::File::open(archive).unwrap());
    let entries = archive.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        (entry.path().unwrap().display().to_string(), content)
    });
    entries.collect()
}

fn sha256(content: &[u8]) -> String {
    let digest = digest(&SHA256, content);
    let hex = digest.as_ref().iter().map(|byte| format!("{byte:02x}"));
    format!("sha256:{}", hex.collect::<String>())
}

/// What a descriptor refers to, as it says.
fn blob<'a>(files: &'a BTreeMap<String, Vec<u8>>, descriptor: &Descriptor) -> &'a [u8] {
    let name = descriptor.digest().to_string();
    let content = &files[&format!("blobs/{}", name.replace(':', "/"))];
    assert_eq!(sha256(content), name);
    assert_eq!(content.len() as u64, descriptor.size());
    content
}

#[test]
fn it_is_an_image_layout_with_one_image() {
    let files = files(image());
    // The layout, the same for engines that know none, and three blobs.
    assert_eq!(files.len(), 6, "{:?}", files.keys());
    assert_eq!(files["oci-layout"], br#"{"imageLayoutVersion":"1.0.0"}"#);
    let index = ImageIndex::from_reader(files["index.json"].as_slice()).unwrap();
    let [described] = index.manifests().as_slice() else {
        panic!("{index:?}");
    };
    assert_eq!(described.media_type(), &MediaType::ImageManifest);
    let annotations = described.annotations().as_ref().unwrap();
    assert_eq!(annotations["io.containerd.image.name"], NAME);
    assert_eq!(annotations["org.opencontainers.image.ref.name"], "1");
    let manifest = ImageManifest::from_reader(blob(&files, described)).unwrap();
    let [layer] = manifest.layers().as_slice() else {
        panic!("{manifest:?}");
    };
    assert_eq!(layer.media_type(), &MediaType::ImageLayerGzip);
    assert_eq!(manifest.config().media_type(), &MediaType::ImageConfig);
    let config = ImageConfiguration::from_reader(blob(&files, manifest.config())).unwrap();
    assert_eq!(config.os(), &Os::Linux);
    assert!(matches!(config.architecture(), Arch::Amd64 | Arch::ARM64));
    let run = config.config().as_ref().unwrap();
    assert_eq!(run.user().as_deref(), Some(image::USER));
    assert_eq!(
        run.entrypoint().as_deref(),
        Some(&[image::ENTRYPOINT.to_owned()][..])
    );
    let labels: BTreeMap<_, _> = run.labels().clone().unwrap().into_iter().collect();
    assert_eq!(labels, PROJECT.labels());
    assert_eq!((run.env(), run.cmd(), run.volumes()), (&None, &None, &None));

    let mut unpacked = Vec::new();
    let packed = blob(&files, layer);
    GzDecoder::new(packed).read_to_end(&mut unpacked).unwrap();
    assert_eq!(config.rootfs().diff_ids().as_slice(), [sha256(&unpacked)]);

    let docker: serde_json::Value = serde_json::from_slice(&files["manifest.json"]).unwrap();
    assert_eq!(docker[0]["RepoTags"][0], NAME);
    for path in [&docker[0]["Config"], &docker[0]["Layers"][0]] {
        assert!(files.contains_key(path.as_str().unwrap()), "{docker:#}");
    }
}

#[test]
fn it_holds_the_program_alone() {
    let files = files(image());
    // The largest blob.
    let layer = files.values().max_by_key(|content| content.len()).unwrap();
    let mut layer = Archive::new(GzDecoder::new(layer.as_slice()));
    let mut entries = layer.entries().unwrap();
    let mut entry = entries.next().unwrap().unwrap();
    assert_eq!(entry.path().unwrap(), Path::new("monconf"));
    let header = entry.header();
    assert_eq!(header.entry_type(), EntryType::Regular);
    assert_eq!(
        (
            header.uid().unwrap(),
            header.gid().unwrap(),
            header.mode().unwrap()
        ),
        (0, 0, 0o755)
    );
    assert_eq!(header.mtime().unwrap(), PROJECT.revision.time);
    let mut content = Vec::new();
    entry.read_to_end(&mut content).unwrap();
    assert!(
        content == fs::read(program()).unwrap(),
        "it is another program"
    );
    assert!(entries.next().is_none());
}

#[test]
fn it_is_small() {
    let size = fs::metadata(image()).unwrap().len();
    assert!(size < LARGEST, "{size} bytes");
}

/// Without a linker and without libraries, it needs none in the image.
#[test]
fn the_program_is_static() {
    let headers = Command::new("readelf")
        .arg("--segments")
        .arg(program())
        .output();
    let headers = String::from_utf8(headers.unwrap().stdout).unwrap();
    assert!(headers.contains("LOAD"), "{headers}");
    assert!(!headers.contains("INTERP"), "{headers}");
}

#[test]
fn the_same_program_gives_the_same_archive() {
    let folder = tempfile::tempdir().unwrap();
    let (program, archive) = (folder.path().join("copy"), folder.path().join("copy.tar"));
    fs::copy(self::program(), &program).unwrap();
    PROJECT.image(program, NAME).write(&archive).unwrap();
    assert!(fs::read(archive).unwrap() == fs::read(image()).unwrap());
}
