//! Values as WAVE texts: constructor parameters in a function's name.

use wasm_wave::value::{Type, Value};
use wasm_wave::wasm::{WasmTypeKind, WasmValue as _};

use super::analysed_type::{AnalysedType, Case, Field};
use super::json::Json;

/// A value that was read.
#[derive(Debug, PartialEq)]
pub(super) struct Parsed {
    /// The only text of this value, whatever text it was read from.
    pub(super) text: String,
    /// The value as untyped JSON.
    pub(super) json: Json,
}

/// Reads a value of a type. The text says what is wrong.
pub(super) fn parse(typ: &AnalysedType, text: &str) -> Result<Parsed, String> {
    let wave = type_of(typ)?;
    let value: Value = wasm_wave::from_str(&wave, text).map_err(|error| error.to_string())?;
    Ok(Parsed {
        text: wasm_wave::to_string(&value).map_err(|error| error.to_string())?,
        json: json(typ, &value)?,
    })
}

fn type_of(typ: &AnalysedType) -> Result<Type, String> {
    let boxed = |typ: &Option<Box<AnalysedType>>| typ.as_deref().map(type_of).transpose();
    let simple = |kind| Type::simple(kind);
    let found = match typ {
        AnalysedType::Bool => simple(WasmTypeKind::Bool),
        AnalysedType::S8 => simple(WasmTypeKind::S8),
        AnalysedType::U8 => simple(WasmTypeKind::U8),
        AnalysedType::S16 => simple(WasmTypeKind::S16),
        AnalysedType::U16 => simple(WasmTypeKind::U16),
        AnalysedType::S32 => simple(WasmTypeKind::S32),
        AnalysedType::U32 => simple(WasmTypeKind::U32),
        AnalysedType::S64 => simple(WasmTypeKind::S64),
        AnalysedType::U64 => simple(WasmTypeKind::U64),
        AnalysedType::F32 => simple(WasmTypeKind::F32),
        AnalysedType::F64 => simple(WasmTypeKind::F64),
        AnalysedType::Chr => simple(WasmTypeKind::Char),
        AnalysedType::Str => simple(WasmTypeKind::String),
        AnalysedType::List { inner } => Some(Type::list(type_of(inner)?)),
        AnalysedType::Option { inner } => Some(Type::option(type_of(inner)?)),
        AnalysedType::Result { ok, err } => Some(Type::result(boxed(ok)?, boxed(err)?)),
        AnalysedType::Tuple { items } => {
            let items: Vec<_> = items.iter().map(type_of).collect::<Result<_, _>>()?;
            Type::tuple(items)
        }
        AnalysedType::Record { fields } => {
            let field = |field: &Field| Ok((field.name.clone(), type_of(&field.typ)?));
            let fields: Vec<_> = fields.iter().map(field).collect::<Result<_, String>>()?;
            Type::record(fields)
        }
        AnalysedType::Variant { cases } => {
            let case = |case: &Case| {
                let typ = case.typ.as_ref().map(type_of).transpose()?;
                Ok((case.name.clone(), typ))
            };
            let cases: Vec<_> = cases.iter().map(case).collect::<Result<_, String>>()?;
            Type::variant(cases)
        }
        AnalysedType::Enum { cases } => Type::enum_ty(cases.clone()),
        AnalysedType::Flags { names } => Type::flags(names.clone()),
        AnalysedType::Handle { .. } => {
            return Err("a handle cannot be a constructor parameter in a name".to_owned());
        }
    };
    found.ok_or_else(|| format!("a {} without parts has no text", typ.word()))
}

/// The untyped JSON of a value, which is of the type.
fn json(typ: &AnalysedType, value: &Value) -> Result<Json, String> {
    let part = |typ: &AnalysedType, value: Option<std::borrow::Cow<'_, Value>>| match value {
        Some(value) => json(typ, &value),
        None => Ok(Json::Null),
    };
    let optional = |typ: Option<&AnalysedType>, value| match typ {
        Some(typ) => part(typ, value),
        None => Ok(Json::Null),
    };
    Ok(match typ {
        AnalysedType::Bool => Json::Bool(value.unwrap_bool()),
        AnalysedType::S8 => Json::Number(value.unwrap_s8().into()),
        AnalysedType::U8 => Json::Number(value.unwrap_u8().into()),
        AnalysedType::S16 => Json::Number(value.unwrap_s16().into()),
        AnalysedType::U16 => Json::Number(value.unwrap_u16().into()),
        AnalysedType::S32 => Json::Number(value.unwrap_s32().into()),
        AnalysedType::U32 => Json::Number(value.unwrap_u32().into()),
        AnalysedType::S64 => Json::Number(value.unwrap_s64().into()),
        AnalysedType::U64 => Json::Number(value.unwrap_u64().into()),
        AnalysedType::F32 => super::typed_json::float(f64::from(value.unwrap_f32())),
        AnalysedType::F64 => super::typed_json::float(value.unwrap_f64()),
        AnalysedType::Chr => Json::Number(u32::from(value.unwrap_char()).into()),
        AnalysedType::Str => Json::Text(value.unwrap_string().into_owned()),
        AnalysedType::List { inner } => {
            let items = value.unwrap_list().map(|item| json(inner, &item));
            Json::List(items.collect::<Result<_, _>>()?)
        }
        AnalysedType::Option { inner } => part(inner, value.unwrap_option())?,
        AnalysedType::Result { ok, err } => {
            let (key, value) = match value.unwrap_result() {
                Ok(value) => ("ok", optional(ok.as_deref(), value)?),
                Err(value) => ("err", optional(err.as_deref(), value)?),
            };
            Json::Object(vec![(key.to_owned(), value)])
        }
        AnalysedType::Tuple { items } => {
            let items = items.iter().zip(value.unwrap_tuple());
            let items = items.map(|(typ, item)| json(typ, &item));
            Json::List(items.collect::<Result<_, _>>()?)
        }
        AnalysedType::Record { fields } => {
            let members = fields.iter().zip(value.unwrap_record());
            let members = members
                .map(|(field, (_, value))| Ok((field.name.clone(), json(&field.typ, &value)?)));
            Json::Object(members.collect::<Result<_, String>>()?)
        }
        AnalysedType::Variant { cases } => {
            let (name, value) = value.unwrap_variant();
            let case = cases.iter().find(|case| case.name == name);
            let value = optional(case.and_then(|case| case.typ.as_ref()), value)?;
            Json::Object(vec![(name.into_owned(), value)])
        }
        AnalysedType::Enum { .. } => Json::Text(value.unwrap_enum().into_owned()),
        AnalysedType::Flags { .. } => {
            let names = value
                .unwrap_flags()
                .map(|name| Json::Text(name.into_owned()));
            Json::List(names.collect())
        }
        AnalysedType::Handle { .. } => return Err("a handle has no text".to_owned()),
    })
}
