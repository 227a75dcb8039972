//! From the values that a call returned to JSON.

use std::io;

use wasmtime::component::Val;

use super::{HandleResolver, float};
use crate::workers::analysed_type::AnalysedType;
use crate::workers::exports::NamedResult;
use crate::workers::json::Json;

/// The longest result as JSON, in bytes: as long as the body of a request may be.
pub(super) const MAX_RESULT: usize = 16 << 20;

/// The `value` of what a function returned, as text, whose type is [`result_type`](super::result_type).
///
/// # Errors
///
/// The values are not those of the function, or too long.
pub(crate) fn result_value(
    results: &[NamedResult],
    values: &[Val],
    handles: &mut impl HandleResolver,
) -> Result<String, String> {
    let named = results.iter().map(|result| result.name.as_ref());
    let names: Option<Vec<_>> = named.collect();
    let parts = results.iter().zip(values);
    let parts = parts.map(|(result, value)| json(&result.typ, value, handles));
    let json = match names {
        Some(names) if !names.is_empty() => {
            let members = names.into_iter().zip(parts);
            let members = members.map(|(name, value)| Ok((name.clone(), value?)));
            Json::Object(members.collect::<Result<_, String>>()?)
        }
        _ => Json::List(parts.collect::<Result<_, _>>()?),
    };
    let mut text = BoundedText::default();
    serde_json::to_writer(&mut text, &json).map_err(|error| error.to_string())?;
    String::from_utf8(text.0).map_err(|error| error.to_string())
}

/// A text that gets no longer than a result may be.
#[derive(Default)]
struct BoundedText(Vec<u8>);

impl io::Write for BoundedText {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > MAX_RESULT {
            return Err(io::Error::other(format!(
                "the result is longer than {MAX_RESULT} bytes of JSON"
            )));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn json(
    typ: &AnalysedType,
    value: &Val,
    handles: &mut impl HandleResolver,
) -> Result<Json, String> {
    Ok(match (typ, value) {
        (_, Val::Bool(value)) => Json::Bool(*value),
        (_, Val::S8(value)) => Json::Number((*value).into()),
        (_, Val::U8(value)) => Json::Number((*value).into()),
        (_, Val::S16(value)) => Json::Number((*value).into()),
        (_, Val::U16(value)) => Json::Number((*value).into()),
        (_, Val::S32(value)) => Json::Number((*value).into()),
        (_, Val::U32(value)) => Json::Number((*value).into()),
        (_, Val::S64(value)) => Json::Number((*value).into()),
        (_, Val::U64(value)) => Json::Number((*value).into()),
        (_, Val::Float32(value)) => float(f64::from(*value)),
        (_, Val::Float64(value)) => float(*value),
        (_, Val::Char(value)) => Json::Number(u32::from(*value).into()),
        (_, Val::String(text) | Val::Enum(text)) => Json::Text(text.clone()),
        (typ, Val::Resource(resource)) => Json::Text(handles.name(*resource, typ)),
        (AnalysedType::List { inner }, Val::List(items)) => {
            let items = items.iter().map(|item| json(inner, item, handles));
            Json::List(items.collect::<Result<_, _>>()?)
        }
        (AnalysedType::Tuple { items: types }, Val::Tuple(items)) => {
            let items = types.iter().zip(items);
            let items = items.map(|(typ, item)| json(typ, item, handles));
            Json::List(items.collect::<Result<_, _>>()?)
        }
        (AnalysedType::Record { fields }, Val::Record(members)) => {
            let members = fields.iter().zip(members);
            let members = members.map(|(field, (name, value))| {
                Ok((name.clone(), json(&field.typ, value, handles)?))
            });
            Json::Object(members.collect::<Result<_, String>>()?)
        }
        (_, Val::Flags(set)) => Json::List(set.iter().cloned().map(Json::Text).collect()),
        (_, Val::Option(None)) => Json::Null,
        (AnalysedType::Option { inner }, Val::Option(Some(value))) => json(inner, value, handles)?,
        (AnalysedType::Result { ok, err }, Val::Result(result)) => {
            let (key, typ, value) = match result {
                Ok(value) => ("ok", ok, value),
                Err(value) => ("err", err, value),
            };
            let value = part(typ.as_deref(), value.as_deref(), handles)?;
            Json::Object(vec![(key.to_owned(), value)])
        }
        (AnalysedType::Variant { cases }, Val::Variant(name, value)) => {
            let case = cases.iter().find(|case| case.name == *name);
            let typ = case.and_then(|case| case.typ.as_ref());
            let value = part(typ, value.as_deref(), handles)?;
            Json::Object(vec![(name.clone(), value)])
        }
        (typ, _) => return Err(format!("a returned value is not a {}", typ.word())),
    })
}

fn part(
    typ: Option<&AnalysedType>,
    value: Option<&Val>,
    handles: &mut impl HandleResolver,
) -> Result<Json, String> {
    match (typ, value) {
        (Some(typ), Some(value)) => json(typ, value, handles),
        _ => Ok(Json::Null),
    }
}
