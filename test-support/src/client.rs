//! A plain HTTP client.

use std::convert::Infallible;
use std::net::SocketAddr;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper_util::client::legacy::Client as HyperClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

pub type Body = BoxBody<Bytes, Infallible>;

/// A client of one server, which keeps connections.
#[derive(Clone)]
pub struct Client {
    hyper: HyperClient<HttpConnector, Body>,
    server: SocketAddr,
}

/// A complete response.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// A member of the problem document, after a check of its type and the response's status.
    pub fn problem(&self, member: &str) -> String {
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json"),
            "{self:?}"
        );
        let problem: serde_json::Value = serde_json::from_slice(&self.body).unwrap();
        assert_eq!(problem["status"], self.status.as_u16());
        problem[member].as_str().unwrap_or_default().to_owned()
    }
}

impl Client {
    pub fn new(server: SocketAddr) -> Self {
        Self {
            hyper: HyperClient::builder(TokioExecutor::new()).build_http(),
            server,
        }
    }

    /// A client that speaks HTTP/2 from the first byte.
    pub fn http2(server: SocketAddr) -> Self {
        let hyper = HyperClient::builder(TokioExecutor::new())
            .http2_only(true)
            .build_http();
        Self { hyper, server }
    }

    /// A request builder for this server.
    pub fn request(&self, method: Method, path: &str) -> http::request::Builder {
        Request::builder()
            .method(method)
            .uri(format!("http://{}{path}", self.server))
    }

    /// The response's head, with its body still arriving.
    pub async fn begin(
        &self,
        request: Request<Body>,
    ) -> Result<http::Response<hyper::body::Incoming>, hyper_util::client::legacy::Error> {
        crate::soon(self.hyper.request(request)).await
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let (parts, body) = self.begin(request).await.unwrap().into_parts();
        let body = crate::soon(body.collect()).await.unwrap().to_bytes();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body,
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path).body(whole("")).unwrap())
            .await
    }

    pub async fn post(&self, path: &str, body: impl Into<Bytes>) -> Answer {
        self.send(self.request(Method::POST, path).body(whole(body)).unwrap())
            .await
    }
}

/// A body that is sent with its length.
pub fn whole(body: impl Into<Bytes>) -> Body {
    Full::new(body.into()).boxed()
}

/// A body that is sent in pieces without its length, as they are passed to the sender.
pub fn pieces() -> (tokio::sync::mpsc::Sender<Bytes>, Body) {
    let (sender, mut receiver) = tokio::sync::mpsc::channel::<Bytes>(1);
    let frames = futures_util::stream::poll_fn(move |cx| {
        receiver
            .poll_recv(cx)
            .map(|piece| piece.map(|piece| Ok(http_body::Frame::data(piece))))
    });
    (sender, StreamBody::new(frames).boxed())
}
