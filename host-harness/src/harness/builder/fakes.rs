//! Servers and functions that tests make.

use std::sync::Arc;

use http::{Request, Response};

use super::Builder;
use crate::gateway::{CallTargets, TargetCall, TargetFuture};
use crate::message::body::Body;
use crate::outbound::Fakes;

impl Builder {
    /// Lets a handler answer the requests of functions to a server, `HOST` or `HOST:PORT`, without the
    /// network. For tests: needs the feature `testing`.
    ///
    /// Whether functions may reach the server is decided as for any other, by its name. Redirects, limits and
    /// deadlines are those of real responses.
    ///
    /// ```no_run
    /// use http::{Request, Response};
    /// use host_harness::{Body, Harness};
    ///
    /// # fn main() -> Result<(), host_harness::BuildError> {
    /// let harness = Harness::builder()
    ///     .function("weather", "weather.wasm")
    ///     .fake_upstream("api.weather.example", |request: Request<Body>| async move {
    ///         assert_eq!(request.uri().path(), "/today");
    ///         Response::new(Body::from("sunny"))
    ///     })
    ///     .build()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn fake_upstream<F, R>(mut self, server: impl Into<String>, answer: F) -> Self
    where
        F: Fn(Request<Body>) -> R + Send + Sync + 'static,
        R: Future<Output = Response<Body>> + Send + 'static,
    {
        let server = server.into().to_ascii_lowercase();
        self.fakes.servers.insert(server, answer);
        self
    }

    /// Lets a handler answer calls of a function that the host does not serve. For tests: needs the feature
    /// `testing`.
    ///
    /// ```no_run
    /// use http::{Request, Response};
    /// use host_harness::{Body, Harness};
    ///
    /// # fn main() -> Result<(), host_harness::BuildError> {
    /// let harness = Harness::builder()
    ///     .function("shop", "shop.wasm")
    ///     .fake_function("prices", |_: Request<Body>| async { Response::new(Body::from("1.5")) })
    ///     .build()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn fake_function<F, R>(mut self, name: impl Into<String>, answer: F) -> Self
    where
        F: Fn(Request<Body>) -> R + Send + Sync + 'static,
        R: Future<Output = Response<Body>> + Send + 'static,
    {
        self.fakes.functions.insert(name.into(), answer);
        self
    }
}

/// The fakes of a host.
#[derive(Default)]
pub(in crate::harness) struct HostFakes {
    pub(in crate::harness) servers: Fakes,
    functions: Fakes,
}

impl HostFakes {
    /// The first of these functions that is a fake, too.
    pub(in crate::harness) fn find<'a>(
        &self,
        mut functions: impl Iterator<Item = &'a String>,
    ) -> Option<&'a String> {
        functions.find(|name| self.functions.get(name).is_some())
    }

    /// Answers calls whose target is not a function: the fakes first.
    pub(in crate::harness) fn call_targets(
        &self,
        others: Option<Arc<dyn CallTargets>>,
    ) -> Option<Arc<dyn CallTargets>> {
        if self.functions.is_empty() {
            return others;
        }
        let fakes = self.functions.clone();
        Some(Arc::new(FakeFunctions { fakes, others }))
    }
}

struct FakeFunctions {
    fakes: Fakes,
    others: Option<Arc<dyn CallTargets>>,
}

impl CallTargets for FakeFunctions {
    fn call(&self, call: TargetCall) -> TargetFuture {
        if let Some(fake) = self.fakes.get(&call.target) {
            let answering = fake(call.request);
            return Box::pin(async { Some(answering.await) });
        }
        match &self.others {
            Some(others) => others.call(call),
            None => Box::pin(async { None }),
        }
    }
}
