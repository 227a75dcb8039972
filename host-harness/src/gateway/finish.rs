//! Requests that are being answered, and the responses that come of them.

use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;

use http::{Method, Response};
use tokio::time::Instant;

use super::deferral::DeferralFuture;
use super::for_method::{answer, for_method};
use super::{Gateway, problem};
use crate::engine::{Function, PendingInvocation};
use crate::invocation::Invocation;
use crate::message::body::{Body, Incomplete, LengthLimit};
use crate::registry::{Deployed, Unavailable};
use crate::telemetry::InvocationId;
use crate::telemetry::metrics::{FunctionCounters, PendingCount, Reason};

/// What is told of an upload that a function passes on.
const MALFORMED_BODY: &str = "the request's body broke off, or its chunks are malformed";

/// A request that is being answered.
pub(super) struct Responding {
    /// Count the bytes of the response, if it is of a function.
    pub(super) counters: Option<Arc<FunctionCounters>>,
    pub(super) by: Responder,
}

impl Responding {
    /// A request that concerns no function.
    pub(super) fn refused(method: &Method, response: Response<Body>) -> Self {
        Self {
            counters: None,
            by: Responder::Refused(for_method(method, response)),
        }
    }
}

/// Who answers a request.
pub(super) enum Responder {
    /// The host itself.
    Refused(Response<Body>),
    /// The function.
    Invoking(PendingInvocation, Answering),
    /// The function has to be loaded first, or the embedder answers. Boxed, because it is large and rarely
    /// happens.
    Loading(Pin<Box<dyn Future<Output = Response<Body>> + Send>>),
    /// An embedder's code answers, and may go on to the function.
    Middleware(Pin<Box<dyn Future<Output = Response<Body>> + Send>>),
}

impl Responder {
    /// The embedder answers.
    pub(super) fn of_embedder(method: Method, answer: DeferralFuture) -> Self {
        Self::Loading(Box::pin(async move { for_method(&method, answer.await) }))
    }
}

/// What a response depends on besides the function's reply.
pub(super) struct Answering {
    pub(super) method: Method,
    pub(super) id: InvocationId,
    pub(super) request_id: Option<Arc<str>>,
    pub(super) limit: Option<Arc<LengthLimit>>,
    pub(super) pending: PendingCount,
}

impl Gateway {
    /// Waits for the response. `responding` is of no use afterwards.
    ///
    /// It is borrowed, as what it holds is in all that it calls: futures that took it would copy it.
    pub(super) async fn finish(&self, responding: &mut Responding) -> Response<Body> {
        match &mut responding.by {
            Responder::Refused(response) => mem::replace(response, Response::new(Body::empty())),
            Responder::Invoking(invoking, answering) => self.complete(invoking, answering).await,
            Responder::Loading(answer) | Responder::Middleware(answer) => answer.await,
        }
    }

    pub(super) async fn load_and_answer(
        &self,
        deployed: Arc<Deployed>,
        mut call: Invocation,
        arrived: Instant,
        body: Body,
        mut answering: Answering,
    ) -> Response<Body> {
        let function = match self.load(deployed, call.deadline).await {
            Ok(function) => function,
            Err(unavailable) => {
                let response = problem::unavailable(&unavailable, answering.request_id.as_deref());
                answering
                    .pending
                    .end(response.status(), unavailable.reason());
                return for_method(&answering.method, response);
            }
        };
        // It may have been deployed again meanwhile.
        call.function = Arc::clone(&function.context);
        let mut invoking = self.engine.invoke(function, call, arrived, body);
        self.complete(&mut invoking, &mut answering).await
    }

    async fn complete(
        &self,
        invoking: &mut PendingInvocation,
        answering: &mut Answering,
    ) -> Response<Body> {
        let Answering {
            method,
            id,
            request_id,
            limit,
            pending,
        } = answering;
        let request_id = request_id.as_deref();
        let mut reason = Reason::Answered;
        let answered = match invoking.reply(&self.engine).await {
            // A head that is sent with the start of a malformed body would be lost with the connection.
            Ok(mut reply) => match reply.body.look_at_chunks().await {
                Ok(()) => answer(method, reply),
                Err(Incomplete) => {
                    reason = Reason::InvalidRequest;
                    for_method(method, problem::malformed_body(MALFORMED_BODY, request_id))
                }
            },
            Err(failure) => {
                reason = failure.reason();
                let response = problem::of_failure(&failure, *id, request_id);
                for_method(method, response)
            }
        };
        match limit.as_ref().filter(|limit| limit.is_exceeded()) {
            Some(limit) => {
                let response = problem::body_too_long(limit.max(), request_id);
                pending.end(response.status(), Reason::BodyTooLong);
                for_method(method, response)
            }
            None => {
                pending.end(answered.status(), reason);
                answered
            }
        }
    }

    /// Loads a function for a request, within its time.
    pub(super) async fn load(
        &self,
        deployed: Arc<Deployed>,
        deadline: Option<Instant>,
    ) -> Result<Arc<Function>, Unavailable> {
        let loading = Arc::clone(&self.registry).load(deployed);
        match deadline {
            None => loading.await,
            Some(deadline) => tokio::time::timeout_at(deadline, loading)
                .await
                .unwrap_or(Err(Unavailable::Timeout)),
        }
    }
}
