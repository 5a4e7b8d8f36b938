//! An operator outside the cluster that it works for: what all of them have in common.

use std::fs;
use std::io::Read;

use base64::prelude::{BASE64_STANDARD, Engine};
use flate2::read::GzDecoder;
use serde_json::Value;

use crate::client::Client;
use crate::components::Component;
use crate::control_plane::ControlPlane;
use crate::poll::poll;
use crate::process::{Directory, Launch, Process, free_port, with_free_ports};
use crate::user::unique;
use crate::web;

/// What a gzipped text begins with.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// A running operator, ended when dropped.
pub(crate) struct OperatorProcess {
    process: Process,
    user: String,
    admin: Client,
    _directory: Directory,
}

impl OperatorProcess {
    /// Starts a program of `component` as a cluster administrator of its own, with the flags for the address that it is
    /// to serve, and waits until it answers at the path `ready` there. `name` is what the administrator's begins with.
    pub(crate) fn start(
        cp: &ControlPlane,
        name: &str,
        (component, program): (Component, &str),
        ready: &str,
        flags: impl Fn(&str) -> Vec<String>,
    ) -> Self {
        let user = cp.user(&unique(name), &["system:masters"]);
        with_free_ports(|| {
            let directory = Directory::new(name);
            let address = format!("127.0.0.1:{}", free_port());
            let log = directory.path().join("operator.log");
            let mut process = Launch::new(component.binary(program), log)
                .args(flags(&address))
                .env("KUBECONFIG", &user.kubeconfig)
                .attached()
                .map_err(|e| e.to_string())?;
            let url = format!("http://{address}{ready}");
            web::wait_ready(&mut process, &web::agent(), &url)?;
            Ok(Self {
                process,
                user: user.name.clone(),
                admin: cp.admin().clone(),
                _directory: directory,
            })
        })
    }

    /// Whom the API server and its audit log see.
    pub(crate) fn user(&self) -> &str {
        &self.user
    }

    /// Everything that it logged.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.process.log()).unwrap_or_default()
    }

    /// The administrator of the cluster.
    pub(crate) fn admin(&self) -> &Client {
        &self.admin
    }

    /// Waits for an object that it makes.
    pub(crate) fn object(&self, path: &str) -> Value {
        self.wait_for(path, Some)
    }

    /// Waits for the Secret at `path` and for something in its key; what is there, unpacked where it is gzipped.
    pub(crate) fn configuration(&self, path: &str, key: &str) -> String {
        let bytes = self.wait_for(path, |secret| {
            let value = secret["data"][key].as_str()?;
            let bytes = BASE64_STANDARD.decode(value).ok()?;
            // The first one that is written may be empty.
            (!bytes.is_empty()).then_some(bytes)
        });
        let mut text = String::new();
        let read = if bytes.starts_with(&GZIP) {
            GzDecoder::new(bytes.as_slice()).read_to_string(&mut text)
        } else {
            bytes.as_slice().read_to_string(&mut text)
        };
        read.unwrap_or_else(|e| panic!("the configuration in {path} is not text: {e}"));
        text
    }

    /// Waits until an object that it makes is as `find` wants it.
    pub(crate) fn wait_for<T>(&self, path: &str, find: impl Fn(Value) -> Option<T>) -> T {
        poll(|| find(self.admin.get(path).ok()?))
            .unwrap_or_else(|| panic!("the operator makes no {path}: {}", self.process.log_tail()))
    }
}
