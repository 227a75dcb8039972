//! Native programs that call functions with `functions-binding` and its feature `client`, over real
//! sockets.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use functions_binding::{
    BindingError, Call, FunctionBinding, FunctionInvokeRequest, InvokeOptions, Response,
};
use host_harness::Server;

use test_support::{misbehaving, server, soon};

fn url(server: &Server) -> String {
    format!("http://{}", server.address())
}

fn ada() -> BTreeMap<&'static str, &'static str> {
    BTreeMap::from([("name", "Ada")])
}

fn greeting(func: &FunctionBinding) -> functions_binding::InvokeFuture<BTreeMap<String, String>> {
    func.invoke_json("greet", &ada(), InvokeOptions::default())
}

/// A call of the function `misbehave`.
fn misbehave(server: &Server, path: &str) -> Call {
    Call::get("misbehave", path).at(&url(server))
}

/// JSON round-trips with `.await` and with `wait`, and several calls are in flight at once.
#[tokio::test(flavor = "multi_thread")]
async fn json_goes_both_ways() {
    let server = server().await;
    let func = FunctionBinding::at(&url(&server), "greet");
    let answers = tokio::join!(greeting(&func), greeting(&func));
    for answer in [answers.0, answers.1] {
        assert_eq!(answer.unwrap()["message"], "Hello, Ada!");
    }
    let waiting = func.clone();
    let waited = tokio::task::spawn_blocking(move || greeting(&waiting).wait());
    assert_eq!(
        soon(waited).await.unwrap().unwrap()["message"],
        "Hello, Ada!"
    );

    let refused = func
        .invoke_json::<_, ()>("greet", &7, InvokeOptions::default())
        .await;
    let text = refused.unwrap_err().to_string();
    let start = "Function invocation failed with status 400: {\"title\":\"Bad Request\"";
    assert!(text.starts_with(start), "{text}");
}

/// A plain request has the given method, path, query and headers.
#[tokio::test]
async fn requests_arrive_as_they_are() {
    let server = server().await;
    let func = FunctionBinding::at(&url(&server), "misbehave");
    let request = FunctionInvokeRequest {
        method: "PATCH".into(),
        path: "environment?a=b&c".into(),
        headers: [
            ("x-test".into(), "1".into()),
            ("Connection".into(), "close".into()),
        ]
        .into(),
        timeout: Some(Duration::from_secs(60)),
        ..FunctionInvokeRequest::default()
    };
    let response = func.invoke(request).await.unwrap();
    let said = String::from_utf8(response.body).unwrap();
    for line in [
        "method=PATCH",
        "path=/environment",
        "query=Some(\"a=b&c\")",
        "name=misbehave",
        "x-test=1",
    ] {
        assert!(said.lines().any(|said| said == line), "{line}: {said}");
    }
    assert!(!said.contains("connection:"), "{said}");
}

/// A repeated header stays repeated, and is joined in a map with one value per name.
#[tokio::test]
async fn response_headers_are_all_there() {
    let server = server().await;
    let listed = "x: 1\nx: 2\nset-cookie: a\nset-cookie: b";
    let call = Call::post("misbehave", "/headers")
        .at(&url(&server))
        .with_body(listed);
    let response = call.send().await.unwrap();
    assert_eq!(response.headers.get_all("set-cookie").count(), 2);

    let request = FunctionInvokeRequest {
        method: "POST".into(),
        path: "/headers".into(),
        body: listed.into(),
        ..FunctionInvokeRequest::default()
    };
    let func = FunctionBinding::at(&url(&server), "misbehave");
    let response = func.invoke(request).await.unwrap();
    assert_eq!(response.headers["x"], "1, 2");
    assert_eq!(response.headers["set-cookie"], "b");
}

/// Bodies stream in both directions at once: more than any buffer holds returns while it is still sent, and a
/// response's body is the next request's.
#[tokio::test]
async fn bodies_stream() {
    const LENGTH: usize = 32 << 20;
    let server = server().await;
    let echo = || Call::post("echo", "/").at(&url(&server));
    let sent: Vec<u8> = (0..=255).cycle().take(LENGTH).collect();
    let first = soon(echo().with_body(sent.clone()).send()).await.unwrap();
    let second = soon(echo().with_body(first.body).send()).await.unwrap();
    let mut reader = second.body.into_reader();
    let mut length = 0;
    while let Some(chunk) = soon(reader.chunk_async(1 << 20)).await.unwrap() {
        assert!(chunk == sent[length..length + chunk.len()], "at {length}");
        length += chunk.len();
    }
    assert_eq!(length, LENGTH);
}

/// An error of the host is the error that a function would get.
#[tokio::test]
async fn failures_of_the_host_are_errors() {
    let server = misbehaving()
        .timeout(Duration::from_millis(100))
        .memory(4 << 20)
        .build()
        .unwrap()
        .serve("127.0.0.1:0")
        .await
        .unwrap();
    let none = Call::get("none", "/").at(&url(&server));
    let error = soon(none.send()).await.unwrap_err();
    assert!(matches!(error, BindingError::NotFound(name) if name == "none"));
    for (path, expected) in [
        (
            "/panic",
            "the function failed: the function failed, invocation ",
        ),
        (
            "/grow",
            "the function failed: the function needs more memory than its limit, invocation ",
        ),
        ("/sleep", "the function did not answer in time"),
    ] {
        let error = soon(misbehave(&server, path).send()).await.unwrap_err();
        assert!(error.to_string().starts_with(expected), "{error}");
    }
}

