//! Several calls that have to do with each other. The second is of what `x-call-then` says.

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

/// As many at once as the test says, and one of the other.
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

/// Sends one, calls the other meanwhile, drops the first, and calls the other once more.
pub(crate) fn drop_first(to: &str) -> Reply {
    let dropped = invoker::send(request::to(to, None));
    let before = said(invoker::call(request::to_other(None)));
    drop(dropped);
    let after = said(invoker::call(request::to_other(None)));
    text(&format!("{before} {after}"))
}

/// Hands what the first answers to the other, and passes on what that answers.
pub(crate) fn then(to: &str, body: Buffer) -> Reply {
    match invoker::call(request::to(to, Some(Data::Buffer(body)))) {
        Ok(response) => {
            let body = Some(Data::Buffer(response.body));
            pass_on(invoker::call(request::to_other(body)))
        }
        result => pass_on(result),
    }
}

/// Keeps what the first answers, unread, while it calls the other.
pub(crate) fn orphan(to: &str, body: Buffer) -> Reply {
    let kept = invoker::call(request::to(to, Some(Data::Buffer(body))));
    let reply = pass_on(invoker::call(request::to_other(None)));
    drop(kept);
    reply
}

/// As many at once as the test says: how many were answered, and how many not taken.
pub(crate) fn flood(to: &str) -> Reply {
    let all: Vec<_> = (0..request::count())
        .map(|_| invoker::send(request::to(to, None)))
        .collect();
    let results: Vec<_> = all.into_iter().map(Pending::get).collect();
    text(&counted(&results))
}

/// As many as the test says, one after the other, and none of what they answer is read: how many were
/// answered, how many not taken, and whether there can be one more when all are dropped.
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
