//! Natively: a test's stand-in, or with the feature `client` a host over HTTP.

use functions_bytes::outgoing::InFlight;

use crate::address::Address;
#[cfg(feature = "client")]
pub(crate) use crate::client::Sent;
use crate::{BindingError, Call, Response, testing};

/// The future of a call that was sent. A stand-in needs none.
#[cfg(not(feature = "client"))]
pub(crate) type Sent = std::future::Pending<Result<Response, BindingError>>;

pub(crate) fn invoke(call: Call) -> Result<Response, BindingError> {
    match testing::respond(with_slash(call)) {
        Ok(answer) => answer.map(Response::of_upstream),
        #[cfg(feature = "client")]
        Err(call) => functions_bytes::task::block_on(crate::client::send(*call)?),
        #[cfg(not(feature = "client"))]
        Err(_) => Err(BindingError::NoHost),
    }
}

pub(crate) fn send(call: Call) -> InFlight<Sent> {
    match testing::respond(with_slash(call)) {
        Ok(answer) => InFlight::Ready(answer.map(Response::of_upstream)),
        #[cfg(feature = "client")]
        Err(call) => match crate::client::send(*call) {
            Ok(sent) => InFlight::Waiting(sent),
            Err(error) => InFlight::Ready(Err(error)),
        },
        #[cfg(not(feature = "client"))]
        Err(_) => InFlight::Ready(Err(BindingError::NoHost)),
    }
}

#[cfg_attr(
    not(feature = "client"),
    expect(unused_variables, reason = "there is one host")
)]
pub(crate) fn url(name: &str, address: &Address) -> Result<Option<String>, BindingError> {
    match testing::url(name) {
        Some(url) => Ok(url),
        #[cfg(feature = "client")]
        None => Ok(Some(format!("{}/{name}", address.base()))),
        #[cfg(not(feature = "client"))]
        None => Err(BindingError::NoHost),
    }
}

/// As the host does it.
fn with_slash(mut call: Call) -> Call {
    if !call.path.starts_with('/') {
        call.path.insert(0, '/');
    }
    call
}
