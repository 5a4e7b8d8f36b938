//! SARIF: valid, deterministic, and the same for a finding that moves.

use serde_json::{Value, json};
use testbed::Component;

use super::cases::created;
use super::{audit, audit_cluster, manifest};

#[test]
fn sarif_is_valid_the_same_every_time_and_follows_a_finding_that_moves() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("my charts")).unwrap();
    let rules = "- {apiGroups: [''], resources: [secrets, pods/exec], verbs: [get, create]}\n";
    let file = manifest(&folder.path().join("my charts"), "rbac.yaml", rules);
    let sarif = || {
        let run = audit(&["-o", "sarif", "-f", "my charts"])
            .current_dir(folder.path())
            .run();
        run.exit(2).stdout
    };
    let first = sarif();
    assert_eq!(first, sarif());
    let first: Value = serde_json::from_str(&first).unwrap();
    let results = first["runs"][0]["results"].as_array().unwrap().clone();
    let rules = &first["runs"][0]["tool"]["driver"]["rules"];
    assert_eq!(results.len(), 2);
    for result in &results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "my%20charts/rbac.yaml");
        assert_eq!(place["region"]["startLine"], 7);
    }

    // Three lines further down it is the same finding.
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("#\n#\n#\n{text}")).unwrap();
    let moved: Value = serde_json::from_str(&sarif()).unwrap();
    for (was, is) in results
        .iter()
        .zip(moved["runs"][0]["results"].as_array().unwrap())
    {
        assert_eq!(was["partialFingerprints"], is["partialFingerprints"]);
        assert_eq!(
            is["locations"][0]["physicalLocation"]["region"]["startLine"],
            10
        );
    }
    let of_cluster: Value = {
        created();
        serde_json::from_str(&audit_cluster(&["-o", "sarif", "--all"]).exit(2).stdout).unwrap()
    };
    let schema = std::fs::read_to_string(Component::sarif_schema()).unwrap();
    let mut schema: Value = serde_json::from_str(&schema).unwrap();
    // Of a property that we do not have, and no pattern to strict readers: it has a bracket too many.
    for of in ["run", "toolComponent"] {
        let language = &mut schema["definitions"][of]["properties"]["language"];
        assert!(
            language
                .as_object_mut()
                .unwrap()
                .remove("pattern")
                .is_some()
        );
    }
    let schema = jsonschema::validator_for(&schema).unwrap();
    for sarif in [&first, &moved, &of_cluster] {
        let wrong: Vec<String> = schema
            .iter_errors(sarif)
            .map(|error| error.to_string())
            .collect();
        assert_eq!(wrong, Vec::<String>::new());
    }
    // A schema that takes everything would prove nothing.
    assert!(!schema.is_valid(&json!({"version": "2.1.0", "runs": [{"results": []}]})));
}
