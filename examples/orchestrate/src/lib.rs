//! A function that has its work done by another, step by step: a picture is halved by `shrink`, and
//! what comes of it once more, as often as the query says. No byte of a picture enters this function:
//! each step's response is the next one's request while it is still arriving.
//!
//! ```sh
//! functions serve orchestrate.wasm shrink.wasm --private shrink &
//! curl 'http://127.0.0.1:8080/orchestrate?halvings=2' --data-binary @picture.ppm > small.ppm
//! ```

use functions_binding::{Call, Response};
use functions_guest_web::{Data, Query, WebResponse, WebResult, invoke};

/// How often a picture is halved at most: 255 times smaller.
const MOST: u8 = 8;

#[derive(serde::Deserialize)]
struct Wanted {
    halvings: Option<u8>,
}

invoke!(orchestrate);
fn orchestrate(Query(wanted): Query<Wanted>, picture: Data) -> WebResult<WebResponse> {
    let mut step = Response::new(200).with_body(picture);
    for _ in 0..wanted.halvings.unwrap_or(1).min(MOST) {
        step = Call::post("shrink", "/").with_body(step.body).wait()?;
        if !step.is_success() {
            // It says what is wrong with the picture, which came from our own client.
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

    /// Each step works on what the one before answered.
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

    /// A picture that is none is the client's fault; a step that fails is ours.
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
