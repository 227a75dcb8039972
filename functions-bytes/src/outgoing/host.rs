//! The guest's side of a WIT interface that sends requests.
//!
//! Such an interface has a function `call`, which waits, a function `send`, and a resource `pending`
//! with `subscribe`, `get` and `try-get`. wit-bindgen generates types of its own for each interface,
//! so [`host_requests`](crate::__host_requests) is a macro.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use crate::__private::bindings::wasi::io::poll::Pollable;
use crate::task::Wait;

/// The result of a `pending` resource `P`. Dropping it cancels the request.
pub struct Pending<P, R> {
    // Dropped before the resource that it watches: another host than ours may make it its child.
    arrival: Option<Wait>,
    resource: Option<P>,
    take: fn(P) -> R,
}

impl<P, R> Pending<P, R> {
    /// Yields the result of `take` once `arrival` is ready.
    pub fn new(resource: P, arrival: Pollable, take: fn(P) -> R) -> Self {
        Self {
            arrival: Some(Wait::new(arrival)),
            resource: Some(resource),
            take,
        }
    }
}

impl<P: Unpin, R> Future for Pending<P, R> {
    type Output = R;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<R> {
        if let Some(arrival) = &mut self.arrival {
            ready!(Pin::new(arrival).poll(cx));
            self.arrival = None;
        }
        match self.resource.take() {
            Some(resource) => Poll::Ready((self.take)(resource)),
            None => Poll::Pending,
        }
    }
}

impl<P, R> fmt::Debug for Pending<P, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending").finish_non_exhaustive()
    }
}

/// `invoke`, `send` and the future `Sent` over the WIT interface `$wit`.
///
/// The module converts with its own `into_request` and `from_wit`. `Response` and `$error` are the
/// crate's.
#[doc(hidden)]
#[macro_export]
macro_rules! __host_requests {
    ($wit:ident, $request:ident, $error:ident) => {
        /// The future of a request that was sent.
        pub(crate) type Sent = $crate::outgoing::Pending<$wit::Pending, Result<Response, $error>>;

        /// Sends a request, and waits for the head of the response.
        pub(crate) fn invoke(request: $request) -> Result<Response, $error> {
            finish($wit::call(into_request(request)))
        }

        /// Sends a request. One that the host refuses is `Ready`: however many are refused, none holds
        /// a handle.
        pub(crate) fn send(request: $request) -> $crate::outgoing::InFlight<Sent> {
            use $crate::outgoing::{InFlight, Pending};

            match $wit::Pending::try_get($wit::send(into_request(request))) {
                Ok(result) => InFlight::Ready(finish(result)),
                Err(pending) => {
                    let arrival = pending.subscribe();
                    InFlight::Waiting(Pending::new(pending, arrival, |pending| {
                        finish($wit::Pending::get(pending))
                    }))
                }
            }
        }

        fn finish(result: Result<$wit::Response, $wit::Error>) -> Result<Response, $error> {
            match result {
                Ok(response) => Ok(Response {
                    status: response.status,
                    headers: response.headers.into(),
                    body: $crate::__private::set_upstream(
                        $crate::__private::from_buffer(response.body),
                        true,
                    ),
                }),
                Err(error) => Err(from_wit(error)),
            }
        }
    };
}
