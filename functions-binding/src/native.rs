//! Natively: a test's stand-in, or with the feature `client` a host over HTTP.

use std::task::{Context, Poll};

#[cfg(feature = "client")]
pub(crate) use crate::client::Address;
use crate::{BindingError, Call, Response, testing};

/// Which host. Natively, without the feature `client`, no host can be called.
#[cfg(not(feature = "client"))]
#[derive(Debug, Clone, Default)]
pub(crate) struct Address(());

pub(crate) fn invoke(call: Call) -> Result<Response, BindingError> {
    match testing::respond(with_slash(call)) {
        Ok(answer) => answer.map(Response::of_upstream),
        #[cfg(feature = "client")]
        Err(call) => functions_bytes::task::block_on(crate::client::send(*call)?),
        #[cfg(not(feature = "client"))]
        Err(_) => Err(BindingError::NoHost),
    }
}

pub(crate) fn send(call: Call) -> Way {
    match testing::respond(with_slash(call)) {
        Ok(answer) => Way::over(answer.map(Response::of_upstream)),
        #[cfg(feature = "client")]
        Err(call) => match crate::client::send(*call) {
            Ok(sent) => Way::Sent(sent),
            Err(error) => Way::over(Err(error)),
        },
        #[cfg(not(feature = "client"))]
        Err(_) => Way::over(Err(BindingError::NoHost)),
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

/// A response on its way. A stand-in's is there at once.
pub(crate) enum Way {
    Over(Option<Result<Response, BindingError>>),
    #[cfg(feature = "client")]
    Sent(crate::client::Sent),
}

impl Way {
    pub(crate) fn over(result: Result<Response, BindingError>) -> Self {
        Self::Over(Some(result))
    }

    #[cfg_attr(
        not(feature = "client"),
        expect(unused_variables, reason = "a stand-in's response is there")
    )]
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Response, BindingError>> {
        match self {
            // There is nothing more to come after the first time.
            Self::Over(result) => result.take().map_or(Poll::Pending, Poll::Ready),
            #[cfg(feature = "client")]
            Self::Sent(sent) => std::pin::Pin::new(sent).poll(cx),
        }
    }
}