/// A function's answer is a response, even if it is a problem document.
#[tokio::test]
async fn failures_of_the_function_are_responses() {
    let server = server().await;
    let call = Call::post("greet", "/").at(&url(&server)).with_body("{}");
    let response = soon(call.send()).await.unwrap();
    assert_eq!(response.status, 400);
    assert!(response.text().unwrap().contains("missing field `name`"));
}

/// The timeout of a call includes the last byte.
#[tokio::test]
async fn timeouts_bound_the_whole_call() {
    let server = server().await;
    let short = Duration::from_millis(100);
    let call = misbehave(&server, "/sleep").timeout(short);
    let error = soon(call.send()).await.unwrap_err();
    assert!(matches!(error, BindingError::Timeout), "{error}");
    for timeout in [Duration::ZERO, Duration::from_nanos(1)] {
        let call = misbehave(&server, "/sleep").timeout(timeout);
        let error = soon(call.send()).await.unwrap_err();
        assert!(matches!(error, BindingError::Timeout), "{error}");
    }

    // The function starts and then sleeps. On a busy machine starting may take a while.
    let mut time = Duration::from_millis(500);
    let response: Response = loop {
        let call = misbehave(&server, "/stream-then/sleep").timeout(time);
        match soon(call.send()).await {
            Err(BindingError::Timeout) => time *= 2,
            answer => break answer.unwrap(),
        }
    };
    let mut reader = response.body.into_reader();
    let end = loop {
        match soon(reader.chunk_async(1024)).await {
            Ok(Some(_)) => {}
            end => break end,
        }
    };
    assert!(end.is_err(), "{end:?}");
}

/// An incomplete body is an error, and never a shorter body.
#[tokio::test]
async fn half_a_body_is_an_error() {
    let server = server().await;
    let func = FunctionBinding::at(&url(&server), "misbehave");
    let request = FunctionInvokeRequest {
        method: "GET".into(),
        path: "/stream-then/panic".into(),
        ..FunctionInvokeRequest::default()
    };
    let error = soon(func.invoke(request)).await.unwrap_err();
    assert!(matches!(error, BindingError::Body(_)), "{error}");
}

/// A full host reports it. Dropping a call ends the callee, and frees its slot.
#[tokio::test]
async fn dropped_calls_make_room() {
    let server = misbehaving()
        .timeout(Duration::from_secs(3600))
        .concurrency(1, 1)
        .build()
        .unwrap()
        .serve("127.0.0.1:0")
        .await
        .unwrap();
    let asleep = || misbehave(&server, "/sleep").send();
    let (mut first, mut second, mut third) = (asleep(), asleep(), asleep());
    let refused = async {
        tokio::select! {
            refused = &mut first => refused,
            refused = &mut second => refused,
            refused = &mut third => refused,
        }
    };
    let error = soon(refused).await.unwrap_err();
    assert!(matches!(error, BindingError::Overloaded), "{error}");
    drop((first, second, third));

    // One slot: the request is answered only after both sleepers have ended, which may take a moment.
    let harmless = async {
        loop {
            match misbehave(&server, "/harmless").send().await {
                Err(BindingError::Overloaded) => tokio::task::yield_now().await,
                answer => break answer,
            }
        }
    };
    assert_eq!(soon(harmless).await.unwrap().text().unwrap(), "unknown");
}

/// Without a host, the error says which URL was tried, and what to do.
#[tokio::test]
async fn no_host_is_an_error() {
    let gone: SocketAddr = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    };
    let call = Call::get("greet", "/").at(&format!("http://{gone}/"));
    let error = soon(call.send()).await.unwrap_err();
    assert!(matches!(error, BindingError::Unreachable(_)), "{error:?}");
    let text = error.to_string();
    let says = |what: &str| assert!(text.contains(what), "{text}");
    says(&format!("http://{gone}: "));
    says("FUNCTIONS_URL");
}

/// The environment sets the host's URL, and a URL names each function. This test runs itself again with such
/// an environment.
#[tokio::test(flavor = "multi_thread")]
async fn the_environment_names_the_host() {
    const ITSELF: &str = "clients::the_environment_names_the_host";
    let func = FunctionBinding::new("greet");
    if std::env::var_os("FUNCTIONS_URL").is_some() {
        assert_eq!(greeting(&func).await.unwrap()["message"], "Hello, Ada!");
        return;
    }
    let unset = func.get_url().await.unwrap().unwrap();
    assert_eq!(unset, "http://127.0.0.1:8080/greet");
    let server = server().await;
    let itself = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", ITSELF])
        .env("FUNCTIONS_URL", url(&server) + "/")
        .output();
    let output = itself.unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("1 passed"), "{said}");
}
