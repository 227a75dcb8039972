//! Several related calls. The header `x-call-then` describes the second one.

use functions_binding::__private::bindings::functions::binding::invoker::{
    self, Error, Pending, Response,
};
use functions_bytes::__private::bindings::functions::bytes::bytes::{Buffer, Data};
use functions_bytes::__private::bindings::wasi::clocks::monotonic_clock;
use functions_guest_web::__private::bindings::exports::functions::web::handler::Reply;
use functions_http::__private::bindings::functions::http::client;

use crate::single::pass_on;
use crate::{request, text};

fn said(result: Result<Response, Error>) -> String {
    match result {
        Ok(response) => {
            let body = Buffer::into_bytes(response.body, None);
            body.map_or_else(
                |error| format!("{error:?}"),
                |body| String::from_utf8_lossy(&body).into_owned(),
            )
        }
        Err(error) => format!("{error:?}"),
    }
}

/// Sends as many concurrent calls as the test asks for, and one of the second function.
pub(crate) fn join(to: &str) -> Reply {
    let others = (0..request::count()).map(|_| invoker::send(request::to(to, None)));
    let mut all: Vec<_> = others.collect();
    all.push(invoker::send(request::to_other(None)));
    let said: Vec<_> = all
        .into_iter()
        .map(|pending| said(Pending::get(pending)))
        .collect();
    text(&said.join(" "))
}

/// Sends a call, calls the second function meanwhile, drops the first call, and calls again.
pub(crate) fn drop_first(to: &str) -> Reply {
    let dropped = invoker::send(request::to(to, None));
    let before = said(invoker::call(request::to_other(None)));
    drop(dropped);
    let after = said(invoker::call(request::to_other(None)));
    text(&format!("{before} {after}"))
}

/// Passes the first response's body to the second function, and returns its response.
pub(crate) fn then(to: &str, body: Buffer) -> Reply {
    match invoker::call(request::to(to, Some(Data::Buffer(body)))) {
        Ok(response) => {
            let body = Some(Data::Buffer(response.body));
            pass_on(invoker::call(request::to_other(body)))
        }
        result => pass_on(result),
    }
}

/// Keeps the first response unread while it calls the second function.
pub(crate) fn orphan(to: &str, body: Buffer) -> Reply {
    let kept = invoker::call(request::to(to, Some(Data::Buffer(body))));
    let reply = pass_on(invoker::call(request::to_other(None)));
    drop(kept);
    reply
}

/// Sends as many concurrent calls as the test asks for, and counts answers and refusals.
pub(crate) fn flood(to: &str) -> Reply {
    let all: Vec<_> = (0..request::count())
        .map(|_| invoker::send(request::to(to, None)))
        .collect();
    let results: Vec<_> = all.into_iter().map(Pending::get).collect();
    text(&counted(&results))
}

/// Sends sequential calls whose responses it does not read, and counts answers and refusals. Then drops all
/// responses, and checks whether another call is possible.
pub(crate) fn keep(to: &str) -> Reply {
    let one = || invoker::call(request::to(to, None));
    let results: Vec<_> = (0..request::count()).map(|_| one()).collect();
    let counted = counted(&results);
    drop(results);
    text(&format!("{counted} {}", one().is_ok()))
}

/// How many calls and requests of each kind are in flight together in [`abandon`]: half of the limit.
const TOGETHER: u32 = 32;

/// Sends as many calls and requests to `x-call-url` as the test asks for, and drops each at once. Then sends
/// as many together as may be in flight, and drops them when they have begun, several times. Counts the
/// refusals, and calls the second function.
pub(crate) fn abandon(to: &str) -> Reply {
    let url = request::told("x-call-url").unwrap_or_default();
    // Only a refused one has a result at once.
    let call = || Pending::try_get(invoker::send(request::to(to, None))).err();
    let request = || client::Pending::try_get(client::send(get(&url))).err();
    let mut refused = 0;
    for _ in 0..request::count() {
        refused += usize::from(call().is_none()) + usize::from(request().is_none());
    }
    for _ in 0..3 {
        let all: Vec<_> = (0..TOGETHER).map(|_| (call(), request())).collect();
        for (call, request) in &all {
            refused += usize::from(call.is_none()) + usize::from(request.is_none());
        }
        monotonic_clock::subscribe_duration(5_000_000).block();
    }
    let last = said(invoker::call(request::to_other(None)));
    text(&format!("{refused} {last}"))
}

fn get(url: &str) -> client::Request {
    client::Request {
        method: "GET".into(),
        url: url.into(),
        headers: Vec::new(),
        body: None,
        timeout_milliseconds: None,
        redirects: 0,
        response_limit: None,
    }
}

fn counted(results: &[Result<Response, Error>]) -> String {
    let answered = results.iter().filter(|result| result.is_ok()).count();
    let refused = results.iter();
    let refused = refused.filter(|result| matches!(result, Err(Error::Overloaded)));
    format!("{answered} {}", refused.count())
}
