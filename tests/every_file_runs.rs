//! A test file that no `mod` names would be skipped in silence.

use std::collections::BTreeSet;
use std::path::Path;

#[test]
fn every_file_in_this_folder_is_a_module_of_the_one_test_binary() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let named: BTreeSet<String> = include_str!("integration.rs")
        .lines()
        .filter_map(|line| Some(line.strip_prefix("mod ")?.strip_suffix(';')?.to_owned()))
        .collect();
    let present: BTreeSet<String> = folder
        .read_dir()
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .filter(|name| name != "integration")
        .collect();
    assert_eq!(named, present);
}
