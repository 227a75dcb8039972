use super::*;
use crate::testing::TestRequest;

/// Every line end of the standard makes a line of data; none can make a field of its own.
#[test]
fn data_is_cut_into_lines() {
    for (data, sent) in [
        ("", "data: \n\n"),
        ("a\nb", "data: a\ndata: b\n\n"),
        ("a\r\nb\rc\n", "data: a\ndata: b\ndata: c\ndata: \n\n"),
        ("a\nid: 7", "data: a\ndata: id: 7\n\n"),
        ("a\r", "data: a\ndata: \n\n"),
        ("a\r\r\n", "data: a\ndata: \ndata: \n\n"),
        ("a\n\rb", "data: a\ndata: \ndata: b\n\n"),
        ("\r\n", "data: \ndata: \n\n"),
    ] {
        assert_eq!(Event::data(data).to_string(), sent, "{data:?}");
    }
    assert_eq!(
        Event::comment("a\nevent: b").to_string(),
        ": a\n: event: b\n\n"
    );
    let retry = Event::default().with_retry(Duration::from_secs(3));
    assert_eq!(retry.to_string(), "retry: 3000\n\n");
}

/// A tuple's status and headers reach the client with the events; what comes after a stream was
/// sent is an error in the log, not lost in silence.
#[test]
fn status_and_headers_come_first() {
    let response = TestRequest::get("/").call(|| {
        (
            http::StatusCode::CREATED,
            [("x-a", "b")],
            Sse([Event::data("x")]),
        )
    });
    assert_eq!(
        (response.status(), response.header("x-a")),
        (201, Some("b"))
    );
    assert_eq!(response.text(), "data: x\n\n");

    let response = TestRequest::get("/").call(|| {
        let sent = WebResponse::new().stream(|writer| Ok(writer.send("x")?));
        sent.map(|response| response.header("x-late", "1"))
    });
    assert_eq!((response.status(), response.header("x-late")), (200, None));
    assert!(
        response.logged()[0].message.contains("sent before"),
        "{response:?}"
    );
}

/// A name or an id that would become another field is an error, and the stream is cut.
#[test]
fn injected_fields_are_errors() {
    for event in [
        Event::data("x").with_name("a\ndata: b"),
        Event::data("x").with_id("a\rb"),
        Event::data("x").with_id("a\0b"),
    ] {
        let response = TestRequest::get("/").call(|| Sse([event]));
        assert!(
            !response.is_complete() && response.text().is_empty(),
            "{response:?}"
        );
    }
}
