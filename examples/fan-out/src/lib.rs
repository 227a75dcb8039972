//! Several concurrent calls of another function: `greet` greets each name.
//!
//! A call that fails does not affect the others, and its name has no message.
//!
//! ```sh
//! functions serve fan-out.wasm greet.wasm &
//! curl http://127.0.0.1:8080/fan-out -d '["Ada","Grace","Barbara","Margaret","Katherine"]'
//! ```
#![forbid(unsafe_code)]

use std::time::Duration;

use functions_binding::{FunctionBinding, InvokeOptions};
use functions_guest_web::{Json, invoke, task};

/// The request of `greet`.
#[derive(serde::Serialize)]
struct Request<'n> {
    name: &'n str,
}

#[derive(serde::Deserialize)]
struct Response {
    message: String,
}

/// The result of one call.
#[derive(serde::Serialize)]
struct Greeted {
    name: String,
    /// `None` if the call failed.
    message: Option<String>,
}

invoke!(fan_out);
async fn fan_out(Json(names): Json<Vec<String>>) -> Json<Vec<Greeted>> {
    let greet = FunctionBinding::new("greet");
    let options = InvokeOptions::default().timeout(Duration::from_secs(2));
    let calls = names
        .iter()
        .map(|name| greet.invoke_json::<_, Response>("greet", &Request { name }, options.clone()));
    let answers = task::join_all(calls).await;
    let greeted = names.into_iter().zip(answers).map(|(name, answer)| {
        let answer = answer.inspect_err(|error| log::warn!("{name} is not greeted: {error}"));
        let message = answer.ok().map(|response| response.message);
        Greeted { name, message }
    });
    Json(greeted.collect())
}

#[cfg(test)]
mod tests {
    use functions_binding::testing::respond_with;
    use functions_binding::{BindingError, Response};
    use functions_guest_web::testing::TestRequest;

    use super::*;

    /// The results are in order, and a failed call does not affect the others.
    #[test]
    fn greets_all_at_once() {
        let _greet = respond_with(|call| {
            assert_eq!((call.target(), call.method()), ("greet", "POST"));
            let body = call.into_body().into_bytes().unwrap();
            match &body[..] {
                br#"{"name":"Ada"}"# => Ok(Response::new(200).with_body(r#"{"message":"Hello"}"#)),
                br#"{"name":"Grace"}"# => Err(BindingError::Timeout),
                br#"{"name":"Barbara"}"# => Ok(Response::new(500).with_body("?")),
                _ => Ok(Response::new(200).with_body("?")),
            }
        });
        let request = TestRequest::post("/").body(r#"["Grace","Ada","Barbara","Alan","Ada"]"#);
        let response = request.call(fan_out);
        assert_eq!(
            response.text(),
            concat!(
                r#"[{"name":"Grace","message":null},{"name":"Ada","message":"Hello"},"#,
                r#"{"name":"Barbara","message":null},{"name":"Alan","message":null},"#,
                r#"{"name":"Ada","message":"Hello"}]"#
            )
        );
        assert_eq!(response.logged().len(), 3);
    }
}
