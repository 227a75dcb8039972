use std::ops::{Deref, DerefMut};

use functions_bytes::__private::{FieldsError, decode_fields};
use http::StatusCode;
use serde::de::DeserializeOwned;

use super::{FromRequest, Rejection, Request};

/// The query, decoded: `?page=2&tag=a&tag=b` into a struct with the fields `page` and `tag`.
///
/// A name that comes several times is a list; `#[serde(default)]` makes an empty one of none. A map of
/// single values, such as `HashMap<String, u32>`, decodes all of them and takes the last, as in axum; a
/// struct refuses a field that comes twice, and so does a map below `#[serde(flatten)]`. What
/// is `Option` or has a default may be left out. An empty value (`?q=&page=`) is an empty text where a
/// text may be, also in an `Option<String>`, as in axum. For an `Option` of a number or a `bool` it is
/// `None`, where axum refuses it: that is how a form sends a field which was left blank. All this is
/// the same for `Form<T>`. Names that the type does not know are ignored, unless it has
/// `#[serde(deny_unknown_fields)]`.
///
/// ```
/// use functions_guest_web::testing::TestRequest;
/// use functions_guest_web::{Query, invoke};
///
/// #[derive(serde::Deserialize)]
/// struct Search {
///     q: String,
///     page: Option<u32>,
///     #[serde(default)]
///     tag: Vec<String>,
/// }
///
/// invoke!(search);
/// fn search(Query(search): Query<Search>) -> String {
///     let page = search.page.unwrap_or(1);
///     format!("{}, page {page}, tagged {:?}", search.q, search.tag)
/// }
///
/// let response = TestRequest::get("/?q=rust+wasm&tag=a&tag=b").call(search);
/// assert_eq!(response.text(), r#"rust wasm, page 1, tagged ["a", "b"]"#);
///
/// let response = TestRequest::get("/?q=rust&page=two").call(search);
/// assert_eq!(response.status(), 400);
/// assert!(response.text().contains("the query parameter `page` is not a whole number"));
/// ```
///
/// # Errors
///
/// 400, saying which parameter is missing or wrong, and why. 500, with the reason in the log, for a
/// type that no query fits: a number below `#[serde(flatten)]`, for which serde offers the text only, a
/// struct, a tuple or an array in a struct, a 128-bit integer. An `#[serde(untagged)]` enum gets the text
/// only, too: a variant with a number never fits, and where no other does, the answer is 400.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[cfg_attr(docsrs, doc(cfg(feature = "query")))]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Query<T> {
    fn from_request(request: &mut Request) -> Result<Self, Rejection> {
        let query = request.environment().query().unwrap_or_default();
        decode_fields(query.as_bytes())
            .map(Self)
            .map_err(|error| refused(&error))
    }

    /// `None` without a query; one that does not decode is refused.
    fn optional_from_request(request: &mut Request) -> Result<Option<Self>, Rejection> {
        match request.environment().query() {
            None => Ok(None),
            Some(_) => Self::from_request(request).map(Some),
        }
    }
}

/// Outside of `Query<T>`, so that it is compiled once and not for every `T`.
#[cold]
fn refused(error: &FieldsError) -> Rejection {
    let detail = error.detail("query parameter", "query");
    if error.is_misuse() {
        return Rejection::misused(&format!("`Query` cannot be used here: {detail}"));
    }
    Rejection::new(StatusCode::BAD_REQUEST, detail)
}

impl<T> Deref for Query<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Query<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::testing::TestRequest;

    /// No query is an empty one; what is wrong with it is a 400 that says so.
    #[test]
    fn refusals_reach_the_client() {
        #[derive(serde::Deserialize)]
        struct Page {
            page: u8,
        }
        let page = |Query(query): Query<Page>| query.page.to_string();
        assert_eq!(TestRequest::get("/?page=7").call(page).text(), "7");
        let response = TestRequest::get("/").call(page);
        assert_eq!(
            response.text(),
            r#"{"title":"Bad Request","status":400,"detail":"the query parameter `page` is missing"}"#
        );
        let response =
            TestRequest::get("/?page=x").call(
                |query: Option<Query<Page>>| {
                    if query.is_some() { "some" } else { "none" }
                },
            );
        assert_eq!(response.status(), 400, "it is there, and wrong");
        let response = TestRequest::get("/").call(
            |query: Option<Query<Page>>| {
                if query.is_some() { "some" } else { "none" }
            },
        );
        assert_eq!(response.text(), "none");
    }

    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Blank {
        name: Option<String>,
        page: Option<u32>,
    }

    /// An empty text is a text, where a text may be left out; an empty number is invalid. A form's fields
    /// are the same.
    #[test]
    fn empty_values() {
        for (sent, name, page) in [
            ("name=&page=", Some(""), None),
            ("name&page", Some(""), None),
            ("name=x&page=1", Some("x"), Some(1)),
            ("", None, None),
        ] {
            let name = name.map(str::to_owned);
            let wanted = format!("{:?}", Blank { name, page });
            let queried = TestRequest::get(&format!("/?{sent}"));
            let queried = queried.call(|Query(blank): Query<Blank>| format!("{blank:?}"));
            assert_eq!(queried.text(), wanted, "{sent}");
            #[cfg(feature = "form")]
            {
                use functions_bytes::encoding::Form;
                let form = TestRequest::post("/").body(sent);
                let form = form.call(|Form(blank): Form<Blank>| format!("{blank:?}"));
                assert_eq!(form.text(), wanted, "{sent}");
            }
        }
    }

    /// Texts that may be left out are what they are for axum.
    #[test]
    fn texts_are_those_of_axum() {
        type Texts = BTreeMap<String, Option<String>>;
        for query in ["a=", "a", "a=&b=x", "a=+", ""] {
            let uri = format!("/?{query}").parse().unwrap();
            let theirs = axum::extract::Query::<Texts>::try_from_uri(&uri).unwrap();
            let ours: Texts = decode_fields(query.as_bytes()).unwrap();
            assert_eq!(ours, theirs.0, "{query}");
        }
    }

    /// A type that no query fits is a 500 with the reason in the log only.
    #[test]
    fn impossible_types_are_the_functions_fault() {
        #[derive(serde::Deserialize)]
        struct Page {
            #[serde(rename = "page")]
            _page: u8,
        }
        #[derive(serde::Deserialize)]
        struct Flat {
            #[serde(flatten)]
            _page: Page,
        }
        let response = TestRequest::get("/?page=1").call(|_: Query<Flat>| ());
        assert_eq!(response.status(), 500);
        assert!(response.logged()[0].message.contains("`#[serde(flatten)]`"));
        #[cfg(feature = "form")]
        {
            use functions_bytes::encoding::Form;
            let response = TestRequest::post("/")
                .body("page=1")
                .call(|_: Form<Flat>| ());
            assert_eq!(response.status(), 500);
            assert!(!response.text().contains("page"));
            assert!(response.logged()[0].message.contains("`#[serde(flatten)]`"));
            let response = TestRequest::post("/").body("").call(|_: Form<Flat>| ());
            assert_eq!(response.status(), 400);
            assert!(response.text().contains("`page` is missing"));
        }
        type Nested = BTreeMap<String, BTreeMap<String, u8>>;
        let response = TestRequest::get("/?a=1").call(|_: Query<Nested>| ());
        assert_eq!(response.status(), 500);
        assert!(!response.text().contains("parameter"));
        assert!(
            response.logged()[0]
                .message
                .contains("the query parameter `a`")
        );
    }
}
