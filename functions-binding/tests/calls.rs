//! What calls send, and what becomes of the answers: natively, with a stand-in for the functions.
//! Each is made twice, awaited and waited for.
#![expect(
    clippy::unwrap_used,
    reason = "tests say what they expect by unwrapping"
)]

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::rc::Rc;
use std::time::Duration;

use functions_binding::testing::{Functions, respond_with};
use functions_binding::{
    BindingError, Call, FunctionBinding, FunctionInvokeRequest, InvokeFuture, InvokeOptions,
    Response,
};
use functions_bytes::task::block_on;

/// What was sent, in words.
type Log = Rc<RefCell<Vec<String>>>;

/// Functions that write down what they are sent, and answer as they are told.
fn recording(answer: impl Fn() -> Response + 'static) -> (Log, Functions) {
    let log = Log::default();
    let written = Rc::clone(&log);
    let functions = respond_with(move |call| {
        let headers: Vec<_> = call
            .headers()
            .iter()
            .map(|(name, value)| format!("{name}: {value}"))
            .collect();
        let head = format!(
            "{} {} {} [{}]",
            call.target(),
            call.method(),
            call.path(),
            headers.join(", ")
        );
        let body = call.into_body().into_bytes().unwrap();
        let line = format!("{head} {}", String::from_utf8_lossy(&body));
        written.borrow_mut().push(line.trim_end().to_owned());
        Ok(answer())
    });
    (log, functions)
}

/// Makes a call in both ways, which must come to the same.
fn both<T: Debug>(call: impl Fn() -> InvokeFuture<T>) -> Result<T, BindingError> {
    let (awaited, waited) = (block_on(call()), call().wait());
    assert_eq!(format!("{awaited:?}"), format!("{waited:?}"));
    waited
}

fn func() -> FunctionBinding {
    FunctionBinding::new("processor")
}

fn invoke_json<T: serde::de::DeserializeOwned + Debug>(
    options: &InvokeOptions,
) -> Result<T, BindingError> {
    both(|| func().invoke_json::<_, T>("adder", &[1, 2], options.clone()))
}

fn get<T: serde::de::DeserializeOwned + Debug>(path: &str) -> Result<T, BindingError> {
    both(|| func().get::<T>("prices", path, InvokeOptions::default()))
}

/// Nothing is called before it is awaited or waited for, and then once.
#[test]
fn calls_are_lazy() {
    let (log, _functions) = recording(|| Response::new(200).with_body("1"));
    let unsent = func().get::<u8>("prices", "/", InvokeOptions::default());
    assert!(log.borrow().is_empty());
    assert_eq!(unsent.wait().unwrap(), 1);
    assert_eq!(log.borrow().len(), 1);
    drop(func().get::<u8>("prices", "/", InvokeOptions::default()));
    assert_eq!(log.borrow().len(), 1);
}

/// Any status is a response of `invoke`, whose body keeps every byte.
#[test]
fn invoke_returns_any_status() {
    let all: Vec<u8> = (0..=255).collect();
    for status in [200, 204, 302, 400, 404, 500, 599] {
        let body = all.clone();
        let (_, _functions) = recording(move || Response::new(status).with_body(body.clone()));
        let response = both(|| func().invoke(FunctionInvokeRequest::default())).unwrap();
        assert_eq!((response.status, &response.body), (status, &all));
    }
}

/// All parts of a request arrive, the query included; an empty body is left out.
#[test]
fn invoke_sends_the_request() {
    let (log, _functions) = recording(|| Response::new(200));
    for (method, path, body) in [
        ("POST", "/resize?width=80&height=60", "picture"),
        ("PATCH", "/x", ""),
        ("post", "/", ""),
        ("FOO", "x", ""),
        ("GET", "", ""),
        ("GET", "?a=b", ""),
    ] {
        let request = FunctionInvokeRequest {
            target_function: "resizer".into(),
            method: method.into(),
            path: path.into(),
            headers: BTreeMap::from([("x-one".into(), "1".into())]),
            body: body.into(),
            timeout: Some(Duration::from_secs(30)),
        };
        both(|| func().invoke(request.clone())).unwrap();
    }
    let mut lines = log.borrow().clone();
    lines.dedup();
    assert_eq!(
        lines,
        [
            "resizer POST /resize?width=80&height=60 [x-one: 1] picture",
            "resizer PATCH /x [x-one: 1]",
            "resizer post / [x-one: 1]",
            "resizer FOO /x [x-one: 1]",
            "resizer GET / [x-one: 1]",
            "resizer GET /?a=b [x-one: 1]",
        ]
    );
}

