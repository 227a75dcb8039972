//! Asynchronous invocations, as clients of functions see them: `Prefer: respond-async` on a function's
//! own URL, and `/-/invocations/ID`.

mod answer;
mod document;
mod offer;

use std::sync::{Arc, OnceLock};

use host_harness::{Body, Deferral, DeferralFuture, DeferredRequest};
use http::{Method, Request, Response, StatusCode};

pub(crate) use document::{call_document, call_summary, document, summary};

use self::answer::Problems;
use crate::queue::{ChangeError, Queue, WeakQueue};
use crate::store::invocations::QueuedId;

/// The source of the invocations that are accepted here.
pub(crate) const SOURCE: &str = "http";

/// Where invocations are, on the address of the functions.
const PATH: &str = "/-/invocations/";

/// Takes requests over from the host. The queue needs the host, so it is set afterwards.
#[derive(Clone, Default)]
pub(crate) struct Deferred(Arc<OnceLock<WeakQueue>>);

impl Deferred {
    pub(crate) fn set(&self, queue: &Queue) {
        // It is set once.
        let _ = self.0.set(queue.downgrade());
    }

    fn queue(&self) -> Option<Queue> {
        self.0.get().and_then(WeakQueue::upgrade)
    }
}

impl Deferral for Deferred {
    fn defer(&self, deferred: DeferredRequest) -> DeferralFuture {
        let queue = self.queue();
        Box::pin(async move {
            let problems = Problems(deferred.request_id.clone());
            match queue {
                Some(queue) => offer::accept(&queue, deferred, &problems).await,
                None => stopping(&problems),
            }
        })
    }

    fn answer(&self, request: Request<Body>, request_id: Option<Arc<str>>) -> DeferralFuture {
        let queue = self.queue();
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let problems = Problems(request_id);
        Box::pin(async move {
            match queue {
                Some(queue) => route(&queue, &method, &path, &problems).await,
                None => stopping(&problems),
            }
        })
    }
}

fn stopping(problems: &Problems) -> Response<Body> {
    problems.of(StatusCode::SERVICE_UNAVAILABLE, "the server is stopping")
}

/// Answers a request below `/-/`.
async fn route(queue: &Queue, method: &Method, path: &str, problems: &Problems) -> Response<Body> {
    let Some(id) = path.strip_prefix(PATH) else {
        return problems.of(StatusCode::NOT_FOUND, "nothing is at this path");
    };
    let not_found = || {
        problems.of(
            StatusCode::NOT_FOUND,
            "no such invocation: its id is wrong, or its time is over",
        )
    };
    let Some(id) = QueuedId::parse(id) else {
        return not_found();
    };
    match *method {
        Method::GET | Method::HEAD => match queue.get(id).await {
            Ok(Some(found)) => answer::json(StatusCode::OK, &document(&found)),
            Ok(None) => not_found(),
            Err(error) => problems.of_store(&error),
        },
        Method::DELETE => match queue.cancel(id).await {
            Ok(()) => answer::empty(StatusCode::NO_CONTENT),
            Err(ChangeError::NotFound) => not_found(),
            Err(error @ ChangeError::WrongState(_)) => {
                problems.of(StatusCode::CONFLICT, &error.to_string())
            }
            Err(ChangeError::Store(error)) => problems.of_store(&error),
        },
        _ => problems.method_not_allowed("GET, HEAD, DELETE"),
    }
}

impl std::fmt::Debug for Deferred {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Deferred")
    }
}
