//! Sequential calls of another function: `shrink` halves a picture as often as the query says.
//!
//! Each response's body is the next request's body, while it is still arriving. No byte of a picture
//! is copied into this function.
//!
//! ```sh
//! functions serve orchestrate.wasm shrink.wasm --private shrink &
//! curl 'http://127.0.0.1:8080/orchestrate?halvings=2' --data-binary @picture.ppm > small.ppm
//! ```
#![forbid(unsafe_code)]

use functions_binding::{Call, Response};
use functions_guest_web::{Data, Query, WebResponse, WebResult, invoke};

/// The maximum number of halvings.
const MAX_HALVINGS: u8 = 8;

#[derive(serde::Deserialize)]
struct Wanted {
    halvings: Option<u8>,
}

invoke!(orchestrate);
fn orchestrate(Query(wanted): Query<Wanted>, picture: Data) -> WebResult<WebResponse> {
    let mut step = Response::new(200).with_body(picture);
    for _ in 0..wanted.halvings.unwrap_or(1).min(MAX_HALVINGS) {
        step = Call::post("shrink", "/").with_body(step.body).wait()?;
        if !step.is_success() {
            // The error is about the picture, which came from the client.
            return Ok(step.into());
        }
    }
    WebResponse::new()
        .header("content-type", "image/x-portable-pixmap")
        .with_body(step.body)
}

#[cfg(test)]
mod tests {
    use functions_binding::BindingError;
    use functions_binding::testing::respond_with;
    use functions_guest_web::testing::TestRequest;

    use super::*;

    /// Each step gets the body of the previous response.
    #[test]
    fn steps_follow_each_other() {
        let _shrink = respond_with(|call| {
            assert_eq!((call.target(), call.method()), ("shrink", "POST"));
            let body = call.into_body().into_bytes().unwrap();
            Ok(Response::new(200).with_body(&body[..body.len() / 2]))
        });
        for (path, answer) in [
            ("/", "pict"),
            ("/?halvings=2", "pi"),
            ("/?halvings=0", "pictures"),
        ] {
            let response = TestRequest::post(path).body("pictures").call(orchestrate);
            assert_eq!((response.status(), response.text()), (200, answer));
        }
    }

    /// An invalid picture is the client's fault, and a failed step is not.
    #[test]
    fn failures_have_their_status() {
        let refusing = respond_with(|_| Ok(Response::new(422).with_body("no picture")));
        let response = TestRequest::post("/").body("x").call(orchestrate);
        assert_eq!((response.status(), response.text()), (422, "no picture"));
        drop(refusing);
        let _failing = respond_with(|_| Err(BindingError::Trapped("on purpose".into())));
        assert_eq!(TestRequest::post("/").call(orchestrate).status(), 502);
    }
}
