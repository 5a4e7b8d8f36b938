//! Writes a graph as a Mermaid diagram.

use std::fmt::Write;

use crate::graph::{Graph, Import, ROOT};
use crate::layers::Rules;

/// The layers from top to bottom, with the transitive reduction of the imports. Exceptions are dotted.
#[must_use]
pub fn mermaid(graph: &Graph, rules: &Rules) -> String {
    let mut inner = graph.clone();
    inner
        .imports
        .retain(|import, _| import.from != ROOT && import.to != ROOT);
    let allowed = rules.allowed.set();
    let exceptions = inner.imports.keys().filter(|it| allowed.contains(*it));
    let dotted: Vec<&Import> = exceptions.collect();

    let mut text = String::from("flowchart TD\n");
    for layer in &rules.layers {
        let _ = writeln!(text, "    subgraph layer_{0}[{0}]", layer.name);
        for module in &layer.modules {
            let _ = writeln!(text, "        {}", node(module));
        }
        text.push_str("    end\n");
    }
    let unplaced = graph.modules.iter();
    for module in unplaced.filter(|module| rules.layer(module).is_none()) {
        let _ = writeln!(text, "    {}", node(module));
    }
    for import in inner.without(&allowed).reduced() {
        let _ = writeln!(text, "    {} --> {}", id(&import.from), id(&import.to));
    }
    for import in dotted {
        let _ = writeln!(text, "    {} -.-> {}", id(&import.from), id(&import.to));
    }
    text
}

/// The prefix keeps modules apart from the keywords of Mermaid, such as `graph` and `end`.
fn id(module: &str) -> String {
    format!("module_{module}")
}

fn node(module: &str) -> String {
    format!("{}[{module}]", id(module))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::made_up::{graph, rules};

    #[test]
    fn implied_imports_are_left_out_and_allowed_ones_dotted() {
        let graph = graph(&[
            ("lib.rs", "mod a; mod b; mod c; use a::A;"),
            ("a.rs", "use crate::{b, c};"),
            ("b.rs", "use crate::c;"),
            ("c.rs", "use crate::a;"),
        ]);
        let rules =
            rules("layers = \"\"\"\ntop a\nlow b c\n\"\"\"\nallowed.imports = [\"c -> a\"]");
        let drawn = "\
flowchart TD
    subgraph layer_top[top]
        module_a[a]
    end
    subgraph layer_low[low]
        module_b[b]
        module_c[c]
    end
    module_a --> module_b
    module_b --> module_c
    module_c -.-> module_a
";
        assert_eq!(mermaid(&graph, &rules), drawn);
    }
}
