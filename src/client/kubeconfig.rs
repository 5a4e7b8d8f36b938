//! Finding and merging kubeconfigs as kubectl does, down to what one context of them says.

use std::env;
use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kube::config::{AuthInfo, Cluster, Kubeconfig, KubeconfigError};

use super::failure::{Cause, Failure};

/// What the kubeconfig says about one context.
#[derive(Debug)]
pub(crate) struct Entry {
    /// The context's name.
    pub context: String,
    /// The name of its user entry.
    pub user: Option<String>,
    /// Its cluster.
    pub cluster: Cluster,
    /// Its user; empty where the context names none, as for kubectl.
    pub auth: AuthInfo,
}

/// Where to look.
pub(crate) struct Places {
    /// The file that was named; nothing else counts then.
    pub named: Option<PathBuf>,
    /// The variable `KUBECONFIG`.
    pub list: Option<OsString>,
    /// The home directory.
    pub home: Option<PathBuf>,
}

/// What was found there.
#[derive(Debug)]
pub(crate) enum Found {
    /// A kubeconfig with the context.
    Entry(Box<Entry>),
    /// No kubeconfig, or none that says anything.
    Nothing {
        /// The places, in words.
        looked: String,
    },
}

impl Places {
    /// Those of this process.
    pub(crate) fn of_process(named: Option<PathBuf>) -> Self {
        Self {
            named,
            list: env::var_os("KUBECONFIG"),
            home: env::home_dir(),
        }
    }

    /// The files that may exist, and what to call them together.
    fn files(&self) -> (Vec<PathBuf>, String) {
        if let Some(named) = &self.named {
            return (vec![named.clone()], named.display().to_string());
        }
        if let Some(list) = self.list.as_ref().filter(|list| !list.is_empty()) {
            let files: Vec<PathBuf> = env::split_paths(list)
                .filter(|path| !path.as_os_str().is_empty())
                .collect();
            let words = format!("KUBECONFIG ({})", shown(&files));
            return (files, words);
        }
        match self.home.as_ref().filter(|home| home.is_absolute()) {
            Some(home) => {
                let file = home.join(".kube/config");
                let words = file.display().to_string();
                (vec![file], words)
            }
            None => (Vec::new(), "KUBECONFIG (not set; nor is HOME)".to_owned()),
        }
    }
}

/// Reads what `places` hold and picks `context`, or the current one.
pub(crate) fn load(places: &Places, context: Option<&str>) -> Result<Found, Box<Failure>> {
    let (files, looked) = places.files();
    let mut merged = Kubeconfig::default();
    let mut read = Vec::new();
    for path in files {
        match Kubeconfig::read_from(&path) {
            Ok(next) => {
                merged = merged
                    .merge(without_blanks(next))
                    .map_err(|error| broken(&path, &error))?;
                read.push(path);
            }
            Err(KubeconfigError::ReadConfig(error, _))
                if error.kind() == ErrorKind::NotFound && places.named.is_none() => {}
            Err(error) => return Err(broken(&path, &error)),
        }
    }
    let says_nothing = merged.contexts.is_empty() && merged.clusters.is_empty();
    if says_nothing && places.named.is_none() && context.is_none() {
        return Ok(Found::Nothing { looked });
    }
    if says_nothing {
        return Err(match read.first() {
            Some(_) => unusable(format!("the kubeconfig {} holds no context", shown(&read))),
            None => Failure::before(Cause::NoKubeconfig { looked }),
        });
    }
    pick(merged, &read, context).map(|entry| Found::Entry(Box::new(entry)))
}

fn pick(
    kubeconfig: Kubeconfig,
    files: &[PathBuf],
    named: Option<&str>,
) -> Result<Entry, Box<Failure>> {
    let file = shown(files);
    let known = || -> Vec<String> {
        let contexts = kubeconfig.contexts.iter();
        contexts.map(|context| context.name.clone()).collect()
    };
    let Some(name) = named.or(kubeconfig.current_context.as_deref()) else {
        return Err(Failure::before(Cause::Kubeconfig {
            reason: format!("the kubeconfig {file} has no current context"),
            hint: Some(format!(
                "choose one with --context: {}",
                nearest("", known()).join(", ")
            )),
        }));
    };
    let Some(context) = kubeconfig.contexts.iter().find(|entry| entry.name == name) else {
        return Err(Failure::before(Cause::UnknownContext {
            name: name.to_owned(),
            file,
            known: nearest(name, known()),
        }));
    };
    let Some(context) = &context.context else {
        return Err(unusable(format!(
            "context {name:?} of the kubeconfig {file} is empty"
        )));
    };
    let clusters = kubeconfig.clusters.iter();
    let clusters: Vec<String> = clusters.map(|entry| entry.name.clone()).collect();
    let cluster = kubeconfig
        .clusters
        .into_iter()
        .find(|entry| entry.name == context.cluster)
        .and_then(|entry| entry.cluster);
    let cluster =
        cluster.ok_or_else(|| absent(name, "cluster", &context.cluster, &file, clusters))?;
    let user = context.user.clone().filter(|user| !user.is_empty());
    let users = kubeconfig.auth_infos.iter();
    let users: Vec<String> = users.map(|entry| entry.name.clone()).collect();
    let auth = match &user {
        // A context without a user means anonymous requests.
        None => AuthInfo::default(),
        Some(user) => kubeconfig
            .auth_infos
            .into_iter()
            .find(|entry| entry.name == *user)
            .ok_or_else(|| absent(name, "user", user, &file, users))?
            .auth_info
            .unwrap_or_default(),
    };
    Ok(Entry {
        context: name.to_owned(),
        user,
        cluster,
        auth,
    })
}

