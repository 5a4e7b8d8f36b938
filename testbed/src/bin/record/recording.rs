//! What one command line did, as text.

use std::fmt::Write;

/// Everything that is known of one run.
pub(crate) struct Recording<'a> {
    /// What was run.
    pub(crate) command: &'a str,
    /// With what it exited; none where a signal ended it.
    pub(crate) code: Option<i32>,
    /// Its standard output.
    pub(crate) stdout: &'a str,
    /// Its standard error.
    pub(crate) stderr: &'a str,
    /// What the API server was asked.
    pub(crate) requests: &'a str,
    /// What it wrote into its folder.
    pub(crate) files: &'a str,
    /// What it wrote into the cluster.
    pub(crate) objects: &'a str,
}

impl Recording<'_> {
    /// All of it, in parts that are left out where they are empty.
    pub(crate) fn text(&self) -> String {
        let code = self
            .code
            .map_or_else(|| "none, ended by a signal".to_owned(), |c| c.to_string());
        let mut text = format!("$ {}\nexit code: {code}\n", self.command);
        for (title, part) in [
            ("standard output", &settled(self.stdout)),
            ("standard error", &settled(self.stderr)),
            ("requests", &self.requests.to_owned()),
            ("files", &self.files.to_owned()),
            ("objects", &self.objects.to_owned()),
        ] {
            if !part.is_empty() {
                let end = if part.ends_with('\n') {
                    ""
                } else {
                    "\n(no line break at the end)\n"
                };
                let _ = write!(text, "\n===== {title}\n{part}{end}");
            }
        }
        text
    }
}

/// Output with the lines about what was written in one order: writes that are sent together are reported as their
/// answers come.
fn settled(output: &str) -> String {
    let mut lines: Vec<&str> = output.split_inclusive('\n').collect();
    for reported in lines.chunk_by_mut(|one, next| is_report(one) == is_report(next)) {
        if is_report(reported[0]) {
            reported.sort_by_key(|line| said(line));
        }
    }
    lines.concat()
}

fn is_report(line: &str) -> bool {
    line.trim_start().starts_with('✓') || line.contains(r#""action":""#)
}

/// A line without its time, which a line of JSON begins with.
fn said(line: &str) -> &str {
    line.find(r#""message":"#)
        .map_or(line, |start| &line[start..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_parts_are_left_out() {
        let recording = Recording {
            command: "monconf jobs",
            code: Some(0),
            stdout: "a\nb",
            stderr: "",
            requests: "",
            files: "",
            objects: "",
        };
        assert_eq!(
            recording.text(),
            "$ monconf jobs\nexit code: 0\n\n===== standard output\na\nb\n(no line break at the end)\n"
        );
    }

    #[test]
    fn reports_of_writes_are_sorted_where_they_follow_each_other() {
        let output = "b\n  ✓ 2\n  ✓ 1\na\n  ✓ 0\n";
        assert_eq!(settled(output), "b\n  ✓ 1\n  ✓ 2\na\n  ✓ 0\n");
        let json = |time, name| {
            format!(
                "{{\"time\":\"{time}\",\"message\":\"{name} deleted\",\"action\":\"deleted\"}}\n"
            )
        };
        let output = [json(1, "b"), json(2, "a")].concat();
        assert_eq!(settled(&output), [json(2, "a"), json(1, "b")].concat());
    }
}
