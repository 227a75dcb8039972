//! Dispatches a call, and answers with its id. The host calls `dispatch-endpoint` until it has answered.
//!
//! ```sh
//! functions serve dispatch-endpoint.wasm dispatch-caller.wasm --dispatch 8082 --env DISPATCH_API_KEY=TOKEN &
//! curl http://127.0.0.1:8080/dispatch-caller -d '[1,2,3]'
//! ```
#![forbid(unsafe_code)]

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use functions_dispatch::{Call, Client, marshal};
use functions_guest_web::{Json, WebEnvironment, WebResult, invoke};
use http::StatusCode;

#[derive(serde::Serialize)]
struct Job {
    numbers: Vec<i64>,
    last_from: f64,
}

invoke!(begin);
async fn begin(
    environment: WebEnvironment,
    Json(numbers): Json<Vec<i64>>,
) -> WebResult<(StatusCode, String)> {
    let endpoint = environment.variable("ENDPOINT");
    let endpoint = endpoint.unwrap_or("http://127.0.0.1:8080/dispatch-endpoint");
    // The last call fails until then: at once, and again after a second.
    let last_from = SystemTime::now() + Duration::from_secs(2);
    let job = Job {
        numbers,
        last_from: last_from.duration_since(UNIX_EPOCH)?.as_secs_f64(),
    };
    let call = Call::new(endpoint, "total", marshal(&Json(job))?)?;
    let id = Client::new()?.dispatch(call).await?;
    Ok((StatusCode::ACCEPTED, format!("{id}\n")))
}

#[cfg(test)]
mod tests {
    use functions_guest_web::testing::TestRequest;
    use functions_http::Response;
    use functions_http::testing::respond_with;

    use super::*;

    /// The answer is the id of the call, which the scheduler gave it.
    #[test]
    fn answers_with_the_id() {
        let _scheduler = respond_with(|request| {
            assert_eq!(request.headers().get("authorization"), Some("Bearer key"));
            Ok(Response::new(200).with_body(b"\x0a\x03abc".to_vec()))
        });
        let request = TestRequest::post("/")
            .body("[1,2]")
            .variable("DISPATCH_API_KEY", "key");
        let response = request.call(begin);
        assert_eq!((response.status(), response.text()), (202, "abc\n"));
    }
}
