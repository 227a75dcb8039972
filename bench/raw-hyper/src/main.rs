//! The baseline of the host: a native server that sends the same bytes as `ping` and `greet` on the host.
//!
//! It uses HTTP/1.1 with persistent connections, on tokio's default runtime. It checks, limits and isolates
//! nothing, so its time is that of hyper.
#![forbid(unsafe_code)]

mod greet;

use std::io::Write as _;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

fn main() -> anyhow::Result<()> {
    let address = std::env::args().nth(1);
    let address = address.unwrap_or_else(|| "127.0.0.1:0".into());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(serve(&address))
}

async fn serve(address: &str) -> anyhow::Result<()> {
    let listener = TcpListener::bind(address).await?;
    println!("listening on http://{}", listener.local_addr()?);
    std::io::stdout().flush()?;
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(connection(stream));
    }
}

/// A client that disconnects ends only its own connection.
async fn connection(stream: TcpStream) {
    let _ = stream.set_nodelay(true);
    let connection = http1::Builder::new();
    let _ = connection
        .serve_connection(TokioIo::new(stream), service_fn(answer))
        .await;
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, hyper::Error> {
    match request.uri().path() {
        "/ping" => Ok(pong()),
        "/greet" => {
            let body = request.into_body().collect().await?.to_bytes();
            Ok(greet::answer(&body))
        }
        _ => Ok(plain(StatusCode::NOT_FOUND, Bytes::new())),
    }
}

fn pong() -> Response<Full<Bytes>> {
    let mut response = plain(StatusCode::OK, Bytes::from_static(b"pong"));
    let text = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, text);
    response
}

fn plain(status: StatusCode, body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    response
}
