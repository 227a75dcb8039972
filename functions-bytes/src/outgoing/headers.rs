use std::fmt;

use crate::single::is_single_header;

/// Headers, in order; a name may be there more than once, and its case does not matter.
///
/// ```
/// # use functions_bytes::outgoing::Headers;
///
/// let headers: Headers = [("set-cookie", "a=1"), ("set-cookie", "b=2")].into_iter().collect();
/// assert_eq!(headers.get("Set-Cookie"), Some("a=1"));
/// assert_eq!(headers.get_all("set-cookie").count(), 2);
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers {
    list: Vec<(String, Vec<u8>)>,
}

impl Headers {
    /// The first value of a header, where it is text.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.get_all(name)
            .next()
            .and_then(|value| std::str::from_utf8(value).ok())
    }

    /// All the values of a header, as they are on the wire.
    pub fn get_all<'a, 'n>(
        &'a self,
        name: &'n str,
    ) -> impl Iterator<Item = &'a [u8]> + use<'a, 'n> {
        self.iter()
            .filter(move |(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// All the headers, as they are on the wire.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.list
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_slice()))
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Adds a header as [`push`](Self::push) does, or replaces the one before where HTTP allows only
    /// one.
    pub fn add(&mut self, name: impl AsRef<str>, value: impl AsRef<[u8]>) {
        if is_single_header(name.as_ref()) {
            self.remove(name.as_ref());
        }
        self.push(name, value);
    }

    /// Takes out all the headers of a name.
    pub fn remove(&mut self, name: &str) {
        self.list
            .retain(|(known, _)| !known.eq_ignore_ascii_case(name));
    }

    /// Adds a header; those of the same name stay.
    pub fn push(&mut self, name: impl AsRef<str>, value: impl AsRef<[u8]>) {
        self.list
            .push((name.as_ref().to_owned(), value.as_ref().to_owned()));
    }
}

/// Shows the names only: values may be secrets.
impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.list.iter().map(|(name, _)| name))
            .finish()
    }
}

impl<N: AsRef<str>, V: AsRef<[u8]>> FromIterator<(N, V)> for Headers {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(all: I) -> Self {
        let mut headers = Self::default();
        for (name, value) in all {
            headers.push(name, value);
        }
        headers
    }
}

/// Without a copy.
impl From<Vec<(String, Vec<u8>)>> for Headers {
    fn from(list: Vec<(String, Vec<u8>)>) -> Self {
        Self { list }
    }
}

/// Without a copy.
impl From<Headers> for Vec<(String, Vec<u8>)> {
    fn from(headers: Headers) -> Self {
        headers.list
    }
}

impl From<http::HeaderMap> for Headers {
    fn from(map: http::HeaderMap) -> Self {
        map.iter().collect()
    }
}

/// A header that HTTP does not allow, or the first that is one too many: its name.
#[derive(Debug)]
pub struct InvalidHeader(pub String);

impl TryFrom<Headers> for http::HeaderMap {
    type Error = InvalidHeader;

    fn try_from(headers: Headers) -> Result<Self, InvalidHeader> {
        let mut map = Self::try_with_capacity(headers.len()).unwrap_or_default();
        for (name, value) in headers {
            let header = http::HeaderName::try_from(name.as_str());
            let (Ok(header), Ok(value)) = (header, http::HeaderValue::try_from(value)) else {
                return Err(InvalidHeader(name));
            };
            if map.try_append(header, value).is_err() {
                return Err(InvalidHeader(name));
            }
        }
        Ok(map)
    }
}

impl IntoIterator for Headers {
    type Item = (String, Vec<u8>);
    type IntoIter = std::vec::IntoIter<(String, Vec<u8>)>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// More than a map can hold are an error, of the first that does not fit.
    #[test]
    fn too_many_are_an_error() {
        let many: Headers = (0..40_000)
            .map(|place| (format!("x{place}"), "1"))
            .collect();
        let result = http::HeaderMap::try_from(many);
        assert!(result.is_err_and(|InvalidHeader(name)| name.starts_with('x')));
    }
}
