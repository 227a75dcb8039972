//! One call, in every form that the contract has.

use functions_binding::__private::bindings::functions::binding::invoker::{
    self, Error, Pending, Response,
};
use functions_bytes::__private::bindings::functions::bytes::bytes::{Buffer, Data};
use functions_guest_web::__private::bindings::exports::functions::web::handler::Reply;
use functions_guest_web::__private::bindings::functions::web::response_stream::{Writer, start};

use crate::{reply, request, text};

/// The callee's response, or the error.
pub(crate) fn pass_on(result: Result<Response, Error>) -> Reply {
    match result {
        Ok(response) => reply(
            response.status,
            response.headers,
            Data::Buffer(response.body),
        ),
        Err(error) => reply(502, Vec::new(), Data::Value(format!("{error:?}").into())),
    }
}

pub(crate) fn call(to: &str, body: Buffer) -> Reply {
    pass_on(invoker::call(request::to(to, Some(Data::Buffer(body)))))
}

pub(crate) fn bodiless(to: &str) -> Reply {
    pass_on(invoker::call(request::to(to, None)))
}

pub(crate) fn send(to: &str, body: Buffer) -> Reply {
    let pending = invoker::send(request::to(to, Some(Data::Buffer(body))));
    let arrival = pending.subscribe();
    arrival.block();
    let reply = pass_on(Pending::get(pending));
    // Drops in this order on purpose, because the host tolerates it.
    assert!(arrival.ready());
    reply
}

/// Tries to get the response before waiting, and then sends a second call, which tells the test that it has;
/// an immediate response has status 299.
pub(crate) fn try_get(to: &str, body: Buffer) -> Reply {
    let sent = invoker::send(request::to(to, Some(Data::Buffer(body))));
    let Err(mut pending) = Pending::try_get(sent) else {
        return reply(299, Vec::new(), Data::Value(Vec::new()));
    };
    let _looked = invoker::send(request::to(to, None));
    loop {
        pending.subscribe().block();
        match Pending::try_get(pending) {
            Ok(result) => return pass_on(result),
            Err(back) => pending = back,
        }
    }
}

/// Reads the response's body, and returns it by value.
pub(crate) fn read(to: &str, body: Buffer) -> Reply {
    let body = Buffer::into_bytes(body, None).unwrap_or_default();
    match invoker::call(request::to(to, Some(Data::Value(body)))) {
        Ok(response) => match Buffer::into_bytes(response.body, None) {
            Ok(body) => reply(response.status, response.headers, Data::Value(body)),
            Err(error) => reply(502, Vec::new(), Data::Value(format!("{error:?}").into())),
        },
        result => pass_on(result),
    }
}

pub(crate) fn url(to: &str) -> Reply {
    text(&format!("{:?}", invoker::url(to)))
}

/// Starts to stream before the call, and streams the callee's body.
pub(crate) fn stream(to: &str, body: Buffer) -> Reply {
    let Ok(writer) = start(200, &[]) else {
        return text("it did not begin");
    };
    let written = match invoker::call(request::to(to, Some(Data::Buffer(body)))) {
        Ok(response) => Buffer::into_bytes(response.body, None)
            .map_err(|error| format!("{error:?}"))
            .and_then(|body| writer.write(&body).map_err(|error| format!("{error:?}"))),
        Err(error) => writer
            .write(format!("{error:?}").as_bytes())
            .map_err(|error| format!("{error:?}")),
    };
    if written.is_ok() {
        let _ = Writer::finish(writer);
    }
    Reply::Streamed
}
