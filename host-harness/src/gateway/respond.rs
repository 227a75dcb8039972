use std::future::Future;
use std::mem;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use http::header::CONTENT_LENGTH;
use http::request::Parts;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body::Body as _;
use hyper::body::Incoming;

use tokio::time::Instant;

use super::deferral::{Deferral, DeferralFuture, DeferredRequest, OWN, is_preferred};
use super::middleware::Next;
use super::{CallTargets, MAX_NAMES, Middleware, Origin, TokenVerifier, TrustedProxies};
use super::{problem, public_url, request, route};
use crate::engine::{Engine, Function, PendingInvocation, Reply};
use crate::invocation::Invoker;
use crate::invocation::{CallChain, Invocation, InvocationTimes};
use crate::message::active_requests::Uploading;
use crate::message::body::{Body, Incomplete, LengthLimit, Upload};
use crate::registry::{Deployed, Found, Registry, Unavailable};
use crate::telemetry::InvocationId;
use crate::telemetry::metrics::{FunctionCounters, PendingCount, Reason};

/// What is told of an upload that a function passes on.
const MALFORMED_BODY: &str = "the request's body broke off, or its chunks are malformed";

/// A request that is being answered.
pub(super) struct Responding {
    /// Count the bytes of the response, if it is of a function.
    pub(super) counters: Option<Arc<FunctionCounters>>,
    by: Responder,
}

impl Responding {
    /// A request that concerns no function.
    fn refused(method: &Method, response: Response<Body>) -> Self {
        Self {
            counters: None,
            by: Responder::Refused(for_method(method, response)),
        }
    }
}

/// Who answers a request.
enum Responder {
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
    fn of_embedder(method: Method, answer: DeferralFuture) -> Self {
        Self::Loading(Box::pin(async move { for_method(&method, answer.await) }))
    }
}

/// What a response depends on besides the function's reply.
struct Answering {
    method: Method,
    id: InvocationId,
    request_id: Option<Arc<str>>,
    limit: Option<Arc<LengthLimit>>,
    pending: PendingCount,
}

/// Answers requests by invoking functions.
#[derive(Clone)]
pub(crate) struct Gateway {
    pub(crate) engine: Arc<Engine>,
    pub(crate) registry: Arc<Registry>,
    /// The URL under which clients reach the host; it goes before `/NAME`.
    pub(crate) base: Option<Arc<str>>,
    /// The proxies that are believed about clients, if there are any.
    pub(crate) proxies: Option<Arc<TrustedProxies>>,
    /// Knows the tokens of clients, if the host has any.
    pub(crate) tokens: Option<Arc<dyn TokenVerifier>>,
    /// What requests pass before they reach functions, if there is any.
    pub(crate) middleware: Option<Arc<dyn Middleware>>,
    /// Takes requests over whose clients do not wait, if there is such a thing.
    pub(crate) deferral: Option<Arc<dyn Deferral>>,
    /// Answers calls whose target is not a function, if the embedder set one.
    pub(crate) call_targets: Option<Arc<dyn CallTargets>>,
}

impl Gateway {
    /// The gateway of a host that listens on `address`.
    pub(super) fn listening(&self, address: SocketAddr) -> Self {
        let base = self.base.clone();
        Self {
            base: base.or_else(|| Some(public_url::of_address(address).into())),
            ..self.clone()
        }
    }

    /// Begins to answer a request from a connection, which counts as `uploading` while its body arrives.
    pub(super) fn receive(
        self: &Arc<Self>,
        request: Request<Incoming>,
        peer: SocketAddr,
        uploading: Option<Uploading>,
    ) -> Responding {
        let (mut parts, body) = request.into_parts();
        let mut is_chunked = false;
        let body = match body.is_end_stream() {
            true => Body::empty(),
            false => {
                is_chunked = body.size_hint().exact().is_none();
                Body::upload(Upload::new(&parts, body, uploading))
            }
        };
        let origin = match &self.proxies {
            None => Origin::of_peer(peer),
            Some(proxies) => proxies.origin(peer, &parts.headers),
        };
        if let Err(invalid) = request::normalize(&mut parts, is_chunked) {
            self.registry.counters().count_invalid_request();
            let response = problem::invalid_request(&invalid, origin.request_id());
            return Responding::refused(&parts.method, response);
        }
        self.begin(parts, body, origin)
    }

    /// Answers a request, and counts it. Every failure becomes a response too.
    pub(crate) async fn respond(
        self: &Arc<Self>,
        request: Parts,
        body: Body,
        origin: Origin,
    ) -> Response<Body> {
        let mut responding = self.begin(request, body, origin);
        self.finish(&mut responding).await
    }

    /// Finds the function of a request, and begins to invoke it if the request may. Nothing runs before
    /// [`finish`](Self::finish).
    ///
    /// This is not async: as part of a future, what it moves would be copied several times.
    fn begin(self: &Arc<Self>, request: Parts, body: Body, origin: Origin) -> Responding {
        match &self.middleware {
            None => self.begin_inside(request, body, origin),
            Some(middleware) => self.begin_in(middleware, request, body, origin),
        }
    }

