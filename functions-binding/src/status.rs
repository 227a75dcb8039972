use std::fmt;

use crate::Headers;
use crate::types::CollectedResponse;

/// How many bytes of the body its text shows.
const SHOWN: usize = 1024;

/// A function's response with a status of 400 or above, as an error.
///
/// ```
/// use functions_binding::{BindingError, Response};
///
/// let response = Response::new(404).header("x-why", "sold out").with_body("no tea");
/// let error = response.error_for_status().unwrap_err();
/// assert_eq!(error.to_string(), "Function invocation failed with status 404: no tea");
/// let BindingError::Status(failure) = error else { panic!() };
/// assert_eq!((failure.status(), failure.body()), (404, &b"no tea"[..]));
/// assert_eq!(failure.headers().get("x-why"), Some("sold out"));
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct StatusError {
    what: What,
    status: u16,
    headers: Headers,
    body: Vec<u8>,
}

/// What failed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    Invocation,
    #[cfg(feature = "json")]
    Get,
}

impl StatusError {
    pub(crate) fn new(what: What, whole: CollectedResponse) -> Self {
        Self {
            what,
            status: whole.status,
            headers: whole.headers,
            body: whole.body,
        }
    }

    /// The status: 400 or above.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The response's headers.
    #[must_use]
    pub fn headers(&self) -> &Headers {
        &self.headers
    }

    /// The response's body, as far as it came, and at most 2 MiB of it.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }
}

/// With the body, of which what is longer than 1 KiB is cut.
impl fmt::Display for StatusError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.what {
            What::Invocation => "invocation",
            #[cfg(feature = "json")]
            What::Get => "GET",
        };
        write!(f, "Function {what} failed with status {}: ", self.status)?;
        let Some(shown) = self.body.get(..SHOWN) else {
            return f.write_str(&String::from_utf8_lossy(&self.body));
        };
        // Not in the middle of a character: what a cut left of one is taken off.
        let whole = match std::str::from_utf8(shown) {
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            _ => SHOWN,
        };
        let shown = String::from_utf8_lossy(shown.get(..whole).unwrap_or(shown));
        write!(
            f,
            "{shown}{}",
            if self.body.len() > whole { "…" } else { "" }
        )
    }
}

/// Shows the body's length: what it says is in the text.
impl fmt::Debug for StatusError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StatusError")
            .field("status", &self.status)
            .field("headers", &self.headers)
            .field("body", &format_args!("{} bytes", self.body.len()))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(body: impl Into<Vec<u8>>) -> String {
        let whole = CollectedResponse {
            status: 500,
            headers: Headers::default(),
            body: body.into(),
        };
        StatusError::new(What::Invocation, whole).to_string()
    }

    /// The text shows the body, cut between characters where it is long.
    #[test]
    fn texts_are_short() {
        let start = "Function invocation failed with status 500: ";
        assert_eq!(text("é"), format!("{start}é"));
        assert_eq!(
            text("x".repeat(1024)),
            format!("{start}{}", "x".repeat(1024))
        );
        assert_eq!(
            text("x".repeat(1025)),
            format!("{start}{}…", "x".repeat(1024))
        );
        let odd = format!("x{}", "é".repeat(600));
        assert_eq!(text(odd), format!("{start}x{}…", "é".repeat(511)));
        assert_eq!(text(b"\xff"), format!("{start}\u{fffd}"));
    }
}
