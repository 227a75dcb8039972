//! Checks JSON against a type, and writes it in the one form that a value has.

use super::leaf::{expected, leaf};
use crate::workers::analysed_type::{AnalysedType, Case, Field};
use crate::workers::json::{Json, MAX_VALUES};

/// The most errors that are told at once.
const MAX_ERRORS: usize = 20;

/// Checks a value of a type, and returns its canonical form. Each error is about one part of the value.
pub(crate) fn check(typ: &AnalysedType, json: &Json) -> Result<Json, Vec<String>> {
    let mut check = Check {
        errors: Vec::new(),
        left: MAX_VALUES,
    };
    let value = check.value(typ, json);
    if check.left == 0 {
        let error = format!("the value has more than {MAX_VALUES} parts, the limit");
        check.errors = vec![error];
    }
    match check.errors.is_empty() {
        true => Ok(value),
        false => Err(check.errors),
    }
}

struct Check {
    errors: Vec<String>,
    /// How many parts may follow. Missing fields become parts, so a short text can have many.
    left: usize,
}

impl Check {
    /// The canonical form, or anything at all if there is an error.
    fn value(&mut self, typ: &AnalysedType, json: &Json) -> Json {
        self.left = self.left.saturating_sub(1);
        if self.left == 0 || self.errors.len() >= MAX_ERRORS {
            return Json::Null;
        }
        match typ {
            AnalysedType::Record { fields } => self.record(fields, json),
            AnalysedType::Tuple { items } => self.tuple(items, json),
            AnalysedType::List { inner } => self.list(inner, json),
            AnalysedType::Option { inner } => match json {
                Json::Null => Json::Null,
                json => self.value(inner, json),
            },
            AnalysedType::Result { ok, err } => self.result(ok.as_deref(), err.as_deref(), json),
            AnalysedType::Variant { cases } => self.variant(cases, json),
            typ => match leaf(typ, json) {
                Ok(json) => json,
                Err(error) => self.fail(error),
            },
        }
    }

    fn fail(&mut self, error: String) -> Json {
        self.errors.push(error);
        Json::Null
    }

    /// Reads a part, and puts words in front of its errors.
    fn within(&mut self, prefix: impl Fn() -> String, typ: &AnalysedType, json: &Json) -> Json {
        let before = self.errors.len();
        let value = self.value(typ, json);
        for error in self.errors.iter_mut().skip(before) {
            *error = format!("{}{error}", prefix());
        }
        value
    }

    fn record(&mut self, fields: &[Field], json: &Json) -> Json {
        if !matches!(json, Json::Object(_)) {
            return self.fail(expected("object", json));
        }
        let mut members = Vec::with_capacity(fields.len());
        for Field { name, typ } in fields {
            let value = match json.get(name) {
                Some(value) => {
                    self.within(|| format!("invalid value for key {name}: "), typ, value)
                }
                None if matches!(typ, AnalysedType::Option { .. }) => self.value(typ, &Json::Null),
                None => self.fail(format!("key '{name}' not found")),
            };
            if self.left == 0 {
                break;
            }
            members.push((name.clone(), value));
        }
        Json::Object(members)
    }

    fn tuple(&mut self, items: &[AnalysedType], json: &Json) -> Json {
        let Json::List(values) = json else {
            return self.fail(expected("array", json));
        };
        if values.len() != items.len() {
            return self.fail(format!(
                "expected a tuple of {} values, found {}",
                items.len(),
                values.len()
            ));
        }
        let values = items.iter().zip(values);
        Json::List(values.map(|(typ, value)| self.value(typ, value)).collect())
    }

    fn list(&mut self, inner: &AnalysedType, json: &Json) -> Json {
        let Json::List(values) = json else {
            return self.fail(expected("array", json));
        };
        Json::List(
            values
                .iter()
                .map(|value| self.value(inner, value))
                .collect(),
        )
    }

    fn result(
        &mut self,
        ok: Option<&AnalysedType>,
        err: Option<&AnalysedType>,
        json: &Json,
    ) -> Json {
        if !matches!(json, Json::Object(_)) {
            return self.fail(expected("object", json));
        }
        let (key, typ, value) = match (json.get("ok"), json.get("err")) {
            (Some(value), _) => ("ok", ok, value),
            (None, Some(value)) => ("err", err, value),
            (None, None) => {
                return self.fail("expected an object with the key 'ok' or 'err'".to_owned());
            }
        };
        let value = match typ {
            Some(typ) => self.value(typ, value),
            None if *value == Json::Null => Json::Null,
            None => self.fail(format!("The {key} value should be null")),
        };
        Json::Object(vec![(key.to_owned(), value)])
    }

    /// Only the first key of the object counts.
    fn variant(&mut self, cases: &[Case], json: &Json) -> Json {
        let Json::Object(members) = json else {
            return self.fail(expected("object", json));
        };
        let Some((name, value)) = members.first() else {
            return self.fail("expected an object with the name of a case as its key".to_owned());
        };
        let Some(case) = cases.iter().find(|case| case.name == *name) else {
            return self.fail(format!("Unknown key {name} in the variant"));
        };
        let value = match &case.typ {
            Some(typ) => self.within(|| format!("invalid value for case {name}: "), typ, value),
            None if *value == Json::Null => Json::Null,
            None => self.fail(format!("Unit variant {name} has non-null JSON value")),
        };
        Json::Object(vec![(name.clone(), value)])
    }
}
