//! No secret of a document is shown, however it is written and whatever of the document is shown.

use std::path::PathBuf;

use proptest::prelude::*;

use crate::mask::Text;
use crate::mask::{Masker, secrecy};
use crate::plan::{Action, Change, Head, Plan, Target, report, shown};
use crate::render::{Content, Stage};
use yaml::{Step, locate};

/// Ways to write secrets, `①` and `②`, into the job number `⓪`.
const STYLES: [&str; 40] = [
    "    basic_auth: {username: a, password: ①}\n",
    "    basic_auth: {username: a, password: \"①, ②\", x: y}\n",
    "    basic_auth: { password: ①\n      ②, username: a }\n",
    "    basic_auth: {username: a, password:\n      '①, ②'\n      }\n",
    "    basic_auth: {\"password\":\"①}\", 'bearer_token': ②}\n",
    "    bearer_token: ① ②\n",
    "    bearer_token: ①\n\n      ②: a\n",
    "    bearer_token: '①\n\n      ②'\n",
    "    bearer_token: \"① \\\n      ②\"\n",
    "    bearer_token: \"①\\\"②\"\n",
    "    bearer_token: |\n      ①\n   \n        ②\n",
    "    bearer_token: >2-\n       ①\n       ②\n",
    "    bearer_token: | # not ①\n     # ②\n     ①\n",
    "    bearer_token:\n      ①\n      ②\n",
    "    bearer_token: # ②\n      ①\n",
    "    \"bearer_token\"   :   ①\n",
    "    \"bearer\\x5ftoken\": \"①\"\n",
    "    ? bearer_token\n    : ①\n      ②\n",
    "    bearer_token: !!str &b⓪ ①\n",
    "    username: &a⓪ ①\n    bearer_token: *a⓪\n",
    "    params: &p⓪\n      a: [①]\n    headers: *p⓪\n",
    "    authorization:\n      type: Bearer\n      credentials:\n        ①\n",
    "    tls_config:\n      key: |\n        -----BEGIN RSA PRIVATE KEY-----\n        ①\n        ②\n        -----END RSA PRIVATE KEY-----\n",
    "    tls_config: {key: \"-----BEGIN PRIVATE KEY-----\\n①\\n②\\n-----END PRIVATE KEY-----\\n\"}\n",
    "    http_headers:\n      X-Foo:\n        values: [①]\n        secrets:\n        - ②\n",
    "    headers: {X-Bar: ①, Foo: [a, {b: ②}]}\n",
    "    secrets: [\n  ①,\n      '②']\n",
    "    params: {api_key: [①], token: [②]}\n",
    "    # password: ① ②\n",
    "    #  basic_auth: {username: a, password: \"①, ②\"}\n",
    "    # password: |\n    #   ①\n    #\n\n    #   ②\n    # username: x\n",
    "#   bearer_token: \"①\n#   ②\"\n",
    "    # secrets:\n    #   - ①\n    #   - ②\n",
    "    # key: |\n    #   -----BEGIN PRIVATE KEY-----\n    #   ①\n    # ②\n    #   -----END PRIVATE KEY-----\n",
    "    # Authorization: Bearer ①\n    # curl -H 'X-Auth-Token: ②'\n",
    "    url: https://u:①@example.com/p?token=②&x=1\n",
    "    a: b  # was token=①, then 'password' : ②\n",
    "    a: dsn user=x password=① host=y\n    b: 'Bearer ②'  # basic ②\n",
    "    description: |\n      password: ①\n      token: |\n        ②\n",
    "    description: \"\n      password: '①\n      ②'\"\n",
];

/// What may go wrong before: everything behind it is no valid YAML, or something else.
const BEGINNINGS: [&str; 6] = [
    "",
    "",
    "# c\n",
    "a: {\n",
    "a: \"\n",
    "scrape_configs:\n- b: c\n d\n",
];

