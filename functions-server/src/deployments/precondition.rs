/// What has to hold of the current version, so that a change happens.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Precondition {
    /// Nothing.
    #[default]
    None,
    /// There is a version: `If-Match: *`.
    Exists,
    /// There is none: `If-None-Match: *`.
    Missing,
    /// It is one of these: `If-Match: "3"`.
    OneOf(Vec<i64>),
}

impl Precondition {
    pub(super) fn holds(&self, current: Option<i64>) -> bool {
        match (self, current) {
            (Self::None, _) | (Self::Exists, Some(_)) | (Self::Missing, None) => true,
            (Self::OneOf(numbers), Some(current)) => numbers.contains(&current),
            (Self::Exists | Self::OneOf(_), None) | (Self::Missing, Some(_)) => false,
        }
    }
}
