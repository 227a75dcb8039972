//! `functions invoke`.

mod request;
mod response;

use std::process::ExitCode;

use clap::Args;
use host_harness::stderr::Format;
use host_harness::{Harness, InvocationReport};

use self::request::RequestOptions;
use crate::serve::HostOptions;
use crate::value::named::Named;

/// How this command ends, as `--help` lists it.
const EXIT_CODES: &str = "\
Exit codes:
  0  the status is below 400
  1  the function cannot be run, or its response broke off
  2  invalid arguments, or a file that cannot be served
  4  the status is 4xx
  5  the status is 5xx";

/// Send one request to a function, without a server.
///
/// The request takes the same way through the host as one that `functions serve` receives. The body of
/// the response goes to standard output.
///
/// Example: functions invoke greet.wasm -d '{"name":"Ada"}'
#[derive(Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Invoke {
    /// The function: FILE.wasm, or NAME=FILE.wasm.
    #[arg(value_name = "FUNCTION")]
    function: Named,

    /// Another function, which the function may call: NAME=FILE.wasm. Can be repeated.
    #[arg(long = "with", value_name = "NAME=FILE")]
    others: Vec<Named>,

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
        let report = InvocationReport::default();
        let mut request = self.request.request(&self.function.name)?;
        request.extensions_mut().insert(report.clone());
        let harness = self.harness()?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(async {
            let response = harness.handle(request).await;
            let status = response.status();
            if self.verbose {
                response::show_head(&response);
            }
            response::print(response.into_body()).await?;
            if self.verbose {
                response::show_report(&report);
            }
            Ok(response::exit_code(status))
        })
    }

    fn harness(&self) -> anyhow::Result<Harness> {
        let mut builder = self.host.builder(None);
        for function in std::iter::once(&self.function).chain(&self.others) {
            builder = builder.function(&function.name, &function.file);
        }
        Ok(builder.build()?)
    }
}
