//! From a request to the handler that answers it.

use http::{Method, StatusCode};
use percent_encoding::percent_decode_str;

use super::middleware::layered;
use super::{MethodRouter, RouteError, Router};
use crate::handler::{Delegated, HandlerOutput, Step, Token};
use crate::request::{Rejection, Request};
use crate::response::{IntoResponse as _, WebResponse};

/// All methods that a route can have a handler for, in the order in which `Allow` lists them.
const METHODS: [Method; 7] = [
    Method::DELETE,
    Method::GET,
    Method::HEAD,
    Method::OPTIONS,
    Method::PATCH,
    Method::POST,
    Method::PUT,
];

impl HandlerOutput<Delegated> for Router {
    fn finish(self, request: &mut Request, token: Token) -> WebResponse {
        self.start(request, token).wait()
    }

    fn start(self, request: &mut Request, _: Token) -> Step {
        let tree = match self.tree() {
            Ok(tree) => tree,
            Err(error) => return wrong(&error),
        };
        // A handle, so that the request can be changed meanwhile.
        let environment = request.environment().clone();
        let path = environment.path();
        let Ok(found) = tree.at(path) else {
            return self.not_found(path, request);
        };
        match decoded(&found.params) {
            Ok(parameters) => request.set_path_parameters(parameters),
            Err(rejection) => return Step::Answered(rejection.into_response()),
        }
        match self.routes.into_iter().nth(*found.value) {
            Some((_, methods)) => methods.answer(request),
            // The tree has places of this list only.
            None => no_route(),
        }
    }
}

/// A router that cannot answer: in a native test a panic, so that any test of the function finds it;
/// on a host a 500, with the reason in the log.
#[cold]
#[cfg_attr(
    not(target_family = "wasm"),
    expect(
        clippy::panic,
        reason = "documented: a test is to fail, and there is no host"
    )
)]
fn wrong(error: &RouteError) -> Step {
    let why = format!("the router cannot answer: {error}");
    #[cfg(not(target_family = "wasm"))]
    panic!("{why}");
    #[cfg(target_family = "wasm")]
    Step::Answered(Rejection::misused(&why).into_response())
}

fn no_route() -> Step {
    let rejection = Rejection::new(StatusCode::NOT_FOUND, "no route matches this path");
    Step::Answered(rejection.into_response())
}

/// What the route matched, each parameter decoded on its own.
fn decoded(parameters: &matchit::Params<'_, '_>) -> Result<Vec<(String, String)>, Rejection> {
    parameters
        .iter()
        .map(
            |(name, value)| match percent_decode_str(value).decode_utf8() {
                Ok(value) => Ok((name.to_owned(), value.into_owned())),
                Err(_) => {
                    let detail = format!("the path parameter `{name}` is not UTF-8");
                    Err(Rejection::new(StatusCode::BAD_REQUEST, detail))
                }
            },
        )
        .collect()
}

impl Router {
    /// The routes as a tree, with their places in the list.
    pub(super) fn tree(&self) -> Result<matchit::Router<usize>, RouteError> {
        if let Some(wrong) = &self.wrong {
            return Err(wrong.clone());
        }
        let mut tree = matchit::Router::new();
        for (place, (path, methods)) in self.routes.iter().enumerate() {
            if !path.starts_with('/') {
                return Err(RouteError::new(path, "does not start with `/`"));
            }
            for segment in path.split('/') {
                if let Some(name) = segment
                    .strip_prefix([':', '*'])
                    .filter(|name| !name.is_empty())
                {
                    let rest = if segment.starts_with('*') { "*" } else { "" };
                    let why = format!("has the segment `{segment}`: write `{{{rest}{name}}}`");
                    return Err(RouteError::new(path, why));
                }
            }
            methods.check(path)?;
            tree.insert(path.as_ref(), place)
                .map_err(|error| RouteError::of(path, error))?;
        }
        Ok(tree)
    }

    /// The fallback of the innermost router whose prefix the path has.
    fn not_found(self, path: &str, request: &mut Request) -> Step {
        let fallback = self
            .fallbacks
            .into_iter()
            .filter(|(prefix, _)| is_below(prefix, path))
            .max_by_key(|(prefix, _)| prefix.split('/').count());
        match fallback {
            Some((_, handler)) => handler(request),
            None => layered(&self.layers, Box::new(|_| no_route()))(request),
        }
    }
}

/// Whether a path begins with the segments of a prefix, of which some may be parameters.
fn is_below(prefix: &str, path: &str) -> bool {
    let mut path = path.split('/');
    prefix.split('/').all(|wanted| match path.next() {
        Some(segment) => wanted == segment || fits(wanted, segment),
        None => false,
    })
}

/// Whether a segment can be one with a parameter, such as `v{major}`.
fn fits(wanted: &str, segment: &str) -> bool {
    let Some((before, rest)) = wanted.split_once('{') else {
        return false;
    };
    let after = rest.rsplit_once('}').map_or("", |(_, after)| after);
    let value = segment
        .strip_prefix(before)
        .and_then(|value| value.strip_suffix(after));
    value.is_some_and(|value| !value.is_empty())
}

impl MethodRouter {
    fn answer(mut self, request: &mut Request) -> Step {
        let layers = std::mem::take(&mut self.layers);
        layered(&layers, Box::new(|request| self.answer_within(request)))(request)
    }

    fn answer_within(mut self, request: &mut Request) -> Step {
        let method = request.environment().method().clone();
        let handler = self
            .take(&method)
            .or_else(|| (method == Method::HEAD).then(|| self.take(&Method::GET))?)
            .or_else(|| self.take_any());
        if let Some(handler) = handler {
            return handler(request);
        }
        let allowed = self.allowed();
        let response = if method == Method::OPTIONS {
            ().into_response()
        } else {
            let detail = format!("method {method} not allowed: this path has {allowed}");
            Rejection::new(StatusCode::METHOD_NOT_ALLOWED, detail).into_response()
        };
        Step::Answered(response.valid_header("allow", allowed))
    }

    /// The methods that are answered, as `Allow` lists them.
    fn allowed(&self) -> String {
        let mut list = String::new();
        for method in METHODS {
            let is_answered = self.has(&method)
                || method == Method::OPTIONS
                || (method == Method::HEAD && self.has(&Method::GET));
            if is_answered {
                if !list.is_empty() {
                    list.push_str(", ");
                }
                list.push_str(method.as_str());
            }
        }
        list
    }
}
