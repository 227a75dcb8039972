/// How much a record matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// For following every step.
    Trace,
    /// For finding a fault.
    Debug,
    /// For the normal course of things.
    Info,
    /// For what should not happen, and does no harm yet.
    Warn,
    /// For failures.
    Error,
}
