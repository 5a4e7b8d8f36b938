//! What docs/files.md shows is what the program prints.

use super::Folder;
use crate::support::docs::{block, is_printed};

const DOCS: &str = include_str!("../../docs/files.md");

#[test]
fn the_diff_in_the_documentation_is_the_one_that_is_printed() {
    let folder = Folder::with(block(DOCS, "yaml"));
    let printed = folder.plan(&["--jobs", "kubelet"]).ok().stdout;
    let printed = printed.replace(&folder.main().display().to_string(), "prometheus.yml");
    is_printed(block(DOCS, "diff"), &printed);
}
