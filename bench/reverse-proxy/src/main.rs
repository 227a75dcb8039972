//! A plain reverse proxy for one upstream, written with hyper.
//!
//! `reverse-proxy HOST:PORT` listens on a free port, prints it, and passes every request on.
#![forbid(unsafe_code)]

use std::convert::Infallible;
use std::error::Error;

use http::header::{CONNECTION, HeaderName, TRANSFER_ENCODING, UPGRADE};
use http::uri::{Authority, Scheme};
use http::{HeaderMap, Request, Response, StatusCode, Uri, Version};
use http_body_util::{Either, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::net::TcpListener;

type Upstream = Client<HttpConnector, Incoming>;
type Body = Either<Incoming, Empty<Bytes>>;

/// Hop-by-hop headers.
const HOP_BY_HOP: [HeaderName; 4] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    TRANSFER_ENCODING,
    UPGRADE,
];

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let origin = std::env::args()
        .nth(1)
        .ok_or("usage: reverse-proxy HOST:PORT")?;
    let origin: Authority = origin.parse()?;
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let client: Upstream = Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .build(connector);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on http://{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let (client, origin) = (client.clone(), origin.clone());
        let service = service_fn(move |request| {
            let (client, origin) = (client.clone(), origin.clone());
            async move { Ok::<_, Infallible>(pass_on(&client, origin, request).await) }
        });
        tokio::spawn(
            http1::Builder::new()
                .timer(TokioTimer::new())
                .serve_connection(TokioIo::new(stream), service),
        );
    }
}

async fn pass_on(
    client: &Upstream,
    origin: Authority,
    mut request: Request<Incoming>,
) -> Response<Body> {
    let mut uri = request.uri().clone().into_parts();
    uri.scheme = Some(Scheme::HTTP);
    uri.authority = Some(origin);
    let Ok(uri) = Uri::from_parts(uri) else {
        return failed(StatusCode::BAD_REQUEST);
    };
    *request.uri_mut() = uri;
    *request.version_mut() = Version::HTTP_11;
    request.headers_mut().remove(http::header::HOST);
    without_hop_by_hop(request.headers_mut());
    match client.request(request).await {
        Ok(mut response) => {
            without_hop_by_hop(response.headers_mut());
            response.map(Either::Left)
        }
        Err(error) => {
            eprintln!("{error}");
            failed(StatusCode::BAD_GATEWAY)
        }
    }
}

fn without_hop_by_hop(headers: &mut HeaderMap) {
    for name in &HOP_BY_HOP {
        headers.remove(name);
    }
}

fn failed(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Empty::new()).map(Either::Right);
    *response.status_mut() = status;
    response
}
