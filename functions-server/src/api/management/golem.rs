//! Golem's API below `/golem`, behind the tokens of this one.

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse as _, Response};
use http::{Method, StatusCode};

use super::Problem;
use super::caller::Caller;
use crate::Server;
use crate::api::golem;
use crate::auth::Scope;

/// The routes, each of which needs a scope.
pub(super) fn routes(server: Server) -> Router {
    golem::routes(server).layer(from_fn(check))
}

async fn check(request: Request, next: Next) -> Response {
    let scope = scope(request.method(), request.uri().path());
    let allowed = match request.extensions().get::<Caller>() {
        None => Err(Problem::unauthorized("a token is required")),
        Some(caller) if !caller.covers_all() => Err(Problem::new(
            StatusCode::FORBIDDEN,
            "the token is for some functions only: use one for all, such as `functions token create NAME` makes \
             without --function",
        )),
        Some(caller) => caller.may(scope),
    };
    match allowed {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

/// What a request needs: calls and what makes them possible are invocations, and what ends workers or changes
/// components is a deploy.
fn scope(method: &Method, path: &str) -> Scope {
    let last = path.rsplit('/').next().unwrap_or_default();
    match (method, last) {
        (&Method::GET, _) | (&Method::POST, "find") => Scope::Read,
        (&Method::POST, "invoke" | "invoke-and-await" | "workers" | "resume") => Scope::Invoke,
        _ => Scope::Deploy,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A token that may only invoke can change neither components nor workers.
    #[test]
    fn requests_need_scopes() {
        let post = |path| scope(&Method::POST, path);
        assert_eq!(
            scope(&Method::GET, "/v1/components/c/workers/w"),
            Scope::Read
        );
        assert_eq!(post("/v1/components/c/workers/find"), Scope::Read);
        assert_eq!(
            post("/v1/components/c/workers/w/invoke-and-await"),
            Scope::Invoke
        );
        assert_eq!(post("/v1/components/c/invoke"), Scope::Invoke);
        assert_eq!(post("/v1/components/c/workers"), Scope::Invoke);
        for path in [
            "/v1/components",
            "/v1/components/c/updates",
            "/v1/components/c/workers/w/interrupt",
        ] {
            assert_eq!(post(path), Scope::Deploy, "{path}");
        }
        let worker = "/v1/components/c/workers/invoke";
        assert_eq!(scope(&Method::DELETE, worker), Scope::Deploy);
    }
}
