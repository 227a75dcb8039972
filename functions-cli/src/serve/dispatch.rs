//! Options of Dispatch's scheduler.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use functions_server::{DispatchOptions, Server, SigningKey};
use host_harness::{Builder, stderr};

use super::HostOptions;
use super::apis::Api;
use super::listen::ListenAddress;
use crate::value::{duration, number};

/// The variable that says where a client of Dispatch dispatches calls.
const API_URL: &str = "DISPATCH_API_URL";

/// Options for durable calls of Dispatch's clients.
#[derive(Args)]
pub(super) struct Dispatch {
    /// The address for Dispatch's clients, such as 8082: they dispatch calls there, which this host stores
    /// and then runs at their endpoints until they have ended. Their API key is a token with the scope
    /// dispatch.
    #[arg(long, value_name = "ADDRESS", env = "FUNCTIONS_DISPATCH")]
    dispatch: Option<ListenAddress>,

    /// The file with the key that requests to Dispatch's endpoints are signed with: PEM of an Ed25519 key, or
    /// 32 or 64 bytes in base64. The public key is printed at the start.
    #[arg(long, value_name = "FILE", env = "FUNCTIONS_DISPATCH_SIGNING_KEY")]
    dispatch_signing_key: Option<PathBuf>,

    /// How many calls of Dispatch run at once at one endpoint.
    #[arg(long, value_name = "N", default_value = "100", value_parser = number::positive, env = "FUNCTIONS_DISPATCH_CONCURRENCY")]
    dispatch_concurrency: u32,

    /// How long an endpoint of Dispatch may take to answer one attempt.
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = duration::positive, env = "FUNCTIONS_DISPATCH_ATTEMPT_TIMEOUT")]
    dispatch_attempt_timeout: Duration,

    /// How long a call of Dispatch may take, attempts included, unless it says so itself.
    #[arg(long, value_name = "DURATION", default_value = "24h", value_parser = duration::positive, env = "FUNCTIONS_DISPATCH_EXPIRATION")]
    dispatch_expiration: Duration,

    /// How many calls of Dispatch may wait or run. Further ones are refused. A twentieth is kept for the calls
    /// of those that have begun.
    #[arg(long, value_name = "N", default_value = "100000", value_parser = number::positive, env = "FUNCTIONS_DISPATCH_CAPACITY")]
    dispatch_capacity: u32,
}

impl Dispatch {
    pub(super) fn is_off(&self) -> bool {
        self.dispatch.is_none()
    }

    /// Listens for the API, if it is on.
    pub(super) fn listen(&self) -> anyhow::Result<Option<TcpListener>> {
        let Some(address) = &self.dispatch else {
            return Ok(None);
        };
        let listening = TcpListener::bind(address.to_string());
        let listener = listening.with_context(|| {
            format!("cannot listen on {address}; --dispatch 127.0.0.1:0 takes a free port")
        })?;
        listener.set_nonblocking(true)?;
        Ok(Some(listener))
    }

    /// Lets functions dispatch calls here: they reach the address, and know it unless they are told another.
    pub(super) fn apply(
        &self,
        builder: Builder,
        address: SocketAddr,
        host: &HostOptions,
    ) -> Builder {
        let ip = match address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            ip => ip,
        };
        let address = SocketAddr::new(ip, address.port());
        let builder = builder.own_server(address);
        match host.has_variable(API_URL) {
            true => builder,
            false => builder.env(API_URL, format!("http://{address}")),
        }
    }

    /// Serves the API, if it is on. `own` are the URLs under which clients reach the functions.
    pub(super) fn start(
        &self,
        server: &Server,
        listener: Option<TcpListener>,
        own: impl Iterator<Item = String>,
    ) -> anyhow::Result<Option<Api>> {
        let Some(listener) = listener else {
            return Ok(None);
        };
        let size = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        let mut options = DispatchOptions::default()
            .concurrency(size(self.dispatch_concurrency))
            .attempt_timeout(self.dispatch_attempt_timeout)
            .expiration(self.dispatch_expiration)
            .capacity(size(self.dispatch_capacity));
        for url in own {
            options = options.functions_url(url);
        }
        if let Some(file) = &self.dispatch_signing_key {
            let option = || format!("--dispatch-signing-key {}", file.display());
            let key = SigningKey::from_file(file).with_context(option)?;
            stderr::write_notice(&format!(
                "requests to Dispatch's endpoints are signed; DISPATCH_VERIFICATION_KEY={}",
                key.public_key()
            ));
            options = options.signing_key(key);
        }
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let server = server.clone();
        let serve = |listener, stopped| async move {
            server.serve_dispatch(listener, options, stopped).await
        };
        Ok(Some(Api::start("dispatch", listener, serve)?))
    }
}
