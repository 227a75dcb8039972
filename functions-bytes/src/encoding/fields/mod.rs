//! Names and values in text: the fields of a form, the parameters of a query.

mod error;
mod repeated;
mod whole;

use serde::de::DeserializeOwned;

pub use self::error::FieldsError;
use self::repeated::Repeated;
use self::whole::{TargetKind, Whole};

/// Decodes `a=1&b=2`: percent-encoded, `+` for a space.
///
/// A map whose values are single takes the last of several for one name, and decodes all of them, as axum's
/// `Query` does.
///
/// # Errors
///
/// When a field is missing or invalid, or `T` cannot be made of fields.
pub fn decode<T: DeserializeOwned>(fields: &[u8]) -> Result<T, FieldsError> {
    let (decoded, _) = decode_once(fields);
    let repeated = match decoded {
        Err(error) if error.is_repeated => error,
        decoded => return decoded,
    };
    let fields = Repeated::new(fields);
    // One value for each name tells whether the type could ever take one.
    match decode_once(&fields.last()) {
        (Err(error), _) if error.is_misuse => Err(error),
        (last, TargetKind::Map) => {
            for layer in fields.layers() {
                decode_once::<T>(&layer).0?;
            }
            last
        }
        _ if repeated.name.is_some() => Err(repeated),
        // Below `#[serde(flatten)]` serde does not say which name it is.
        _ => {
            let is_refused = |fields: &[u8]| {
                let (decoded, _) = decode_once::<T>(fields);
                decoded.is_err_and(|error| error.is_repeated)
            };
            let name = fields.refused(&is_refused);
            Err(FieldsError { name, ..repeated })
        }
    }
}

/// Not inlined: a function has it once for each type.
#[inline(never)]
fn decode_once<T: DeserializeOwned>(fields: &[u8]) -> (Result<T, FieldsError>, TargetKind) {
    let mut track = serde_path_to_error::Track::new();
    let mut kind = TargetKind::Other;
    let deserializer = Whole::new(fields, &mut kind);
    let tracked = serde_path_to_error::Deserializer::new(deserializer, &mut track);
    let decoded = T::deserialize(tracked);
    let decoded =
        decoded.map_err(|error| FieldsError::new(error.to_string(), &track.path(), fields));
    (decoded, kind)
}

#[cfg(test)]
mod tests;
