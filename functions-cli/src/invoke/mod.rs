//! `functions invoke`.

mod request;
mod response;
mod server;
mod target;

use std::io::{self, IsTerminal as _};
use std::process::ExitCode;

use clap::Args;
use host_harness::stderr::Format;
use host_harness::{Harness, InvocationReport};

use self::request::RequestOptions;
use self::target::Target;
use crate::build::ManifestOptions;
use crate::child;
use crate::client::Connection;
use crate::output;
use crate::serve::HostOptions;
use crate::value::named::Named;

/// How this command ends, as `--help` lists it.
const EXIT_CODES: &str = "\
Exit codes:
  0  the status is below 400
  1  the function cannot be run, or its response broke off
  2  invalid arguments, or a file that cannot be served
  4  the status is 4xx, or --host has no such function, or needs another token
  5  the status is 5xx";

/// Send one request to a function, without a server.
///
/// The request takes the same way through the host as one that `functions serve` receives. The body of
/// the response goes to standard output. A package is built first; what its functions.toml declares can be
/// called.
///
/// Example: functions invoke greet.wasm -d '{"name":"Ada"}'
///
/// Example: functions invoke hello -d '{"name":"Ada"}' -v
#[derive(Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Invoke {
    /// The function: FILE.wasm, NAME=FILE.wasm, the folder of a package, or the NAME of a function or a
    /// package of this folder's functions.toml or workspace.
    #[arg(value_name = "FUNCTION")]
    function: String,

    /// Another function, which the function may call: NAME=FILE.wasm. Can be repeated.
    #[arg(long = "with", value_name = "NAME=FILE")]
    others: Vec<Named>,

    /// Invoke the function NAME of a host that runs, whose management API has this URL.
    #[arg(long = "host", value_name = "URL", conflicts_with_all = ["others", "no_build", "manifest"])]
    server: Option<String>,

    /// The token for the management API of --host.
    #[arg(
        long,
        value_name = "TOKEN",
        env = "FUNCTIONS_TOKEN",
        hide_env_values = true
    )]
    token: Option<String>,

    #[command(flatten)]
    manifest: ManifestOptions,

    #[command(flatten)]
    request: RequestOptions,

    /// Show the head of the response, and what the invocation used.
    #[arg(long, short)]
    verbose: bool,

    #[command(flatten)]
    host: HostOptions,
}

impl Invoke {
    pub(crate) fn log_format(&self) -> Format {
        self.host.log_format()
    }

    /// Sends the request; the exit code tells the response's status.
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        if let Some(url) = &self.server {
            let client = Connection::new(url, self.token.as_deref()).open()?;
            return server::invoke(&client, &self.function, &self.request, self.verbose);
        }
        child::end_with_signals()?;
        let target = Target::find(&self.function, &self.manifest)?;
        let report = InvocationReport::default();
        let mut request = self.request.request(&target.name)?;
        request.extensions_mut().insert(report.clone());
        let harness = self.harness(&target)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(async {
            let response = harness.handle(request).await;
            let status = response.status();
            if self.verbose {
                response::show_head(status, response.headers());
            }
            let has_open_line = response::print(response.into_body()).await?;
            if self.verbose {
                if has_open_line && io::stdout().is_terminal() {
                    // Only people read it there: the report is not a part of the body's last line.
                    output::line("")?;
                }
                response::show_report(&report);
            }
            Ok(response::exit_code(status))
        })
    }

    fn harness(&self, target: &Target) -> anyhow::Result<Harness> {
        let mut builder = target.add_to(self.host.builder(None));
        for function in &self.others {
            builder = builder.function(&function.name, &function.file);
        }
        builder.build().map_err(|error| target.explain(error))
    }
}
