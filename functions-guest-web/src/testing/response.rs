use std::fmt;

use functions_bytes::__private::bindings::functions::bytes::bytes::Data as WitData;

use super::Logged;
use super::host::{self, Head};
use super::stream::Streamed;
use crate::logging::Level;
use crate::response::WebResponse;

/// The response of a handler.
#[must_use]
pub struct TestResponse {
    status: u16,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
    complete: bool,
    logged: Vec<Logged>,
}

impl TestResponse {
    /// What the host sends of what a handler returned and streamed.
    pub(super) fn new(
        response: Option<WebResponse>,
        streamed: Option<Streamed>,
        logged: Vec<Logged>,
        invocation: &str,
        is_head: bool,
    ) -> Self {
        match (response, streamed) {
            (response, Some(streamed)) => {
                // The host cuts what was begun, where another response is returned.
                let complete = streamed.finished && response.is_none();
                let known = streamed.known_length().filter(|_| complete);
                Self {
                    complete,
                    ..Self::sent(streamed.head, streamed.body, known, is_head)
                }
                .logged_before(logged)
                .refused_if(response.is_some(), "another response was begun before")
                .without_unwanted_body(is_head)
            }
            (Some(response), None) => {
                let response = response.into_wit();
                match Head::new(response.status, &response.headers) {
                    Ok(head) => Self::whole(head, bytes(response.body), is_head),
                    Err(why) => return Self::refused(invocation, &why, logged, is_head),
                }
                .logged_before(logged)
            }
            (None, None) => Self::refused(invocation, "none was streamed", logged, is_head),
        }
    }

    fn whole(head: Head, body: Vec<u8>, is_head: bool) -> Self {
        let known = Some(body.len() as u64);
        Self::sent(head, body, known, is_head).without_unwanted_body(is_head)
    }

    /// A response whose body has the length `known`, if it is known.
    fn sent(head: Head, body: Vec<u8>, known: Option<u64>, is_head: bool) -> Self {
        let length = host::sent_length(&head, known, is_head);
        let mut headers = head.headers;
        headers.extend(length.map(|length| ("content-length".into(), length.to_string().into())));
        Self {
            status: head.status,
            headers,
            body,
            complete: true,
            logged: Vec::new(),
        }
    }

    /// The host's answer instead of a response that cannot be sent.
    fn refused(invocation: &str, why: &str, logged: Vec<Logged>, is_head: bool) -> Self {
        let head = Head {
            status: 500,
            headers: vec![("content-type".into(), "application/problem+json".into())],
            declared_length: None,
        };
        Self::whole(head, host::refusal(invocation), is_head)
            .logged_before(logged)
            .refused_if(true, why)
    }

    fn logged_before(self, logged: Vec<Logged>) -> Self {
        Self { logged, ..self }
    }

    /// What the host's log says, among what the function logged.
    fn refused_if(mut self, refused: bool, why: &str) -> Self {
        if refused {
            self.logged.push(Logged {
                level: Level::Error,
                target: "host".into(),
                message: format!("the response cannot be sent: {why}"),
                fields: Vec::new(),
            });
        }
        self
    }

    /// As the host sends it: without a body in answer to a `HEAD`, and where the status allows none.
    fn without_unwanted_body(self, is_head: bool) -> Self {
        if !is_head && !host::is_bodiless(self.status) {
            return self;
        }
        Self {
            body: Vec::new(),
            complete: true,
            ..self
        }
    }

    /// The status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The first value of a header, as text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.header_all(name).next()
    }

    /// All the values of a header, as text.
    pub fn header_all<'a, 'n>(
        &'a self,
        name: &'n str,
    ) -> impl Iterator<Item = &'a str> + use<'a, 'n> {
        self.headers
            .iter()
            .filter(move |(known, _)| known.eq_ignore_ascii_case(name))
            .filter_map(|(_, value)| std::str::from_utf8(value).ok())
    }

    /// The body.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.body
    }

    /// The body as text; empty when it is not UTF-8.
    #[must_use]
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap_or_default()
    }

    /// The body, decoded: `response.decode::<Json<Answer>>()`.
    ///
    /// # Errors
    ///
    /// When the body is not of that encoding.
    pub fn decode<T: functions_bytes::encoding::Decode>(&self) -> Result<T, T::Error> {
        T::decode(self.body.as_slice().into())
    }

    /// Whether the response came to its end. A stream that failed did not, and on the host its
    /// connection is cut.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// The log records of the call.
    #[must_use]
    pub fn logged(&self) -> &[Logged] {
        &self.logged
    }
}

fn bytes(body: WitData) -> Vec<u8> {
    match body {
        WitData::Value(bytes) => bytes,
        // Natively, there are no buffers.
        WitData::Buffer(_) => Vec::new(),
    }
}

impl fmt::Debug for TestResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestResponse")
            .field("status", &self.status)
            .field("body", &String::from_utf8_lossy(&self.body))
            .field("complete", &self.complete)
            .field("logged", &self.logged)
            .finish_non_exhaustive()
    }
}
