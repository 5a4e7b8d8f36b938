//! The built-in templates, and those that replace them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use minijinja::value::Value;
use minijinja::{Environment, ErrorKind, OutputSpan, OutputSpanKind, UndefinedBehavior};

use super::filters;
use crate::error::{Error, Result};

/// A template that is part of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Builtin {
    /// The file name, which is also the name of a replacement.
    pub name: &'static str,
    /// What it renders, in a few words.
    pub summary: &'static str,
    /// Its text.
    pub text: &'static str,
}

macro_rules! builtin {
    ($name:literal, $summary:literal) => {
        Builtin {
            name: $name,
            summary: $summary,
            text: include_str!(concat!("../../templates/", $name)),
        }
    };
}

impl Builtin {
    /// Every built-in template.
    pub const ALL: [Self; 18] = [
        builtin!("namespace.yaml", "the Namespace, where it does not exist"),
        builtin!("serviceaccount.yaml", "the ServiceAccount that scrapes"),
        builtin!("clusterrole.yaml", "the rights that the jobs need"),
        builtin!(
            "clusterrolebinding.yaml",
            "gives them to the ServiceAccount"
        ),
        builtin!("role.yaml", "rights that are needed in one namespace only"),
        builtin!("rolebinding.yaml", "gives them to the ServiceAccount"),
        builtin!("handle.yaml", "the empty Secret that a token is bound to"),
        builtin!("token-secret.yaml", "the Secret that holds token and CA"),
        builtin!(
            "servicemonitor.yaml",
            "operator format: a job behind a Service"
        ),
        builtin!("podmonitor.yaml", "operator format: a job on pods"),
        builtin!("scrapeconfig.yaml", "operator format: any other job"),
        builtin!(
            "alerts.yaml",
            "alert rules: the whole file, or what the PrometheusRule holds"
        ),
        builtin!("prometheusrule.yaml", "operator format: the alert rules"),
        builtin!(
            "grafanaagent.yaml",
            "Grafana Agent: the agent that the operator runs"
        ),
        builtin!(
            "metricsinstance.yaml",
            "Grafana Agent: what it scrapes, and where it sends it"
        ),
        builtin!("scrape-configs.yaml", "raw format: the whole file"),
        builtin!("config.alloy", "Grafana Alloy: the whole file"),
        builtin!(
            "configmap.yaml",
            "Grafana Alloy: the ConfigMap that holds it"
        ),
    ];

    /// The template of that name.
    ///
    /// # Errors
    /// A usage error that lists the names.
    pub fn named(name: &str) -> Result<Self> {
        Self::ALL
            .into_iter()
            .find(|template| {
                let stem = Path::new(template.name).file_stem();
                template.name == name || stem.is_some_and(|stem| stem == name)
            })
            .ok_or_else(|| {
                let names = Self::ALL.map(|template| template.name).join(", ");
                Error::usage_hint(
                    format!("there is no template {name:?}"),
                    format!("the templates are {names}"),
                )
            })
    }
}

/// Built-in templates, some of them replaced.
pub struct Templates {
    environment: Environment<'static>,
    sources: BTreeMap<&'static str, Source>,
}

struct Source {
    text: String,
    /// The file of a replacement.
    file: Option<PathBuf>,
}

/// What a template gave, and where it came from.
#[derive(Clone, Debug)]
pub struct Rendered {
    /// The text.
    pub text: String,
    /// For each of its lines, the template's line that it comes from.
    lines: Vec<usize>,
    /// `FILE`, or `built-in template NAME`.
    pub origin: String,
}

impl Templates {
    /// The built-in templates; those that `dir` has a file for are replaced by it.
    ///
    /// # Errors
    /// A folder that cannot be read, a `.yaml` or `.alloy` file of an unknown name, a syntax error.
    pub fn load(dir: Option<&Path>) -> Result<Self> {
        let mut sources: BTreeMap<&'static str, Source> = Builtin::ALL
            .into_iter()
            .map(|template| {
                let text = template.text.to_owned();
                (template.name, Source { text, file: None })
            })
            .collect();
        if let Some(dir) = dir {
            for file in replacements(dir)? {
                let name = file
                    .file_name()
                    .and_then(|name| name.to_str())
                    .unwrap_or_default();
                let text =
                    std::fs::read_to_string(&file).map_err(|error| unreadable(&file, &error))?;
                let name = Builtin::named(name)?.name;
                sources.insert(
                    name,
                    Source {
                        text,
                        file: Some(file),
                    },
                );
            }
        }
        let environment = environment();
        let mut templates = Self {
            environment,
            sources,
        };
        templates.compile()?;
        Ok(templates)
    }

