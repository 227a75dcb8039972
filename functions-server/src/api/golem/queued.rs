//! Asynchronous invocations of ephemeral components: kept by the queue, since no worker keeps them.

use std::sync::Arc;

use http::{HeaderMap, Method, StatusCode};
use uuid::Uuid;

use super::answer::ErrorResponse;
use crate::Server;
use crate::queue::{
    AttemptOutcome, AttemptRequest, Offer, OfferError, Queue, QueuePosition, RequestHead,
    ResponseHead, Runner, StartAttempt,
};
use crate::store::invocations::StoredMessage;
use crate::workers::{Parameter, WeakWorkers, WorkerError, WorkerInvocation, Workers};

/// The source of the invocations that are accepted here.
const SOURCE: &str = "golem";

/// What the queue calls the component, as the binding does.
const SCHEME: &str = "worker:";

/// Says how these invocations are run.
pub(crate) fn register(queue: &Queue, workers: &Workers) {
    queue.register(SOURCE, Arc::new(EphemeralRunner(workers.downgrade())));
}

/// Stores an invocation whose parameters, a JSON array, fit its function.
pub(super) async fn accept(
    server: &Server,
    component: Uuid,
    worker: &str,
    function: &str,
    parameters: String,
) -> Result<(), ErrorResponse> {
    let head = RequestHead::new(
        &Method::POST,
        format!("{worker}/{function}"),
        &HeaderMap::new(),
    );
    let offer = Offer {
        source: SOURCE,
        name: None,
        function: format!("{SCHEME}{component}"),
        key: None,
        request: head.store(parameters.into()),
    };
    match server.queue().accept(offer).await {
        Ok(_) => Ok(()),
        Err(OfferError::Full(_)) => Err(ErrorResponse::Error(
            StatusCode::TOO_MANY_REQUESTS,
            "too many invocations wait already: try again later".to_owned(),
        )),
        Err(error) => Err(WorkerError::Unavailable(error.to_string()).into()),
    }
}

struct EphemeralRunner(WeakWorkers);

impl Runner for EphemeralRunner {
    fn start(&self, _: &Arc<str>, _: Option<QueuePosition>) -> Result<StartAttempt, QueuePosition> {
        let workers = self.0.clone();
        Ok(Box::new(|attempt| {
            Box::pin(async move {
                match workers.upgrade() {
                    Some(workers) => run(&workers, &attempt).await,
                    None => AttemptOutcome::Failed(WorkerError::stopping().to_string(), None),
                }
            })
        }))
    }
}

async fn run(workers: &Workers, attempt: &AttemptRequest) -> AttemptOutcome {
    let Some((component, worker, invocation)) = read(attempt) else {
        return AttemptOutcome::Rejected("the stored invocation cannot be read".to_owned());
    };
    match workers
        .invoke_and_await(component, &worker, invocation)
        .await
    {
        Ok(returned) => {
            let head = ResponseHead::new(StatusCode::OK, &HeaderMap::new());
            AttemptOutcome::Succeeded(head.store(returned.value.into()))
        }
        Err(error @ (WorkerError::Unavailable(_) | WorkerError::RuntimeError(_))) => {
            AttemptOutcome::Failed(error.to_string(), None)
        }
        // A retry would be refused, too.
        Err(error) => AttemptOutcome::Rejected(error.to_string()),
    }
}

fn read(attempt: &AttemptRequest) -> Option<(&str, String, WorkerInvocation)> {
    let component = attempt.function.strip_prefix(SCHEME)?;
    let StoredMessage { body, .. } = &attempt.request;
    let head = RequestHead::parse(&attempt.request).ok()?;
    // No worker's name has a slash.
    let (worker, function) = head.target.split_once('/')?;
    let invocation = WorkerInvocation {
        function: function.to_owned(),
        parameters: Parameter::of_array(body).ok()?,
        key: None,
        origin: None,
    };
    Some((component, worker.to_owned(), invocation))
}
