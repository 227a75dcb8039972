//! Sends requests to the `url` in its query. Each path uses a different method.
#![forbid(unsafe_code)]

mod contract;
mod reading;
mod sockets;

use std::time::Duration;

use functions_bytes::Data;
use functions_guest_web::{WebEnvironment, WebResponse, WebResult, invoke, task};
use functions_http::{Error, Request as HttpRequest, Response, invoke as http_invoke};

invoke!(calls_out);
async fn calls_out(env: WebEnvironment, payload: Data) -> WebResult<WebResponse> {
    match env.path() {
        "/bodies" => bodies(&env, payload),
        "/error" => error(http_invoke(request(&env, payload))),
        "/error-async" => error(request(&env, payload).send().await),
        "/text" => text(http_invoke(request(&env, payload))?.text()?),
        "/read" => {
            let body = http_invoke(request(&env, payload))?.body;
            reading::read(parameter(&env, "how"), body).await
        }
        "/read-both" => {
            reading::read_both(parameter(&env, "how"), || request(&env, Data::default())).await
        }
        "/join" => join(&env).await,
        "/cancel" => cancel(&env).await,
        "/flood" => flood(&env).await,
        "/hoard" => hoard(&env).await,
        "/sleepers" => sleepers(&env).await,
        "/contract" => contract::contract(parameter(&env, "step"), parameter(&env, "url")),
        "/sockets" => sockets::sockets(parameter(&env, "url")),
        _ => Ok(http_invoke(request(&env, payload))?.into()),
    }
}

/// Builds the request from the query, with the headers and the body of the incoming one. With `own`, it reads
/// the body first.
fn request(env: &WebEnvironment, payload: Data) -> HttpRequest {
    let payload = match parameter(env, "own") {
        "" => payload,
        _ => payload.into_bytes().unwrap_or_default().into(),
    };
    let number = |name| parameter(env, name).parse().ok();
    let method = env.method().as_str();
    let mut request = HttpRequest::new(parameter(env, "url"), method)
        .with_headers(env.headers().iter_bytes())
        .with_body(payload);
    if let Some(milliseconds) = number("timeout") {
        request = request.timeout(Duration::from_millis(milliseconds));
    }
    if let Some(limit) = number("limit") {
        request = request.response_limit(limit);
    }
    request.redirects(number("redirects").map_or(0, |most| most as u32))
}

fn parameter<'e>(env: &'e WebEnvironment, name: &str) -> &'e str {
    env.query_parameters().get(name).unwrap_or_default()
}

fn text(text: impl Into<String>) -> WebResult<WebResponse> {
    WebResponse::new().with_body(text.into())
}

/// Passes on only the bodies, in the shortest form.
#[expect(
    clippy::needless_question_mark,
    reason = "it is how people write it who come from elsewhere"
)]
fn bodies(env: &WebEnvironment, payload: Data) -> WebResult<WebResponse> {
    let upstream = http_invoke(HttpRequest::new(parameter(env, "url"), "POST").with_body(payload))?;
    Ok(WebResponse::new()
        .with_status(upstream.status as u16)
        .with_body(upstream.body)?)
}

/// The error, or the status.
fn error(result: Result<Response, Error>) -> WebResult<WebResponse> {
    text(match result {
        Ok(response) => response.status.to_string(),
        Err(error) => format!("{error:?}"),
    })
}

/// Sends three concurrent requests.
async fn join(env: &WebEnvironment) -> WebResult<WebResponse> {
    let url = parameter(env, "url");
    let three = ["1", "2", "3"].map(|number| HttpRequest::get(url).query([("n", number)]).send());
    let mut all = String::new();
    for response in task::join_all(three).await {
        all += &response?.text()?;
    }
    text(all)
}

/// Sends a request, does another meanwhile, drops the first, and repeats the other.
async fn cancel(env: &WebEnvironment) -> WebResult<WebResponse> {
    let dropped = HttpRequest::get(parameter(env, "url")).send();
    let meanwhile = || HttpRequest::get(parameter(env, "meanwhile")).send();
    let mut said = meanwhile().await?.text()?;
    drop(dropped);
    said += &meanwhile().await?.text()?;
    text(said)
}

/// Keeps responses unread until the host refuses a request. Answers with their number, the host's error, and
/// the number of bytes in all of them.
async fn hoard(env: &WebEnvironment) -> WebResult<WebResponse> {
    let mut all = Vec::new();
    let refused = loop {
        match http_invoke(HttpRequest::get(parameter(env, "url"))) {
            Ok(response) => all.push(response),
            Err(error) => break error,
        }
    };
    let kept = all.len();
    let bodies = task::join_all(all.into_iter().map(Response::into_bytes_async)).await;
    let mut bytes = 0;
    for body in bodies {
        bytes += body?.len();
    }
    text(format!("{kept} {refused:?} {bytes}"))
}

/// Sleeps `count` times concurrently, for different times, and counts the wake-ups.
async fn sleepers(env: &WebEnvironment) -> WebResult<WebResponse> {
    let count: u64 = parameter(env, "count").parse().unwrap_or(0);
    let all = (0..count).map(|place| task::sleep(Duration::from_millis(20 + place * 7 % 40)));
    text(task::join_all(all).await.len().to_string())
}

/// Sends `count` concurrent requests, and counts the refusals.
async fn flood(env: &WebEnvironment) -> WebResult<WebResponse> {
    let count = parameter(env, "count").parse().unwrap_or(0);
    let all: Vec<_> = (0..count)
        .map(|_| HttpRequest::get(parameter(env, "url")).send())
        .collect();
    let results = task::join_all(all).await;
    let refused = results
        .iter()
        .filter(|result| matches!(result, Err(Error::Overloaded)));
    let refused = refused.count();
    let answered = results.iter().filter(|result| result.is_ok()).count();
    text(format!("{answered} {refused}"))
}
