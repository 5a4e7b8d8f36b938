//! Helm: both versions run, and know which cluster they are made for.

use testbed::Helm;

#[test]
fn each_reports_its_version_and_makes_lints_and_renders_a_chart() {
    for (helm, version) in [(Helm::V3, "v3.22.0"), (Helm::V4, "v4.3.1")] {
        let folder = tempfile::tempdir().unwrap();
        let output = |arguments: &[&str]| helm.output(folder.path(), arguments);
        assert_eq!(output(&["version", "--template={{.Version}}"]), version);
        let chart = folder.path().join("new").display().to_string();
        output(&["create", &chart]);
        output(&["lint", "--strict", &chart]);
        let rendered = output(&["template", "release", &chart]);
        assert!(rendered.contains("name: release-new"), "{rendered}");
        let template = "{{ .Capabilities.KubeVersion.Minor }}";
        std::fs::write(folder.path().join("new/templates/NOTES.txt"), template).unwrap();
        std::fs::write(
            folder.path().join("new/templates/version.yaml"),
            format!("minor: {template}"),
        )
        .unwrap();
        let rendered = output(&[
            "template",
            "release",
            &chart,
            "-s",
            "templates/version.yaml",
        ]);
        let minor: u32 = rendered.trim().rsplit(' ').next().unwrap().parse().unwrap();
        assert!(minor >= 35, "{rendered}");
    }
}
