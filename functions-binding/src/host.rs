//! The host that makes the calls.

use functions_bytes::__private::{from_buffer, into_wit, set_upstream};
use functions_bytes::outgoing::{self, milliseconds};

use crate::__private::bindings::functions::binding::invoker;
use crate::{BindingError, Call, Response};

/// A response on its way.
pub(crate) type Way = outgoing::Way<invoker::Pending, Result<Response, BindingError>>;

/// Which host: the one that runs this function.
#[derive(Debug, Clone, Default)]
pub(crate) struct Address(());

pub(crate) fn invoke(call: Call) -> Result<Response, BindingError> {
    finish(invoker::call(into_request(call)))
}

/// A call that the host refuses has its error at once: however many are refused, none holds a handle.
pub(crate) fn send(call: Call) -> Way {
    match invoker::Pending::try_get(invoker::send(into_request(call))) {
        Ok(result) => Way::over(finish(result)),
        Err(pending) => {
            let arrival = pending.subscribe();
            Way::new(pending, arrival, |pending| {
                finish(invoker::Pending::get(pending))
            })
        }
    }
}

pub(crate) fn url(name: &str, _: &Address) -> Result<Option<String>, BindingError> {
    invoker::url(name).map_err(from_wit)
}

fn into_request(call: Call) -> invoker::Request {
    invoker::Request {
        target: call.target,
        method: call.method,
        path: call.path,
        headers: call.headers.into(),
        body: call.body.map(into_wit),
        timeout_milliseconds: call.timeout.map(milliseconds),
    }
}

fn finish(result: Result<invoker::Response, invoker::Error>) -> Result<Response, BindingError> {
    match result {
        Ok(response) => Ok(Response {
            status: response.status,
            headers: response.headers.into(),
            body: set_upstream(from_buffer(response.body), true),
        }),
        Err(error) => Err(from_wit(error)),
    }
}

fn from_wit(error: invoker::Error) -> BindingError {
    match error {
        invoker::Error::NotFound(name) => BindingError::NotFound(name),
        invoker::Error::NotAllowed(why) => BindingError::NotAllowed(why),
        invoker::Error::InvalidMethod(method) => BindingError::InvalidMethod(method),
        invoker::Error::InvalidPath(path) => BindingError::InvalidPath(path),
        invoker::Error::InvalidHeader(name) => BindingError::InvalidHeader(name),
        invoker::Error::Timeout => BindingError::Timeout,
        invoker::Error::Overloaded => BindingError::Overloaded,
        invoker::Error::DepthExceeded(limit) => BindingError::DepthExceeded { limit },
        invoker::Error::Trapped(how) => BindingError::Trapped(how),
        invoker::Error::Other(what) => BindingError::Other(what),
    }
}
