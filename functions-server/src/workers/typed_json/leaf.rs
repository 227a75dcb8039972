//! Checks values that have no parts.

use serde_json::Number;

use super::{float, special};
use crate::workers::analysed_type::AnalysedType;
use crate::workers::json::Json;

pub(super) fn expected(kind: &str, json: &Json) -> String {
    format!("expected {kind}, found {}", json.kind())
}

/// Checks a value that has no parts.
pub(super) fn leaf(typ: &AnalysedType, json: &Json) -> Result<Json, String> {
    match typ {
        AnalysedType::U64 => unsigned(json),
        AnalysedType::S64 => integer(json, i64::MIN, i64::MAX),
        AnalysedType::U32 => integer(json, 0, u32::MAX.into()),
        AnalysedType::S32 => integer(json, i32::MIN.into(), i32::MAX.into()),
        AnalysedType::U16 => integer(json, 0, u16::MAX.into()),
        AnalysedType::S16 => integer(json, i16::MIN.into(), i16::MAX.into()),
        AnalysedType::U8 => integer(json, 0, u8::MAX.into()),
        AnalysedType::S8 => integer(json, i8::MIN.into(), i8::MAX.into()),
        AnalysedType::F64 => number(json).map(float),
        AnalysedType::F32 => {
            let number = number(json)?;
            let narrow = number as f32;
            if narrow.is_infinite() && number.is_finite() {
                let max = f32::MAX;
                return Err(format!(
                    "value {json} is not within the range of -{max:e} to {max:e}"
                ));
            }
            Ok(float(f64::from(narrow)))
        }
        AnalysedType::Bool => match json {
            Json::Bool(_) => Ok(json.clone()),
            json => Err(expected("bool", json)),
        },
        AnalysedType::Str => match json {
            Json::Text(_) => Ok(json.clone()),
            json => Err(expected("string", json)),
        },
        AnalysedType::Chr => character(json),
        AnalysedType::Enum { cases } => match json {
            Json::Text(text) if cases.contains(text) => Ok(json.clone()),
            Json::Text(text) => Err(format!(
                "Invalid input {text}. Valid values are {}",
                cases.join(",")
            )),
            json => Err(expected("string", json)),
        },
        AnalysedType::Flags { names } => flags(names, json),
        AnalysedType::Handle { .. } => match json {
            Json::Text(text) if is_handle(text) => Ok(json.clone()),
            Json::Text(text) => Err(format!(
                "invalid handle {text:?}: expected one such as urn:worker:COMPONENT/WORKER/0"
            )),
            json => Err(expected("string", json)),
        },
        typ => Err(format!("a {} has parts", typ.word())),
    }
}

/// An integer, also one that is written as a fraction.
fn integer(json: &Json, min: i64, max: i64) -> Result<Json, String> {
    let Json::Number(number) = json else {
        return Err(expected("number", json));
    };
    let whole = number.as_i64().or_else(|| whole(number));
    match whole {
        Some(value) if (min..=max).contains(&value) => Ok(Json::Number(value.into())),
        None if number.as_f64().is_some_and(|value| value.fract() != 0.0) => {
            Err(format!("value {json} is not an integer"))
        }
        _ => Err(format!(
            "value {json} is not within the range of {min} to {max}"
        )),
    }
}

/// The integer that a number such as `5.0` stands for.
fn whole(number: &Number) -> Option<i64> {
    // Beyond it, not each integer is a number of 64 bits.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let value = number.as_f64()?;
    (value.fract() == 0.0 && value.abs() <= EXACT).then_some(value as i64)
}

fn unsigned(json: &Json) -> Result<Json, String> {
    let Json::Number(number) = json else {
        return Err(expected("number", json));
    };
    match number.as_u64() {
        Some(value) => Ok(Json::Number(value.into())),
        None => Err(format!("Cannot convert {json} to u64")),
    }
}

fn number(json: &Json) -> Result<f64, String> {
    let number = match json {
        Json::Number(number) => number.as_f64().filter(|number| number.is_finite()),
        Json::Text(text) => special(text),
        json => return Err(expected("number", json)),
    };
    number.ok_or_else(|| match json {
        Json::Text(_) => expected("number", json),
        json => format!("value {json} is not within the range of 64-bit numbers"),
    })
}

/// A code point, or a text of one character.
fn character(json: &Json) -> Result<Json, String> {
    match json {
        Json::Number(number) => {
            let point = number.as_u64().and_then(|point| u32::try_from(point).ok());
            let letter = point.and_then(char::from_u32);
            let letter = letter.ok_or_else(|| format!("Invalid char value {json}"))?;
            Ok(Json::Number(u32::from(letter).into()))
        }
        Json::Text(text) => {
            let mut letters = text.chars();
            match (letters.next(), letters.next()) {
                (Some(letter), None) => Ok(Json::Number(u32::from(letter).into())),
                _ => Err(format!(
                    "expected char, found string {text:?}: expected one character, or its code point"
                )),
            }
        }
        json => Err(expected("char", json)),
    }
}

/// The names of flags, in the order of the type.
fn flags(names: &[String], json: &Json) -> Result<Json, String> {
    let Json::List(set) = json else {
        return Err(expected("array", json));
    };
    let mut is_set = vec![false; names.len()];
    for flag in set {
        let Json::Text(flag) = flag else {
            return Err(expected("string", flag));
        };
        let place = names.iter().position(|name| name == flag);
        match place.and_then(|place| is_set.get_mut(place)) {
            Some(is_set) => *is_set = true,
            None => return Err(format!("Unknown flag {flag}: expected {}", names.join(","))),
        }
    }
    let set = names.iter().zip(is_set).filter(|(_, is_set)| *is_set);
    Ok(Json::List(
        set.map(|(name, _)| Json::Text(name.clone())).collect(),
    ))
}

/// Whether a text has the form of a handle. Whose it is shows when it is used.
fn is_handle(text: &str) -> bool {
    let last = text.rsplit_once('/');
    last.is_some_and(|(_, last)| last.parse::<u64>().is_ok())
}
