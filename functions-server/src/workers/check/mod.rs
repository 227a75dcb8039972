//! Checks a call against what a component exports, before any worker is asked.

use std::sync::Arc;

use super::analysed_type::AnalysedType;
use super::exports::{BadCall, FoundFunction, FunctionIndex};
use super::json::Json;
use super::typed_json;

/// A parameter as a client sends it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Parameter {
    /// The type that the client declares, in typed JSON.
    pub(crate) typ: Option<AnalysedType>,
    pub(crate) value: Json,
}

/// A call whose function exists and whose parameters fit. Only its handles may turn out to be invalid.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CheckedCall {
    pub(crate) function: Arc<FoundFunction>,
    /// The function's name, as the client wrote it.
    pub(crate) text: String,
    /// The parameters as a canonical JSON array, which [`values`](typed_json::values) reads.
    pub(crate) params: String,
}

impl Parameter {
    /// The parameters in the body of an invocation: `{"params":[{"typ":…,"value":…}]}`, or without types.
    pub(crate) fn of_body(body: &[u8]) -> Result<Vec<Self>, BadCall> {
        let json = Json::parse(body)
            .map_err(|error| BadCall::new(format!("parse request payload error: {error}")))?;
        let Some(Json::List(items)) = json.get("params") else {
            return Err(BadCall::new(
                "parse request payload error: expected an object with the array `params`",
            ));
        };
        let parameters: Vec<_> = items.iter().map(Self::of_item).collect::<Result<_, _>>()?;
        let typed = parameters
            .iter()
            .filter(|parameter| parameter.typ.is_some())
            .count();
        if typed != 0 && typed != parameters.len() {
            return Err(BadCall::new(
                "some parameters have a `typ` and others have none: give it to all of them, or to none",
            ));
        }
        Ok(parameters)
    }

    fn of_item(item: &Json) -> Result<Self, BadCall> {
        let Some(value) = item.get("value") else {
            return Err(BadCall::new(
                "parse request payload error: a parameter lacks `value`",
            ));
        };
        let typ =
            match item.get("typ") {
                None | Some(Json::Null) => None,
                Some(typ) => Some(AnalysedType::from_json(typ).map_err(|error| {
                    BadCall::new(format!("parse request payload error: {error}"))
                })?),
            };
        let value = value.clone();
        Ok(Self { typ, value })
    }

    /// The parameters in a JSON array without types.
    pub(crate) fn of_array(body: &[u8]) -> Result<Vec<Self>, BadCall> {
        let json = Json::parse(body)
            .map_err(|error| BadCall::new(format!("parse request payload error: {error}")))?;
        let Json::List(items) = json else {
            return Err(BadCall::new(
                "parse request payload error: expected an array of parameters",
            ));
        };
        let untyped = |value| Self { typ: None, value };
        Ok(items.into_iter().map(untyped).collect())
    }
}

/// Checks a call of the function that `text` names.
pub(crate) fn check(
    functions: &FunctionIndex,
    text: &str,
    parameters: &[Parameter],
) -> Result<CheckedCall, BadCall> {
    // As upstream, a value that does not fit its own type is found first.
    let typed = parameters.iter().map(|parameter| {
        let typ = parameter.typ.as_ref();
        typ.map(|typ| typed_json::check(typ, &parameter.value))
            .transpose()
            .map_err(|errors| BadCall { errors })
    });
    let typed = typed.collect::<Result<Vec<Option<Json>>, _>>()?;
    let function = functions.find(text)?;
    let (expected, got) = (function.parameters.len(), parameters.len());
    if expected != got {
        return Err(BadCall::new(format!(
            "expected {expected}, got {got} parameters"
        )));
    }
    let mut values = Vec::with_capacity(got);
    let mut errors = Vec::new();
    let given = parameters.iter().zip(typed);
    for (declared, (parameter, typed)) in function.parameters.iter().zip(given) {
        let checked = match (&parameter.typ, typed) {
            (Some(typ), Some(value)) if *typ == declared.typ => Ok(value),
            (Some(typ), _) => match declared.typ.difference(typ) {
                Some(difference) => {
                    errors.push(format!("in {}: {difference}", declared.name));
                    continue;
                }
                None => typed_json::check(&declared.typ, &parameter.value),
            },
            (None, _) => typed_json::check(&declared.typ, &parameter.value),
        };
        match checked {
            Ok(value) => values.push(value),
            Err(found) => {
                errors.extend(found.into_iter().map(|error| {
                    format!("Parameter {} has unexpected type: {error}", declared.name)
                }));
            }
        }
    }
    if !errors.is_empty() {
        return Err(BadCall { errors });
    }
    let params = serde_json::to_string(&values);
    Ok(CheckedCall {
        params: params.map_err(|error| BadCall::new(error.to_string()))?,
        text: text.to_owned(),
        function,
    })
}

#[cfg(test)]
mod tests;