    /// With another text for a built-in template.
    #[cfg(test)]
    pub(super) fn with_builtin(name: &'static str, text: &str) -> Result<Self> {
        let mut templates = Self::load(None)?;
        let text = text.to_owned();
        templates.sources.insert(name, Source { text, file: None });
        templates.environment = environment();
        templates.compile()?;
        Ok(templates)
    }

    fn compile(&mut self) -> Result<()> {
        for (&name, source) in &self.sources {
            self.environment
                .add_template_owned(name, source.text.clone())
                .map_err(|error| self.failure(name, &error))?;
        }
        Ok(())
    }

    /// Renders one template.
    ///
    /// # Errors
    /// An undefined variable or any other failure, with the template's file and line.
    pub fn render(&self, name: &'static str, context: &Value) -> Result<Rendered> {
        let (text, spans) = self
            .environment
            .get_template(name)
            .and_then(|template| template.render_with_spans(context.clone()))
            .map_err(|error| self.failure(name, &error))?;
        Ok(Rendered {
            lines: origins(&text, &self.sources[name].text, &spans),
            text: text.trim_end().to_owned() + "\n",
            origin: self.origin(name),
        })
    }

    /// The file that replaces a built-in template, if one does.
    #[must_use]
    pub fn replacement(&self, name: &str) -> Option<&Path> {
        self.sources.get(name)?.file.as_deref()
    }

    fn origin(&self, name: &str) -> String {
        match self.replacement(name) {
            Some(file) => file.display().to_string(),
            None => format!("built-in template {name}"),
        }
    }

    fn failure(&self, name: &str, error: &minijinja::Error) -> Error {
        let line = error
            .line()
            .map_or(String::new(), |line| format!(":{line}"));
        let mut reason = error.kind().to_string();
        if let Some(detail) = error.detail() {
            reason = format!("{reason}: {detail}");
        }
        if error.kind() == ErrorKind::UndefinedError
            && let Some(expression) = error
                .range()
                .and_then(|range| self.sources[name].text.get(range))
        {
            reason = format!("{reason}: {}", expression.trim());
        }
        Error::Template {
            origin: format!("{}{line}", self.origin(name)),
            reason,
        }
    }
}

impl Rendered {
    /// An error about the first line that begins with `fragment`, or about the whole where none does.
    #[must_use]
    pub fn failure(&self, fragment: &str, reason: impl Into<String>) -> Error {
        let line = self
            .text
            .lines()
            .position(|line| !fragment.is_empty() && line.trim_start().starts_with(fragment));
        self.failure_at(line.map(|index| index + 1), reason)
    }

    /// An error about a line of the rendered text, counted from 1; told with the template's line.
    #[must_use]
    pub fn failure_at(&self, line: Option<usize>, reason: impl Into<String>) -> Error {
        let line = line
            .and_then(|line| self.lines.get(line.saturating_sub(1)))
            .map_or(String::new(), |line| format!(":{line}"));
        Error::Template {
            origin: format!("{}{line}", self.origin),
            reason: reason.into(),
        }
    }
}

/// For each line of `text`, the line of the template `source` that its first character comes from.
fn origins(text: &str, source: &str, spans: &[OutputSpan]) -> Vec<usize> {
    let mut start = 0;
    text.split_inclusive('\n')
        .map(|line| {
            let at = start + (line.len() - line.trim_start_matches(' ').len());
            start += line.len();
            let span = spans.iter().find(|span| span.output_range().contains(&at));
            span.map_or(0, |span| {
                // Within literal text the template has the same line breaks.
                let before = match span.kind() {
                    OutputSpanKind::Raw => {
                        span.source_range().start + (at - span.output_range().start)
                    }
                    _ => span.source_range().start,
                };
                source
                    .bytes()
                    .take(before)
                    .filter(|&byte| byte == b'\n')
                    .count()
                    + 1
            })
        })
        .collect()
}

fn replacements(dir: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(dir).map_err(|error| unreadable(dir, &error))?;
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| {
            path.extension().is_some_and(|extension| {
                ["yaml", "yml", "alloy"]
                    .iter()
                    .any(|known| extension == *known)
            })
        })
        .collect();
    files.sort();
    if files.is_empty() {
        return Err(Error::usage_hint(
            format!("--templates {}: there is no template in it", dir.display()),
            "`monconf template eject NAME --templates DIR` puts one there",
        ));
    }
    Ok(files)
}

fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    Error::File {
        action: "read",
        path: path.to_owned(),
        reason: error.to_string(),
    }
}

/// Strict: an undefined variable is an error. A template cannot keep the program busy for ever.
fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(1_000_000));
    filters::register(&mut environment);
    environment
}
