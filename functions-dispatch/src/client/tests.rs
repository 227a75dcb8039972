use std::cell::RefCell;
use std::rc::Rc;

use functions_bytes::task::block_on;
use functions_http::Response;
use functions_http::testing::respond_with;

use super::*;
use crate::{DispatchId, marshal};

fn call(function: &str) -> Call {
    Call::new("http://127.0.0.1:9999", function, marshal(&23).unwrap()).unwrap()
}

fn client() -> Client {
    Client::builder().api_key("test-key").build().unwrap()
}

/// The request is byte for byte that of dispatch-py for the same call.
#[test]
fn request_is_that_of_other_sdks() {
    const EXPECTED: &[u8] =
        b"\x0aY\x12\x15http://127.0.0.1:9999\x1a\nmyFunction\"4\n.type.googleapis.com/\
        google.protobuf.Int64Value\x12\x02\x08\x17";
    let _scheduler = respond_with(|request| {
        assert_eq!(request.method(), "POST");
        assert_eq!(
            request.url(),
            "https://api.dispatch.run/dispatch.sdk.v1.DispatchService/Dispatch"
        );
        for (name, value) in [
            ("authorization", "Bearer test-key"),
            ("content-type", "application/proto"),
            ("connect-protocol-version", "1"),
        ] {
            assert_eq!(request.headers().get(name), Some(value));
        }
        assert_eq!(request.into_body().into_bytes().unwrap(), EXPECTED);
        Ok(Response::new(200).with_body(b"\x0a\x02id".to_vec()))
    });
    let id = block_on(client().dispatch(call("myFunction"))).unwrap();
    assert_eq!(id, DispatchId("id".into()));
}

/// A batch is one request, is empty after a success and complete after a failure, and an empty one sends nothing.
#[test]
fn batch_is_cleared_by_success() {
    let sent = Rc::new(RefCell::new(0));
    let count = Rc::clone(&sent);
    let _scheduler = respond_with(move |_| {
        *count.borrow_mut() += 1;
        match *count.borrow() {
            1 => Ok(Response::new(503)),
            _ => Ok(Response::new(200).with_body(b"\x0a\x011\x0a\x012".to_vec())),
        }
    });
    let mut batch = client().batch();
    batch.add(call("a")).add(call("b"));
    assert!(batch.dispatch().wait().is_err());
    assert_eq!(batch.len(), 2);
    assert_eq!(batch.dispatch().wait().unwrap().len(), 2);
    assert!(batch.is_empty());
    assert!(block_on(batch.dispatch()).unwrap().is_empty());
    assert_eq!(*sent.borrow(), 2);
}

/// Each refusal is an error with Connect's code, and texts are those of other SDKs.
#[test]
fn refusals_have_codes_and_the_texts_of_other_sdks() {
    for (status, body, code, text) in [
        (
            401,
            "",
            "unauthenticated",
            "invalid Dispatch API key provided with .api_key(..): tes*****",
        ),
        (
            400,
            r#"{"code":"invalid_argument","message":"no"}"#,
            "invalid_argument",
            "invalid_argument: no",
        ),
        (
            502,
            "<html>",
            "unavailable",
            "unavailable: the scheduler answered with status 502",
        ),
        (
            204,
            "",
            "unknown",
            "unknown: the scheduler answered with status 204",
        ),
    ] {
        let _scheduler = respond_with(move |_| Ok(Response::new(status).with_body(body)));
        let error = client().dispatch(call("f")).wait().unwrap_err();
        assert_eq!(
            (error.code(), error.to_string().as_str()),
            (Some(code), text)
        );
    }
    let _scheduler = respond_with(|_| Ok(Response::new(200)));
    let error = client().dispatch(call("f")).wait().unwrap_err();
    assert!(error.to_string().contains("0 ids for 1 calls"), "{error}");
}

/// What is missing or invalid is an error before anything is sent.
#[test]
fn invalid_clients_and_calls_send_nothing() {
    let error = Client::builder().api_key("").build().unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("Dispatch API key has not been set. Use .api_key(..)")
    );
    let builder = Client::builder().api_key("key");
    let ftp = builder.clone().api_url("ftp://a").build();
    assert!(matches!(ftp, Err(Error::InvalidApiUrl(_))));
    let default = builder.clone().api_url("").build().unwrap();
    assert_eq!(default.api_url, DEFAULT_URL);
    let prefixed = builder.api_url("http://a/b/").build().unwrap();
    assert_eq!(prefixed.api_url, "http://a/b");
    let local = Call::local("f", crate::Any::default()).unwrap();
    assert!(matches!(
        client().dispatch(local).wait(),
        Err(Error::InvalidCall(_))
    ));
    assert!(!format!("{:?}", client()).contains("test-key"));
}
