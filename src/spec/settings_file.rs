//! The same settings from two places: flags and environment first, then `monconf.yaml`.

use std::path::Path;

use super::{Settings, own_jobs};
use crate::error::{Error, Result};

/// Read from the working directory when no `-f` is given.
const DEFAULT_FILE: &str = "monconf.yaml";

impl Settings {
    /// These settings, and for those not given, what `file` says; without a file, what
    /// `monconf.yaml` in the working directory says, if there is one.
    ///
    /// Relative paths in the file are relative to the file.
    ///
    /// # Errors
    /// A file that cannot be read, is not YAML, or has an unknown key or a wrong value, with its line.
    pub fn or_file(self, file: Option<&Path>) -> Result<Self> {
        match file {
            Some(path) => Ok(self.or(read(path)?)),
            None if Path::new(DEFAULT_FILE).exists() => Ok(self.or(read(Path::new(DEFAULT_FILE))?)),
            None => Ok(self),
        }
    }

    fn or(self, other: Self) -> Self {
        Self {
            name: self.name.or(other.name),
            namespace: self.namespace.or(other.namespace),
            jobs: self.jobs.or(other.jobs),
            defined: other.defined,
            own_jobs: None,
            format: self.format.or(other.format),
            config: self.config.or(other.config),
            drop_in: self.drop_in.or(other.drop_in),
            additional_scrape_configs: self
                .additional_scrape_configs
                .or(other.additional_scrape_configs),
            configmap: self.configmap.or(other.configmap),
            selected_by: self.selected_by.or(other.selected_by),
            token_dir: self.token_dir.or(other.token_dir),
            token_owner: self.token_owner.or(other.token_owner),
            backup: self.backup.or(other.backup),
            reload: self.reload.or(other.reload),
            prometheus_url: self.prometheus_url.or(other.prometheus_url),
            prometheus_version: self.prometheus_version.or(other.prometheus_version),
            with_alerts: self.with_alerts.or(other.with_alerts),
            rules_file: self.rules_file.or(other.rules_file),
            agent_config: self.agent_config.or(other.agent_config),
            remote_write: self.remote_write.or(other.remote_write),
            remote_write_basic_auth: self
                .remote_write_basic_auth
                .or(other.remote_write_basic_auth),
            remote_write_token: self.remote_write_token.or(other.remote_write_token),
            attach: self.attach.or(other.attach),
            shards: self.shards.or(other.shards),
            forward_to: self.forward_to.or(other.forward_to),
            token_from: self.token_from.or(other.token_from),
            clustering: self.clustering.or(other.clustering),
            mount_dir: self.mount_dir.or(other.mount_dir),
            api_server: self.api_server.or(other.api_server),
            duration: self.duration.or(other.duration),
            interval: self.interval.or(other.interval),
            external_labels: self.external_labels.or(other.external_labels),
            blackbox_exporter: self.blackbox_exporter.or(other.blackbox_exporter),
            kubelet: self.kubelet.or(other.kubelet),
            access: self.access.or(other.access),
            existing_access: self.existing_access.or(other.existing_access),
            allow_nodes_proxy: self.allow_nodes_proxy.or(other.allow_nodes_proxy),
            kubelet_insecure_tls: self.kubelet_insecure_tls.or(other.kubelet_insecure_tls),
            take_ownership: self.take_ownership.or(other.take_ownership),
            templates: self.templates.or(other.templates),
        }
    }
}

fn read(path: &Path) -> Result<Settings> {
    let text = std::fs::read_to_string(path).map_err(|error| Error::File {
        action: "read",
        path: path.to_owned(),
        reason: error.to_string(),
    })?;
    let origin = path.display().to_string();
    let mut settings: Settings =
        yaml::from_str(&text, &origin).map_err(|error| Error::usage(error.to_string()))?;
    if let Some(own) = &settings.own_jobs {
        settings.defined = own_jobs::read(own, &text, &origin)?;
    }
    let folder = path.parent().unwrap_or(Path::new(""));
    for own in [
        &mut settings.config,
        &mut settings.drop_in,
        &mut settings.token_dir,
        &mut settings.rules_file,
        &mut settings.templates,
    ] {
        if let Some(relative) = own {
            *own = Some(folder.join(&*relative));
        }
    }
    Ok(settings)
}
