//! `functions:web/environment`: what a function may ask about its request and itself.

use std::net::SocketAddr;
use std::sync::Arc;

use http::request::Parts;
use tokio::time::Instant;
use wasmtime::StoreContextMut;
use wasmtime::component::Linker;

use super::State;
use super::binding::Callees;
use super::bindings::functions::web::environment::Host;
use super::bounded::Text;
use super::headers::{HeaderLimit, is_hop_by_hop, named_by_connection};
use super::held::HeldBodies;
use super::http::Outbound;
use crate::telemetry::{InvocationId, Output};

/// What a function is, to itself and in the log.
pub(crate) struct Identity {
    pub(crate) name: Arc<str>,
    pub(crate) version: String,
    pub(crate) variables: Vec<(String, String)>,
    pub(crate) output: Output,
    /// How much the headers of a response, a call or a request of its own may be.
    pub(crate) headers: HeaderLimit,
    /// Its way to other servers.
    pub(crate) outbound: Outbound,
    /// What the host holds of bodies that functions gave.
    pub(crate) bodies: Arc<HeldBodies>,
}

/// One request to one function, less its body.
pub(crate) struct Call {
    pub(crate) id: InvocationId,
    pub(crate) function: Arc<Identity>,
    pub(crate) request: Parts,
    /// How much of the request's path is the function's own base.
    pub(crate) base: usize,
    pub(crate) peer: Option<SocketAddr>,
    /// When the host ends it: at first unless it has answered, later wherever it is.
    pub(crate) deadline: Option<Instant>,
    /// What that is from the moment on when it begins to stream its response.
    pub(crate) stream_deadline: Option<Instant>,
    /// How it came about, and what it may lead to.
    pub(crate) lineage: Lineage,
    /// Whom it may call; nobody while its function is only tried out.
    pub(crate) callees: Option<Arc<dyn Callees>>,
}

/// Where an invocation is among those that call one another.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Lineage {
    /// How many calls it is away from a request to the host.
    pub(crate) depth: u32,
    /// Whether it was called by one that had begun to stream, or one further up was: who waits for
    /// such a stream may hold the place that this one would wait for.
    pub(crate) in_stream: bool,
}

impl Call {
    /// What an instance is for while no request is there.
    pub(crate) fn of_nobody(function: Arc<Identity>) -> Self {
        let (request, ()) = http::Request::new(()).into_parts();
        Self {
            id: InvocationId::of_nobody(),
            function,
            request,
            base: 0,
            peer: None,
            deadline: None,
            stream_deadline: None,
            lineage: Lineage::default(),
            callees: None,
        }
    }

    /// The path below the function's base.
    fn path(&self) -> &str {
        match self.request.uri.path().get(self.base..) {
            Some(path) if path.starts_with('/') => path,
            _ => "/",
        }
    }
}

/// The earlier of two moments, where `None` is never.
pub(crate) fn earlier(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// Takes the place of the generated functions that have texts for parameters: nothing has a name that
/// is longer than a text may be.
pub(super) fn link_bounded(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let mut environment = linker.instance("functions:web/environment@1.0.0")?;
    environment.func_wrap(
        "header",
        |mut store: StoreContextMut<'_, State>, (name,): (Text,)| {
            let state = store.data_mut();
            let values = name.0.map(|name| state.header(name)).transpose()?;
            Ok((values.unwrap_or_default(),))
        },
    )?;
    environment.func_wrap(
        "variable",
        |mut store: StoreContextMut<'_, State>, (name,): (Text,)| {
            let state = store.data_mut();
            let value = name.0.map(|name| state.variable(name)).transpose()?;
            Ok((value.flatten(),))
        },
    )
}

impl Host for State {
    fn method(&mut self) -> wasmtime::Result<String> {
        Ok(self.call.request.method.as_str().to_owned())
    }

    fn path(&mut self) -> wasmtime::Result<String> {
        Ok(self.call.path().to_owned())
    }

    fn query(&mut self) -> wasmtime::Result<Option<String>> {
        Ok(self.call.request.uri.query().map(str::to_owned))
    }

    fn headers(&mut self) -> wasmtime::Result<Vec<(String, Vec<u8>)>> {
        let headers = &self.call.request.headers;
        Ok(headers
            .iter()
            .filter(|(name, _)| !is_hop_by_hop(name) && !named_by_connection(headers, name))
            .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()))
            .collect())
    }

    // Its name was bounded before: see `link_bounded`.
    fn header(&mut self, name: String) -> wasmtime::Result<Vec<Vec<u8>>> {
        let headers = &self.call.request.headers;
        let Ok(name) = http::HeaderName::try_from(name) else {
            return Ok(Vec::new());
        };
        if is_hop_by_hop(&name) || named_by_connection(headers, &name) {
            return Ok(Vec::new());
        }
        Ok(headers
            .get_all(name)
            .iter()
            .map(|value| value.as_bytes().to_vec())
            .collect())
    }

    fn invocation_id(&mut self) -> wasmtime::Result<String> {
        Ok(self.call.id.to_string())
    }

    fn function_name(&mut self) -> wasmtime::Result<String> {
        Ok(self.call.function.name.as_ref().to_owned())
    }

    fn function_version(&mut self) -> wasmtime::Result<String> {
        Ok(self.call.function.version.clone())
    }

    /// This host authenticates nobody.
    fn token_metadata(&mut self) -> wasmtime::Result<Option<String>> {
        Ok(None)
    }

    fn variables(&mut self) -> wasmtime::Result<Vec<(String, String)>> {
        Ok(self.call.function.variables.clone())
    }

    fn variable(&mut self, name: String) -> wasmtime::Result<Option<String>> {
        let variables = &self.call.function.variables;
        Ok(variables
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value.clone()))
    }

    fn peer_address(&mut self) -> wasmtime::Result<Option<String>> {
        Ok(self.call.peer.map(|address| address.to_string()))
    }

    fn remaining_milliseconds(&mut self) -> wasmtime::Result<Option<u64>> {
        Ok(self.call.deadline.map(|deadline| {
            let left = deadline.saturating_duration_since(Instant::now());
            u64::try_from(left.as_millis()).unwrap_or(u64::MAX)
        }))
    }
}