/// A target that is not named is the function that the binding is bound to.
#[test]
fn no_target_is_the_bound_function() {
    let (log, _functions) = recording(|| Response::new(200));
    let request = FunctionInvokeRequest {
        method: "GET".into(),
        ..FunctionInvokeRequest::default()
    };
    func().invoke(request).wait().unwrap();
    assert_eq!(*log.borrow(), ["processor GET / []"]);
}

/// Names of headers are in lower case; values of one name are joined, but cookies, of which the last
/// stays; invalid text is replaced.
#[test]
fn response_headers_are_a_map() {
    let (_, _functions) = recording(|| {
        Response::new(200)
            .header("X-One", "1")
            .header("x-one", "2")
            .header("Set-Cookie", "a=1")
            .header("set-cookie", "b=2")
            .header("x-latin", b"\xe9")
    });
    let response = both(|| func().invoke(FunctionInvokeRequest::default())).unwrap();
    let headers: Vec<_> = response
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    assert_eq!(
        headers,
        [
            ("set-cookie", "b=2"),
            ("x-latin", "\u{fffd}"),
            ("x-one", "1, 2")
        ]
    );
}

/// `invoke_json` posts JSON to `/` and says so, unless the options say otherwise; in whichever case
/// they do, there is one content type.
#[test]
fn invoke_json_has_defaults() {
    let (log, _functions) = recording(|| Response::new(200).with_body(" 3 "));
    for options in [
        InvokeOptions::default(),
        InvokeOptions::default()
            .method("PUT")
            .path("/sum?x")
            .header("x", "1"),
        InvokeOptions::default().header("content-type", "application/vnd.sum+json"),
        InvokeOptions::default().header("Content-Type", "application/vnd.sum+json"),
    ] {
        assert_eq!(invoke_json::<u32>(&options).unwrap(), 3);
    }
    let mut lines = log.borrow().clone();
    lines.dedup();
    assert_eq!(
        lines,
        [
            "adder POST / [content-type: application/json] [1,2]",
            "adder PUT /sum?x [x: 1, content-type: application/json] [1,2]",
            "adder POST / [content-type: application/vnd.sum+json] [1,2]",
            "adder POST / [Content-Type: application/vnd.sum+json] [1,2]",
        ]
    );
}

/// 399 is decoded, 400 is an error that has all that was answered.
#[test]
fn failures_are_errors_of_invoke_json() {
    for status in [200, 201, 302, 399] {
        let (_, _functions) = recording(move || Response::new(status).with_body("3"));
        let sum = invoke_json::<u32>(&InvokeOptions::default()).unwrap();
        assert_eq!(sum, 3, "{status}");
    }
    for status in [400, 404, 500, 599] {
        let (_, _functions) = recording(move || {
            Response::new(status)
                .header("x-why", "because")
                .with_body("no é")
        });
        let error = invoke_json::<u32>(&InvokeOptions::default()).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("Function invocation failed with status {status}: no é")
        );
        let BindingError::Status(failure) = error else {
            unreachable!()
        };
        assert_eq!(failure.status(), status);
        assert_eq!(failure.headers().get("X-Why"), Some("because"));
        assert_eq!(failure.body(), "no é".as_bytes());
    }
}

/// An empty response is null, so that a function may answer 204.
#[test]
fn nothing_is_null() {
    for status in [200, 204] {
        let (_, _functions) = recording(move || Response::new(status));
        let options = InvokeOptions::default();
        assert_eq!(invoke_json::<Option<u32>>(&options).unwrap(), None);
        invoke_json::<()>(&options).unwrap();
        assert_eq!(get::<Option<u32>>("/").unwrap(), None);
        let error = invoke_json::<u32>(&options).unwrap_err();
        assert!(matches!(error, BindingError::Decode(_)), "{error}");
    }
}

/// An error with its causes.
fn chain(error: BindingError) -> String {
    format!("{:#}", anyhow::Error::from(error))
}

