//! Calls another function, `GREETER`, once for each name, all at the same time.
//!
//! The calls do not leave the host. In `functions.toml`, `GREETER` is private: only functions can call it.
//!
//! ```sh
//! functions dev &
//! curl http://127.0.0.1:8080/NAME -d '["Ada","Grace"]'
//! ```

use functions_binding::{FunctionBinding, InvokeOptions};
use functions_guest_web::{Json, WebResult, invoke, task};

/// The function that is called.
const GREETS: &str = "GREETER";

/// Its request.
#[derive(serde::Serialize)]
struct Request {
    name: String,
}

#[derive(serde::Deserialize)]
struct Response {
    message: String,
}

invoke!(greet_all);
async fn greet_all(Json(names): Json<Vec<String>>) -> WebResult<Json<Vec<String>>> {
    let greeter = FunctionBinding::new(GREETS);
    let requests: Vec<_> = names.into_iter().map(|name| Request { name }).collect();
    let calls = requests.iter().map(|request| {
        greeter.invoke_json::<_, Response>(GREETS, request, InvokeOptions::default())
    });
    let mut messages = Vec::new();
    for answer in task::join_all(calls).await {
        messages.push(answer?.message);
    }
    Ok(Json(messages))
}

#[cfg(test)]
mod tests {
    use functions_binding::Response;
    use functions_binding::testing::respond_with;
    use functions_guest_web::testing::TestRequest;

    use super::*;

    /// In a test, a closure answers in place of the other function.
    #[test]
    fn greets_all() {
        let _greeter = respond_with(|call| {
            assert_eq!(call.target(), GREETS);
            Ok(Response::new(200).with_body(r#"{"message":"Hi!"}"#))
        });
        let response = TestRequest::post("/").body(r#"["Ada","Grace"]"#).call(greet_all);
        assert_eq!(response.text(), r#"["Hi!","Hi!"]"#);
    }
}
