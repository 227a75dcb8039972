//! No host, natively: a test's stand-in.

use std::task::{Context, Poll};

use crate::{Error, Request, Response, testing};

pub(crate) fn invoke(request: Request) -> Result<Response, Error> {
    testing::respond(request).map(Response::of_upstream)
}

pub(crate) fn send(request: Request) -> Way {
    Way::over(invoke(request))
}

/// A request on its way, which is as long as it takes to call the stand-in.
pub(crate) struct Way {
    result: Option<Result<Response, Error>>,
}

impl Way {
    pub(crate) fn over(result: Result<Response, Error>) -> Self {
        Self {
            result: Some(result),
        }
    }

    pub(crate) fn poll(&mut self, _: &mut Context<'_>) -> Poll<Result<Response, Error>> {
        // There is nothing more to come after the first time.
        self.result.take().map_or(Poll::Pending, Poll::Ready)
    }
}
