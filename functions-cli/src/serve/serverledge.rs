//! Options of Serverledge's API.

use std::time::Duration;

use clap::Args;
use clap::builder::BoolishValueParser;
use functions_server::{Server, ServerledgeOptions};

use super::apis::{Api, listen};
use super::listen::ListenAddress;
use crate::value::list::{self, List};
use crate::value::{duration, number};

/// Options for Serverledge's clients.
#[derive(Args)]
pub(super) struct Serverledge {
    /// The address for Serverledge's clients, such as 1323, which is their default port. They send no
    /// credentials: anyone who reaches the address can create, invoke and delete functions. So it has to be one
    /// of this machine only, unless --serverledge-open is given.
    #[arg(long, value_name = "ADDRESS", env = "FUNCTIONS_SERVERLEDGE")]
    serverledge: Option<ListenAddress>,

    /// Allow an address of --serverledge that other machines reach. Nobody has to prove who they are there.
    #[arg(long, requires = "serverledge", env = "FUNCTIONS_SERVERLEDGE_OPEN", value_parser = BoolishValueParser::new())]
    serverledge_open: bool,

    /// Fetch the code of functions that Serverledge's clients create with a URL, from servers that functions may
    /// reach too.
    #[arg(
        long,
        alias = "serverledge-urls",
        requires = "serverledge",
        env = "FUNCTIONS_SERVERLEDGE_FETCH",
        value_parser = BoolishValueParser::new()
    )]
    serverledge_fetch: bool,

    /// A name under which Serverledge's clients reach this host, besides the address that it listens on. Can
    /// be repeated.
    #[arg(
        long = "serverledge-host",
        value_name = "NAME",
        env = "FUNCTIONS_SERVERLEDGE_HOST",
        value_parser = list::host_names()
    )]
    serverledge_hosts: Vec<List>,

    /// The memory of this node for Serverledge's clients, in MB: running and warm instances take their
    /// MemoryMB of it. Without room, an invocation is answered with 429.
    #[arg(long, value_name = "MB", default_value = "1024", value_parser = number::positive, env = "FUNCTIONS_SERVERLEDGE_MEMORY")]
    serverledge_memory: u32,

    /// The processors of this node for Serverledge's clients: running instances take their CPUDemand of it.
    /// Defaults to those of the machine.
    #[arg(long, value_name = "NUMBER", value_parser = processors, env = "FUNCTIONS_SERVERLEDGE_CPUS")]
    serverledge_cpus: Option<f64>,

    /// How long a warm instance of Serverledge's clients is kept after its last use.
    #[arg(long, value_name = "DURATION", default_value = "10m", value_parser = duration::positive, env = "FUNCTIONS_SERVERLEDGE_EXPIRATION")]
    serverledge_expiration: Duration,
}

/// Parses a number of processors, which may be a fraction.
fn processors(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok();
    number
        .filter(|number| number.is_finite() && *number > 0.0)
        .ok_or_else(|| "expected a number of processors, such as 2 or 0.5".to_owned())
}

impl Serverledge {
    pub(super) fn is_off(&self) -> bool {
        self.serverledge.is_none()
    }

    /// The most memory that a function of these clients may have, in bytes; 0 if the API is off.
    pub(super) fn max_memory(&self) -> usize {
        match self.is_off() {
            true => 0,
            false => usize::try_from(self.serverledge_memory)
                .unwrap_or(usize::MAX)
                .saturating_mul(1 << 20),
        }
    }

    /// Serves the API, if it is on.
    pub(super) async fn start(&self, server: &Server) -> anyhow::Result<Option<Api>> {
        let Some(address) = &self.serverledge else {
            return Ok(None);
        };
        let addresses = address.resolve().await?;
        let is_local = |address: &std::net::SocketAddr| address.ip().to_canonical().is_loopback();
        if !self.serverledge_open && !addresses.iter().all(is_local) {
            anyhow::bail!(
                "--serverledge {address} is reached from other machines, and Serverledge's clients send no \
                 credentials: anyone who reaches it could create, invoke and delete functions; expected an \
                 address such as 127.0.0.1:1323, or --serverledge-open too"
            );
        }
        let listener = listen(address, "--serverledge").await?;
        let mut options = ServerledgeOptions::default()
            .memory_mb(self.serverledge_memory.into())
            .expiration(self.serverledge_expiration);
        if let Some(cpus) = self.serverledge_cpus {
            options = options.cpus(cpus);
        }
        if self.serverledge_open {
            options = options.open();
        }
        if self.serverledge_fetch {
            options = options.fetch();
        }
        for name in List::texts(&self.serverledge_hosts) {
            options = options.host(name);
        }
        let serve = |listener, stopped| server.serve_serverledge(listener, options, stopped);
        Ok(Some(
            Api::start("serverledge", listener, serve)?.stops_first(),
        ))
    }
}
