//! Values of the component model as JSON, by their type.
//!
//! What a client sends is checked once, and written in a canonical form, which is also what a worker's journal
//! keeps. Only that form becomes values for a call.

mod check;
mod leaf;
mod lift;
mod lower;
#[cfg(test)]
mod tests;

use super::analysed_type::AnalysedType;
use super::exports::NamedResult;
use super::json::Json;
use wasmtime::component::ResourceAny;

pub(crate) use check::check;
pub(crate) use lift::result_value;
pub(crate) use lower::values;

/// Resolves the handles of a worker.
pub(crate) trait HandleResolver {
    /// The resource that a text names, for a parameter of this type, which is a handle. The error says why
    /// there is none.
    fn take(&mut self, text: &str, typ: &AnalysedType) -> Result<ResourceAny, String>;

    /// The text that names a resource from now on, which a function returned as this type.
    fn name(&mut self, resource: ResourceAny, typ: &AnalysedType) -> String;
}

/// The type of what an invocation returns: a tuple of all results, or a record if they have names.
pub(crate) fn result_type(results: &[NamedResult]) -> AnalysedType {
    if results.is_empty() || results.iter().any(|result| result.name.is_none()) {
        let items = results.iter().map(|result| result.typ.clone()).collect();
        return AnalysedType::Tuple { items };
    }
    let fields = results.iter().map(|result| super::analysed_type::Field {
        name: result.name.clone().unwrap_or_default(),
        typ: result.typ.clone(),
    });
    AnalysedType::Record {
        fields: fields.collect(),
    }
}

/// A floating-point number. JSON has none for these three values, so they are texts.
pub(super) fn float(number: f64) -> Json {
    if number.is_finite() {
        return Json::float(number);
    }
    let text = match number {
        f64::INFINITY => "Infinity",
        f64::NEG_INFINITY => "-Infinity",
        _ => "NaN",
    };
    Json::Text(text.to_owned())
}

/// The value of such a text.
fn special(text: &str) -> Option<f64> {
    match text {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}
