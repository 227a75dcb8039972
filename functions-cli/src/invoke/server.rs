//! One request to a function of a host that runs.

use std::process::ExitCode;

use anyhow::Context as _;
use host_harness::stderr;
use http::StatusCode;

use super::request::RequestOptions;
use super::response;
use crate::client::{Client, function_path};
use crate::output;

/// Asks the host for the function's URL, and sends the request there.
pub(super) fn invoke(
    client: &Client,
    name: &str,
    options: &RequestOptions,
    is_verbose: bool,
) -> anyhow::Result<ExitCode> {
    let function = match client.get(&function_path(name)) {
        // As for a function that is not found, the exit code is that of a 4xx.
        Err(error) if error.is_not_allowed() => {
            stderr::write_plain(&format!("error: {error}"));
            return Ok(response::exit_code(StatusCode::UNAUTHORIZED));
        }
        function => function?,
    };
    let url = output::text(&function, "url");
    anyhow::ensure!(
        !url.is_empty(),
        "function {name} has no URL: it is private, and only other functions may call it"
    );
    let answered = client.invoke(options.request_to(&url)?);
    let answered = answered.with_context(|| format!("{url} does not answer"))?;
    let status = answered.status();
    if is_verbose {
        response::show_head(status, answered.headers());
    }
    response::print_from(answered.into_body().into_reader())?;
    Ok(response::exit_code(status))
}
