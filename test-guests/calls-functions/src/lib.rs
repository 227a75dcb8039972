//! Calls the function that the query's `of` names, with the SDK. Each path uses a different method.
#![forbid(unsafe_code)]

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use functions_binding::{
    BindingError, Call, FunctionBinding, FunctionInvokeRequest, FunctionInvokeResponse,
    InvokeOptions,
};
use functions_bytes::Data;
use functions_guest_web::{WebEnvironment, WebResponse, WebResult, invoke, task};
use serde_json::Value;

invoke!(calls_functions);
async fn calls_functions(env: WebEnvironment, payload: Data) -> WebResult<WebResponse> {
    let func = FunctionBinding::new(parameter(&env, "of"));
    let method = env.method().to_string();
    let path = parameter(&env, "path");
    let options = || InvokeOptions::default().timeout(Duration::from_secs(3600));
    match env.path() {
        "/invoke" => both(|| func.invoke(request(&env, &[])), shown).await,
        "/send" => {
            let call = Call::new(func.name(), method, path).with_body(payload);
            Ok(call.send().await?.into())
        }
        "/call-wait" => {
            let call = Call::new(func.name(), method, path).with_body(payload);
            Ok(call.wait()?.into())
        }
        "/read" => text(format!(
            "{:?}",
            Call::get(func.name(), path).wait()?.body.into_bytes()?
        )),
        "/json" => {
            let value: Value = serde_json::from_slice(&payload.into_bytes()?)?;
            let call = || func.invoke_json::<_, Value>("", &value, options());
            both(call, |value: Value| value.to_string()).await
        }
        "/get" => {
            let call = || func.get::<Value>("", path, options());
            both(call, |value: Value| value.to_string()).await
        }
        "/url" => text(format!(
            "{:?} {:?}",
            func.get_url().await,
            func.get_url().wait()
        )),
        "/race" => race(&func).await,
        "/join" => join(&env, &func).await,
        "/join-text" => join_text(&func, path).await,
        "/flood" => flood(&env, &func, path).await,
        _ => text("unknown".into()),
    }
}

fn parameter<'e>(env: &'e WebEnvironment, name: &str) -> &'e str {
    env.query_parameters().get(name).unwrap_or_default()
}

fn text(text: String) -> WebResult<WebResponse> {
    WebResponse::new().with_body(text)
}

fn request(env: &WebEnvironment, body: &[u8]) -> FunctionInvokeRequest {
    FunctionInvokeRequest {
        method: env.method().to_string(),
        path: parameter(env, "path").into(),
        body: body.to_vec(),
        ..FunctionInvokeRequest::default()
    }
}

/// The response or the error. Both are shown if the async and the blocking result differ.
async fn both<T>(
    call: impl Fn() -> functions_binding::InvokeFuture<T>,
    shown: impl Fn(T) -> String,
) -> WebResult<WebResponse> {
    let show = |result: Result<T, BindingError>| match result {
        Ok(value) => shown(value),
        Err(error) => error.to_string(),
    };
    let (awaited, waited) = (show(call().await), show(call().wait()));
    if awaited != waited {
        return text(format!("awaited: {awaited}; waited for: {waited}"));
    }
    text(awaited)
}

fn shown(response: FunctionInvokeResponse) -> String {
    let body = String::from_utf8_lossy(&response.body).into_owned();
    format!("{} {body}", response.status)
}

/// Calls a function that never answers and one that does. This ends only if both are in flight at once.
async fn race(func: &FunctionBinding) -> WebResult<WebResponse> {
    let get = |path: &str| FunctionInvokeRequest {
        method: "GET".into(),
        path: path.into(),
        ..FunctionInvokeRequest::default()
    };
    let mut asleep = pin!(func.invoke(get("/sleep")));
    let mut awake = pin!(func.invoke(get("/")));
    let first = poll_fn(|cx| match asleep.as_mut().poll(cx) {
        Poll::Ready(answer) => Poll::Ready(("asleep", answer)),
        Poll::Pending => awake.as_mut().poll(cx).map(|answer| ("awake", answer)),
    });
    let (who, answer) = first.await;
    text(format!("{who} {}", shown(answer?)))
}

/// Makes three concurrent calls whose bodies arrive in pieces.
async fn join(env: &WebEnvironment, func: &FunctionBinding) -> WebResult<WebResponse> {
    let calls = (0..3).map(|_| func.invoke(request(env, &[])));
    let mut all = String::new();
    for answer in task::join_all(calls).await {
        all += &shown(answer?);
        all += "\n";
    }
    text(all)
}

/// Makes `count` concurrent calls, and counts answers and refusals.
async fn flood(env: &WebEnvironment, func: &FunctionBinding, path: &str) -> WebResult<WebResponse> {
    let count = parameter(env, "count").parse().unwrap_or(0);
    let calls: Vec<_> = (0..count)
        .map(|_| Call::get(func.name(), path).send())
        .collect();
    let (mut answered, mut refused) = (0, 0);
    for result in task::join_all(calls).await {
        match result {
            Ok(_) => answered += 1,
            Err(BindingError::Overloaded) => refused += 1,
            Err(_) => {}
        }
    }
    text(format!("{answered} {refused}"))
}

/// The same for responses whose bodies are read separately.
async fn join_text(func: &FunctionBinding, path: &str) -> WebResult<WebResponse> {
    let texts = (0..3).map(async |_| {
        let response = Call::get(func.name(), path).send().await?;
        response.text_async().await
    });
    let mut all = String::new();
    for answer in task::join_all(texts).await {
        all += &format!("200 {}\n", answer?);
    }
    text(all)
}
