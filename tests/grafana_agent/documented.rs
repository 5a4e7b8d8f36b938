//! What docs/grafana.md shows of Grafana Agent is what the program prints.

use super::objects::control_plane;
use crate::support::Monconf;
use crate::support::docs::{block, command, is_printed};

const DOCS: &str = include_str!("../../docs/grafana.md");

#[test]
fn the_plan_in_the_documentation_is_the_one_that_is_printed() {
    let cp = control_plane();
    let user = cp.user("reader", &["system:masters"]);
    let arguments = command(DOCS, "monconf grafana-agent --remote-write ");
    let printed = Monconf::new(arguments).kubeconfig(&user.kubeconfig).run();
    is_printed(block(DOCS, "diff"), &printed.ok().stdout);
}
