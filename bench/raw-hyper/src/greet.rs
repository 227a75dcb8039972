//! A native `examples/greet`, with the same types and serde_json.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Response, StatusCode};
use http_body_util::Full;

use super::plain;

#[derive(serde::Deserialize)]
struct Request {
    name: String,
}

#[derive(serde::Serialize)]
struct Greeting {
    message: String,
}

pub(crate) fn answer(body: &[u8]) -> Response<Full<Bytes>> {
    let Ok(request) = serde_json::from_slice::<Request>(body) else {
        return plain(StatusCode::BAD_REQUEST, Bytes::new());
    };
    let greeting = Greeting {
        message: format!("Hello, {}!", request.name),
    };
    let Ok(body) = serde_json::to_vec(&greeting) else {
        return plain(StatusCode::INTERNAL_SERVER_ERROR, Bytes::new());
    };
    let mut response = plain(StatusCode::OK, body.into());
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}
