use std::net::SocketAddr;
use std::sync::Arc;

use http::request::Parts;
use http::{Request, Response};
use hyper::body::Incoming;

use super::{problem, route};
use crate::engine::{Engine, Failure};
use crate::interfaces::body::{Body, Upload};
use crate::interfaces::environment::Call;
use crate::registry::Registry;
use crate::telemetry::InvocationId;

/// Answers requests with what the functions answer.
pub(crate) struct Gateway {
    pub(crate) engine: Arc<Engine>,
    pub(crate) registry: Registry,
}

impl Gateway {
    /// Answers a request that came over a connection.
    pub(super) async fn receive(
        &self,
        request: Request<Incoming>,
        peer: Option<SocketAddr>,
    ) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let body = Body::upload(Upload::new(&parts, body));
        self.respond(parts, body, peer).await
    }

    /// Answers any request. Whatever happens, there is a response.
    pub(crate) async fn respond(
        &self,
        request: Parts,
        body: Body,
        peer: Option<SocketAddr>,
    ) -> Response<Body> {
        let (name, base) = route::split(request.uri.path());
        let Some(function) = self.registry.get(name) else {
            tracing::debug!(name, known = ?self.registry.names().collect::<Vec<_>>(), "no such function");
            return problem::no_such_function(name);
        };
        let id = InvocationId::new();
        let call = Call {
            id,
            function: Arc::clone(&function.identity),
            request,
            base,
            peer,
            deadline: self.engine.deadline(),
        };
        match self.engine.invoke(function, call, body).await {
            Ok(reply) => {
                let mut response = Response::new(reply.body);
                *response.status_mut() = reply.status;
                *response.headers_mut() = reply.headers;
                response
            }
            Err(failure) => {
                log(&failure, &function.identity.name, id);
                problem::of_failure(&failure, id)
            }
        }
    }
}

/// The whole of it goes to the log: the client only learns its kind.
fn log(failure: &Failure, function: &str, id: InvocationId) {
    match failure {
        Failure::Trap(cause) | Failure::Host(cause) => {
            tracing::error!(function, invocation = %id, "{failure}: {cause:?}");
        }
        Failure::Overloaded => tracing::warn!(function, invocation = %id, "{failure}"),
        _ => tracing::error!(function, invocation = %id, "{failure}"),
    }
}
