use std::convert::Infallible;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Result;
use bytes::Bytes;
use host_harness::{Builder, Harness, RecordKind};
use http::Request;
use http_body::Frame;
use http_body_util::{BodyExt as _, Collected, Full, StreamBody};

/// The names under which a host serves one function, so that slots pass between functions.
pub(crate) const NAMES: [&str; 4] = ["f", "g", "h", "i"];

/// Functions compute, and their time is limited by the processor's. The wall clock goes on while the machine, or
/// the fuzzer, stands still: what ends then says nothing about isolation.
const TIMEOUT: Duration = Duration::from_secs(24 * 60 * 60);

/// A host that serves one function under one or several names.
#[derive(Clone)]
pub(crate) struct Host {
    pub(crate) harness: Harness,
    output: Arc<Mutex<Vec<String>>>,
}

/// One request, to be sent to several hosts.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) query: String,
    pub(crate) program: Vec<u8>,
    /// Whether the body arrives in two pieces, so that the function waits.
    pub(crate) in_pieces: bool,
}

/// All visible results of an invocation.
#[derive(Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Bytes,
    pub(crate) output: Vec<String>,
}

impl Host {
    pub(crate) fn new(
        file: &Path,
        names: &[&str],
        set: impl FnOnce(Builder) -> Builder,
    ) -> Result<Self> {
        let output = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&output);
        let mut builder = Harness::builder();
        for name in names {
            builder = builder.function(*name, file);
        }
        let builder = builder
            .concurrency(64, 4000)
            .depth(0)
            .timeout(TIMEOUT)
            // A difference has to be visible here instead of ending the process.
            .verify_reuse(0)
            .output_sink(move |record| {
                if let RecordKind::Printed { text, .. } = record.kind {
                    told.lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push(text);
                }
            });
        Ok(Self {
            harness: set(builder).build()?,
            output,
        })
    }

    pub(crate) async fn ask(&self, name: &str, ask: &Ask) -> Answer {
        let uri = format!("/{name}?{}", ask.query);
        let program = Bytes::copy_from_slice(&ask.program);
        let response = if ask.in_pieces {
            let body = StreamBody::new(pieces(program));
            self.harness.handle(request(&uri, body)).await
        } else {
            self.harness.handle(request(&uri, Full::new(program))).await
        };
        let status = response.status().as_u16();
        let body = response.into_body().collect().await;
        let body = body.map(Collected::to_bytes).unwrap_or_default();
        Answer {
            status,
            // A problem document contains the invocation's id, which differs.
            body: if status == 200 { body } else { Bytes::new() },
            output: Vec::new(),
        }
    }

    /// Like `ask`, with the function's printed lines; no other request may run meanwhile.
    pub(crate) async fn ask_alone(&self, name: &str, ask: &Ask) -> Answer {
        let mut answer = self.ask(name, ask).await;
        let mut output = self.output.lock().unwrap_or_else(PoisonError::into_inner);
        answer.output = std::mem::take(&mut *output);
        answer
    }
}

impl Answer {
    /// Whether two answers are equivalent. Two failures are, because the time of a failure may vary.
    pub(crate) fn is_as(&self, other: &Self) -> bool {
        let failed = |answer: &Self| answer.status >= 500;
        self == other || (failed(self) && failed(other))
    }
}

fn request<B>(uri: &str, body: B) -> Request<B> {
    let mut request = Request::new(body);
    *request.method_mut() = http::Method::POST;
    *request.uri_mut() = uri.parse().unwrap_or_default();
    request
}

fn pieces(
    program: Bytes,
) -> impl futures_util::Stream<Item = Result<Frame<Bytes>, Infallible>> + Send {
    let half = (program.len() / 2) & !15;
    let pieces = [program.slice(..half), program.slice(half..)];
    futures_util::stream::unfold(pieces.into_iter(), |mut pieces| async {
        let piece = pieces.next()?;
        tokio::time::sleep(Duration::from_micros(300)).await;
        Some((Ok(Frame::data(piece)), pieces))
    })
}
