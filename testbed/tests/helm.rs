//! Helm: both versions run, and know which cluster they are made for.

use std::fs;

use testbed::Helm;

#[test]
fn each_reports_its_version_and_makes_lints_and_renders_a_chart() {
    for (helm, version) in [(Helm::V3, "v3.22.0"), (Helm::V4, "v4.3.1")] {
        let folder = tempfile::tempdir().expect("a folder");
        let output = |arguments: &[&str]| helm.output(folder.path(), arguments);
        assert_eq!(output(&["version", "--template={{.Version}}"]), version);
        let chart = folder.path().join("new");
        let chart = chart.to_str().expect("UTF-8");
        output(&["create", chart]);
        output(&["lint", "--strict", chart]);
        let rendered = output(&["template", "release", chart]);
        assert!(rendered.contains("name: release-new"), "{rendered}");
        let template = folder.path().join("new/templates/version.yaml");
        fs::write(template, "minor: {{ .Capabilities.KubeVersion.Minor }}").expect("a file");
        let version = ["template", "release", chart, "-s", "templates/version.yaml"];
        let rendered = output(&version);
        let minor = rendered.trim().rsplit(' ').next();
        let minor = minor.and_then(|minor| minor.parse::<u32>().ok());
        assert!(minor >= Some(35), "{rendered}");
    }
}