/// A cluster or user that a context names and the kubeconfig lacks.
fn absent(context: &str, noun: &str, name: &str, file: &str, known: Vec<String>) -> Box<Failure> {
    let known = nearest(name, known);
    Failure::before(Cause::Kubeconfig {
        reason: format!(
            "context {context:?} names the {noun} {name:?}, which the kubeconfig {file} does not have"
        ),
        hint: Some(match known.first() {
            None => {
                format!("the kubeconfig has no {noun} at all; --context chooses another context")
            }
            Some(first) => format!(
                "the kubeconfig has: {}; `kubectl config set-context {context} --{noun}={first}` chooses a {noun}, --context another context",
                known.join(", ")
            ),
        }),
    })
}

/// kubectl takes an empty text for an absent one; kube would take it for an empty CA bundle, an empty token, …
fn without_blanks(mut kubeconfig: Kubeconfig) -> Kubeconfig {
    fn drop_blank(field: &mut Option<String>) {
        field.take_if(|text| text.is_empty());
    }
    drop_blank(&mut kubeconfig.current_context);
    for entry in &mut kubeconfig.clusters {
        if let Some(cluster) = &mut entry.cluster {
            drop_blank(&mut cluster.certificate_authority);
            drop_blank(&mut cluster.certificate_authority_data);
            drop_blank(&mut cluster.proxy_url);
            drop_blank(&mut cluster.tls_server_name);
        }
    }
    for entry in &mut kubeconfig.auth_infos {
        if let Some(auth) = &mut entry.auth_info {
            drop_blank(&mut auth.client_certificate);
            drop_blank(&mut auth.client_certificate_data);
            drop_blank(&mut auth.client_key);
            drop_blank(&mut auth.token_file);
            drop_blank(&mut auth.username);
            drop_blank(&mut auth.impersonate);
            for secret in [&mut auth.token, &mut auth.client_key_data] {
                secret.take_if(|secret| secrecy::ExposeSecret::expose_secret(secret).is_empty());
            }
        }
    }
    kubeconfig
}

/// What the field `name` holds: its base64 `data`, or else the content of `file`.
pub(crate) fn content(
    name: &str,
    data: Option<&str>,
    file: Option<&str>,
) -> Result<Option<Vec<u8>>, Box<Failure>> {
    if let Some(data) = data {
        // Some tools break the line.
        let compact: String = data.split_whitespace().collect();
        return STANDARD
            .decode(compact)
            .map(Some)
            .map_err(|_| unusable(format!("{name}-data of the kubeconfig is not base64")));
    }
    let read = |file| {
        std::fs::read(file).map_err(|error| {
            unusable(format!(
                "cannot read {name} {file} of the kubeconfig: {error}"
            ))
        })
    };
    file.map(read).transpose()
}

/// A kubeconfig that cannot be used, without a next step.
pub(crate) fn unusable(reason: String) -> Box<Failure> {
    Failure::before(Cause::Kubeconfig { reason, hint: None })
}

fn broken(path: &Path, error: &KubeconfigError) -> Box<Failure> {
    let path = path.display();
    match error {
        KubeconfigError::ReadConfig(error, _) => {
            unusable(format!("cannot read the kubeconfig {path}: {error}"))
        }
        KubeconfigError::Parse(error) => unusable(format!(
            "{path} is no kubeconfig: {}",
            complaint(&error.to_string())
        )),
        error => unusable(format!("cannot use the kubeconfig {path}: {error}")),
    }
}

/// A parser's complaint about a text that holds credentials: only its first line, as the excerpt follows below, and
/// without the values that it quotes.
fn complaint(text: &str) -> String {
    let mut out = String::new();
    let mut inside: Option<char> = None;
    let first = text.lines().next().unwrap_or_default();
    for character in first.trim_start_matches("error: ").chars() {
        match inside {
            Some(quote) if quote == character => inside = None,
            Some(_) => {}
            None if matches!(character, '"' | '`') => {
                inside = Some(character);
                out.push('…');
            }
            None => out.push(character),
        }
    }
    out
}

fn shown(files: &[PathBuf]) -> String {
    let files: Vec<String> = files
        .iter()
        .map(|file| file.display().to_string())
        .collect();
    files.join(", ")
}

