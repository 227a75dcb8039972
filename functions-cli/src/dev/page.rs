//! The page that a browser shows instead of a response.

use anstream::adapter::strip_str;
use host_harness::Body;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Response, StatusCode};

use super::status::Instead;

/// Loads itself again, so that it shows the next build.
const STYLE: &str = "body{background:#1d1f21;color:#e6e6e6;font:15px/1.5 ui-monospace,monospace;margin:3em}\
pre{white-space:pre-wrap}h1{color:#ff7a6b;font-size:1.2em}";

/// The response to a request that no function answers.
pub(super) fn response(instead: &Instead, wants_page: bool) -> Response<Body> {
    let (status, title, said) = match instead {
        Instead::NotBuilt(None) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "the first build has not ended yet",
            "",
        ),
        Instead::NotBuilt(Some(said)) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "the build failed, and no earlier one is good",
            &**said,
        ),
        Instead::Failed(said) => (
            StatusCode::INTERNAL_SERVER_ERROR,
            "the last build failed",
            &**said,
        ),
    };
    let said = strip_str(said).to_string();
    let (kind, body) = match wants_page {
        true => ("text/html; charset=utf-8", html(title, &said)),
        false => ("application/problem+json", problem(status, title)),
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if status == StatusCode::SERVICE_UNAVAILABLE {
        headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

fn problem(status: StatusCode, title: &str) -> String {
    serde_json::json!({
        "title": status.canonical_reason(),
        "status": status.as_u16(),
        "detail": format!("{title}: see the output of functions dev"),
        "reason": "not-built",
    })
    .to_string()
}

fn html(title: &str, said: &str) -> String {
    let mut text = String::with_capacity(said.len());
    for character in said.chars() {
        match character {
            '&' => text.push_str("&amp;"),
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            other => text.push(other),
        }
    }
    format!(
        "<!doctype html><html lang=en><meta charset=utf-8><meta http-equiv=refresh content=1>\
         <title>{title}</title><style>{STYLE}</style><h1>{title}</h1><pre>{text}</pre></html>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The compiler's output is shown as text, without markup and colours.
    #[test]
    fn page_shows_text() {
        let failed = Instead::Failed("\u{1b}[31merror\u{1b}[0m: expected `Vec<u8>` & more".into());
        let Instead::Failed(said) = &failed else {
            unreachable!()
        };
        let page = html("t", &strip_str(said).to_string());
        assert!(
            page.contains("error: expected `Vec&lt;u8&gt;` &amp; more"),
            "{page}"
        );
        assert_eq!(response(&failed, true).status(), 500);
        let not_built = Instead::NotBuilt(None);
        assert_eq!(response(&not_built, false).headers()["retry-after"], "1");
    }
}
