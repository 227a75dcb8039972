//! `functions serve`.

mod announce;
mod apis;
mod cache;
mod compile;
mod declared;
mod dispatch;
#[cfg(test)]
mod fixed_limits;
mod golem;
mod host;
mod limits;
#[cfg(test)]
mod limits_table;
mod listen;
mod logging;
mod management;
mod run;
mod serverledge;
mod shutdown;
mod stopping;
mod workers;

use std::time::Duration;

use clap::Args;
use host_harness::stderr::Format;

pub(crate) use self::declared::{ServedFunction, explain};
use self::dispatch::Dispatch;
use self::golem::Golem;
pub(crate) use self::host::{HostOptions, default_host};
use self::listen::ListenAddress;
use self::management::Management;
use self::serverledge::Serverledge;
use self::workers::Workers;
use crate::build::ManifestOptions;
use crate::report::{EXIT_CODES, Ended};
use crate::value::duration;
use crate::value::list::{self, List};
use crate::value::named::Named;

/// Where functions are served unless an option says otherwise.
pub(crate) const DEFAULT_LISTEN: &str = "127.0.0.1:8080";

/// Serve functions over HTTP.
///
/// The function NAME answers at http://ADDRESS/NAME and below. Every request runs in its own
/// instance. The first line on standard output is `listening on http://ADDRESS`.
///
/// Example: functions serve greet=target/wasm32-wasip2/release/greet.wasm
#[derive(Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Serve {
    /// The functions: NAME=FILE.wasm, or just FILE.wasm to name one after its file. Without any, those that
    /// this folder's functions.toml or package declares, which are built first; none of them with --data-dir,
    /// --admin-listen, --serverledge, --dispatch or --golem.
    #[arg(value_name = "NAME=FILE")]
    functions: Vec<Named>,

    #[command(flatten)]
    manifest: ManifestOptions,

    #[command(flatten)]
    options: ServeOptions,
}

/// The options of every subcommand that serves.
#[derive(Args)]
pub(crate) struct ServeOptions {
    /// The address to listen on: HOST:PORT, or a PORT of 127.0.0.1; port 0 takes a free one.
    #[arg(
        long,
        value_name = "ADDRESS",
        default_value = DEFAULT_LISTEN,
        env = "FUNCTIONS_LISTEN"
    )]
    listen: ListenAddress,

    /// A function that only other functions may call; for clients it does not exist. Can be repeated.
    #[arg(
        long = "private",
        value_name = "NAME",
        env = "FUNCTIONS_PRIVATE",
        value_parser = list::parser()
    )]
    private: Vec<List>,

    /// The URL under which clients reach the host, for functions that ask for their URLs. Defaults to the
    /// address listened on.
    #[arg(long, value_name = "URL", env = "FUNCTIONS_PUBLIC_URL")]
    public_url: Option<String>,

    /// A network of reverse proxies, or the address of one: ADDRESS/BITS or ADDRESS. Can be repeated. Their
    /// headers Forwarded or X-Forwarded-For say which address a client has, and X-Request-Id which id its
    /// request has in the log. Without this option, and from elsewhere, these headers mean nothing.
    #[arg(
        long = "trusted-proxy",
        value_name = "CIDR",
        env = "FUNCTIONS_TRUSTED_PROXY",
        value_parser = list::parser()
    )]
    trusted_proxies: Vec<List>,

    /// Print for each function whether its instances are reused, and if not, why.
    #[arg(long, short)]
    verbose: bool,

    /// How long to wait for requests in flight when stopped by SIGINT or SIGTERM; 0s does not wait. A
    /// second signal stops the host at once.
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = duration::parse, env = "FUNCTIONS_GRACE")]
    grace: Duration,

    #[command(flatten)]
    management: Management,

    #[command(flatten)]
    serverledge: Serverledge,

    #[command(flatten)]
    dispatch: Dispatch,

    #[command(flatten)]
    golem: Golem,

    #[command(flatten)]
    workers: Workers,

    #[command(flatten)]
    host: HostOptions,
}

impl Serve {
    pub(crate) fn log_format(&self) -> Format {
        self.options.log_format()
    }

    pub(crate) fn run(self) -> anyhow::Result<Ended> {
        let is_needed = self.functions.is_empty() && self.options.serves_only_files();
        let (given, manifest) = (self.functions, self.manifest);
        let find = || {
            let mut functions: Vec<_> = given.into_iter().map(ServedFunction::from).collect();
            functions.extend(declared::functions(&manifest, is_needed)?);
            Ok(functions)
        };
        self.options
            .run_with(find, |builder| builder, |_, _| Ok(()))
    }
}

impl ServeOptions {
    pub(crate) fn log_format(&self) -> Format {
        self.host.log_format()
    }

    /// Whether nothing can be deployed to the host while it runs.
    fn serves_only_files(&self) -> bool {
        self.management.is_off()
            && self.serverledge.is_off()
            && self.dispatch.is_off()
            && self.golem.is_off()
    }

    /// The functions of `--private`, which the host is not told of then.
    pub(crate) fn take_private(&mut self) -> Vec<String> {
        let private = std::mem::take(&mut self.private);
        List::texts(&private).collect()
    }
}