/// A body that is not JSON, or of another shape, is an error that says where; one that is too long is not read.
#[test]
fn other_bodies_are_errors() {
    for (body, said) in [
        ("<html>", "line 1 column 1"),
        (r#""three""#, "invalid type: string"),
    ] {
        let (_, _functions) = recording(move || Response::new(200).with_body(body));
        for error in [
            invoke_json::<u32>(&InvokeOptions::default()).unwrap_err(),
            get::<u32>("/").unwrap_err(),
        ] {
            assert!(error.is_decode());
            let error = chain(error);
            assert!(error.contains(said), "{error}");
        }
    }
    let (_, _functions) = recording(|| Response::new(200).with_body(" ".repeat((2 << 20) + 1)));
    let error = get::<()>("/").unwrap_err();
    assert_eq!(
        chain(error),
        "the response body could not be read: the body is longer than 2097152 bytes"
    );
}

/// Code that uses the earlier names compiles.
#[test]
#[expect(deprecated, reason = "the names of before")]
fn earlier_names_work() {
    use functions_binding::{FindingUrl, Invoking, Sending};

    let (_, _functions) = recording(|| Response::new(200).with_body("1"));
    assert_eq!(Call::put("adder", "/").verb(), "PUT");
    let sent: Sending = Call::get("adder", "/").send();
    assert!(block_on(sent).is_ok());
    let invoking: Invoking<u8> = func().get("adder", "/", InvokeOptions::default());
    assert_eq!(invoking.wait().unwrap(), 1);
    let finding: FindingUrl = func().get_url();
    assert_eq!(finding.wait().unwrap(), None);
}

/// A value without a form in JSON is an error, and nobody is called.
#[test]
fn unencodable_is_an_error() {
    let (log, _functions) = recording(|| Response::new(200));
    let bad = BTreeMap::from([(vec![1], 2)]);
    let error = both(|| func().invoke_json::<_, ()>("adder", &bad, InvokeOptions::default()));
    assert_eq!(
        chain(error.unwrap_err()),
        "the request body could not be encoded: the value cannot be encoded as JSON: key must be a string"
    );
    assert!(log.borrow().is_empty());
}

/// `null` is a body as any other.
#[test]
fn null_is_sent() {
    let (log, _functions) = recording(|| Response::new(204));
    both(|| func().invoke_json::<_, ()>("adder", &(), InvokeOptions::default())).unwrap();
    let sent = "adder POST / [content-type: application/json] null";
    assert_eq!(log.borrow().first().unwrap(), sent);
}

/// `get` sends neither a body nor a content type, whatever else the options say.
#[test]
fn get_sends_no_body() {
    let (log, _functions) = recording(|| Response::new(200).with_body("1"));
    let options = InvokeOptions::default()
        .method("PUT")
        .path("/nowhere")
        .header("accept", "x/y");
    let found = both(|| func().get::<u8>("prices", "/tea?n=2", options.clone()));
    assert_eq!(found.unwrap(), 1);
    assert_eq!(log.borrow()[0], "prices GET /tea?n=2 [accept: x/y]");
}

/// A failure has the text that clients of the binding know.
#[test]
fn get_says_what_failed() {
    let (_, _functions) = recording(|| Response::new(404).with_body("no tea"));
    let error = get::<u8>("/tea").unwrap_err();
    assert_eq!(
        error.to_string(),
        "Function GET failed with status 404: no tea"
    );
}

/// What a host says is passed on, whichever way the call is made.
#[test]
fn errors_of_the_host() {
    let _functions = respond_with(|_| Err(BindingError::DepthExceeded { limit: 8 }));
    for error in [
        get::<u8>("/").unwrap_err(),
        invoke_json::<u8>(&InvokeOptions::default()).unwrap_err(),
        both(|| func().invoke(FunctionInvokeRequest::default())).unwrap_err(),
        Call::get("a", "/").wait().unwrap_err(),
        block_on(Call::get("a", "/").send()).unwrap_err(),
    ] {
        assert!(matches!(error, BindingError::DepthExceeded { limit: 8 }));
    }
}

/// A function that can be reached from outside has a URL, a private one has none.
#[test]
fn urls() {
    let functions = respond_with(|_| Ok(Response::new(200)));
    assert_eq!(func().get_url().wait().unwrap(), None);
    let _functions = functions.url("https://functions.example/");
    let url = Some("https://functions.example/processor".to_owned());
    assert_eq!(func().get_url().wait().unwrap(), url);
    assert_eq!(block_on(func().get_function_url()).unwrap(), url);
}

/// Natively, a call can be awaited by any executor, on any thread.
#[test]
fn futures_are_send() {
    fn is_send(_: &impl Send) {}
    let options = InvokeOptions::default;
    is_send(&func());
    is_send(&func().get::<u8>("prices", "/", options()));
    is_send(&func().invoke(FunctionInvokeRequest::default()));
    is_send(&func().get_url());
    is_send(&Call::get("prices", "/"));
    is_send(&async {
        drop(Call::get("prices", "/").send().await?.error_for_status()?);
        func().invoke_json::<_, ()>("a", &1, options()).await
    });
}
