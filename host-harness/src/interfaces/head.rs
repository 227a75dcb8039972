//! The head of a response: what a function says, less what is the host's to say.

use http::{HeaderMap, StatusCode};

use super::headers::allowed;

/// A status and headers that HTTP allows.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
}

/// What a function gave is no head of a response; the text says why.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct InvalidHead(pub(crate) String);

impl Head {
    /// Checks what a function gave. Whole responses and streamed ones go by the same rules.
    pub(crate) fn new(status: u16, headers: Vec<(String, Vec<u8>)>) -> Result<Self, InvalidHead> {
        let status = StatusCode::from_u16(status)
            .ok()
            .filter(|status| (200..=599).contains(&status.as_u16()))
            .ok_or_else(|| InvalidHead(format!("status {status}")))?;
        let headers = allowed(headers).map_err(|invalid| InvalidHead(invalid.to_string()))?;
        Ok(Self { status, headers })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Only the status of a final response is one, at either end of the range.
    #[test]
    fn statuses_are_final() {
        for (status, valid) in [
            (0, false),
            (199, false),
            (200, true),
            (599, true),
            (600, false),
            (u16::MAX, false),
        ] {
            assert_eq!(Head::new(status, Vec::new()).is_ok(), valid, "{status}");
        }
    }
}
