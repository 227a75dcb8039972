use std::convert::Infallible;
use std::ops::{Deref, DerefMut};

use super::Encode;
use crate::Data;

/// Text that is a page: encodes a `String` or a `&'static str` as `text/html; charset=utf-8`.
///
/// Nothing is escaped: what comes from a request must have been, before it is put into a page.
///
/// ```
/// use functions_bytes::encoding::{Encode, Html};
///
/// let page = Html("<h1>Hello</h1>");
/// assert_eq!(page.content_type(), Some("text/html; charset=utf-8"));
/// assert_eq!(page.encode()?.into_bytes()?, b"<h1>Hello</h1>");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[must_use]
pub struct Html<T>(pub T);

impl<T: Into<String>> Encode for Html<T> {
    type Error = Infallible;

    fn content_type(&self) -> Option<&'static str> {
        Some("text/html; charset=utf-8")
    }

    fn encode(self) -> Result<Data, Infallible> {
        Ok(Data::from(self.0.into()))
    }
}

impl<T> Deref for Html<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Html<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T> From<T> for Html<T> {
    fn from(page: T) -> Self {
        Self(page)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Any text can be a page.
    #[test]
    fn texts_are_pages() {
        let body = Html(String::from("<p>é")).encode().unwrap();
        assert_eq!(body.into_bytes().unwrap(), "<p>é".as_bytes());
        let body = Html("").encode().unwrap();
        assert_eq!(body.is_empty(), Some(true));
    }
}
