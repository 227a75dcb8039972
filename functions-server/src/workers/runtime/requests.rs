//! Sends the requests of a worker, and records their outcomes.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use host_harness::{Body, CallTargets, Fetcher, Harness, InvokeOptions, TargetCall};
use http::{HeaderName, HeaderValue, Method, Request, Response};
use http_body::Body as HttpBody;
use http_body_util::{BodyExt as _, Full, Limited};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::request_outcome::{RequestFailure, RequestResult, failed, not_called, recorded, sent};
use super::worker_identity::WorkerIdentity;
use crate::workers::journal::{Journal, JournalEntry, RequestOutcome};
use crate::workers::origin;
use crate::workers::stopping::Stopping;
use crate::workers::waits::Waits;

/// The longest body of a request or response, in bytes. Both are in the journal or in memory as a whole.
pub(super) const MAX_BODY: usize = 8 << 20;

/// How long a request may take, unless the guest says less.
const MAX_TIME: Duration = Duration::from_secs(60);

/// Requests that may be repeated have this header, so that a server can tell.
const KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The namespace of the keys of requests.
const NAMESPACE: Uuid = Uuid::from_u128(0x6f1c_6f0a_52b1_4d0e_9f6b_0a4c_7f0e_3b51);

/// A body is longer than bodies may be, or broke off.
#[derive(Debug)]
pub(super) struct Unreadable;

/// A request or call of a guest.
pub(super) struct Outbound {
    pub(super) request: Request<Bytes>,
    pub(super) to: Destination,
    /// `None`: the host's.
    pub(super) timeout: Option<Duration>,
    /// The longest body of the response, in bytes.
    pub(super) limit: usize,
}

/// Where a request goes.
pub(super) enum Destination {
    Server {
        redirects: u32,
    },
    /// A function of this host, by name.
    Function(String),
}

/// What sends requests and calls, for all workers.
#[derive(Clone)]
pub(crate) struct Egress {
    fetcher: Arc<Fetcher>,
    harness: Harness,
    targets: Arc<dyn CallTargets>,
}

impl Egress {
    /// Calls functions of the host, and `targets`.
    pub(crate) fn new(harness: Harness, targets: impl CallTargets) -> Self {
        Self {
            fetcher: Arc::new(harness.fetcher()),
            targets: Arc::new(targets),
            harness,
        }
    }
}

impl fmt::Debug for Egress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Egress").finish_non_exhaustive()
    }
}

/// Sends the requests of a worker.
#[derive(Clone)]
pub(crate) struct RequestSender {
    pub(crate) egress: Egress,
    pub(crate) journal: Arc<Journal>,
    pub(crate) caller: WorkerIdentity,
    /// The workers that wait for what runs, each in a line.
    pub(crate) origin: Option<Arc<str>>,
    /// Which workers it waits for; `None` for an instance that is called once, for which no worker waits.
    pub(crate) waits: Option<Waits>,
    pub(crate) stopping: Stopping,
    /// The number of the call that is sent.
    pub(crate) call: Option<u64>,
}

/// Stands for the head of a request, in every release.
pub(super) fn hash(head: fmt::Arguments<'_>) -> u64 {
    let hash = Sha256::digest(head.to_string());
    hash.first_chunk()
        .map_or(0, |first| u64::from_le_bytes(*first))
}

/// Reads a body to its end, as far as it may be kept. The guest may write all of it.
pub(super) async fn collect<B>(body: B) -> Result<Bytes, Unreadable>
where
    B: HttpBody<Data = Bytes>,
{
    let mut body = std::pin::pin!(body);
    let mut bytes = BytesMut::new();
    let mut is_long = false;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Unreadable)?.into_data() else {
            continue;
        };
        is_long |= bytes.len() + data.len() > MAX_BODY;
        if !is_long {
            bytes.extend_from_slice(&data);
        }
    }
    match is_long {
        true => Err(Unreadable),
        false => Ok(bytes.freeze()),
    }
}

