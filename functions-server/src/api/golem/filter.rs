//! Which workers a list has.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::answer::ErrorResponse;
use crate::store::Time;
use crate::workers::{Status, WorkerView};

/// How deeply conditions nest.
const MAX_DEPTH: usize = 16;

/// A condition on workers, as the JSON of `find`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "type")]
pub(super) enum WorkerFilter {
    Name {
        comparator: TextComparator,
        value: String,
    },
    Env {
        name: String,
        comparator: TextComparator,
        value: String,
    },
    Version {
        comparator: Comparator,
        value: Number,
    },
    Status {
        comparator: Comparator,
        value: Status,
    },
    CreatedAt {
        comparator: Comparator,
        value: String,
    },
    And {
        filters: Vec<WorkerFilter>,
    },
    Or {
        filters: Vec<WorkerFilter>,
    },
    Not {
        filter: Box<WorkerFilter>,
    },
}

/// A number that may have come as text.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(try_from = "serde_json::Value")]
pub(super) struct Number(u64);

impl TryFrom<serde_json::Value> for Number {
    type Error = String;

    fn try_from(value: serde_json::Value) -> Result<Self, String> {
        let number = value.to_string().parse().ok();
        number
            .map(Self)
            .ok_or_else(|| format!("{value} is not a version"))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub(super) enum TextComparator {
    Equal,
    NotEqual,
    Like,
    NotLike,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub(super) enum Comparator {
    Equal,
    NotEqual,
    GreaterEqual,
    Greater,
    LessEqual,
    Less,
}

/// A status by its name, in capitals or not, as upstream parses filters.
fn status(name: &str) -> Option<Status> {
    let mut letters = name.to_ascii_lowercase();
    letters.get_mut(..1)?.make_ascii_uppercase();
    serde_json::from_value(letters.into()).ok()
}

impl WorkerFilter {
    /// Parses `SUBJECT COMPARATOR VALUE`, the form in a query.
    pub(super) fn parse(text: &str) -> Result<Self, ErrorResponse> {
        let invalid =
            |why: &str| ErrorResponse::bad_request(format!("Invalid filter: {text}, {why}"));
        let words: Vec<_> = text.split_whitespace().collect();
        let [subject, comparator, value] = *words.as_slice() else {
            return Err(invalid("expected SUBJECT COMPARATOR VALUE"));
        };
        let of_text =
            || TextComparator::parse(comparator).ok_or_else(|| invalid("unknown comparator"));
        let of_order =
            || Comparator::parse(comparator).ok_or_else(|| invalid("unknown comparator"));
        let value = value.to_owned();
        if let Some(name) = subject.strip_prefix("env.") {
            return Ok(Self::Env {
                name: name.to_owned(),
                comparator: of_text()?,
                value,
            });
        }
        let filter = match subject {
            "name" => Self::Name {
                comparator: of_text()?,
                value,
            },
            "version" => Self::Version {
                comparator: of_order()?,
                value: Number(
                    value
                        .parse()
                        .map_err(|_| invalid("the value is not a version"))?,
                ),
            },
            "status" => Self::Status {
                comparator: of_order()?,
                value: status(&value).ok_or_else(|| invalid("unknown status"))?,
            },
            "createdAt" | "created_at" => Self::CreatedAt {
                comparator: of_order()?,
                value,
            },
            _ => {
                return Err(invalid(
                    "unknown subject: expected name, version, status, createdAt or env.NAME",
                ));
            }
        };
        filter.check(0)?;
        Ok(filter)
    }

    /// Refuses what could not be compared.
    pub(super) fn check(&self, depth: usize) -> Result<(), ErrorResponse> {
        if depth > MAX_DEPTH {
            return Err(ErrorResponse::bad_request(format!(
                "Invalid filter: it nests more than {MAX_DEPTH} deep"
            )));
        }
        match self {
            Self::CreatedAt { value, .. } if Time::parse(value).is_none() => {
                Err(ErrorResponse::bad_request(format!(
                    "Invalid filter: {value} is not a time of RFC 3339"
                )))
            }
            Self::And { filters } | Self::Or { filters } => filters
                .iter()
                .try_for_each(|filter| filter.check(depth + 1)),
            Self::Not { filter } => filter.check(depth + 1),
            _ => Ok(()),
        }
    }

    /// Whether a worker meets the condition. `env` has its component's variables too.
    pub(super) fn matches(&self, view: &WorkerView, env: &BTreeMap<String, String>) -> bool {
        match self {
            Self::Name { comparator, value } => comparator.holds(&view.name, value),
            Self::Env {
                name,
                comparator,
                value,
            } => env
                .get(name)
                .is_some_and(|own| comparator.holds(own, value)),
            Self::Version { comparator, value } => comparator.holds(&view.version, &value.0),
            Self::Status { comparator, value } => {
                comparator.holds(&(view.status as u8), &(*value as u8))
            }
            Self::CreatedAt { comparator, value } => {
                Time::parse(value).is_some_and(|time| comparator.holds(&view.created, &time.0))
            }
            Self::And { filters } => filters.iter().all(|filter| filter.matches(view, env)),
            Self::Or { filters } => filters.iter().any(|filter| filter.matches(view, env)),
            Self::Not { filter } => !filter.matches(view, env),
        }
    }
}

impl TextComparator {
    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "=" | "==" | "eq" | "equal" | "Equal" => Self::Equal,
            "!=" | "ne" | "notequal" | "NotEqual" => Self::NotEqual,
            "like" | "Like" => Self::Like,
            "notlike" | "NotLike" => Self::NotLike,
            _ => return None,
        })
    }

    fn holds(self, own: &str, value: &str) -> bool {
        match self {
            Self::Equal => own == value,
            Self::NotEqual => own != value,
            Self::Like => own.contains(value),
            Self::NotLike => !own.contains(value),
        }
    }
}

impl Comparator {
    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "=" | "==" | "eq" | "equal" | "Equal" => Self::Equal,
            "!=" | "ne" | "notequal" | "NotEqual" => Self::NotEqual,
            ">=" | "ge" | "greaterequal" | "GreaterEqual" => Self::GreaterEqual,
            ">" | "gt" | "greater" | "Greater" => Self::Greater,
            "<=" | "le" | "lessequal" | "LessEqual" => Self::LessEqual,
            "<" | "lt" | "less" | "Less" => Self::Less,
            _ => return None,
        })
    }

    fn holds<T: PartialOrd>(self, own: &T, value: &T) -> bool {
        match self {
            Self::Equal => own == value,
            Self::NotEqual => own != value,
            Self::GreaterEqual => own >= value,
            Self::Greater => own > value,
            Self::LessEqual => own <= value,
            Self::Less => own < value,
        }
    }
}
