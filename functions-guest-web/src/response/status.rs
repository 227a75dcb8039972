use http::StatusCode;

/// A status for [`WebResponse::with_status`](crate::WebResponse::with_status): a number, or a
/// [`StatusCode`].
#[derive(Debug, Clone, Copy)]
pub struct Status(u16);

impl Status {
    /// The status, where it is one that a response can have: 200 to 599.
    pub(super) fn checked(self) -> Option<u16> {
        (200..=599).contains(&self.0).then_some(self.0)
    }

    pub(super) fn as_u16(self) -> u16 {
        self.0
    }
}

impl From<u16> for Status {
    fn from(status: u16) -> Self {
        Self(status)
    }
}

impl From<StatusCode> for Status {
    fn from(status: StatusCode) -> Self {
        Self(status.as_u16())
    }
}
