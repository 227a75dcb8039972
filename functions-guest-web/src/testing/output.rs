//! What is logged, for the test that is running on this thread.

use std::cell::RefCell;

use crate::logging::Level;

/// A record that a handler logged.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Logged {
    /// How much it matters.
    pub level: Level,
    /// Where in the program it comes from.
    pub target: String,
    /// What it says.
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

#[cfg(any(feature = "log", feature = "tracing"))]
pub(crate) fn least_level() -> Option<Level> {
    Some(Level::Trace)
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
