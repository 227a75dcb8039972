//! What is logged, for the test that is running on this thread.

use std::cell::RefCell;

use crate::logging::level::Level;

/// A record that a handler logged.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Logged {
    /// How much it matters.
    pub level: Level,
    /// Where in the program it comes from.
    pub target: String,
    /// The message.
    pub message: String,
    /// Its key-value pairs.
    pub fields: Vec<(String, String)>,
}

thread_local! {
    static CAPTURED: RefCell<Vec<Vec<Logged>>> = const { RefCell::new(Vec::new()) };
}

/// Runs something, and returns what it logged.
pub(crate) fn captured<T>(run: impl FnOnce() -> T) -> (T, Vec<Logged>) {
    CAPTURED.with_borrow_mut(|all| all.push(Vec::new()));
    let result = run();
    (
        result,
        CAPTURED.with_borrow_mut(Vec::pop).unwrap_or_default(),
    )
}

/// Whether a record of this level is kept: in a handler that a test calls, all are. What other threads of
/// the test's program log, such as a compiler's traces, is printed from warnings on.
#[cfg(any(feature = "log", feature = "tracing"))]
pub(crate) fn is_kept(level: Level) -> bool {
    level >= Level::Warn || CAPTURED.with_borrow(|all| !all.is_empty())
}

/// Keeps a record for the test; prints it where there is none.
pub(crate) fn log(level: Level, target: &str, message: &str, fields: &[(String, String)]) {
    let record = Logged {
        level,
        target: target.to_owned(),
        message: message.to_owned(),
        fields: fields.to_vec(),
    };
    CAPTURED.with_borrow_mut(|all| match all.last_mut() {
        Some(records) => records.push(record),
        None => eprintln!("{level:?} {target}: {message}"),
    });
}
