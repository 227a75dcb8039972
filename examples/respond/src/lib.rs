//! Status codes and headers: answers the name of a colour with its value.
//!
//! ```sh
//! curl -i http://127.0.0.1:8080/respond/red      # 200, a header and a body
//! curl -i http://127.0.0.1:8080/respond/         # 303, to a colour that exists
//! curl -i http://127.0.0.1:8080/respond/mauve    # 404
//! ```
#![forbid(unsafe_code)]

use functions_guest_web::{WebEnvironment, WebError, WebResponse, WebResult, invoke};
use http::StatusCode;

const COLOURS: [(&str, &str); 3] = [
    ("red", "#ff0000"),
    ("green", "#00ff00"),
    ("blue", "#0000ff"),
];

invoke!(respond);
fn respond(env: WebEnvironment) -> WebResult<WebResponse> {
    let name = env.path().trim_start_matches('/');
    if name.is_empty() {
        return Ok(WebResponse::new()
            .with_status(303)
            .header("location", "red"));
    }
    let Some((_, colour)) = COLOURS.iter().find(|(known, _)| *known == name) else {
        return Err(WebError::new(
            StatusCode::NOT_FOUND,
            format!("no colour is called {name:?}"),
        ));
    };
    WebResponse::new()
        .header("x-colour", *colour)
        .with_body(format!("{name} is {colour}\n"))
}

#[cfg(test)]
mod tests {
    use functions_guest_web::testing::TestRequest;

    use super::*;

    /// Each case has its own status, and the header or text for it.
    #[test]
    fn answers_fit() {
        let found = TestRequest::get("/red").call(respond);
        assert_eq!(
            (found.status(), found.header("x-colour")),
            (200, Some("#ff0000"))
        );
        let none = TestRequest::get("/").call(respond);
        assert_eq!((none.status(), none.header("location")), (303, Some("red")));
        let unknown = TestRequest::get("/mauve").call(respond);
        assert_eq!(unknown.status(), 404);
        assert!(unknown.text().contains("mauve"));
    }
}
