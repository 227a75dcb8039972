use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;

use crate::interfaces::running::Running;

/// How long a body that nobody wants is read on, so that its sender gets to see the response.
const LINGER: Duration = Duration::from_secs(30);

/// How long such a body may pause before it is given up.
const LINGER_IDLE: Duration = Duration::from_secs(5);

/// A request's body on its way in.
///
/// When it is dropped before its end, the rest is read and thrown away for a while. A server that
/// closed instead would, over HTTP/1, reset the connection under a client that is still sending,
/// and the client could lose the response that is already on its way.
pub(crate) struct Upload {
    /// There until it is dropped.
    body: Option<Incoming>,
    linger: bool,
    /// Its request, if there is anything to arrive.
    running: Option<Running>,
}

impl Upload {
    pub(crate) fn new(
        request: &http::request::Parts,
        body: Incoming,
        running: Option<Running>,
    ) -> Self {
        // HTTP/2 has a stream of its own for every request, and resets just that. A client that
        // waits for `100 Continue` and never gets it may go on without sending the body.
        let linger = request.version < http::Version::HTTP_2
            && !request.headers.contains_key(http::header::EXPECT);
        Self {
            body: Some(body),
            linger,
            running,
        }
    }

    pub(super) fn poll_frame(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        match &mut self.body {
            Some(body) => Pin::new(body).poll_frame(cx),
            None => Poll::Ready(None),
        }
    }

    pub(super) fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Incoming::is_end_stream)
    }

    pub(super) fn size_hint(&self) -> SizeHint {
        self.body
            .as_ref()
            .map_or_else(SizeHint::default, Incoming::size_hint)
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if !self.linger || self.is_end_stream() {
            return;
        }
        if let (Some(body), Ok(runtime)) = (self.body.take(), tokio::runtime::Handle::try_current())
        {
            let running = self.running.take();
            runtime.spawn(tokio::time::timeout(LINGER, throw_away(body, running)));
        }
    }
}

async fn throw_away(mut body: Incoming, _running: Option<Running>) {
    while let Ok(Some(Ok(_))) = tokio::time::timeout(LINGER_IDLE, body.frame()).await {}
}
