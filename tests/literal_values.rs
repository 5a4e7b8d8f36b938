//! Values arrive as they were asked for, in static mode as the operator configures it and in flow mode, whose language
//! Alloy kept: the agent itself tells the labels of its targets, and a Prometheus those of the series that it was sent.

use std::fs;
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::LazyLock;

use serde_json::{Map, Value, json};
use testbed::poll::poll;
use testbed::{AgentOperator, ControlPlane, Crds, Exporter, GrafanaAgent, Options, Scope};

use crate::support::{Monconf, Receiver, token};

/// What quotation, a substitution or a narrow set of characters on the way would change.
const AWKWARD: &str = "Köln-東京-🐈 $1 ${1} $$ $$$ ${HOME} $HOME \\ \\\\ \\n \\$1 \"a\" 'b' `c` {{ d }} {% e %} %f # : \u{2028} \\";

/// For `--external-label`: the same by pieces, a name that targets have anyway, and as much as Kubernetes would take.
const EXTERNAL: [(&str, &str); 6] = [
    ("cluster", "Köln-東京-🐈"),
    ("dollars", "$1 ${1} $$ $$$ ${HOME} $HOME $"),
    ("backslashes", "\\ \\\\ \\n \\$1 \\"),
    ("quotes", "\"a\" 'b' `c` \"'`"),
    ("braces", " {{ d }} {% e %} %f # : \u{2028} "),
    (
        "sixty_three_characters_are_as_many_as_the_name_of_a_label_has_x",
        "sixty-three-characters-are-as-many-as-the-value-of-a-label-has.",
    ),
];

/// A job's name of as many characters.
const JOB_NAME: &str = "Köln-東京-🐈 $1 ${1} $$ \\ \\n \"a\" 'b' `c` {{ d }} ${HOME} of 63 cha";

/// The name of the Node, of as many characters.
const NODE: &str = "sixty-three-characters-are-as-many-as-a-name-of-a-node-may-have";

/// Labels that the exporter gives its own series.
const THEIRS: &str = "own{cluster=\"theirs\",instance=\"theirs\",job=\"theirs\"} 1\n";

/// Grafana Agent's operator beside a cluster whose one Node is this machine, with an exporter on it.
struct World {
    operator: AgentOperator,
    exporter: Exporter,
    cp: ControlPlane,
}

impl World {
    fn shared() -> &'static Self {
        static SHARED: LazyLock<World> = LazyLock::new(|| {
            let cp = ControlPlane::start(Options {
                crds: Crds::Minimal,
                agent_crds: true,
                ..Options::default()
            });
            let node = json!({
                "apiVersion": "v1", "kind": "Node",
                "metadata": {"name": NODE, "annotations": {"awkward": AWKWARD}},
                "status": {"addresses": [{"type": "InternalIP", "address": "127.0.0.1"}]},
            });
            cp.admin().post("/api/v1/nodes", &node).unwrap();
            World {
                operator: AgentOperator::start(&cp),
                exporter: Exporter::text((Ipv4Addr::LOCALHOST, 0), THEIRS),
                cp,
            }
        });
        &SHARED
    }

    /// A scope whose instance's name has `length` characters, and whose namespace's has 63.
    fn scope(&self, test: &str, length: usize) -> Scope<'_> {
        let mut scope = self.cp.scope(test);
        scope.name = format!("{:x<length$}", scope.name);
        scope.namespace = format!("{:x<63}", scope.namespace);
        scope
    }

    /// A `monconf.yaml` with one job for each of these fields, its name among them.
    fn settings(&self, jobs: &[Value]) -> String {
        let own = jobs.iter().map(|fields| {
            let mut job = json!({
                "role": "node",
                "port": self.exporter.port(),
                "params": {"awkward": [AWKWARD]},
                "relabelling": [
                    {"sourceLabels": ["__meta_kubernetes_node_annotation_awkward"], "targetLabel": "annotation"},
                    {"targetLabel": "replaced", "replacement": AWKWARD.replace('$', "$$")},
                    {"sourceLabels": ["job"], "targetLabel": "copied"},
                    // Here they are groups.
                    {"sourceLabels": ["__meta_kubernetes_node_name"], "regex": "^(.+)$", "targetLabel": "node", "replacement": "$1"},
                    {"sourceLabels": ["__meta_kubernetes_node_name"], "regex": "(six).*(have)", "targetLabel": "instance", "replacement": "${2}\\$1"},
                ],
                "metricRelabelling": [{"targetLabel": "relabelled", "replacement": AWKWARD.replace('$', "$$")}],
            });
            job.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
            job
        });
        let settings = json!({"ownJobs": own.collect::<Vec<_>>(), "interval": "1s"});
        // As it is, it would end a line.
        settings.to_string().replace('\u{2028}', "\\u2028")
    }
}

/// `monconf` for a consumer with all external labels, and the settings in a folder.
fn apply(consumer: &str, scope: &Scope, settings: &Path, jobs: &str, arguments: &[&str]) {
    let labels = EXTERNAL.map(|(label, value)| format!("--external-label={label}={value}"));
    Monconf::for_consumer(consumer, scope, &["--apply", "--jobs", jobs, "-f"])
        .args([settings])
        .args(labels)
        .args(arguments)
        .run()
        .ok();
}

/// Every label of the target of a job.
fn expected(job: &str) -> Map<String, Value> {
    let own = [
        ("job", job),
        ("copied", job),
        ("instance", "have\\six"),
        ("node", NODE),
        ("annotation", AWKWARD),
        ("replaced", AWKWARD),
    ];
    let all = EXTERNAL.into_iter().chain(own);
    all.map(|(label, value)| (label.to_owned(), value.into()))
        .collect()
}

