use bytes::Bytes;
use functions_bytes::Data;
use functions_guest_web::{HandleErrors, Rejection, Router, WebError};

functions_guest_web::invoke!(app);
async fn app() -> HandleErrors {
    let router = || Router::new().nest("/a", Router::new().fallback(two));
    HandleErrors::new(router, |error: WebError| error)
}

async fn two(_: http::Request<Data>, _: Option<Result<Bytes, Rejection>>) {}

fn main() {}
