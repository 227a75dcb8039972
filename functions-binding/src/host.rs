//! The host that makes the calls.

use functions_bytes::__private::into_wit;
use functions_bytes::outgoing::{self, milliseconds};

use crate::__private::bindings::functions::binding::invoker;
use crate::address::Address;
use crate::{BindingError, Call, Response};

outgoing::host_requests!(invoker, Call, BindingError);

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