/// What the agent and the receiver tell of a job is what was asked for; `honors` is whether the job keeps labels of the
/// exporter's own. `added` is the label that the agent gives to all that it sends of the job.
fn assert_arrives(
    agent: &GrafanaAgent,
    receiver: &Receiver,
    job: &str,
    honors: bool,
    added: (&str, &str),
) {
    let targets = agent.wait_for(job, "up");
    assert_eq!(targets.len(), 1, "{targets:#?}");
    assert_eq!(targets[0].labels, Value::Object(expected(job)));
    let (_, query) = targets[0].scrape_url.split_once("?awkward=").unwrap();
    assert_eq!(decoded(query), AWKWARD);

    receiver.wait_until_up(job);
    let mut sent = expected(job);
    sent.insert(added.0.to_owned(), added.1.into());
    let series = |name: &str, labels: &Map<String, Value>| {
        let mut labels = labels.clone();
        labels.insert("__name__".to_owned(), name.into());
        Value::Object(labels)
    };
    let up = receiver.series(&format!("up{{job={}}}", json!(job)));
    assert_eq!(up, [series("up", &sent)]);
    sent.insert("relabelled".to_owned(), AWKWARD.into());
    for label in ["cluster", "instance", "job"] {
        let kept = if honors {
            label.to_owned()
        } else {
            format!("exported_{label}")
        };
        sent.insert(kept, "theirs".into());
    }
    let own = receiver.series("own");
    assert!(own.contains(&series("own", &sent)), "{sent:#?} {own:#?}");
}

/// A value of a query string.
fn decoded(query: &str) -> String {
    let mut bytes = query.bytes();
    let mut decoded = Vec::new();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [bytes.next().unwrap(), bytes.next().unwrap()];
                u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
            }
            plain => plain,
        });
    }
    String::from_utf8(decoded).unwrap()
}

#[test]
fn static_mode_as_its_operator_configures_it_has_every_value_as_it_is() {
    let world = World::shared();
    let scope = world.scope("literal", 43);
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    let long = "a-name-of-forty-characters-is-the-longes";
    let settings = world.settings(&[
        json!({"name": long, "jobName": JOB_NAME}),
        json!({"name": "honors", "honorLabels": true}),
    ]);
    fs::write(file("monconf.yaml"), settings).unwrap();
    let receiver = Receiver::start();
    let mounted = file("mounted");
    let arguments = [
        "--api-server",
        world.cp.url(),
        "--mount-dir",
        mounted.to_str().unwrap(),
        "--remote-write",
        &receiver.write_url(),
    ];
    let jobs = format!("{long},honors");
    apply(
        "grafana-agent",
        &scope,
        &file("monconf.yaml"),
        &jobs,
        &arguments,
    );
    token::mount(&scope, &mounted);
    let agent = format!("{}-k8s-agent", scope.name);
    let config = poll(|| {
        let config = world.operator.rendered_config(&scope.namespace, &agent);
        config.contains("honors").then_some(config)
    });
    fs::write(file("agent.yml"), config.unwrap()).unwrap();
    let agent = GrafanaAgent::start_static(
        &file("agent.yml"),
        &["-enable-features=integrations-next"],
        &[("HOME", "/nowhere")],
    );
    // The operator gives `cluster` as well, which the targets have already.
    let replica = ("__replica__", "replica-0");
    let job = |name: &str| format!("{}-{name}", scope.name);
    assert_arrives(&agent, &receiver, &job(JOB_NAME), false, replica);
    assert_arrives(&agent, &receiver, &job("honors"), true, replica);
}

/// The files of two instances lie side by side, whose names and jobs' names give the same words in the same order.
#[test]
fn flow_mode_has_every_value_as_it_is() {
    let world = World::shared();
    let (short, mut long) = (world.scope("flow", 41), world.scope("flow", 1));
    long.name = format!("{}-x", short.name);
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    let receiver = Receiver::start();
    let write = receiver.write_url();
    let mut both = String::new();
    let cases = [
        (
            &long,
            vec![
                json!({"name": "y"}),
                json!({"name": "awkward", "jobName": JOB_NAME}),
            ],
            "y,awkward",
        ),
        (
            &short,
            vec![
                json!({"name": "x-y", "jobName": "honors", "honorLabels": true}),
                json!({"name": "x--y"}),
            ],
            "x-y,x--y",
        ),
    ];
    for (scope, own, jobs) in &cases {
        fs::write(file("monconf.yaml"), world.settings(own)).unwrap();
        let config = file(&format!("{}.alloy", scope.name));
        let arguments = [
            "--config",
            config.to_str().unwrap(),
            "--remote-write",
            &write,
        ];
        apply("alloy", scope, &file("monconf.yaml"), jobs, &arguments);
        both += &fs::read_to_string(config).unwrap();
    }
    fs::write(file("both.alloy"), both).unwrap();
    let agent = GrafanaAgent::start_flow(&file("both.alloy"));
    // What relabels samples here sees `up` too.
    let relabelled = ("relabelled", AWKWARD);
    for (scope, job, honors) in [
        (&long, "y", false),
        (&long, JOB_NAME, false),
        (&short, "honors", true),
        (&short, "x--y", false),
    ] {
        let job = format!("{}-{job}", scope.name);
        assert_arrives(&agent, &receiver, &job, honors, relabelled);
    }
}