#[derive(Clone, Debug)]
struct Entry {
    style: &'static str,
    secrets: [String; 4],
    is_before: bool,
    is_after: bool,
    is_changed: bool,
    lines_above: usize,
}

fn entries() -> impl Strategy<Value = Vec<Entry>> {
    let style = prop::sample::select(STYLES.as_slice());
    let secrets = prop::array::uniform4("[A-Za-z][A-Za-z0-9]{11,15}");
    let entry = (style, secrets, any::<[bool; 3]>(), 0_usize..3).prop_map(
        |(style, secrets, [is_before, is_after, is_changed], lines_above)| Entry {
            style,
            secrets,
            is_before,
            is_after: is_after || !is_before,
            is_changed,
            lines_above,
        },
    );
    prop::collection::vec(entry, 1..5)
}

fn document(beginning: &str, entries: &[Entry], is_after: bool, is_dos: bool) -> String {
    let mut text = format!("{beginning}scrape_configs:\n");
    for (number, entry) in entries.iter().enumerate() {
        text.extend(["  - job_name: j", &number.to_string(), "\n"]);
        text.push_str(&"    # filler\n".repeat(entry.lines_above));
        let is_there = if is_after {
            entry.is_after
        } else {
            entry.is_before
        };
        if is_there {
            let [first, second, third, fourth] = &entry.secrets;
            let (first, second) = if entry.is_changed && is_after {
                (third, fourth)
            } else {
                (first, second)
            };
            let lines = entry.style.replace('①', first).replace('②', second);
            text.push_str(&lines.replace('⓪', &number.to_string()));
        }
    }
    if is_dos {
        text.replace('\n', "\r\n")
    } else {
        text
    }
}

fn change(before: Text, after: Text) -> Change {
    Change {
        target: Target::File(PathBuf::from("prometheus.yml")),
        action: Action::Update,
        stage: Stage::Configuration,
        before: Some(Content::Text(before)),
        after: Some(Content::Text(after)),
        rendered: None,
        note: String::new(),
        apply: None,
        resource_version: None,
        uid: None,
    }
}

/// With the secrets as an edit of the file finds them, where it can.
fn located(text: &str) -> Text {
    let steps = [Step::Key("scrape_configs".into())];
    match locate(text, &steps, "job_name", secrecy, "") {
        Ok(located) => Text::with_secrets(text.into(), located.secrets),
        Err(_) => Text::from(text.to_owned()),
    }
}

fn pieces(secret: &str) -> impl Iterator<Item = &str> {
    (8..=secret.len()).map(|end| &secret[end - 8..end])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_secret_is_shown(
        beginning in prop::sample::select(BEGINNINGS.as_slice()),
        entries in entries(),
        is_dos in any::<bool>(),
        is_large in prop::bool::weighted(0.05),
    ) {
        // So much that only hunks are reported.
        let padding = if is_large { format!("x: {}\n", "y".repeat(70_000)) } else { String::new() };
        let text = |is_after| padding.clone() + &document(beginning, &entries, is_after, is_dos);
        let (before, after) = (text(false), text(true));
        let texts = [
            (Text::from(before.clone()), Text::from(after.clone())),
            (located(&before), located(&after)),
        ];
        let mut outputs = Vec::new();
        for (old, new) in texts {
            let change = change(old, new.clone());
            for context in [0, 1, 2, 3, 100] {
                let lines = shown(&change, context, &mut Masker::default());
                let lines: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
                outputs.push(lines.join("\n"));
            }
            let plan = Plan { changes: vec![change], ..Plan::default() };
            outputs.push(report(&plan, &Head::default(), &mut Masker::default()).to_string());
            outputs.push(Masker::default().text(&new));
        }
        for secret in entries.iter().flat_map(|entry| &entry.secrets) {
            for output in &outputs {
                prop_assert!(!pieces(secret).any(|piece| output.contains(piece)), "{}\n---\n{}---\n{}---\n{}", secret, before, after, output);
            }
        }
    }
}