/// Of many names those that share most with `name`, at most ten.
fn nearest(name: &str, mut known: Vec<String>) -> Vec<String> {
    let alike = |other: &str| similar::TextDiff::from_chars(name, other).ratio();
    known.sort_by(|a, b| alike(b).total_cmp(&alike(a)));
    known.truncate(10);
    known
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROD: &str = "
apiVersion: v1
kind: Config
current-context: prod
clusters: [{name: c, cluster: {server: 'https://10.0.0.1:6443', certificate-authority: ca.crt, certificate-authority-data: ''}}]
contexts: [{name: prod, context: {cluster: c, user: jane}}, {name: lost, context: {cluster: gone}}]
users: [{name: jane, user: {token: first}}]
";

    fn places(files: &[&Path]) -> Places {
        Places {
            named: None,
            list: env::join_paths(files).ok(),
            home: None,
        }
    }

    fn message(places: &Places, context: Option<&str>) -> String {
        let failure = load(places, context).expect_err("a failure");
        format!("{failure}\nhint: {}", failure.hint().unwrap_or_default())
    }

    #[test]
    fn files_merge_as_for_kubectl() {
        let dir = tempfile::tempdir().expect("a directory");
        let (blank, prod, other) = (
            dir.path().join("blank"),
            dir.path().join("prod"),
            dir.path().join("other"),
        );
        std::fs::write(&blank, "current-context: ''\n").expect("written");
        std::fs::write(&prod, PROD).expect("written");
        std::fs::write(&other, PROD.replace("first", "second")).expect("written");
        let missing = dir.path().join("missing");
        let found = load(&places(&[&missing, &blank, &prod, &other]), None).expect("found");
        let Found::Entry(entry) = found else {
            panic!("nothing found");
        };
        assert_eq!(entry.context, "prod");
        assert_eq!(entry.user.as_deref(), Some("jane"));
        let token = entry.auth.token.expect("a token");
        assert_eq!(secrecy::ExposeSecret::expose_secret(&token), "first");
        let ca = dir.path().join("ca.crt");
        assert_eq!(entry.cluster.certificate_authority.as_deref(), ca.to_str());
        assert_eq!(entry.cluster.certificate_authority_data, None);
    }

    #[test]
    fn what_is_missing_is_no_kubeconfig() {
        let dir = tempfile::tempdir().expect("a directory");
        let missing = dir.path().join("missing");
        let looked = |places: &Places| match load(places, None) {
            Ok(Found::Nothing { looked }) => looked,
            other => panic!("{other:?}"),
        };
        assert!(looked(&places(&[&missing])).starts_with("KUBECONFIG ("));
        let none = Places {
            named: None,
            list: None,
            home: None,
        };
        assert_eq!(looked(&none), "KUBECONFIG (not set; nor is HOME)");
        // Whoever names a context or a file does not mean the Pod's own account.
        assert!(message(&none, Some("prod")).starts_with("no kubeconfig found"));
        let named = Places {
            named: Some(missing),
            ..none
        };
        assert!(message(&named, None).starts_with("cannot read the kubeconfig "));
    }

    #[test]
    fn an_unusable_kubeconfig_is_told_with_its_file() {
        let dir = tempfile::tempdir().expect("a directory");
        let file = dir.path().join("config");
        for (text, context, parts) in [
            (
                PROD,
                Some("prdo"),
                [
                    "has no context \"prdo\"",
                    "hint: --context is one of prod, lost",
                ],
            ),
            (
                PROD,
                Some("lost"),
                [
                    "names the cluster \"gone\", which",
                    "hint: the kubeconfig has: c;",
                ],
            ),
            (
                &PROD.replace("user: jane", "user: jnae"),
                None,
                [
                    "names the user \"jnae\", which",
                    "hint: the kubeconfig has: jane;",
                ],
            ),
            (
                &PROD.replace("{name: jane, user: {token: first}}", ""),
                None,
                ["names the user \"jane\", which", "has no user at all"],
            ),
            (
                &PROD.replace("current-context: prod", ""),
                None,
                ["has no current context", "--context: prod, lost"],
            ),
            ("users: [", None, ["is no kubeconfig: line 1", ""]),
            (
                "users: [{name: x, user: hunter2}]",
                None,
                ["is no kubeconfig: line 1", ""],
            ),
            ("users: hunter2", None, ["is no kubeconfig: line 1", ""]),
            (
                "clusters: [{name: c, cluster: {insecure-skip-tls-verify: hunter2}}]",
                None,
                ["is no kubeconfig: line 1", ""],
            ),
        ] {
            std::fs::write(&file, text).expect("written");
            let message = message(&places(&[&file]), context);
            for part in parts {
                assert!(message.contains(part), "{part:?} in {message}");
            }
            assert!(message.contains("/config"), "{message}");
            assert!(!message.contains("hunter2"), "{message}");
        }
    }
}
