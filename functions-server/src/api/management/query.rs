//! The query of a list: where it begins, and how long it is.

use std::collections::BTreeMap;
use std::str::FromStr;

use http::Uri;

use super::Problem;

/// How many entries a list has unless the query says otherwise, and at most.
const DEFAULT_LIMIT: i64 = 100;
pub(super) const MAX_LIMIT: i64 = 1000;

/// The parameters of a query.
pub(super) struct Query(BTreeMap<String, String>);

impl Query {
    /// Reads a query with no other parameters than `known`.
    pub(super) fn parse(uri: &Uri, known: &[&str]) -> Result<Self, Problem> {
        let mut parameters = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
            if !known.contains(&&*name) {
                let detail = format!(
                    "unknown query parameter {name:?}: expected {}",
                    known.join(", ")
                );
                return Err(Problem::bad_request(detail));
            }
            if parameters
                .insert(name.to_string(), value.into_owned())
                .is_some()
            {
                let detail = format!("the query parameter {name:?} is given twice");
                return Err(Problem::bad_request(detail));
            }
        }
        Ok(Self(parameters))
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub(super) fn number<N: FromStr>(&self, name: &str) -> Result<Option<N>, Problem> {
        let number = self.text(name).map(str::parse).transpose();
        number.map_err(|_| {
            Problem::bad_request(format!(
                "invalid query parameter {name:?}: expected a number"
            ))
        })
    }

    pub(super) fn limit(&self) -> Result<i64, Problem> {
        let limit = self.number("limit")?.unwrap_or(DEFAULT_LIMIT);
        if !(1..=MAX_LIMIT).contains(&limit) {
            let detail = format!("invalid query parameter \"limit\": expected 1 to {MAX_LIMIT}");
            return Err(Problem::bad_request(detail));
        }
        Ok(limit)
    }
}
