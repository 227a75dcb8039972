//! Golem's API below `/golem`, behind the tokens of this one.

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse as _, Response};
use http::{Method, StatusCode};

use super::Problem;
use super::principal::Principal;
use crate::Server;
use crate::api::golem;
use crate::auth::Scope;

/// The routes, each of which needs a scope.
pub(super) fn routes(server: Server) -> Router {
    golem::routes(server).layer(from_fn(check))
}

async fn check(request: Request, next: Next) -> Response {
    let scopes = scopes(request.method(), request.uri().path());
    let allowed = match request.extensions().get::<Principal>() {
        None => Err(Problem::unauthorized("a token is required")),
        Some(caller) if !caller.covers_all() => Err(Problem::new(
            StatusCode::FORBIDDEN,
            "the token is for some functions only: use one for all, such as `functions token create NAME` makes \
             without --function",
        )),
        Some(caller) => caller.may_any(scopes),
    };
    match allowed {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

/// What a request needs, any of these: calls and what makes them possible are invocations, and what ends workers or
/// changes components is a deploy. Who may call or change a component may find it by its name.
fn scopes(method: &Method, path: &str) -> &'static [Scope] {
    let last = path.rsplit('/').next().unwrap_or_default();
    match (method, last) {
        (&Method::GET, _) if is_lookup(path) => &[Scope::Read, Scope::Invoke, Scope::Deploy],
        (&Method::GET, _) | (&Method::POST, "find") => &[Scope::Read],
        (&Method::POST, "invoke" | "invoke-and-await" | "workers" | "resume") => &[Scope::Invoke],
        _ => &[Scope::Deploy],
    }
}

/// Whether this is the path of all components, or of the latest version of one.
fn is_lookup(path: &str) -> bool {
    let Some((_, rest)) = path.split_once("/v1/components") else {
        return false;
    };
    let segments: Vec<_> = rest.trim_start_matches('/').split('/').collect();
    matches!(*segments, [""] | [_, "latest"])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A token that may only invoke can change neither components nor workers.
    #[test]
    fn requests_need_scopes() {
        let post = |path| scopes(&Method::POST, path);
        let get = |path| scopes(&Method::GET, path);
        for path in ["/v1/components", "/v1/components/c/latest"] {
            assert_eq!(get(path), [Scope::Read, Scope::Invoke, Scope::Deploy]);
        }
        for path in [
            "/v1/components/c/workers/w",
            "/v1/components/c/workers/latest",
            "/v1/components/c/versions/0/download",
        ] {
            assert_eq!(get(path), [Scope::Read], "{path}");
        }
        assert_eq!(post("/v1/components/c/workers/find"), [Scope::Read]);
        assert_eq!(
            post("/v1/components/c/workers/w/invoke-and-await"),
            [Scope::Invoke]
        );
        assert_eq!(post("/v1/components/c/invoke"), [Scope::Invoke]);
        assert_eq!(post("/v1/components/c/workers"), [Scope::Invoke]);
        for path in [
            "/v1/components",
            "/v1/components/c/updates",
            "/v1/components/c/workers/w/interrupt",
        ] {
            assert_eq!(post(path), [Scope::Deploy], "{path}");
        }
        let worker = "/v1/components/c/workers/invoke";
        assert_eq!(scopes(&Method::DELETE, worker), [Scope::Deploy]);
    }
}
