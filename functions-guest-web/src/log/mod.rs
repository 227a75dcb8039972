//! Records of an invocation, in the host's log.
//!
//! The `log` crate's macros work with nothing to set up (feature `log`): level, target, message and
//! key-value pairs reach the host as one record. So does what is printed, line by line.
//!
//! ```
//! use functions_guest_web::invoke;
//!
//! invoke!(hello);
//! fn hello() -> &'static str {
//!     log::info!(visitor = "Ada"; "somebody came by");
//!     "hello"
//! }
//! ```

#[cfg(feature = "log")]
pub(crate) mod facade;

#[cfg(target_family = "wasm")]
use crate::__private::bindings::functions::web::output;

/// How much a record matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Of use to whoever follows every step.
    Trace,
    /// Of use to whoever looks for a fault.
    Debug,
    /// What happens in the course of things.
    Info,
    /// What should not happen, and does no harm yet.
    Warn,
    /// What went wrong.
    Error,
}

/// The least level that is kept, if any is.
#[cfg(all(feature = "log", target_family = "wasm"))]
pub(crate) fn least_level() -> Option<Level> {
    output::least_level().map(|level| match level {
        output::Level::Trace => Level::Trace,
        output::Level::Debug => Level::Debug,
        output::Level::Info => Level::Info,
        output::Level::Warn => Level::Warn,
        output::Level::Error => Level::Error,
    })
}

/// Logs a record.
#[cfg(target_family = "wasm")]
pub(crate) fn record(level: Level, target: &str, message: &str, fields: &[(String, String)]) {
    let level = match level {
        Level::Trace => output::Level::Trace,
        Level::Debug => output::Level::Debug,
        Level::Info => output::Level::Info,
        Level::Warn => output::Level::Warn,
        Level::Error => output::Level::Error,
    };
    output::log(level, target, message, fields);
}

#[cfg(not(target_family = "wasm"))]
pub(crate) use crate::testing::output::log as record;

#[cfg(all(feature = "log", not(target_family = "wasm")))]
use crate::testing::output::least_level;
