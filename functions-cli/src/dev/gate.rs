//! What every request passes before it reaches a function, and its response afterwards.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::Bytes;
use host_harness::{Body, Builder, InvocationReport, Next};
use http::header::ACCEPT;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri};
use http_body::{Frame, SizeHint};

use super::status::Status;
use super::{page, screen};

/// Says which build answered.
const VERSION: HeaderName = HeaderName::from_static("x-functions-version");

/// Lets requests pass the gate.
pub(super) fn attach(builder: Builder, status: Arc<Status>) -> Builder {
    builder.middleware(move |request, next| answer(Arc::clone(&status), request, next))
}

async fn answer(status: Arc<Status>, mut request: Request<Body>, next: Next) -> Response<Body> {
    let path = request.uri().path();
    let name = path.strip_prefix('/').unwrap_or(path);
    let name = name.split('/').next().unwrap_or_default();
    let wants_page = wants_page(request.headers());
    let instead = status.instead(name, wants_page);
    let mut line = Line {
        method: request.method().clone(),
        uri: request.uri().clone(),
        status: StatusCode::default(),
        began: Instant::now(),
        report: InvocationReport::default(),
    };
    let mut response = match instead {
        Some(instead) => page::response(&instead, wants_page),
        None => {
            request.extensions_mut().insert(line.report.clone());
            next.run(request).await
        }
    };
    if let Some(version) = line.report.version()
        && let Ok(version) = HeaderValue::from_str(version)
    {
        response.headers_mut().insert(VERSION, version);
    }
    line.status = response.status();
    response.map(|body| Body::new(Shown { body, _line: line }))
}

/// Whether the client shows pages: a browser.
fn wants_page(headers: &HeaderMap) -> bool {
    let mut accepted = headers.get_all(ACCEPT).iter();
    accepted.any(|accepted| {
        let accepted = String::from_utf8_lossy(accepted.as_bytes()).to_ascii_lowercase();
        accepted.contains("text/html")
    })
}

/// The line about a request, which is written when its response has ended.
struct Line {
    method: Method,
    uri: Uri,
    status: StatusCode,
    began: Instant,
    report: InvocationReport,
}

impl Drop for Line {
    fn drop(&mut self) {
        let took = self.began.elapsed();
        screen::request(&self.method, &self.uri, self.status, took, &self.report);
    }
}

/// A body with the line about its request.
struct Shown {
    body: Body,
    _line: Line,
}

impl http_body::Body for Shown {
    type Data = Bytes;
    type Error = <Body as http_body::Body>::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
