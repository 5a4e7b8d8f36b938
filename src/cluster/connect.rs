//! From flags, environment and kubeconfig to a client.

use std::error::Error as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use tokio::sync::OnceCell;

use super::failure::{Cause, Failure};
use super::{exec_plugin, http2, kubeconfig, no_proxy};

/// Is told of every request, for `-v`: method, path, status and time; never a header or a body.
pub type Trace = Option<Arc<dyn Fn(&str) + Send + Sync>>;

/// Which cluster, and how.
pub struct ConnectOptions {
    /// `--kubeconfig`.
    pub kubeconfig: Option<PathBuf>,
    /// `--context`.
    pub context: Option<String>,
    /// How long to wait for one answer.
    pub request_timeout: Duration,
    /// Is told of every request.
    pub trace: Trace,
}

/// A cluster that can be asked.
pub struct Cluster {
    config: Config,
    client: OnceCell<Client>,
    pub(super) request_timeout: Duration,
    pub(super) trace: Trace,
    context: String,
    server: String,
    user: Option<String>,
    ca: Option<String>,
}

const IN_CLUSTER: &str = "in-cluster";

impl Cluster {
    /// Reads the kubeconfig, or the Pod's own account, runs the credential plugin if there is one, and makes a client.
    /// Nothing is sent yet.
    ///
    /// # Errors
    /// No or an unusable kubeconfig, an unknown context, a plugin that fails.
    pub async fn connect(options: ConnectOptions) -> Result<Self, Box<Failure>> {
        let found = kubeconfig::load(options.kubeconfig.as_deref())?;
        let (mut config, context, user) = match found {
            Some(kubeconfig) => from_kubeconfig(kubeconfig, options.context).await?,
            None => (in_cluster()?, IN_CLUSTER.to_owned(), None),
        };
        config.default_retry = false;
        config.connect_timeout = Some(options.request_timeout);
        config.read_timeout = Some(options.request_timeout);
        config.write_timeout = Some(options.request_timeout);
        config.reset_reader_on_write = true;
        config.disable_compression = true;
        let server = config
            .cluster_url
            .to_string()
            .trim_end_matches('/')
            .to_owned();
        let ca = ca(&config);
        Ok(Self {
            config,
            client: OnceCell::new(),
            request_timeout: options.request_timeout,
            trace: options.trace,
            context,
            server,
            user,
            ca,
        })
    }

    /// The client; the connection is made with the first request, for which all others wait.
    pub(super) async fn client(&self) -> Result<&Client, kube::Error> {
        self.client
            .get_or_try_init(|| async {
                match http2::client(&self.config).await? {
                    Some(client) => Ok(client),
                    None => Client::try_from(self.config.clone()),
                }
            })
            .await
    }

    /// The kubeconfig's context, or `in-cluster`.
    #[must_use]
    pub fn context(&self) -> &str {
        &self.context
    }

    /// The API server's address, without a slash at its end.
    #[must_use]
    pub fn server(&self) -> &str {
        &self.server
    }

    /// The name of the kubeconfig's user entry.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// The CA bundle that verifies this server, PEM.
    #[must_use]
    pub fn ca_pem(&self) -> Option<&str> {
        self.ca.as_deref()
    }
}

async fn from_kubeconfig(
    mut kubeconfig: Kubeconfig,
    context: Option<String>,
) -> Result<(Config, String, Option<String>), Box<Failure>> {
    let context = kubeconfig::context(&kubeconfig, context)?;
    let user = kubeconfig::user(&kubeconfig, &context);
    exec_plugin::run(&mut kubeconfig, &context).await?;
    let proxy = kubeconfig::proxy(&kubeconfig, &context);
    let options = KubeConfigOptions {
        context: Some(context.clone()),
        ..KubeConfigOptions::default()
    };
    let mut config = Config::from_custom_kubeconfig(kubeconfig, &options)
        .await
        .map_err(|error| unusable(&error.to_string()))?;
    // kube matches NO_PROXY against the proxy, not against the cluster.
    config.proxy_url = match proxy {
        Some(url) => Some(
            url.parse()
                .map_err(|_| unusable(&format!("proxy-url {url:?} is no URL")))?,
        ),
        None => no_proxy::proxy_for(&config.cluster_url),
    };
    Ok((config, context, user))
}

