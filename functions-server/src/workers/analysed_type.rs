//! Types of the component model, as the `typ` of typed JSON has them.

use serde::de::{Deserialize, Deserializer, Error as _};
use serde::{Deserialize as DeserializeDerive, Serialize};

use super::json::Json;

/// A type. Its JSON is what clients copy from a component's metadata.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type")]
pub(crate) enum AnalysedType {
    Variant {
        cases: Vec<Case>,
    },
    Result {
        ok: Option<Box<AnalysedType>>,
        err: Option<Box<AnalysedType>>,
    },
    Option {
        inner: Box<AnalysedType>,
    },
    Enum {
        cases: Vec<String>,
    },
    Flags {
        names: Vec<String>,
    },
    Record {
        fields: Vec<Field>,
    },
    Tuple {
        items: Vec<AnalysedType>,
    },
    List {
        inner: Box<AnalysedType>,
    },
    Str,
    Chr,
    F64,
    F32,
    U64,
    S64,
    U32,
    S32,
    U16,
    S16,
    U8,
    S8,
    Bool,
    Handle {
        resource_id: u64,
        mode: Mode,
    },
}

/// A case of a variant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) typ: Option<AnalysedType>,
}

/// A field of a record, or a parameter of a function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, DeserializeDerive)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) typ: AnalysedType,
}

/// Whether a handle is passed on or lent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) enum Mode {
    Owned,
    Borrowed,
}

impl AnalysedType {
    /// Reads the JSON of a type. `ok`, `err` and the type of a case may be missing.
    pub(crate) fn from_json(json: &Json) -> Result<Self, String> {
        let tag = text(json, "type")?;
        Ok(match tag {
            "Variant" => Self::Variant {
                cases: all(json, "cases", |case| {
                    Ok(Case {
                        name: text(case, "name")?.to_owned(),
                        typ: optional(case, "typ")?,
                    })
                })?,
            },
            "Result" => Self::Result {
                ok: optional(json, "ok")?.map(Box::new),
                err: optional(json, "err")?.map(Box::new),
            },
            "Option" => Self::Option {
                inner: Box::new(required(json, "inner")?),
            },
            "List" => Self::List {
                inner: Box::new(required(json, "inner")?),
            },
            "Enum" => Self::Enum {
                cases: all(json, "cases", name)?,
            },
            "Flags" => Self::Flags {
                names: all(json, "names", name)?,
            },
            "Record" => Self::Record {
                fields: all(json, "fields", |field| {
                    Ok(Field {
                        name: text(field, "name")?.to_owned(),
                        typ: required(field, "typ")?,
                    })
                })?,
            },
            "Tuple" => Self::Tuple {
                items: all(json, "items", Self::from_json)?,
            },
            "Handle" => Self::Handle {
                resource_id: match json.get("resource_id") {
                    Some(Json::Number(number)) => number.as_u64(),
                    _ => None,
                }
                .ok_or("the type Handle needs a number `resource_id`")?,
                mode: match text(json, "mode")? {
                    "Owned" | "owned" => Mode::Owned,
                    "Borrowed" | "borrowed" => Mode::Borrowed,
                    other => {
                        return Err(format!(
                            "unknown mode {other:?} of the type Handle: expected Owned or Borrowed"
                        ));
                    }
                },
            },
            tag => Self::simple(tag).ok_or_else(|| {
                format!("unknown type {tag:?}: expected one such as U64, Str or Record")
            })?,
        })
    }

    /// The type with this tag that has no parts.
    fn simple(tag: &str) -> Option<Self> {
        Some(match tag {
            "Str" => Self::Str,
            "Chr" => Self::Chr,
            "F64" => Self::F64,
            "F32" => Self::F32,
            "U64" => Self::U64,
            "S64" => Self::S64,
            "U32" => Self::U32,
            "S32" => Self::S32,
            "U16" => Self::U16,
            "S16" => Self::S16,
            "U8" => Self::U8,
            "S8" => Self::S8,
            "Bool" => Self::Bool,
            _ => return None,
        })
    }

