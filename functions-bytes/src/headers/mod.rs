use std::error::Error;
use std::fmt;

use crate::single::is_single_header;

/// The headers of a request or a response, in order. A name may stand there more than once, and its
/// case does not matter.
///
/// A value is text in nearly every request. The methods without `bytes` in their names show text, and
/// replace what is not UTF-8 by U+FFFD; those with it show what is on the wire.
///
/// ```
/// use functions_bytes::Headers;
///
/// let headers: Headers = [("set-cookie", "a=1"), ("set-cookie", "b=2")].into_iter().collect();
/// assert_eq!(headers.get("Set-Cookie"), Some("a=1"));
/// assert_eq!(headers.get_all("set-cookie").collect::<Vec<_>>(), ["a=1", "b=2"]);
///
/// let map = http::HeaderMap::try_from(headers)?;
/// assert_eq!(Headers::from(&map).len(), 2);
/// # Ok::<(), functions_bytes::InvalidHeader>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers {
    list: Vec<(String, Value)>,
}

#[derive(Clone, PartialEq, Eq)]
struct Value {
    text: String,
    /// Where the text is not all there was.
    bytes: Option<Vec<u8>>,
}

impl Value {
    fn new(bytes: Vec<u8>) -> Self {
        match String::from_utf8(bytes) {
            Ok(text) => Self { text, bytes: None },
            Err(error) => Self {
                text: String::from_utf8_lossy(error.as_bytes()).into_owned(),
                bytes: Some(error.into_bytes()),
            },
        }
    }

    fn as_bytes(&self) -> &[u8] {
        self.bytes.as_deref().unwrap_or(self.text.as_bytes())
    }

    fn into_bytes(self) -> Vec<u8> {
        self.bytes.unwrap_or_else(|| self.text.into_bytes())
    }
}

impl Headers {
    /// The first value of a header, as text.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.get_all(name).next()
    }

    /// The first value of a header, byte by byte.
    #[must_use]
    pub fn get_bytes(&self, name: &str) -> Option<&[u8]> {
        self.get_all_bytes(name).next()
    }

    /// All values of a header, as text, in order.
    pub fn get_all<'a, 'n>(&'a self, name: &'n str) -> impl Iterator<Item = &'a str> + use<'a, 'n> {
        self.values(name).map(|value| value.text.as_str())
    }

    /// All values of a header, byte by byte, in order.
    pub fn get_all_bytes<'a, 'n>(
        &'a self,
        name: &'n str,
    ) -> impl Iterator<Item = &'a [u8]> + use<'a, 'n> {
        self.values(name).map(Value::as_bytes)
    }

    fn values<'a, 'n>(&'a self, name: &'n str) -> impl Iterator<Item = &'a Value> + use<'a, 'n> {
        self.list
            .iter()
            .filter(move |(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// Whether a header of this name is there.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.values(name).next().is_some()
    }

    /// All names and values, as text, in order. A name that has several values comes as often.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.list
            .iter()
            .map(|(name, value)| (name.as_str(), value.text.as_str()))
    }

    /// All names and values, byte by byte, in order.
    pub fn iter_bytes(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.list
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_bytes()))
    }

    /// How many values there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there are no headers.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Adds a header. Headers of the same name stay, unless HTTP allows only one, such as
    /// `content-type`: then the new one replaces the old one.
    pub fn add(&mut self, name: impl AsRef<str>, value: impl AsRef<[u8]>) {
        if is_single_header(name.as_ref()) {
            self.remove(name.as_ref());
        }
        self.append(name, value);
    }

    /// Adds a header. Headers of the same name stay, also where HTTP allows only one.
    pub fn append(&mut self, name: impl AsRef<str>, value: impl AsRef<[u8]>) {
        let value = Value::new(value.as_ref().to_owned());
        self.list.push((name.as_ref().to_owned(), value));
    }

    /// As [`append`](Self::append), under the name that this method had before.
    #[deprecated(since = "0.1.0", note = "use `append`")]
    pub fn push(&mut self, name: impl AsRef<str>, value: impl AsRef<[u8]>) {
        self.append(name, value);
    }

    /// Keeps the headers for which `keep` is true, given their names and values.
    ///
    /// ```
    /// use functions_bytes::Headers;
    ///
    /// let mut headers: Headers = [("x-secret", "1"), ("accept", "*/*")].into_iter().collect();
    /// headers.retain(|name, _| !name.starts_with("x-"));
    /// assert_eq!(headers.len(), 1);
    /// ```
    pub fn retain(&mut self, mut keep: impl FnMut(&str, &[u8]) -> bool) {
        self.list
            .retain(|(name, value)| keep(name, value.as_bytes()));
    }

    /// Removes all headers of a name.
    pub fn remove(&mut self, name: &str) {
        self.list
            .retain(|(known, _)| !known.eq_ignore_ascii_case(name));
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
            headers.append(name, value);
        }
        headers
    }
}

/// Without a copy.
impl From<Vec<(String, Vec<u8>)>> for Headers {
    fn from(list: Vec<(String, Vec<u8>)>) -> Self {
        let list = list.into_iter();
        Self {
            list: list
                .map(|(name, value)| (name, Value::new(value)))
                .collect(),
        }
    }
}

/// Without a copy.
impl From<Headers> for Vec<(String, Vec<u8>)> {
    fn from(headers: Headers) -> Self {
        headers.into_iter().collect()
    }
}

impl From<http::HeaderMap> for Headers {
    fn from(map: http::HeaderMap) -> Self {
        Self::from(&map)
    }
}

impl From<&http::HeaderMap> for Headers {
    fn from(map: &http::HeaderMap) -> Self {
        map.iter().collect()
    }
}

/// The name of a header that HTTP does not allow, or of the first one beyond what a map holds.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidHeader {
    /// The header's name.
    pub name: String,
}

impl fmt::Display for InvalidHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invalid header {:?}", self.name)
    }
}

impl Error for InvalidHeader {}

impl TryFrom<Headers> for http::HeaderMap {
    type Error = InvalidHeader;

    fn try_from(headers: Headers) -> Result<Self, InvalidHeader> {
        let mut map = Self::try_with_capacity(headers.len()).unwrap_or_default();
        for (name, value) in headers {
            let header = http::HeaderName::try_from(name.as_str());
            let (Ok(header), Ok(value)) = (header, http::HeaderValue::try_from(value)) else {
                return Err(InvalidHeader { name });
            };
            if map.try_append(header, value).is_err() {
                return Err(InvalidHeader { name });
            }
        }
        Ok(map)
    }
}

/// The values byte by byte.
impl IntoIterator for Headers {
    type Item = (String, Vec<u8>);
    type IntoIter = IntoIter;

    fn into_iter(self) -> IntoIter {
        IntoIter(self.list.into_iter())
    }
}

/// The names and values of [`Headers`], byte by byte.
pub struct IntoIter(std::vec::IntoIter<(String, Value)>);

impl Iterator for IntoIter {
    type Item = (String, Vec<u8>);

    fn next(&mut self) -> Option<Self::Item> {
        self.0
            .next()
            .map(|(name, value)| (name, value.into_bytes()))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl fmt::Debug for IntoIter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IntoIter").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
