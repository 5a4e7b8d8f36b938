//! From flags, environment and kubeconfig to a client.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Uri;
use kube::{Client, Config};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tokio::sync::OnceCell;

use super::authorities::leave_out_unused;
use super::budget::Budget;
use super::credentials::Credentials;
use super::failure::{Cause, Failure};
use super::kubeconfig::{Entry, Found, Places, content, load, unusable};
use super::registered::register;
use super::{Trust, exec_plugin, http2, no_proxy, usable};
use crate::token::Token;

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
    pub(crate) config: Config,
    client: OnceCell<Client>,
    pub(crate) since: Instant,
    /// Whether the server has answered before.
    pub(crate) answered: AtomicBool,
    pub(crate) request_timeout: Duration,
    pub(crate) trace: Trace,
    pub(crate) credentials: Credentials,
    pub(crate) budget: &'static Budget,
    context: String,
    server: String,
    ca: Option<String>,
}

/// An API server as a configuration names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// `https://HOST:PORT`.
    pub url: String,
    /// Whom it has to prove to be.
    pub trust: Trust,
}

const IN_CLUSTER: &str = "in-cluster";

/// Whether it is the Pod's own account that is used, for want of a kubeconfig.
#[must_use]
pub fn is_in_pod(kubeconfig: Option<PathBuf>) -> bool {
    let found = load(&Places::of_process(kubeconfig), None);
    matches!(found, Ok(Found::Nothing { .. }))
}

impl Cluster {
    /// Reads the kubeconfig, or the Pod's own account, runs the credential plugin if there is one, and makes a client.
    /// Nothing is sent yet.
    ///
    /// # Errors
    /// No or an unusable kubeconfig, an unknown context, a plugin that fails.
    pub async fn connect(options: ConnectOptions) -> Result<Self, Box<Failure>> {
        let places = Places::of_process(options.kubeconfig);
        let (config, context, credentials) = match load(&places, options.context.as_deref())? {
            Found::Entry(mut entry) => {
                usable::check(&entry)?;
                let plugin = exec_plugin::run(&mut entry, options.request_timeout).await?;
                let credentials = Credentials::of(&entry, plugin);
                let context = entry.context.clone();
                (from_entry(*entry)?, context, credentials)
            }
            Found::Nothing { looked } => (
                in_cluster(&looked)?,
                IN_CLUSTER.to_owned(),
                Credentials::Pod,
            ),
        };
        Ok(Self::of(
            config,
            context,
            credentials,
            options.request_timeout,
            options.trace,
        ))
    }

    fn of(
        mut config: Config,
        context: String,
        credentials: Credentials,
        request_timeout: Duration,
        trace: Trace,
    ) -> Self {
        config.default_retry = false;
        config.connect_timeout = Some(request_timeout);
        config.read_timeout = Some(request_timeout);
        config.write_timeout = Some(request_timeout);
        config.reset_reader_on_write = true;
        // Bodies are small; unpacking them costs more than it saves.
        config.disable_compression = true;
        let server = config
            .cluster_url
            .to_string()
            .trim_end_matches('/')
            .to_owned();
        let ca = ca(&config);
        leave_out_unused(&mut config);
        register(&config);
        Self {
            config,
            client: OnceCell::new(),
            since: Instant::now(),
            answered: AtomicBool::new(false),
            request_timeout,
            trace,
            credentials,
            budget: Budget::of_run(),
            context,
            server,
            ca,
        }
    }

    /// The API server at `address`, asked with `token` and nothing else. Nothing is sent yet.
    ///
    /// # Errors
    /// An address that is no URL, or authorities that are no certificates.
    pub fn with_token(
        address: &Address,
        token: &Token,
        request_timeout: Duration,
        trace: Trace,
    ) -> Result<Self, Box<Failure>> {
        let url: Option<Uri> = address
            .url
            .parse()
            .ok()
            .filter(|url: &Uri| url.host().is_some());
        let url = url.ok_or_else(|| unusable(format!("{:?} is no URL", address.url)))?;
        let mut config = Config::new(url);
        config.accept_invalid_certs = address.trust.insecure;
        config
            .tls_server_name
            .clone_from(&address.trust.server_name);
        let ca = address.trust.ca.as_deref();
        config.root_cert = ca.map(|pem| certificates(pem.as_bytes())).transpose()?;
        config.auth_info.token = Some(token.expose().to_owned().into());
        Ok(Self::of(
            config,
            String::new(),
            Credentials::Issued,
            request_timeout,
            trace,
        ))
    }

    /// Where this cluster is asked, and whom it has to prove to be.
    #[must_use]
    pub fn address(&self) -> Address {
        Address {
            url: self.server.clone(),
            trust: Trust {
                ca: self.ca.as_deref().map(Into::into),
                server_name: self.config.tls_server_name.clone(),
                insecure: self.insecure(),
            },
        }
    }

    /// The client; the connection is made with the first request, for which all others wait.
    pub(crate) async fn client(&self) -> Result<&Client, kube::Error> {
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

    /// Whether a Pod's own account is used, in the cluster that it runs in.
    pub(crate) fn is_in_cluster(&self) -> bool {
        matches!(self.credentials, Credentials::Pod)
    }

    /// The API server's address, without a slash at its end.
    #[must_use]
    pub fn server(&self) -> &str {
        &self.server
    }

    /// The name of the kubeconfig's user entry.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        self.credentials.user()
    }

