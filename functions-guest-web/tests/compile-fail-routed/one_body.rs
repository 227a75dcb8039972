use functions_bytes::Data;
use functions_guest_web::routing::post;
use functions_guest_web::{HandleErrors, Path, Router, WebEnvironment, WebError};
use http::Method;

functions_guest_web::invoke!(app);
async fn app(_: WebEnvironment) -> HandleErrors {
    let router = || Router::new().route("/{id}", post(one).get(none)).fallback(whole);
    HandleErrors::new(router, |error: WebError| error)
}

fn none() {}

fn one(_: Method, _: Path<u8>, _: Option<Vec<u8>>) {}

async fn whole(_: http::Request<Data>) {}

fn main() {}
