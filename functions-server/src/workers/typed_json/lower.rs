//! From canonical JSON to the values of a call.

use serde_json::Number;
use wasmtime::component::Val;

use super::{HandleResolver, special};
use crate::workers::analysed_type::{AnalysedType, Field};
use crate::workers::json::Json;

/// The values for a function's parameters. `text` is the canonical JSON array that was checked against them.
///
/// # Errors
///
/// A handle names no resource of the worker, or the text is of another type.
pub(crate) fn values(
    parameters: &[Field],
    text: &str,
    handles: &mut impl HandleResolver,
) -> Result<Vec<Val>, String> {
    let json = Json::parse(text.as_bytes()).map_err(|error| error.to_string())?;
    let Json::List(list) = json else {
        return Err("parameters are an array".to_owned());
    };
    if list.len() != parameters.len() {
        let (expected, got) = (parameters.len(), list.len());
        return Err(format!("expected {expected}, got {got} parameters"));
    }
    let pairs = parameters.iter().zip(list);
    pairs
        .map(|(parameter, json)| value(&parameter.typ, json, handles))
        .collect()
}

fn value(typ: &AnalysedType, json: Json, handles: &mut impl HandleResolver) -> Result<Val, String> {
    let changed = || format!("a canonical value is not of the type {}", typ.word());
    Ok(match (typ, json) {
        (AnalysedType::Bool, Json::Bool(value)) => Val::Bool(value),
        (AnalysedType::Str, Json::Text(text)) => Val::String(text),
        (AnalysedType::Enum { .. }, Json::Text(text)) => Val::Enum(text),
        (typ @ AnalysedType::Handle { .. }, Json::Text(text)) => {
            Val::Resource(handles.take(&text, typ)?)
        }
        (AnalysedType::F64, json) => Val::Float64(float(&json).ok_or_else(changed)?),
        (AnalysedType::F32, json) => Val::Float32(float(&json).ok_or_else(changed)? as f32),
        (AnalysedType::Option { .. }, Json::Null) => Val::Option(None),
        (AnalysedType::Option { inner }, json) => {
            Val::Option(Some(Box::new(value(inner, json, handles)?)))
        }
        (AnalysedType::List { inner }, Json::List(list)) => {
            let items = list.into_iter().map(|json| value(inner, json, handles));
            Val::List(items.collect::<Result<_, _>>()?)
        }
        (AnalysedType::Tuple { items }, Json::List(list)) => {
            let items = items.iter().zip(list);
            let items = items.map(|(typ, json)| value(typ, json, handles));
            Val::Tuple(items.collect::<Result<_, _>>()?)
        }
        (AnalysedType::Record { fields }, Json::Object(members)) => {
            let fields = fields.iter().zip(members);
            let fields =
                fields.map(|(field, (name, json))| Ok((name, value(&field.typ, json, handles)?)));
            Val::Record(fields.collect::<Result<_, String>>()?)
        }
        (AnalysedType::Flags { .. }, Json::List(names)) => {
            let names = names.into_iter().map(|name| match name {
                Json::Text(name) => Ok(name),
                _ => Err(changed()),
            });
            Val::Flags(names.collect::<Result<_, _>>()?)
        }
        (AnalysedType::Result { ok, err }, Json::Object(members)) => {
            let (key, json) = members.into_iter().next().ok_or_else(changed)?;
            let is_ok = key == "ok";
            let typ = if is_ok { ok } else { err };
            let part = part(typ.as_deref(), json, handles)?;
            Val::Result(if is_ok { Ok(part) } else { Err(part) })
        }
        (AnalysedType::Variant { cases }, Json::Object(members)) => {
            let (name, json) = members.into_iter().next().ok_or_else(changed)?;
            let case = cases.iter().find(|case| case.name == name);
            let typ = case.ok_or_else(changed)?.typ.as_ref();
            let part = part(typ, json, handles)?;
            Val::Variant(name, part)
        }
        (typ, Json::Number(number)) => integer(typ, &number).ok_or_else(changed)?,
        _ => return Err(changed()),
    })
}

fn part(
    typ: Option<&AnalysedType>,
    json: Json,
    handles: &mut impl HandleResolver,
) -> Result<Option<Box<Val>>, String> {
    let Some(typ) = typ else {
        return Ok(None);
    };
    Ok(Some(Box::new(value(typ, json, handles)?)))
}

fn integer(typ: &AnalysedType, number: &Number) -> Option<Val> {
    let signed = number.as_i64();
    Some(match typ {
        AnalysedType::U64 => Val::U64(number.as_u64()?),
        AnalysedType::S64 => Val::S64(signed?),
        AnalysedType::U32 => Val::U32(signed?.try_into().ok()?),
        AnalysedType::S32 => Val::S32(signed?.try_into().ok()?),
        AnalysedType::U16 => Val::U16(signed?.try_into().ok()?),
        AnalysedType::S16 => Val::S16(signed?.try_into().ok()?),
        AnalysedType::U8 => Val::U8(signed?.try_into().ok()?),
        AnalysedType::S8 => Val::S8(signed?.try_into().ok()?),
        AnalysedType::Chr => Val::Char(char::from_u32(signed?.try_into().ok()?)?),
        _ => return None,
    })
}

fn float(json: &Json) -> Option<f64> {
    match json {
        Json::Number(number) => number.as_f64(),
        Json::Text(text) => special(text),
        _ => None,
    }
}
