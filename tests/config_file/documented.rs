//! What docs/files.md shows is what the program prints.

use super::Folder;

const DOCS: &str = include_str!("../../docs/files.md");

/// The text of the first code block of that language.
fn block(language: &str) -> &'static str {
    let start = DOCS.split_once(&format!("```{language}\n")).unwrap().1;
    start.split_once("```").unwrap().0
}

#[test]
fn the_diff_in_the_documentation_is_the_one_that_is_printed() {
    let folder = Folder::with(block("yaml"));
    let printed = folder.plan(&["--jobs", "kubelet"]).ok().stdout;
    let printed = printed.replace(&folder.main().display().to_string(), "prometheus.yml");
    let mut rest = printed.as_str();
    for part in block("diff").split("…\n") {
        let at = rest
            .find(part)
            .unwrap_or_else(|| panic!("shown is\n{part}\nbut printed was\n{printed}"));
        rest = &rest[at + part.len()..];
    }
}
