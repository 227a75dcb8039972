use std::fmt;

/// Names and values in order, of which a name may have several: headers, or a query's parameters.
///
/// ```
/// use functions_guest_web::WebEnvironment;
/// use functions_guest_web::testing::TestRequest;
///
/// let request = TestRequest::get("/?tag=a&tag=b%20c").header("Accept", "text/html");
/// request.run(|| {
///     let env = WebEnvironment::load();
///     assert_eq!(env.headers().get("accept"), Some("text/html"));
///     let tags: Vec<_> = env.query_parameters().get_all("tag").collect();
///     assert_eq!(tags, ["a", "b c"]);
/// });
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Fields {
    all: Vec<(String, Value)>,
    /// Whether a name is the same in lower and upper case.
    any_case: bool,
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
            Err(error) => {
                let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
                Self {
                    text,
                    bytes: Some(error.into_bytes()),
                }
            }
        }
    }
}

impl Fields {
    pub(crate) fn of_headers(headers: Vec<(String, Vec<u8>)>) -> Self {
        let all = headers
            .into_iter()
            .map(|(name, value)| (name, Value::new(value)))
            .collect();
        Self {
            all,
            any_case: true,
        }
    }

    /// As forms encode it: `a=1&b=2`, `+` for a space, percent-encoded.
    pub(crate) fn of_query(query: &str) -> Self {
        let parameters = form_urlencoded::parse(query.as_bytes());
        let all = parameters
            .map(|(name, value)| {
                (
                    name.into_owned(),
                    Value {
                        text: value.into_owned(),
                        bytes: None,
                    },
                )
            })
            .collect();
        Self {
            all,
            any_case: false,
        }
    }

    /// The first value of a name. What is not UTF-8 in it is replaced by U+FFFD.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.get_all(name).next()
    }

    /// All the values of a name, in order.
    pub fn get_all<'a, 'n>(&'a self, name: &'n str) -> impl Iterator<Item = &'a str> + use<'a, 'n> {
        self.values(name).map(|value| value.text.as_str())
    }

    /// The first value of a name, byte by byte.
    #[must_use]
    pub fn get_bytes(&self, name: &str) -> Option<&[u8]> {
        let value = self.values(name).next()?;
        Some(value.bytes.as_deref().unwrap_or(value.text.as_bytes()))
    }

    /// Whether there is such a name.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.values(name).next().is_some()
    }

    fn values<'a, 'n>(&'a self, name: &'n str) -> impl Iterator<Item = &'a Value> + use<'a, 'n> {
        let any_case = self.any_case;
        let fits =
            move |known: &str| known == name || (any_case && known.eq_ignore_ascii_case(name));
        self.all
            .iter()
            .filter(move |(known, _)| fits(known))
            .map(|(_, value)| value)
    }

    /// All names and values, in order. A name that has several values comes as often.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.all
            .iter()
            .map(|(name, value)| (name.as_str(), value.text.as_str()))
    }

    /// As [`iter`](Fields::iter), byte by byte.
    pub(crate) fn iter_bytes(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.all.iter().map(|(name, value)| {
            (
                name.as_str(),
                value.bytes.as_deref().unwrap_or(value.text.as_bytes()),
            )
        })
    }

    /// How many values there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }
}

/// Shows the names only: the values may be secrets.
impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.all.iter().map(|(name, _)| name))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Headers are found in any case, parameters in their own; both keep their order.
    #[test]
    fn names() {
        let headers = [("set-cookie", "a"), ("x", "y"), ("set-cookie", "b")];
        let headers = headers.map(|(name, value)| (name.into(), value.into()));
        let headers = Fields::of_headers(headers.into());
        assert_eq!(
            headers.get_all("Set-Cookie").collect::<Vec<_>>(),
            ["a", "b"]
        );
        assert_eq!(headers.iter().nth(1), Some(("x", "y")));
        let query = Fields::of_query("a=1&A=2&b&c=x+y%26&=z");
        assert_eq!(
            (query.get("A"), query.get("b"), query.get("c")),
            (Some("2"), Some(""), Some("x y&"))
        );
        assert_eq!(
            (query.get("B"), query.get(""), query.len()),
            (None, Some("z"), 5)
        );
        assert!(Fields::of_query("").is_empty());
    }

    /// A value that is no text can be had byte by byte.
    #[test]
    fn values_may_be_bytes() {
        let headers = Fields::of_headers(vec![("x".into(), b"a\xff".to_vec())]);
        assert_eq!(headers.get("x"), Some("a\u{fffd}"));
        assert_eq!(headers.get_bytes("x"), Some(&b"a\xff"[..]));
    }

    /// Values are not for the log.
    #[test]
    fn debug_hides_values() {
        let headers = Fields::of_headers(vec![("authorization".into(), b"secret".to_vec())]);
        assert_eq!(format!("{headers:?}"), r#"["authorization"]"#);
    }
}
