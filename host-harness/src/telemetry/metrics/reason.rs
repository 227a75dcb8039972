/// How an invocation ended, as metrics and problem documents name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    /// The function answered, with any status.
    Answered,
    /// The client or the calling function left before there was an answer.
    Cancelled,
    BodyTooLong,
    CpuLimit,
    DepthExceeded,
    Host,
    InvalidReply,
    InvalidRequest,
    MemoryLimit,
    NoValidToken,
    NotAllowed,
    NotLoaded,
    Overloaded,
    /// A request from outside to a private function. The client gets the 404 of an unknown name.
    Private,
    Timeout,
    TokenNotAllowed,
    TooManyTokens,
    Trap,
}

impl Reason {
    /// All reasons of the host.
    pub(super) const OF_HOST: [Self; 17] = [
        Self::Cancelled,
        Self::BodyTooLong,
        Self::CpuLimit,
        Self::DepthExceeded,
        Self::Host,
        Self::InvalidReply,
        Self::InvalidRequest,
        Self::MemoryLimit,
        Self::NoValidToken,
        Self::NotAllowed,
        Self::NotLoaded,
        Self::Overloaded,
        Self::Private,
        Self::Timeout,
        Self::TokenNotAllowed,
        Self::TooManyTokens,
        Self::Trap,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Cancelled => "cancelled",
            Self::BodyTooLong => "body-too-long",
            Self::CpuLimit => "cpu-limit",
            Self::DepthExceeded => "depth-exceeded",
            Self::Host => "host",
            Self::InvalidReply => "invalid-reply",
            Self::InvalidRequest => "invalid-request",
            Self::MemoryLimit => "memory-limit",
            Self::NoValidToken => "no-valid-token",
            Self::NotAllowed => "not-allowed",
            Self::NotLoaded => "not-loaded",
            Self::Overloaded => "overloaded",
            Self::Private => "private",
            Self::Timeout => "timeout",
            Self::TokenNotAllowed => "token-not-allowed",
            Self::TooManyTokens => "too-many-tokens",
            Self::Trap => "trap",
        }
    }

    /// The class of the status that a client gets, or would get for a call. An answer has its own.
    pub(super) fn status_class(self) -> &'static str {
        match self {
            Self::Answered | Self::Cancelled => "none",
            Self::BodyTooLong
            | Self::InvalidRequest
            | Self::NoValidToken
            | Self::NotAllowed
            | Self::Overloaded
            | Self::Private
            | Self::TokenNotAllowed
            | Self::TooManyTokens => "4xx",
            Self::CpuLimit
            | Self::DepthExceeded
            | Self::Host
            | Self::InvalidReply
            | Self::MemoryLimit
            | Self::NotLoaded
            | Self::Timeout
            | Self::Trap => "5xx",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Every reason of the host stands once in the list, at the place of its number.
    #[test]
    fn list_of_reasons_is_complete() {
        for (index, reason) in Reason::OF_HOST.iter().enumerate() {
            assert_eq!(*reason as usize, index + 1, "{reason:?}");
        }
        // The last variant.
        assert_eq!(Reason::Trap as usize, Reason::OF_HOST.len());
        let names: BTreeSet<_> = Reason::OF_HOST.iter().map(|reason| reason.name()).collect();
        assert_eq!(names.len(), Reason::OF_HOST.len());
    }

    /// docs/metrics.md has each reason with its class.
    #[test]
    fn reasons_are_documented() {
        let text = include_str!("../../../../docs/metrics.md");
        let (_, rows) = text.split_once("| reason | status | meaning |").unwrap();
        let rows = rows.lines().skip(2);
        let rows = rows.map_while(|row| row.strip_prefix("| `")?.split_once("` | "));
        let documented: BTreeSet<_> = rows
            .map(|(name, row)| (name, row.split(" | ").next().unwrap()))
            .collect();
        let answered = (Reason::Answered.name(), "2xx, 3xx, 4xx, 5xx");
        let of_host = Reason::OF_HOST.iter();
        let of_host = of_host.map(|reason| (reason.name(), reason.status_class()));
        assert_eq!(documented, of_host.chain([answered]).collect());
    }
}
