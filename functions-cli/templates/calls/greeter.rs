//! Greets by name, and is called by another function.

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
    use functions_guest_web::testing::TestRequest;

    use super::*;

    #[test]
    fn greets_by_name() {
        let response = TestRequest::post("/").body(r#"{"name":"Ada"}"#).call(greet);
        assert_eq!(response.text(), r#"{"message":"Hello, Ada!"}"#);
    }

    /// A body that is not a request is the client's error, and says what is wrong.
    #[test]
    fn name_is_needed() {
        let response = TestRequest::post("/").body("{}").call(greet);
        assert_eq!(response.status(), 400);
    }
}
