//! Several related calls. The header `x-call-then` describes the second one.

use functions_binding::__private::bindings::functions::binding::invoker::{
    self, Error, Pending, Response,
};
use functions_bytes::__private::bindings::functions::bytes::bytes::{Buffer, Data};
use functions_guest_web::__private::bindings::exports::functions::web::handler::Reply;

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

fn counted(results: &[Result<Response, Error>]) -> String {
    let answered = results.iter().filter(|result| result.is_ok()).count();
    let refused = results.iter();
    let refused = refused.filter(|result| matches!(result, Err(Error::Overloaded)));
    format!("{answered} {}", refused.count())
}