impl RequestSender {
    /// What was recorded of the request with this number, or else its outcome now.
    pub(super) async fn send(&self, number: u32, outbound: Outbound) -> RequestResult {
        if let Some(answer) = self.journal.answer(number) {
            return sent(answer);
        }
        // Further on, the journal may say that the guest gave it up.
        self.journal.live().await;
        // Whatever led to the request is known before the request is.
        let flush = self.journal.flush();
        if self.journal.written(flush).await.is_err() {
            let why = "the worker's journal cannot be written".to_owned();
            return Err(RequestFailure("other".to_owned(), why));
        }
        let answer = self.exchange(number, outbound).await;
        if self.stopping.is_set() {
            // The answer may come of that. The request is sent again in the next process, with the same key.
            return std::future::pending().await;
        }
        let entry = JournalEntry::Done { number, answer };
        // Answers always have room.
        let _ = self.journal.add(&entry);
        self.journal.flush();
        match entry {
            JournalEntry::Done { answer, .. } => sent(answer),
            _ => Err(RequestFailure("other".to_owned(), String::new())),
        }
    }

    async fn exchange(&self, number: u32, outbound: Outbound) -> RequestOutcome {
        let Outbound {
            mut request,
            to,
            timeout,
            limit,
        } = outbound;
        let is_safe = matches!(*request.method(), Method::GET | Method::HEAD);
        if !is_safe && !request.headers().contains_key(KEY) {
            let key = Uuid::new_v5(
                &NAMESPACE,
                format!("{}/{number}", self.caller.unique_name()).as_bytes(),
            );
            if let Ok(key) = HeaderValue::from_str(&key.to_string()) {
                request.headers_mut().insert(KEY, key);
            }
        }
        let time = timeout.map_or(MAX_TIME, |timeout| timeout.min(MAX_TIME));
        let exchange = async {
            match to {
                Destination::Server { redirects } => {
                    let fetcher = &self.egress.fetcher;
                    let fetched = fetcher.fetch_following(request, limit, redirects);
                    fetched.await.map_err(|error| failed(&error, limit))
                }
                Destination::Function(name) => self.call(&name, request, limit).await,
            }
        };
        match tokio::time::timeout(time, exchange).await {
            Ok(Ok(response)) => recorded(&response),
            Ok(Err(failed)) => failed,
            Err(_) => {
                RequestOutcome::Failed("timeout".to_owned(), format!("no response within {time:?}"))
            }
        }
    }

    async fn call(
        &self,
        name: &str,
        request: Request<Bytes>,
        limit: usize,
    ) -> Result<Response<Bytes>, RequestOutcome> {
        let origin = self.origin.as_deref();
        // What is called once is a part of the call that it answers.
        let number = self.call.or_else(|| origin::call(origin));
        let origin = origin::with(origin, &self.caller.worker, number);
        let response = match name.contains(':') {
            true => self.call_target(name, request, origin.into()).await?,
            false => {
                let mut options = InvokeOptions::default();
                options.caller = Some(format!("worker:{}", self.caller.worker).into());
                options.caller_groups = self.caller.names();
                options.origin = Some(origin.into());
                let (harness, request) = (&self.egress.harness, request.map(Full::new));
                let invoked = harness.invoke(name, request, options);
                invoked.await.map_err(|error| not_called(name, &error))?
            }
        };
        let (head, body) = response.into_parts();
        let body = Limited::new(body, limit).collect().await;
        let body = body.map_err(|error| {
            let why = format!("no whole response of at most {limit} bytes: {error}");
            RequestOutcome::Failed("other".to_owned(), why)
        })?;
        Ok(Response::from_parts(head, body.to_bytes()))
    }
}

impl RequestSender {
    async fn call_target(
        &self,
        target: &str,
        request: Request<Bytes>,
        origin: Arc<str>,
    ) -> Result<Response<Body>, RequestOutcome> {
        let called = self.egress.targets.call(TargetCall {
            target: target.to_owned(),
            caller: format!("worker:{}", self.caller.worker).into(),
            request: request.map(Body::from),
            origin: Some(origin),
        });
        let not_found = || RequestOutcome::Failed("not-found".to_owned(), target.to_owned());
        called.await.ok_or_else(not_found)
    }
}
