/// The format of lines on standard error.
#[derive(Debug, Clone, Copy)]
pub enum Format {
    /// Plain text for people.
    Text,
    /// One JSON object per line.
    Json,
}
