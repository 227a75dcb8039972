//! Options of a host that do not depend on how requests reach it.

use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use clap::{Args, Parser};
use host_harness::stderr::Format;
use host_harness::{Builder, Harness, Reuse};

use super::cache::Cache;
use super::compile::Compiling;
use super::limits::LimitOptions;
use super::logging::Logging;
use crate::value::list::{self, List};

/// Options of every subcommand that runs functions itself.
#[derive(Args)]
pub(crate) struct HostOptions {
    #[command(flatten)]
    limits: LimitOptions,

    /// Whether a request may run in an instance that has run others and was reset: never, or auto (if
    /// the instance can be reset completely; about twice as fast). Defaults to auto, or never with
    /// --multi-tenant.
    #[arg(long, value_name = "auto|never", env = "FUNCTIONS_REUSE")]
    reuse: Option<Reuse>,

    /// Restrict the host for untrusted functions. Every request gets a new instance, in a memory and on a
    /// stack that no other function has used, with one linear memory. Log and header limits are the
    /// strictest, and functions reach only the servers that --allow-host names. Options that contradict
    /// this are refused.
    #[arg(long, env = "FUNCTIONS_MULTI_TENANT", value_parser = BoolishValueParser::new())]
    pub(super) multi_tenant: bool,

    /// A server that functions may reach: HOST, HOST:PORT, *.DOMAIN, or * for all with a public address.
    /// Can be repeated. Without this option, functions reach all public addresses. With it, they reach
    /// only the given servers; those named in full may have any address.
    #[arg(
        long = "allow-host",
        value_name = "HOST[:PORT]",
        env = "FUNCTIONS_ALLOW_HOST",
        value_parser = list::parser()
    )]
    allow_hosts: Vec<List>,

    /// A PEM file of certificate authorities that functions' requests trust, besides those that browsers
    /// trust. Can be repeated.
    #[arg(
        long = "ca-file",
        value_name = "FILE",
        env = "FUNCTIONS_CA_FILE",
        value_parser = list::parser()
    )]
    ca_files: Vec<List>,

    /// A variable of the functions, for `std::env::var` and `WebEnvironment::variable`. Can be repeated.
    /// Functions get nothing of this process's own environment, and NO_COLOR=1 unless it is set here.
    #[arg(long = "env", value_name = "NAME=VALUE", value_parser = variable)]
    variables: Vec<(String, String)>,

    #[command(flatten)]
    cache: Cache,

    #[command(flatten)]
    compiling: Compiling,

    #[command(flatten)]
    logging: Logging,
}

/// Parses nothing but the options of a host.
#[derive(Parser)]
struct OnlyHost {
    #[command(flatten)]
    host: HostOptions,
}

/// The options of a host as variables and defaults have them.
pub(crate) fn default_host() -> HostOptions {
    OnlyHost::parse_from(["functions"]).host
}

impl HostOptions {
    /// Whether functions are given a variable.
    pub(super) fn has_variable(&self, name: &str) -> bool {
        self.variables.iter().any(|(known, _)| known == name)
    }

    pub(crate) fn log_format(&self) -> Format {
        self.logging.format()
    }

    /// A host with these options. `stored` is where the store caches, if there is one.
    pub(crate) fn builder(&self, stored: Option<PathBuf>) -> Builder {
        let mut builder = self.logging.apply(Harness::builder());
        if self.multi_tenant {
            builder = builder.multi_tenant();
        }
        // Afterwards, so that multi-tenant mode checks explicit limits, whatever they are.
        builder = self
            .cache
            .apply(builder, stored)
            .limits(self.limits.limits(self.multi_tenant));
        if let Some(reuse) = self.reuse {
            builder = builder.reuse(reuse);
        }
        builder = self.compiling.apply(builder);
        for host in List::texts(&self.allow_hosts) {
            builder = builder.allow_host(host);
        }
        for file in List::of(&self.ca_files) {
            builder = builder.ca_file(file);
        }
        for (name, value) in &self.variables {
            builder = builder.env(name, value);
        }
        builder
    }
}

/// Parses a variable.
fn variable(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("expected NAME=VALUE".into()),
    }
}
