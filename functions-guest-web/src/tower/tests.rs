use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::extract::Path;
use axum::routing::{get, post};
use axum::{Json, Router};
use bytes::Bytes;
use functions_bytes::ReadError;
use http_body::{Body, Frame};

use super::*;
use crate::testing::{TestRequest, TestResponse};

fn app() -> Tower<Router> {
    Tower(
        Router::new()
            .route("/users/{id}", get(async |Path(id): Path<u64>| Json([id])))
            .route("/echo", post(async |body: Bytes| body))
            .route("/stream", post(async |body: axum::body::Body| body))
            .route("/panic", get(async || -> () { panic!("never called") })),
    )
}

/// Paths, bodies, headers and statuses go through an axum router and back.
#[test]
fn axum_answers() {
    let response = TestRequest::get("/users/7").call(app);
    assert_eq!((response.status(), response.text()), (200, "[7]"));
    assert_eq!(
        response.header_all("content-type").collect::<Vec<_>>(),
        ["application/json"]
    );
    assert_eq!(TestRequest::get("/users/x").call(app).status(), 400);
    assert_eq!(TestRequest::get("/").call(app).status(), 404);
    let response = TestRequest::get("/echo").call(app);
    assert_eq!(
        (response.status(), response.header("allow")),
        (405, Some("POST"))
    );
    let response = TestRequest::post("/echo").body("hello").call(app);
    assert_eq!(response.text(), "hello");
}

/// A body of many frames comes back whole, with one and with no frame, too.
#[test]
fn bodies_of_any_length() {
    for length in [0, 1, 64 * 1024, 64 * 1024 + 1, 200_000] {
        let body = vec![7; length];
        let response = TestRequest::post("/stream").body(body.clone()).call(app);
        assert_eq!(response.bytes(), body, "{length} bytes");
        assert!(response.is_complete());
    }
}

/// A body that yields what it was made of; `None` is a moment in which there is nothing yet.
struct Frames(VecDeque<Option<Result<&'static str, ReadError>>>);

impl Body for Frames {
    type Data = Bytes;
    type Error = ReadError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, ReadError>>> {
        match self.0.pop_front() {
            None => Poll::Ready(None),
            Some(None) => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            Some(Some(frame)) => Poll::Ready(Some(frame.map(|text| Frame::data(text.into())))),
        }
    }
}

#[derive(Clone)]
struct Answers(Vec<Option<Result<&'static str, ReadError>>>);

impl Service<http::Request<TowerBody>> for Answers {
    type Response = http::Response<Frames>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: http::Request<TowerBody>) -> Self::Future {
        let response = http::Response::builder()
            .status(201)
            .header("x", "1")
            .header("x", "2");
        ready(Ok(response.body(Frames(self.0.clone().into())).unwrap()))
    }
}

/// What the service answers, and whether that was one whole response.
fn answered(frames: &[Option<Result<&'static str, ReadError>>]) -> (TestResponse, bool) {
    let response = task::block_on(answer(Answers(frames.to_vec()), request()));
    let is_whole = match response {
        Ok(response) => response.finish().is_some(),
        // Outside of a test request, nothing can be streamed.
        Err(_) => false,
    };
    let response = TestRequest::get("/").call(|| Tower(Answers(frames.to_vec())));
    (response, is_whole)
}

fn request() -> http::Request<TowerBody> {
    http::Request::new(TowerBody::new(functions_bytes::Data::default()))
}

/// One frame is one whole response, also when its end is only told when asked; more are streamed.
#[test]
fn single_frames_are_whole_responses() {
    for (frames, text, whole) in [
        (&[][..], "", true),
        (&[Some(Ok("a"))], "a", true),
        (&[None, Some(Ok("a"))], "a", true),
        (&[Some(Ok("a")), None], "a", false),
        (&[Some(Ok("a")), Some(Ok("b"))], "ab", false),
        (
            &[Some(Ok("a")), None, Some(Ok("b")), Some(Ok("c"))],
            "abc",
            false,
        ),
    ] {
        let (response, is_whole) = answered(frames);
        assert_eq!(
            (response.status(), response.text(), is_whole),
            (201, text, whole)
        );
        assert_eq!(response.header_all("x").collect::<Vec<_>>(), ["1", "2"]);
        assert!(response.is_complete());
    }
}

/// An error before the first frame is an answer with the status that fits; after it, the response
/// has no end.
#[test]
fn errors_of_the_body() {
    let closed = Some(Err(ReadError::Closed));
    let (response, _) = answered(std::slice::from_ref(&closed));
    assert_eq!((response.status(), response.is_complete()), (400, true));
    for frames in [
        vec![Some(Ok("a")), closed.clone()],
        vec![Some(Ok("a")), None, closed],
    ] {
        let (response, _) = answered(&frames);
        assert_eq!((response.status(), response.text()), (201, "a"));
        assert!(!response.is_complete());
        assert_eq!(
            response.logged()[0].message,
            "the response was cut off: the sender went away before the end of the body"
        );
    }
}

/// A service that fails is a handler that fails.
#[test]
fn errors_of_the_service() {
    struct Broken;
    impl Service<http::Request<TowerBody>> for Broken {
        type Response = http::Response<Frames>;
        type Error = Box<dyn Error + Send + Sync>;
        type Future = Ready<Result<Self::Response, Self::Error>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, _: http::Request<TowerBody>) -> Self::Future {
            ready(Err("out of order".into()))
        }
    }
    let response = TestRequest::get("/").call(|| Tower(Broken));
    assert_eq!(response.status(), 500);
    assert_eq!(
        response.logged()[0].message,
        "the handler failed: out of order"
    );
}
