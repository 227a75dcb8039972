//! Servers that tests make: their handlers answer instead of the network.

use std::collections::HashMap;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use http::{Request, Response};

use crate::message::body::Body;

/// The response of a fake.
pub(crate) type FakeFuture = Pin<Box<dyn Future<Output = Response<Body>> + Send>>;

/// Answers requests to a server, or calls of a function.
pub(crate) type Fake = Arc<dyn Fn(Request<Body>) -> FakeFuture + Send + Sync>;

/// Fakes by name.
#[derive(Clone, Default)]
pub(crate) struct Fakes(HashMap<String, Fake>);

impl Fakes {
    /// Adds a fake, or replaces the one of this name.
    pub(crate) fn insert<F, R>(&mut self, name: String, answer: F)
    where
        F: Fn(Request<Body>) -> R + Send + Sync + 'static,
        R: Future<Output = Response<Body>> + Send + 'static,
    {
        let fake: Fake = Arc::new(move |request| Box::pin(answer(request)));
        self.0.insert(name, fake);
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Fake> {
        self.0.get(name)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// That of a server, which is named with its port or without.
    pub(super) fn server(&self, host: &str, port: u16) -> Option<&Fake> {
        let with_port = format!("{host}:{port}");
        self.get(&with_port).or_else(|| self.get(host))
    }
}

impl fmt::Debug for Fakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
