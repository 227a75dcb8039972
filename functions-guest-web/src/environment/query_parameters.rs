use std::fmt;

/// The parameters of a query, decoded, in order. A name may have several values.
///
/// ```
/// use functions_guest_web::WebEnvironment;
/// use functions_guest_web::testing::TestRequest;
///
/// TestRequest::get("/?tag=a&tag=b%20c").run(|| {
///     let env = WebEnvironment::load();
///     let tags: Vec<_> = env.query_parameters().get_all("tag").collect();
///     assert_eq!(tags, ["a", "b c"]);
/// });
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct QueryParameters {
    all: Vec<(String, String)>,
}

impl QueryParameters {
    /// As forms encode it: `a=1&b=2`, `+` for a space, percent-encoded.
    pub(crate) fn of_query(query: &str) -> Self {
        Self {
            all: form_urlencoded::parse(query.as_bytes())
                .into_owned()
                .collect(),
        }
    }

    /// The first value of a name. What is not UTF-8 in it is replaced by U+FFFD.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.get_all(name).next()
    }

    /// All the values of a name, in order.
    pub fn get_all<'a, 'n>(&'a self, name: &'n str) -> impl Iterator<Item = &'a str> + use<'a, 'n> {
        self.iter()
            .filter(move |(known, _)| *known == name)
            .map(|(_, value)| value)
    }

    /// Whether a parameter of this name is there.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// All names and values, in order. A name that has several values comes as often.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.all
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
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
impl fmt::Debug for QueryParameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.all.iter().map(|(name, _)| name))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Parameters are decoded, and found in their own case only.
    #[test]
    fn parameters_are_decoded() {
        let query = QueryParameters::of_query("a=1&A=2&b&c=x+y%26&=z");
        assert_eq!(
            (query.get("A"), query.get("b"), query.get("c")),
            (Some("2"), Some(""), Some("x y&"))
        );
        assert_eq!(
            (query.get("B"), query.get(""), query.len()),
            (None, Some("z"), 5)
        );
        assert!(query.contains("c") && !query.contains("C"));
        assert!(QueryParameters::of_query("").is_empty());
    }

    /// Values are not for the log.
    #[test]
    fn debug_hides_values() {
        let query = QueryParameters::of_query("token=secret");
        assert_eq!(format!("{query:?}"), r#"["token"]"#);
    }
}
