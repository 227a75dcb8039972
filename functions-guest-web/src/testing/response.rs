use std::fmt;

use super::Logged;
use super::stream::Streamed;
use crate::response::WebResponse;

/// What a handler answered.
#[must_use]
pub struct TestResponse {
    status: u16,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
    complete: bool,
    logged: Vec<Logged>,
}

impl TestResponse {
    pub(super) fn new(
        response: Option<WebResponse>,
        streamed: Option<Streamed>,
        logged: Vec<Logged>,
    ) -> Self {
        match (response, streamed) {
            (_, Some(streamed)) => Self {
                status: streamed.status,
                headers: streamed.headers,
                body: streamed.body,
                complete: streamed.finished,
                logged,
            },
            (Some(response), None) => {
                let status = response.status();
                let headers = response.headers();
                let headers = headers.map(|(name, value)| (name.to_owned(), value.to_vec()));
                let headers = headers.collect();
                // A body that a test made is all there.
                let body = response.into_body().into_bytes().unwrap_or_default();
                Self {
                    status,
                    headers,
                    body,
                    complete: true,
                    logged,
                }
            }
            (None, None) => Self {
                status: 500,
                headers: Vec::new(),
                body: Vec::new(),
                complete: false,
                logged,
            },
        }
    }

    /// As the host sends it in answer to a `HEAD`.
    pub(super) fn without_body(self) -> Self {
        Self {
            body: Vec::new(),
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

    /// The body as text; empty when it is none.
    #[must_use]
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap_or_default()
    }

    /// The body, decoded: `response.decode::<Json<Answer>>()`.
    ///
    /// # Errors
    ///
    /// When the body is not of that encoding.
    pub fn decode<T: functions_bytes::encoding::Extract>(&self) -> Result<T, T::Error> {
        T::extract(self.body.as_slice().into())
    }

    /// Whether the response came to its end. A stream that failed did not, and on the host its
    /// connection is cut.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// What was logged meanwhile.
    #[must_use]
    pub fn logged(&self) -> &[Logged] {
        &self.logged
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
