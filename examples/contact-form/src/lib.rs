//! A page with a form, and its submission.
//!
//! Open <http://127.0.0.1:8080/contact-form> in a browser, or run:
//!
//! ```sh
//! curl http://127.0.0.1:8080/contact-form -d 'name=Ada&message=Hello'
//! ```
#![forbid(unsafe_code)]

use functions_guest_web::{Form, Html, Rejection, WebError, WebResult, invoke};
use http::{Method, StatusCode};

#[derive(serde::Deserialize)]
struct Contact {
    name: String,
    message: String,
}

const PAGE: &str = r#"<!doctype html>
<title>Contact</title>
<form method="post">
  <label>Name <input name="name" required></label>
  <label>Message <textarea name="message" required></textarea></label>
  <button>Send</button>
</form>
"#;

invoke!(contact);
fn contact(method: Method, form: Result<Form<Contact>, Rejection>) -> WebResult<Html<String>> {
    if method == Method::GET {
        return Ok(Html(PAGE.to_owned()));
    }
    let Form(contact) = form?;
    if contact.name.trim().is_empty() {
        return Err(WebError::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "please tell us your name",
        ));
    }
    log::info!(length = contact.message.len(); "a message came in");
    Ok(Html(format!(
        "<!doctype html>\n<p>Thank you, {}!\n",
        escape(&contact.name)
    )))
}

/// Escapes HTML, so that a visitor's text cannot become markup.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use functions_guest_web::testing::TestRequest;

    use super::*;

    /// The form is shown, and a submission is answered with its name escaped.
    #[test]
    fn thanks() {
        let page = TestRequest::get("/").call(contact);
        assert_eq!(
            page.header("content-type"),
            Some("text/html; charset=utf-8")
        );
        let sent = TestRequest::post("/")
            .body("name=%3Cb%3EAda%3C%2Fb%3E&message=hi")
            .call(contact);
        assert!(
            sent.text().contains("Thank you, &lt;b&gt;Ada&lt;/b&gt;!"),
            "{sent:?}"
        );
        assert_eq!(sent.logged()[0].message, "a message came in");
    }

    /// A missing or empty field is an error that the visitor can read.
    #[test]
    fn refuses() {
        let missing = TestRequest::post("/").body("name=Ada").call(contact);
        assert_eq!(
            (missing.status(), missing.text().contains("message")),
            (400, true)
        );
        let nameless = TestRequest::post("/")
            .body("name=+&message=hi")
            .call(contact);
        assert_eq!(
            (nameless.status(), nameless.text().contains("your name")),
            (422, true)
        );
    }
}
