//! Instances whose token is rotated, and what a refusal must leave as it is.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;
use testbed::{ControlPlane, Scope};

use crate::support::{Monconf, Run, token};

/// An instance of Prometheus with its token in a file beside a drop-in.
pub(super) struct Instance<'a> {
    pub(super) scope: Scope<'a>,
    folder: tempfile::TempDir,
}

impl<'a> Instance<'a> {
    pub(super) fn applied(cp: &'a ControlPlane, name: &str) -> Self {
        let instance = Self {
            scope: cp.scope(name),
            folder: tempfile::tempdir().unwrap(),
        };
        instance.call("prometheus", &["--apply"]).run().ok();
        instance
    }

    /// With the flags that say where its token is.
    pub(super) fn call(&self, verb: &str, arguments: &[&str]) -> Monconf {
        let drop_in = self.drop_in();
        self.lost(verb, &["--drop-in", drop_in.to_str().unwrap()])
            .args(arguments)
    }

    /// Without them.
    pub(super) fn lost(&self, verb: &str, arguments: &[&str]) -> Monconf {
        Monconf::for_consumer(verb, &self.scope, &["--jobs", "apiserver"]).args(arguments)
    }

    pub(super) fn rotate(&self, arguments: &[&str]) -> Run {
        self.call("rotate", &["--apply"]).args(arguments).run()
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn drop_in(&self) -> PathBuf {
        self.folder.path().join("k8s.yml")
    }

    pub(super) fn token_file(&self) -> PathBuf {
        self.folder.path().join("k8s-credentials/token")
    }

    pub(super) fn token(&self) -> String {
        fs::read_to_string(self.token_file()).unwrap()
    }

    pub(super) fn exists(&self, slot: char) -> bool {
        let path = token::handle_path(&self.scope, slot);
        !self.scope.admin().is_absent(&path)
    }

    /// An annotation of the bound Secret in slot `a` or `b`.
    pub(super) fn recorded(&self, slot: char, key: &str) -> Option<String> {
        let bound = self
            .scope
            .admin()
            .get(&token::handle_path(&self.scope, slot))
            .unwrap();
        let value = &bound["metadata"]["annotations"][format!("monconf/{key}")];
        value.as_str().map(str::to_owned)
    }

    /// As if the overlap of the token in that slot had been over for a while.
    pub(super) fn end_overlap(&self, slot: char) {
        let path = token::handle_path(&self.scope, slot);
        let change = json!({"metadata": {"annotations": {
            "monconf/revoke-after": "2026-01-01T00:00:00Z",
        }}});
        self.scope.admin().patch_merge(&path, &change).unwrap();
    }
}

/// How many requests of the test's user wrote something, as the API server's audit log has them. What asks for
/// permissions writes nothing.
pub(super) fn writes(scope: &Scope) -> usize {
    let events = scope.cp.audit(&scope.user.name);
    events.iter().filter(|event| event.is_write()).count()
}

/// Runs what must be refused: with exit code 1, and without a write. Returns what it said.
#[track_caller]
pub(super) fn refused(scope: &Scope, call: Monconf) -> String {
    let before = writes(scope);
    let run = call.run().exit(1);
    assert_eq!(writes(scope), before, "{}", run.stderr);
    assert!(!run.stderr.contains("Another run"), "{}", run.stderr);
    run.stderr
}
