//! Uses `pending` and its pollables through the contract, in every order, without the SDK.
//!
//! The server answers one `/held` for each request of `/release`.

use functions_bytes::__private::from_buffer;
use functions_bytes::Data;
use functions_guest_web::{WebResponse, WebResult};
use functions_http::__private::bindings::functions::http::client::{
    Error, Pending, Request, Response, call, send,
};

use crate::text;

pub(crate) fn contract(step: &str, url: &str) -> WebResult<WebResponse> {
    let held = || send(request(url, "/held"));
    let release = || call(request(url, "/release")).map(drop);
    let said = match step {
        "try-get" => {
            let Err(pending) = Pending::try_get(held()) else {
                return text("it was there too early");
            };
            let _ = release();
            pending.subscribe().block();
            match Pending::try_get(pending) {
                Ok(result) => format!("later, then {}", body(result)?),
                Err(_) => "it was ready, and not there".into(),
            }
        }
        "get" => {
            let pending = held();
            let _ = release();
            body(Pending::get(pending))?
        }
        "subscribe-twice" => {
            let pending = held();
            let (one, other) = (pending.subscribe(), pending.subscribe());
            let _ = release();
            one.block();
            other.block();
            let said = format!("{}, {}, ", ready(one.ready()), ready(other.ready()));
            drop((one, other));
            said + &body(Pending::get(pending))?
        }
        "subscribe-late" => {
            let pending = held();
            let _ = release();
            pending.subscribe().block();
            let at_once = ready(pending.subscribe().ready());
            format!("{at_once} at once, {}", body(Pending::get(pending))?)
        }
        // Consumes the pending before it drops the pollable.
        "outlive-get" => {
            let pending = held();
            let pollable = pending.subscribe();
            let _ = release();
            let said = body(Pending::get(pending))?;
            pollable.block();
            format!("{said}, {}", ready(pollable.ready()))
        }
        "outlive-try-get" => {
            let pending = held();
            let pollable = pending.subscribe();
            let _ = release();
            pollable.block();
            let said = match Pending::try_get(pending) {
                Ok(result) => body(result)?,
                Err(_) => "later".into(),
            };
            format!("{said}, {}", ready(pollable.ready()))
        }
        "outlive-drop" => {
            let pending = held();
            let pollable = pending.subscribe();
            drop(pending);
            pollable.block();
            ready(pollable.ready()).into()
        }
        "failed" => {
            let pending = send(request("no url", ""));
            let at_once = ready(pending.subscribe().ready());
            let one = name(Pending::get(pending));
            let other = Pending::try_get(send(request("no url", "")));
            let other = other.map_or("later", name);
            format!("{at_once} at once, {one}, {other}")
        }
        "dropped-body" => {
            let paths = ["/a", "/b"];
            for path in paths {
                // The body is not read.
                drop(call(request(url, path)));
            }
            let said = paths.map(|path| body(call(request(url, path))).unwrap_or_default());
            said.join(", ")
        }
        _ => "no such step".into(),
    };
    text(said)
}

fn request(url: &str, path: &str) -> Request {
    Request {
        method: "GET".into(),
        url: format!("{url}{path}"),
        headers: Vec::new(),
        body: None,
        timeout_milliseconds: None,
        redirects: 0,
        response_limit: None,
    }
}

fn ready(is_ready: bool) -> &'static str {
    if is_ready { "ready" } else { "not ready" }
}

fn body(result: Result<Response, Error>) -> WebResult<String> {
    match result {
        Ok(response) => {
            let body: Data = from_buffer(response.body);
            Ok(String::from_utf8(body.into_bytes()?)?)
        }
        Err(error) => Ok(format!("{error:?}")),
    }
}

fn name(result: Result<Response, Error>) -> &'static str {
    match result {
        Err(Error::InvalidUrl(_)) => "InvalidUrl",
        _ => "something else",
    }
}
