//! Alloy's configuration, where it goes, and what it needs beside the jobs' rights.

use serde_json::json;

use super::alloy::alloy;
use super::context::Context;
use super::desired::{DesiredFile, IN_CLUSTER};
use super::renderer::Renderer;
use super::unplaced;
use crate::access::{self, Need};
use crate::alloy::{Credentials, Destination, Endpoint, Login, SecretRef, Settings};
use crate::error::Result;
use crate::mark::Comment;
use crate::rbac::{Right, Scope};
use crate::render::{Content, Stage};
use crate::spec::{AlloyPlace, AlloyToken, RemoteAuth, RemoteWrite, Spec};
use crate::words::counted;

/// To read the Secrets that the configuration names, each by its name.
#[must_use]
pub(super) fn secrets(spec: &Spec, token: &AlloyToken) -> Vec<Need> {
    let mut needs = Vec::new();
    let mut read = |secret: &str, why: &str| {
        let right = Right::resource("", "secrets", "get").named(secret);
        let scope = Scope::Namespace(spec.names.namespace.clone());
        access::add(&mut needs, right, scope, vec![why.to_owned()]);
    };
    if *token == AlloyToken::Secret {
        read(&spec.names.token_secret(), "the token");
    }
    let remote_write = spec.agent.remote_write.as_ref();
    if let Some(auth) = remote_write.and_then(|remote_write| remote_write.auth.as_ref()) {
        read(auth.secret(), "remote write");
    }
    needs
}

impl Renderer<'_> {
    pub(super) fn alloy_configuration(
        &mut self,
        token: &AlloyToken,
        place: &AlloyPlace,
    ) -> Result<()> {
        let settings = self.alloy_settings(token);
        let (text, warnings) = alloy(self.spec, self.decision, &settings, self.templates)?;
        self.desired.warnings.extend(warnings);
        // Apart from the mark.
        let text = format!("\n{text}");
        let marked = || unplaced(&self.spec.names).header(Comment::Slashes) + &text;
        let note = counted(self.spec.jobs.len(), "job");
        match place {
            AlloyPlace::Output => self.desired.output = Some(marked()),
            AlloyPlace::File(path) => self.desired.files.push(DesiredFile {
                path: path.clone(),
                content: Content::Text(text.into()),
                comment: Some(Comment::Slashes),
                stage: Stage::Configuration,
                note,
            }),
            AlloyPlace::ConfigMap(key) => {
                let text = marked();
                let name = &key.object.name;
                let context = Context {
                    name: Some(name.clone()),
                    ..self.context()
                };
                let mut object = self.render(
                    "configmap.yaml",
                    key.object.clone(),
                    &context,
                    Stage::Configuration,
                    note,
                )?;
                object.value["data"] = json!({&key.key: text});
                object.text = yaml::emit_lines(&object.value);
                self.desired.objects.push(object);
            }
        }
        Ok(())
    }

    fn alloy_settings(&self, token: &AlloyToken) -> Settings {
        let given = self.spec.api_server.as_deref();
        let in_cluster = || given.unwrap_or(IN_CLUSTER).to_owned();
        let credentials = match token {
            AlloyToken::Pod => Credentials::Pod,
            AlloyToken::Secret => Credentials::Secret {
                secret: self.secret(&self.spec.names.token_secret()),
                api_server: in_cluster(),
            },
            AlloyToken::Mounted { mount_dir } => Credentials::Files {
                dir: mount_dir.clone(),
                api_server: in_cluster(),
            },
            AlloyToken::Files { token_dir } => Credentials::Files {
                dir: token_dir.to_string_lossy().into_owned(),
                api_server: given.unwrap_or(self.surroundings.server).to_owned(),
            },
        };
        let agent = &self.spec.agent;
        let destination = match &agent.remote_write {
            Some(remote_write) => Destination::RemoteWrite(vec![self.endpoint(remote_write)]),
            None => Destination::ForwardTo(agent.forward_to.clone()),
        };
        Settings {
            credentials,
            destination,
            clustering: agent.clustering,
        }
    }

    fn endpoint(&self, remote_write: &RemoteWrite) -> Endpoint {
        let login = remote_write.auth.as_ref().map(|auth| match auth {
            RemoteAuth::Basic { secret } => Login::Basic {
                secret: self.secret(secret),
                username_key: "username".to_owned(),
                password_key: "password".to_owned(),
            },
            RemoteAuth::Bearer { secret, key } => Login::Bearer {
                secret: self.secret(secret),
                key: key.clone(),
            },
        });
        Endpoint {
            url: remote_write.url.clone(),
            login,
        }
    }

    fn secret(&self, name: &str) -> SecretRef {
        SecretRef {
            namespace: self.spec.names.namespace.clone(),
            name: name.to_owned(),
        }
    }
}
