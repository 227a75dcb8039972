//! From a request to its function: nothing runs before [`finish`](Gateway::finish).

use std::net::SocketAddr;
use std::sync::Arc;

use http::Request;
use http::Response;
use http::request::Parts;
use http_body::Body as _;
use hyper::body::Incoming;

use super::deferral::{DeferredRequest, OWN, is_preferred};
use super::finish::{Answering, Responder, Responding};
use super::for_method::for_method;
use super::middleware::Next;
use super::{Gateway, MAX_NAMES, Middleware, Origin};
use super::{problem, public_url, request, route};
use crate::invocation::{CallChain, Invocation, InvocationTimes, Invoker};
use crate::message::active_requests::Uploading;
use crate::message::body::{Body, Upload};
use crate::registry::FoundFunction;
use crate::telemetry::InvocationId;
use crate::telemetry::metrics::PendingCount;

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
        found: FoundFunction,
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
            FoundFunction::Loaded(function) => {
                Responder::Invoking(self.engine.invoke(function, call, arrived, body), answering)
            }
            FoundFunction::NotLoaded(deployed) => {
                let gateway = Arc::clone(self);
                Responder::Loading(Box::pin(async move {
                    gateway
                        .load_and_answer(deployed, call, arrived, body, answering)
                        .await
                }))
            }
        }
    }

    fn log_unknown(&self, name: &str) {
        tracing::debug!(?name, known = ?self.registry.names(MAX_NAMES), "no such function");
    }
}
