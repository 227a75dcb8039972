//! The headers of a response.

use functions_bytes::__private::is_single_header;

use super::WebResponse;
use crate::response::headers;
use crate::response::{IntoHeaderName, IntoHeaderValue, IntoHeaders, InvalidHeader};

impl WebResponse {
    /// Adds a header; those of the same name stay.
    ///
    /// Names and values may be text, or the `http` crate's.
    ///
    /// A header that HTTP allows only once, such as `content-type` or `location`, replaces the one
    /// before. The body's own `content-type` is replaced whichever comes first.
    ///
    /// ```
    /// use functions_guest_web::WebResponse;
    ///
    /// let response = WebResponse::new()
    ///     .with_body("a,b")?
    ///     .header("content-type", "text/csv")
    ///     .header("vary", "accept")
    ///     .header("vary", "origin");
    /// let all: Vec<_> = response.headers().collect();
    /// assert_eq!(all, [
    ///     ("content-type", &b"text/csv"[..]),
    ///     ("vary", b"accept"),
    ///     ("vary", b"origin"),
    /// ]);
    /// # Ok::<(), functions_guest_web::WebError>(())
    /// ```
    pub fn header(mut self, name: impl IntoHeaderName, value: impl IntoHeaderValue) -> Self {
        let mut replaced = usize::MAX;
        self.push(name.into_name(), value.into_value(), &mut replaced);
        self
    }

    /// Replaces the headers by these.
    ///
    /// ```
    /// use std::collections::BTreeMap;
    /// use functions_guest_web::WebResponse;
    ///
    /// let headers = BTreeMap::from([("x-one".to_owned(), "1".to_owned())]);
    /// let response = WebResponse::new().with_headers(headers.into_iter().collect());
    /// assert_eq!(response.headers().count(), 1);
    /// ```
    pub fn with_headers(mut self, headers: Vec<(String, String)>) -> Self {
        self.headers.clear();
        self.append_headers(headers)
    }

    /// Adds headers, as [`header`](Self::header) does each: `Headers`, an `http::HeaderMap`, or an array
    /// or a `Vec` of names and values.
    ///
    /// `Headers` and an `http::HeaderMap` may be another server's: a header that HTTP allows only once
    /// replaces those that the response had before, but one that they have twice is passed on twice.
    pub fn append_headers(mut self, headers: impl IntoHeaders) -> Self {
        let mut replaced = if headers.keeps_repeated() {
            self.headers.len()
        } else {
            usize::MAX
        };
        for (name, value) in headers.into_headers() {
            self.push(name, value, &mut replaced);
        }
        self
    }

    /// The headers, in the order they were added.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &[u8])> {
        let own = self.content_type.filter(|_| !self.has("content-type"));
        let own = own.map(|value| ("content-type", value.as_bytes()));
        let set = self.headers.iter();
        set.map(|(name, value)| (name.as_str(), value.as_slice()))
            .chain(own)
    }

    /// Whether the author set such a header.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.headers
            .iter()
            .any(|(known, _)| known.eq_ignore_ascii_case(name))
    }

    /// Adds a header. One that HTTP allows once replaces those of its name among the first `replaced`.
    fn push(&mut self, name: String, mut value: Vec<u8>, replaced: &mut usize) {
        match headers::check(&name, &value) {
            _ if self.streamed => self.refuse(InvalidHeader::Sent),
            _ if self.failed.as_ref().is_some_and(|failed| failed.is_invalid) => {}
            Ok(()) => {
                // Blanks around a value do not belong to it (RFC 9110, section 5.5), and malformed in HTTP/2.
                let trimmed = value.trim_ascii();
                if trimmed.len() < value.len() {
                    value = trimmed.to_vec();
                }
                if is_single_header(&name) {
                    let before = self.headers.len();
                    let mut place = 0;
                    self.headers.retain(|(known, _)| {
                        place += 1;
                        place > *replaced || !known.eq_ignore_ascii_case(&name)
                    });
                    *replaced -= before - self.headers.len();
                }
                self.headers.push((name, value));
            }
            Err(invalid) => self.refuse(invalid),
        }
    }
}
