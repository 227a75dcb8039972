//! JSON in, JSON out: the types say what the function takes and returns.
//!
//! If the body is not valid JSON for the type, the answer is 400 and says what is wrong and where.
//! `greet` does not run.
//!
//! ```sh
//! curl http://127.0.0.1:8080/greet -d '{"name":"Ada"}'
//! ```
#![forbid(unsafe_code)]

use functions_guest_web::{Json, invoke};

#[derive(serde::Deserialize)]
struct Request {
    name: String,
}

#[derive(serde::Serialize)]
struct Response {
    message: String,
}

invoke!(greet);
fn greet(Json(request): Json<Request>) -> Json<Response> {
    Json(Response {
        message: format!("Hello, {}!", request.name),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A handler is a plain function: call it.
    #[test]
    fn greets_by_name() {
        let Json(response) = greet(Json(Request { name: "Ada".into() }));
        assert_eq!(response.message, "Hello, Ada!");
    }
}
