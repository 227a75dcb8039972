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
//!
//! `tracing`'s macros do, too, with the feature `tracing`: an event's fields and those of the spans
//! around it become the record's.
//!
//! # A logger of your own
//!
//! `env_logger::init()`, `tracing_subscriber::fmt().init()` and the like work as anywhere else, in a
//! handler and in its tests; what they print reaches the log line by line. The host sets the variable
//! `NO_COLOR=1`, so that they leave out colors. The `log` crate has one
//! slot for a logger, and takes no second one. So the SDK leaves it alone where the build has `log`'s
//! feature `std`, which those crates and `log::set_boxed_logger` need and nothing else does. A function
//! that has this feature for another reason, such as another function of its workspace, calls
//! [`init`] first. One that calls `log::set_logger` without it leaves out the SDK's feature `log`.

#[cfg(feature = "log")]
mod facade;
pub(crate) mod level;
#[cfg(feature = "tracing")]
mod tracing;

pub use level::Level;

#[cfg(target_family = "wasm")]
use crate::__private::bindings::functions::web::output;

/// Makes the `log` crate's macros reach the host's log where they do not by themselves: see
/// [above](self#a-logger-of-your-own). Does nothing where there is a logger already.
#[cfg(feature = "log")]
#[cfg_attr(docsrs, doc(cfg(feature = "log")))]
pub fn init() {
    facade::install();
}

/// Runs a handler, whose records reach the host's log unless it has a logger of its own.
pub(crate) fn around<T>(run: impl FnOnce() -> T) -> T {
    #[cfg(feature = "log")]
    facade::install_by_default();
    #[cfg(feature = "tracing")]
    return tracing::around(run);
    #[cfg(not(feature = "tracing"))]
    run()
}

/// Whether the host keeps records of a level. It says so once: that is the same for as long as the
/// instance lives.
#[cfg(all(any(feature = "log", feature = "tracing"), target_family = "wasm"))]
fn is_kept(level: Level) -> bool {
    static LEAST: std::sync::OnceLock<Option<Level>> = std::sync::OnceLock::new();
    LEAST
        .get_or_init(least_level)
        .is_some_and(|least| level >= least)
}

/// The least level that is kept, if any is.
#[cfg(all(any(feature = "log", feature = "tracing"), target_family = "wasm"))]
fn least_level() -> Option<Level> {
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

#[cfg(all(any(feature = "log", feature = "tracing"), not(target_family = "wasm")))]
use crate::testing::output::is_kept;
