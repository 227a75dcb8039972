use super::*;
use crate::WebResult;
use crate::testing::{TestRequest, TestResponse};

fn list(mut form: Multipart) -> WebResult<String> {
    let mut seen = Vec::new();
    while let Some(field) = form.next_field()? {
        let shown = format!(
            "{:?} {:?} {:?}",
            field.name(),
            field.file_name(),
            field.content_type()
        );
        seen.push(match field.name() {
            Some("skipped") => shown,
            _ => format!("{shown} {}", field.text()?),
        });
    }
    Ok(seen.join("\n"))
}

fn part(disposition: &str, content: &str) -> String {
    format!("--b\r\ncontent-disposition: form-data; {disposition}\r\n\r\n{content}\r\n")
}

fn send(content_type: &str, body: impl Into<functions_bytes::Data>) -> TestResponse {
    let request = TestRequest::post("/").header("content-type", content_type);
    request.body(body).call(list)
}

const TYPE: &str = "multipart/form-data; boundary=b";

/// Fields come in order, each with its names and its bytes; one that is not read is skipped.
#[test]
fn fields_come_in_order() {
    let body = part("name=\"a\"", "1")
        + &part("name=\"skipped\"; filename=\"x.bin\"", &"x".repeat(300_000))
        + &part("name=\"c\"; filename=\"y.txt\"", "--c\r\n")
        + "--b--\r\n";
    let response = send(TYPE, body);
    assert_eq!(
        response.text(),
        "Some(\"a\") None None 1\nSome(\"skipped\") Some(\"x.bin\") None\nSome(\"c\") Some(\"y.txt\") None --c\r\n"
    );
}

/// Another content type is 415; what is malformed, cut off or not UTF-8 is 400, and says why.
#[test]
fn malformed_bodies_are_refused() {
    let whole = part("name=\"a\"", "1") + "--b--\r\n";
    for content_type in ["", "text/plain", "application/json", "multipart/form-data"] {
        assert_eq!(send(content_type, &*whole).status(), 415, "{content_type}");
    }
    for body in [
        String::new(),
        "garbage".into(),
        part("name=\"a\"", "1"),
        whole.replace("--b--", ""),
        "--b\r\ncontent-disp".into(),
    ] {
        let response = send(TYPE, &*body);
        assert_eq!(response.status(), 400, "{body:?}");
        assert!(
            response.text().contains("multipart/form-data"),
            "{response:?}"
        );
    }
    let mut body = part("name=\"a\"", "1") + "--b--\r\n";
    body = body.replace("\r\n1\r\n", "\r\n\u{e9}\r\n");
    let bytes: Vec<u8> = body.chars().map(|character| character as u8).collect();
    assert_eq!(send(TYPE, bytes).status(), 400);
}

/// A field may be as long as the limit, and no longer.
#[test]
fn limit_is_inclusive() {
    let limit = usize::try_from(Field::LIMIT).unwrap();
    for (length, status) in [(limit - 1, 200), (limit, 200), (limit + 1, 413)] {
        let body = part("name=\"a\"", &"x".repeat(length)) + "--b--\r\n";
        assert_eq!(send(TYPE, body).status(), status, "{length}");
    }
}
