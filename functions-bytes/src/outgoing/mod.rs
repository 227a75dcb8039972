//! Shared by requests to other servers and calls of other functions.

mod authorization;
mod collect;
#[cfg(target_family = "wasm")]
mod host;
mod in_flight;
mod request;
mod response;

use std::time::Duration;

#[cfg(target_family = "wasm")]
pub use crate::__host_requests as host_requests;
pub use crate::{
    __request_methods as request_methods, __response_future as response_future,
    __response_methods as response_methods,
};
pub use authorization::basic;
pub use collect::Collect;
#[cfg(target_family = "wasm")]
pub use host::Pending;
pub use in_flight::InFlight;

/// A timeout for the host. Parts of a millisecond are rounded up: one that was set is never none.
#[must_use]
pub fn milliseconds(timeout: Duration) -> u32 {
    u32::try_from(timeout.as_nanos().div_ceil(1_000_000)).unwrap_or(u32::MAX)
}

/// Whether a header is between the two ends of a connection, and nobody else's. The host leaves it
/// out as well.
#[must_use]
pub fn is_framing(name: &str) -> bool {
    [
        "connection",
        "content-length",
        "keep-alive",
        "proxy-authenticate",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    ]
    .iter()
    .any(|framing| name.eq_ignore_ascii_case(framing))
}

/// Adds parameters, encoded, to the query of a URL or a path: after those that are there, before the
/// fragment.
pub fn add_query<N: AsRef<str>, V: AsRef<str>>(
    url: &mut String,
    parameters: impl IntoIterator<Item = (N, V)>,
) {
    let fragment = url.find('#').map(|place| url.split_off(place));
    let encoded = encoded(parameters);
    if !encoded.is_empty() {
        match url.find('?') {
            None => url.push('?'),
            Some(_) if url.ends_with(['?', '&']) => {}
            Some(_) => url.push('&'),
        }
        url.push_str(&encoded);
    }
    url.push_str(fragment.as_deref().unwrap_or_default());
}

/// Names and values as `application/x-www-form-urlencoded` has them.
pub fn encoded<N: AsRef<str>, V: AsRef<str>>(pairs: impl IntoIterator<Item = (N, V)>) -> String {
    let mut encoded = form_urlencoded::Serializer::new(String::new());
    encoded.extend_pairs(pairs);
    encoded.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A timeout is never shorter than it was set, nor none.
    #[test]
    fn timeouts_round_up() {
        for (timeout, expected) in [
            (Duration::ZERO, 0),
            (Duration::from_nanos(1), 1),
            (Duration::from_millis(500), 500),
            (Duration::from_micros(1_499_001), 1500),
            (Duration::MAX, u32::MAX),
        ] {
            assert_eq!(milliseconds(timeout), expected);
        }
    }
}