fn in_cluster() -> Result<Config, Box<Failure>> {
    if std::env::var_os("KUBERNETES_SERVICE_HOST").is_none() {
        return Err(Failure::before(Cause::NoKubeconfig {
            looked: "KUBECONFIG, ~/.kube/config, and the account of a Pod".to_owned(),
        }));
    }
    Config::incluster()
        .map_err(|error| unusable(&format!("the Pod's account cannot be used: {error}")))
}

fn unusable(reason: &str) -> Box<Failure> {
    Failure::before(Cause::Kubeconfig {
        reason: reason.to_owned(),
    })
}

fn ca(config: &Config) -> Option<String> {
    let certificates = config.root_cert.as_ref()?;
    let pem = |der: &Vec<u8>| {
        let text = STANDARD.encode(der);
        let lines: Vec<&str> = (0..text.len())
            .step_by(64)
            .map(|start| &text[start..text.len().min(start + 64)])
            .collect();
        format!(
            "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
            lines.join("\n")
        )
    };
    let bundle: String = certificates.iter().map(pem).collect();
    (!bundle.is_empty()).then_some(bundle)
}

/// The innermost reason of an error: the outer ones only say that there is one. Of kube's own error for a
/// credential plugin, which holds the plugin's output, nothing is told.
fn plain(error: &kube::Error) -> String {
    let mut reason: &dyn std::error::Error = error;
    while let Some(source) = reason.source() {
        reason = source;
    }
    reason.to_string()
}

/// What went wrong on the way to the server, and whether there was a connection by then.
pub(super) fn transport(error: &kube::Error, server: &str, waited: Duration) -> (Cause, bool) {
    let server = server.to_owned();
    let reason = plain(error);
    let chain = chain(error);
    let tls = [
        (
            "UnknownIssuer",
            "its certificate is signed by an authority that the kubeconfig does not name",
            "compare certificate-authority-data of the kubeconfig with the cluster's CA",
        ),
        (
            "CaUsedAsEndEntity",
            "its certificate is signed by itself, and the kubeconfig does not name it",
            "compare certificate-authority-data of the kubeconfig with the cluster's CA",
        ),
        (
            "BadSignature",
            "its certificate is not signed by the authority that the kubeconfig names",
            "compare certificate-authority-data of the kubeconfig with the cluster's CA",
        ),
        (
            "NotValidForName",
            "its certificate is for another name",
            "use an address that is in the certificate, or tls-server-name in the kubeconfig",
        ),
        (
            "not valid for name",
            "its certificate is for another name",
            "use an address that is in the certificate, or tls-server-name in the kubeconfig",
        ),
        (
            "xpired",
            "its certificate has expired",
            "renew the API server's certificate, and check this machine's clock",
        ),
        (
            "NotValidYet",
            "its certificate is not valid yet",
            "check this machine's clock",
        ),
    ];
    let certificate = chain.contains("certificate") || chain.contains("InvalidCertificate");
    if let Some((_, words, hint)) = tls
        .iter()
        .find(|(mark, ..)| certificate && chain.contains(mark))
    {
        let reason = format!("{words} ({reason})");
        return (
            Cause::Tls {
                server,
                reason,
                hint,
            },
            false,
        );
    }
    if chain.contains("received fatal alert") || certificate {
        let hint = "the server refuses the client certificate, or speaks no TLS that monconf knows";
        return (
            Cause::Tls {
                server,
                reason,
                hint,
            },
            true,
        );
    }
    if chain.contains("deadline has elapsed") || chain.contains("timed out") {
        let seconds = waited.as_secs();
        return (Cause::Silent { server, seconds }, true);
    }
    (Cause::Unreachable { server, reason }, was_connected(error))
}

/// Whether there was a connection, over which the request may have been sent.
fn was_connected(error: &kube::Error) -> bool {
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = next {
        let legacy = error.downcast_ref::<hyper_util::client::legacy::Error>();
        if error.is::<http2::ConnectError>()
            || legacy.is_some_and(hyper_util::client::legacy::Error::is_connect)
        {
            return false;
        }
        next = error.source();
    }
    true
}

fn chain(error: &kube::Error) -> String {
    let mut text = format!("{error:?}");
    let mut next = error.source();
    while let Some(source) = next {
        text = format!("{text}\n{source}\n{source:?}");
        next = source.source();
    }
    text
}