    /// The CA bundle that verifies this server, PEM.
    #[must_use]
    pub fn ca_pem(&self) -> Option<&str> {
        self.ca.as_deref()
    }

    /// Whether the kubeconfig says not to verify the server.
    #[must_use]
    pub fn insecure(&self) -> bool {
        self.config.accept_invalid_certs
    }

    /// The proxy before the server, without the password that it may ask for.
    pub(crate) fn proxy(&self) -> Option<String> {
        let proxy = self.config.proxy_url.as_ref()?;
        let host = proxy.authority()?.as_str();
        let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
        Some(format!("{}://{host}", proxy.scheme_str()?))
    }
}

/// Not kube's own way from a kubeconfig: that fails where `HTTPS_PROXY` or `NO_PROXY` holds what it cannot read, and
/// compares `NO_PROXY` with the proxy instead of the cluster.
fn from_entry(entry: Entry) -> Result<Config, Box<Failure>> {
    let Entry {
        context,
        cluster,
        mut auth,
        user,
    } = entry;
    if auth.auth_provider.is_some() {
        return Err(unusable(format!(
            "user {:?} of the kubeconfig has an auth-provider, which kubectl and monconf no longer support; a credential plugin takes its place",
            user.unwrap_or_default()
        )));
    }
    let insecure = cluster.insecure_skip_tls_verify == Some(true);
    let ca = content(
        "certificate-authority",
        cluster.certificate_authority_data.as_deref(),
        cluster.certificate_authority.as_deref(),
    )?;
    let mut server = cluster.server.unwrap_or_default();
    if server.is_empty() {
        return Err(unusable(format!(
            "the cluster of context {context:?} has no server in the kubeconfig"
        )));
    }
    if !server.contains("://") {
        // As for kubectl: TLS where anything is said about it.
        let tls = insecure || ca.is_some() || auth.client_certificate_data.is_some();
        server = format!("{}://{server}", if tls { "https" } else { "http" });
    }
    let url: Option<Uri> = server.parse().ok().filter(|url: &Uri| url.host().is_some());
    let url =
        url.ok_or_else(|| unusable(format!("the kubeconfig's server {server:?} is no URL")))?;

    auth.client_certificate_data = content(
        "client-certificate",
        auth.client_certificate_data.as_deref(),
        auth.client_certificate.take().as_deref(),
    )?
    .map(|pem| STANDARD.encode(pem));
    if auth.client_key_data.is_none() {
        let key = content("client-key", None, auth.client_key.take().as_deref())?;
        auth.client_key_data = key.map(|pem| STANDARD.encode(pem).into());
    }
    if let Some(file) = auth.token_file.take() {
        // kube would send the line break at its end.
        let token = content("tokenFile", None, Some(&file)).map(|token| {
            let token = String::from_utf8_lossy(&token.unwrap_or_default()).into_owned();
            token.trim().to_owned()
        });
        // As for kubectl the file's token counts, and the other one where the file has none.
        match (token, auth.token.is_some()) {
            (Ok(token), _) if !token.is_empty() => auth.token = Some(token.into()),
            (_, true) => {}
            (Ok(_), false) => {
                return Err(unusable(format!(
                    "tokenFile {file} of the kubeconfig is empty"
                )));
            }
            (Err(failure), false) => return Err(failure),
        }
    }

    let mut config = Config::new(url);
    config.proxy_url = match cluster.proxy_url {
        Some(url) => Some(
            url.parse()
                .map_err(|_| unusable(format!("the kubeconfig's proxy-url {url:?} is no URL")))?,
        ),
        None => no_proxy::proxy_for(&config.cluster_url).map_err(|variable| {
            unusable(format!("the value of {variable} is no URL of a proxy"))
        })?,
    };
    config.accept_invalid_certs = insecure;
    config.tls_server_name = cluster.tls_server_name;
    config.root_cert = ca.as_deref().map(certificates).transpose()?;
    config.auth_info = auth;
    Ok(config)
}

/// The Pod's own account. Its API server is a Service of the cluster, so no proxy of the environment stands before it.
fn in_cluster(looked: &str) -> Result<Config, Box<Failure>> {
    if std::env::var_os("KUBERNETES_SERVICE_HOST").is_none() {
        return Err(Failure::before(Cause::NoKubeconfig {
            looked: format!("{looked}, and for the account of a Pod"),
        }));
    }
    Config::incluster()
        .map_err(|error| unusable(format!("the Pod's account cannot be used: {error}")))
}

pub(crate) fn certificates(pem: &[u8]) -> Result<Vec<Vec<u8>>, Box<Failure>> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem)
        .map(|certificate| certificate.map(|der| der.to_vec()))
        .collect();
    found.ok().filter(|found| !found.is_empty()).ok_or_else(|| {
        unusable("certificate-authority of the kubeconfig holds no PEM certificate".to_owned())
    })
}

fn ca(config: &Config) -> Option<String> {
    let bundle = pem(config.root_cert.as_ref()?);
    (!bundle.is_empty()).then_some(bundle)
}

/// The certificates as text.
pub(crate) fn pem(certificates: &[Vec<u8>]) -> String {
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
    certificates.iter().map(pem).collect()
}
