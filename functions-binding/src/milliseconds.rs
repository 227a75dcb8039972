//! A duration as a number of milliseconds, as the binding's clients send it.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Parts of a millisecond are rounded up: a timeout that was set never becomes none at all.
pub(crate) fn serialize<S: Serializer>(
    duration: &Option<Duration>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let milliseconds = duration.map(|duration| duration.as_nanos().div_ceil(1_000_000));
    milliseconds
        .map(|all| u64::try_from(all).unwrap_or(u64::MAX))
        .serialize(serializer)
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Duration>, D::Error> {
    Ok(Option::<u64>::deserialize(deserializer)?.map(Duration::from_millis))
}