    /// Begins to answer a request with the middleware.
    #[cold]
    fn begin_in(
        self: &Arc<Self>,
        middleware: &Arc<dyn Middleware>,
        request: Parts,
        body: Body,
        origin: Origin,
    ) -> Responding {
        let (name, _) = route::split(request.uri.path());
        let found = self.registry.get(&name);
        let counters = found.map(|found| Arc::clone(found.context().counters.get()));
        let next = Next::new(Arc::clone(self), origin);
        let request = Request::from_parts(request, body);
        Responding {
            counters,
            by: Responder::Middleware(middleware.handle(request, next)),
        }
    }

    /// The same, past the middleware.
    pub(super) fn begin_inside(
        self: &Arc<Self>,
        request: Parts,
        mut body: Body,
        origin: Origin,
    ) -> Responding {
        let (name, base) = route::split(request.uri.path());
        let Some(found) = self.registry.get(&name) else {
            if name == OWN
                && let Some(deferral) = &self.deferral
            {
                let method = request.method.clone();
                let request = Request::from_parts(request, body);
                let answer = deferral.answer(request, origin.request_id);
                return Responding {
                    counters: None,
                    by: Responder::of_embedder(method, answer),
                };
            }
            self.log_unknown(&name);
            self.registry.counters().count_unknown_function();
            let response = problem::no_such_function(&name, origin.request_id());
            return Responding::refused(&request.method, response);
        };
        let counters = found.context().counters.get();
        body.count_upload(counters);
        Responding {
            counters: Some(Arc::clone(counters)),
            by: self.begin_with(found, request, base, body, origin),
        }
    }

    fn begin_with(
        self: &Arc<Self>,
        found: Found,
        mut request: Parts,
        base: usize,
        mut body: Body,
        origin: Origin,
    ) -> Responder {
        let context = found.context();
        let mut pending = PendingCount::new(context.counters.get());
        let admitted = self.admit(context, &mut request.headers, &body, origin.peer);
        let token_metadata = match admitted {
            Ok(metadata) => metadata,
            Err(refusal) => {
                let response = problem::refused(&refusal, context, origin.request_id());
                pending.end(response.status(), refusal.reason());
                return Responder::Refused(for_method(&request.method, response));
            }
        };
        if let Some(deferral) = &self.deferral
            && is_preferred(&request.headers)
        {
            // It is counted when it runs.
            pending.forget();
            let method = request.method.clone();
            let deferred =
                DeferredRequest::new(context, request, base, body, token_metadata, origin);
            return Responder::of_embedder(method, deferral.defer(deferred));
        }
        let limit = context
            .access
            .max_body
            .and_then(|max| body.limit_length(max));
        let InvocationTimes {
            arrived,
            deadline,
            stream_deadline,
        } = context.limits.times();
        let id = InvocationId::new();
        let Origin { peer, request_id } = origin;
        let answering = Answering {
            method: request.method.clone(),
            id,
            request_id: request_id.clone(),
            limit,
            pending,
        };
        let call = Invocation {
            id,
            request_id,
            function: Arc::clone(context),
            request,
            base,
            peer,
            deadline,
            stream_deadline,
            call_chain: CallChain::default(),
            origin: None,
            token_metadata,
            invoker: Some(Arc::clone(self) as Arc<dyn Invoker>),
            called: None,
        };
        match found {
            Found::Loaded(function) => {
                Responder::Invoking(self.engine.invoke(function, call, arrived, body), answering)
            }
            Found::NotLoaded(deployed) => {
                let gateway = Arc::clone(self);
                Responder::Loading(Box::pin(async move {
                    gateway
                        .load_and_answer(deployed, call, arrived, body, answering)
                        .await
                }))
            }
        }
    }

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

    async fn load_and_answer(
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

    fn log_unknown(&self, name: &str) {
        tracing::debug!(?name, known = ?self.registry.names(MAX_NAMES), "no such function");
    }
}

/// Turns a function's reply into the response to `method`.
fn answer(method: &Method, reply: Reply) -> Response<Body> {
    let length = (method == Method::HEAD)
        .then(|| reply.length_for_head())
        .flatten();
    let mut response = Response::new(reply.body);
    *response.status_mut() = reply.head.status;
    *response.headers_mut() = reply.head.headers;
    if method == Method::HEAD || is_bodiless(reply.head.status) {
        take_body(&mut response, length);
    }
    response
}

/// Turns a response of the host's own into the response to `method`.
fn for_method(method: &Method, mut response: Response<Body>) -> Response<Body> {
    if method == Method::HEAD {
        let length = response.body().len();
        take_body(&mut response, length);
    }
    response
}

/// Whether a response of this status never has a body (RFC 9110, sections 15.3.5, 15.3.6 and
/// 15.4.5).
pub(super) fn is_bodiless(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED
    )
}

/// Drops a body that must not be sent, and with it the function that may still be producing it.
///
/// Over HTTP/2, hyper would send the body. The response declares the length that a GET's would have.
fn take_body(response: &mut Response<Body>, length: Option<u64>) {
    *response.body_mut() = Body::empty();
    if let Some(length) = length.filter(|_| !is_bodiless(response.status())) {
        let length = HeaderValue::from(length);
        response.headers_mut().insert(CONTENT_LENGTH, length);
    }
}