    /// The word for the type in errors.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Variant { .. } => "variant",
            Self::Result { .. } => "result",
            Self::Option { .. } => "option",
            Self::Enum { .. } => "enum",
            Self::Flags { .. } => "flags",
            Self::Record { .. } => "record",
            Self::Tuple { .. } => "tuple",
            Self::List { .. } => "list",
            Self::Str => "string",
            Self::Chr => "char",
            Self::F64 => "f64",
            Self::F32 => "f32",
            Self::U64 => "u64",
            Self::S64 => "s64",
            Self::U32 => "u32",
            Self::S32 => "s32",
            Self::U16 => "u16",
            Self::S16 => "s16",
            Self::U8 => "u8",
            Self::S8 => "s8",
            Self::Bool => "bool",
            Self::Handle { .. } => "handle",
        }
    }

    /// Where a type that a client declares differs from this one. Handles are alike: whether one is of the
    /// right resource shows when it is used.
    pub(crate) fn difference(&self, declared: &Self) -> Option<String> {
        let parts = |own: &[Self], other: &[Self]| -> Option<String> {
            match own.len() == other.len() {
                true => own
                    .iter()
                    .zip(other)
                    .find_map(|(own, other)| own.difference(other)),
                false => Some(format!("expected {} parts, got {}", own.len(), other.len())),
            }
        };
        let side = |own: &Option<Box<Self>>, other: &Option<Box<Self>>| match (own, other) {
            (Some(own), Some(other)) => own.difference(other),
            (None, None) => None,
            (Some(own), None) => Some(format!("expected {}, got nothing", own.word())),
            (None, Some(other)) => Some(format!("expected nothing, got {}", other.word())),
        };
        match (self, declared) {
            (Self::Handle { .. }, Self::Handle { .. }) => None,
            (Self::Option { inner }, Self::Option { inner: other })
            | (Self::List { inner }, Self::List { inner: other }) => inner.difference(other),
            (Self::Tuple { items }, Self::Tuple { items: other }) => parts(items, other),
            (Self::Result { ok, err }, Self::Result { ok: o, err: e }) => {
                side(ok, o).or_else(|| side(err, e))
            }
            (Self::Record { fields }, Self::Record { fields: other }) => {
                let names =
                    |fields: &[Field]| fields.iter().map(|field| field.name.clone()).collect();
                let (expected, got): (Vec<_>, Vec<_>) = (names(fields), names(other));
                if expected != got {
                    return Some(format!("expected the fields {expected:?}, got {got:?}"));
                }
                fields.iter().zip(other).find_map(|(own, other)| {
                    let difference = own.typ.difference(&other.typ)?;
                    Some(format!("in {}: {difference}", own.name))
                })
            }
            (Self::Variant { cases }, Self::Variant { cases: other }) => {
                let names = |cases: &[Case]| cases.iter().map(|case| case.name.clone()).collect();
                let (expected, got): (Vec<_>, Vec<_>) = (names(cases), names(other));
                if expected != got {
                    return Some(format!("expected the cases {expected:?}, got {got:?}"));
                }
                cases.iter().zip(other).find_map(|(own, other)| {
                    let boxed = |typ: &Option<Self>| typ.clone().map(Box::new);
                    let difference = side(&boxed(&own.typ), &boxed(&other.typ))?;
                    Some(format!("in {}: {difference}", own.name))
                })
            }
            (own, other) if own == other => None,
            (own, other) if own.word() == other.word() => Some(format!(
                "expected another {} than the one declared",
                own.word()
            )),
            (own, other) => Some(format!("expected {}, got {}", own.word(), other.word())),
        }
    }
}

impl<'de> Deserialize<'de> for AnalysedType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = serde_json::Value::deserialize(deserializer)?;
        let json = Json::parse(json.to_string().as_bytes()).map_err(D::Error::custom)?;
        Self::from_json(&json).map_err(D::Error::custom)
    }
}

fn text<'a>(json: &'a Json, key: &str) -> Result<&'a str, String> {
    match json.get(key) {
        Some(Json::Text(text)) => Ok(text),
        Some(other) => Err(format!(
            "`{key}` of a type is a {}: expected a string",
            other.kind()
        )),
        None => Err(format!("a type lacks `{key}`")),
    }
}

fn name(json: &Json) -> Result<String, String> {
    match json {
        Json::Text(text) => Ok(text.clone()),
        other => Err(format!(
            "a name in a type is a {}: expected a string",
            other.kind()
        )),
    }
}

fn required(json: &Json, key: &str) -> Result<AnalysedType, String> {
    let part = json
        .get(key)
        .ok_or_else(|| format!("a type lacks `{key}`"))?;
    AnalysedType::from_json(part)
}

fn optional(json: &Json, key: &str) -> Result<Option<AnalysedType>, String> {
    match json.get(key) {
        None | Some(Json::Null) => Ok(None),
        Some(part) => AnalysedType::from_json(part).map(Some),
    }
}

fn all<T>(
    json: &Json,
    key: &str,
    read: impl Fn(&Json) -> Result<T, String>,
) -> Result<Vec<T>, String> {
    match json.get(key) {
        Some(Json::List(items)) => items.iter().map(read).collect(),
        Some(other) => Err(format!(
            "`{key}` of a type is a {}: expected an array",
            other.kind()
        )),
        None => Err(format!("a type lacks `{key}`")),
    }
}
