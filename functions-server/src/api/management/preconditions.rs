use http::header::{IF_MATCH, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue};

use super::Problem;
use crate::deployments::Precondition;

/// The condition of a request: `If-Match` with version numbers or `*`, or `If-None-Match: *`.
pub(super) fn precondition(headers: &HeaderMap) -> Result<Precondition, Problem> {
    let invalid = || {
        Problem::bad_request(
            "invalid condition: expected If-Match with a version such as \"3\" or *, or If-None-Match: *",
        )
    };
    let joined = |name| -> Result<Option<String>, Problem> {
        let values = headers.get_all(name).iter().map(HeaderValue::to_str);
        let values: Vec<_> = values.collect::<Result<_, _>>().map_err(|_| invalid())?;
        Ok((!values.is_empty()).then(|| values.join(",")))
    };
    match (joined(IF_MATCH)?, joined(IF_NONE_MATCH)?) {
        (None, None) => Ok(Precondition::None),
        (Some(list), None) if list.trim() == "*" => Ok(Precondition::Exists),
        (Some(list), None) => {
            let numbers = list.split(',').map(|tag| {
                let tag = tag.trim();
                let bare = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"'));
                bare.unwrap_or(tag).parse().map_err(|_| invalid())
            });
            Ok(Precondition::OneOf(numbers.collect::<Result<_, _>>()?))
        }
        (None, Some(list)) if list.trim() == "*" => Ok(Precondition::Missing),
        _ => Err(invalid()),
    }
}

/// The tag that a condition names a version by.
pub(super) fn etag(version: i64) -> HeaderValue {
    HeaderValue::from_str(&format!("\"{version}\"")).unwrap_or(HeaderValue::from_static("\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Versions are given with or without quotes, one or several.
    #[test]
    fn conditions_are_parsed() {
        let parse = |name: &'static str, value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(name, value.parse().unwrap());
            precondition(&headers).map_err(|_| ())
        };
        assert_eq!(parse("if-match", "\"3\""), Ok(Precondition::OneOf(vec![3])));
        assert_eq!(
            parse("if-match", "3, \"4\""),
            Ok(Precondition::OneOf(vec![3, 4]))
        );
        assert_eq!(parse("if-match", "*"), Ok(Precondition::Exists));
        assert_eq!(parse("if-none-match", "*"), Ok(Precondition::Missing));
        for bad in ["", "x", "\"3", "W/\"3\""] {
            assert_eq!(parse("if-match", bad), Err(()), "{bad}");
        }
        assert_eq!(parse("if-none-match", "3"), Err(()));
    }
}
