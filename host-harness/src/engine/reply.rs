use crate::message::body::Body;
use crate::message::head::Head;

/// A function's response.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) head: Head,
    pub(crate) body: Body,
}

impl Reply {
    /// The length that the response to a GET would have, if known (RFC 9110, section 8.6).
    ///
    /// An empty body says nothing: a function that sees a HEAD request may create none.
    pub(crate) fn length_for_head(&self) -> Option<u64> {
        let length = self.body.len().filter(|length| *length > 0);
        length.or(self.head.declared_length)
    }
}

/// The result of a function's handler.
#[derive(Debug)]
pub(super) enum Outcome {
    /// Boxed: an allocation costs less than some fifteen copies on the reply's way to the connection.
    Replied(Box<Reply>),
    /// The function claims to have streamed its response.
    Streamed,
}
