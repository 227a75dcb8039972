use std::net::IpAddr;
use std::time::Duration;

use clap::Args;
use ureq::http::{HeaderValue, Uri};
use ureq::{Agent, Proxy};

use super::{Client, ClientError};

const DEFAULT_HOST: &str = "http://127.0.0.1:8081";

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Which host to talk to, and as whom.
#[derive(Args)]
pub(crate) struct Connection {
    /// The host's management API, as `functions serve --admin-listen` announces it.
    #[arg(long, value_name = "URL", env = "FUNCTIONS_HOST", default_value = DEFAULT_HOST, global = true)]
    host: String,

    /// The token. `functions token create` makes one.
    #[arg(
        long,
        value_name = "TOKEN",
        env = "FUNCTIONS_TOKEN",
        hide_env_values = true,
        global = true
    )]
    token: Option<String>,
}

impl Connection {
    pub(crate) fn new(host: &str, token: Option<&str>) -> Self {
        Self {
            host: host.to_owned(),
            token: token.map(str::to_owned),
        }
    }

    pub(crate) fn open(&self) -> Result<Client, ClientError> {
        let base = match self.host.split_once("://") {
            Some((scheme, rest)) => format!("{scheme}://{}", rest.trim_end_matches('/')),
            None => format!("http://{}", self.host.trim_end_matches('/')),
        };
        let is_header = |token: &String| HeaderValue::try_from(token).is_ok();
        if !self.token.as_ref().is_none_or(is_header) {
            return Err(ClientError::InvalidToken);
        }
        let uri: Uri = base.parse().map_err(|_| self.invalid())?;
        let is_http = matches!(uri.scheme_str(), Some("http" | "https"));
        let Some(name) = uri.host().filter(|_| is_http) else {
            return Err(self.invalid());
        };
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .user_agent(concat!("functions/", env!("CARGO_PKG_VERSION")));
        if !is_local(name) {
            config = config.proxy(Proxy::try_from_env());
        }
        Ok(Client {
            agent: Agent::new_with_config(config.build()),
            base,
            token: self.token.clone(),
        })
    }

    fn invalid(&self) -> ClientError {
        ClientError::InvalidHost(self.host.clone())
    }
}

/// Whether no proxy can be meant for this host.
fn is_local(name: &str) -> bool {
    let address = name.trim_matches(['[', ']']).parse::<IpAddr>();
    name == "localhost" || address.is_ok_and(|address| address.is_loopback())
}
