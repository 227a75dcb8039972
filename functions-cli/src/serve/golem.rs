//! Options of Golem's API.

use clap::Args;
use clap::builder::BoolishValueParser;
use functions_server::{GolemOptions, Server};

use super::apis::{Api, listen};
use super::listen::ListenAddress;
use crate::value::list::{self, List};

/// Options for Golem's clients.
#[derive(Args)]
pub(super) struct Golem {
    /// The address for Golem's clients, such as 9881, which is their default port: they upload components there
    /// and call workers. They send no credentials, so it has to be an address of this machine only, unless
    /// --golem-open is given.
    #[arg(long, value_name = "ADDRESS", env = "FUNCTIONS_GOLEM")]
    golem: Option<ListenAddress>,

    /// Allow an address of --golem that other machines reach. Nobody has to prove who they are there.
    #[arg(long, requires = "golem", env = "FUNCTIONS_GOLEM_OPEN", value_parser = BoolishValueParser::new())]
    golem_open: bool,

    /// A name under which Golem's clients reach this host, besides the address that it listens on. Can be
    /// repeated.
    #[arg(
        long = "golem-host",
        value_name = "NAME",
        env = "FUNCTIONS_GOLEM_HOST",
        value_parser = list::host_names()
    )]
    golem_hosts: Vec<List>,
}

impl Golem {
    pub(super) fn is_off(&self) -> bool {
        self.golem.is_none()
    }

    /// Serves the API, if it is on.
    pub(super) async fn start(&self, server: &Server) -> anyhow::Result<Option<Api>> {
        let Some(address) = &self.golem else {
            return Ok(None);
        };
        let addresses = address.resolve().await?;
        let is_local = |address: &std::net::SocketAddr| address.ip().to_canonical().is_loopback();
        if !self.golem_open && !addresses.iter().all(is_local) {
            anyhow::bail!(
                "--golem {address} is reached from other machines, and Golem's clients send no credentials: \
                 anyone who reaches it could upload components and call workers; expected an address such as \
                 127.0.0.1:9881, or --golem-open too"
            );
        }
        let listener = listen(address, "--golem").await?;
        let mut options = GolemOptions::default();
        if self.golem_open {
            options = options.open();
        }
        for name in List::texts(&self.golem_hosts) {
            options = options.host(name);
        }
        let server = server.clone();
        let serve =
            |listener, stopped| async move { server.serve_golem(listener, options, stopped).await };
        Ok(Some(Api::start("golem", listener, serve)?.stops_first()))
    }
}
