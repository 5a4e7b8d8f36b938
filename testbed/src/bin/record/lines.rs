//! The table of command lines.

use std::collections::BTreeSet;

/// Its text: the command lines that are recorded, in their order, and what comes before each.
const TABLE: &str = include_str!("lines.txt");

/// One line of the table.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// `NAME: COMMAND`: a command line that is recorded under a name.
    Record {
        /// The name of its recording.
        name: String,
        /// For `sh`.
        command: String,
    },
    /// `+ COMMAND`: something that has to succeed before the next one.
    Prepare(String),
    /// `* OPERATOR`: the kinds of an operator are served from here on.
    Install(Operator),
}

/// Whose kinds the cluster can serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    /// The Prometheus Operator.
    Prometheus,
    /// The Grafana Agent Operator, which reads kinds of the other one.
    GrafanaAgent,
}

impl Line {
    /// Every line of the table.
    pub(crate) fn all() -> Result<Vec<Self>, String> {
        parse(TABLE)
    }

    pub(crate) fn is_recorded(&self) -> bool {
        matches!(self, Self::Record { .. })
    }
}

/// The lines of a table, without the empty ones and those that begin with `#`.
fn parse(table: &str) -> Result<Vec<Line>, String> {
    let mut names = BTreeSet::new();
    let mut lines = Vec::new();
    for (index, text) in table.lines().enumerate() {
        let text = text.trim();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        let line = line(text).ok_or_else(|| format!("lines.txt:{}: {text}", index + 1))?;
        if let Line::Record { name, .. } = &line
            && !names.insert(name.clone())
        {
            return Err(format!("lines.txt:{}: {name} is there twice", index + 1));
        }
        lines.push(line);
    }
    Ok(lines)
}

fn line(text: &str) -> Option<Line> {
    if let Some(command) = text.strip_prefix("+ ") {
        return Some(Line::Prepare(command.trim().to_owned()));
    }
    if let Some(operator) = text.strip_prefix("* ") {
        return Some(Line::Install(match operator.trim() {
            "prometheus-operator" => Operator::Prometheus,
            "grafana-agent-operator" => Operator::GrafanaAgent,
            _ => return None,
        }));
    }
    let (name, command) = text.split_once(": ")?;
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let is_name = !name.is_empty() && name.bytes().all(plain);
    is_name.then(|| Line::Record {
        name: name.to_owned(),
        command: command.trim().to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_read_and_long_enough() {
        let lines = Line::all().expect("the table is valid");
        let recorded = lines.iter().filter(|line| line.is_recorded()).count();
        assert!(recorded >= 60, "{recorded}");
    }

    #[test]
    fn a_line_is_recorded_prepares_or_installs() {
        let table = "# comment\n\nplan: monconf prometheus\n+ touch x: y\n* prometheus-operator\n";
        let expected = [
            Line::Record {
                name: "plan".to_owned(),
                command: "monconf prometheus".to_owned(),
            },
            Line::Prepare("touch x: y".to_owned()),
            Line::Install(Operator::Prometheus),
        ];
        assert_eq!(parse(table).expect("valid"), expected);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_number() {
        for (table, error) in [
            ("a: b\na: c\n", "lines.txt:2: a is there twice"),
            ("A b: c\n", "lines.txt:1: A b: c"),
            ("monconf\n", "lines.txt:1: monconf"),
            ("* helm\n", "lines.txt:1: * helm"),
        ] {
            assert_eq!(parse(table), Err(error.to_owned()));
        }
    }
}
