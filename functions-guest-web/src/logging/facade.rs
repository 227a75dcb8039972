//! The `log` crate's macros, with nothing to set up.

use std::error::Error as StdError;
use std::marker::PhantomData;

use log::kv::{Error, Key, Value, VisitSource};
use log::{LevelFilter, Log, Metadata, Record, SetLoggerError};

use super::{Level, is_kept, record};

struct Facade;

/// Makes the macros reach the host. The host is not asked for anything before something is logged.
pub(super) fn install() {
    // A logger that the function set itself, or that is there from an earlier request, stays.
    if log::set_logger(&Facade).is_ok() {
        log::set_max_level(LevelFilter::Trace);
    }
}

/// Does so unless the function may bring a logger: the slot cannot be given back.
pub(super) fn install_by_default() {
    if !Probe::<SetLoggerError>::IS_ERROR {
        install();
    }
}

/// Whether a type is an `Error`: the inherent constant hides the trait's where its bound holds.
/// `SetLoggerError` is one exactly with `log`'s feature `std`.
struct Probe<T>(PhantomData<T>);

#[allow(
    dead_code,
    clippy::allow_attributes,
    reason = "it is used where `log` has no feature `std`"
)]
trait IsNoError {
    const IS_ERROR: bool = false;
}

impl<T> IsNoError for Probe<T> {}

impl<T: StdError> Probe<T> {
    #[allow(
        dead_code,
        clippy::allow_attributes,
        reason = "it is used where `log` has its feature `std`"
    )]
    const IS_ERROR: bool = true;
}

impl Level {
    fn of(level: log::Level) -> Self {
        match level {
            log::Level::Error => Self::Error,
            log::Level::Warn => Self::Warn,
            log::Level::Info => Self::Info,
            log::Level::Debug => Self::Debug,
            log::Level::Trace => Self::Trace,
        }
    }
}

impl Log for Facade {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        is_kept(Level::of(metadata.level()))
    }

    fn log(&self, it: &Record<'_>) {
        if !self.enabled(it.metadata()) {
            return;
        }
        let mut fields = KeyValues(Vec::new());
        // What cannot be visited is left out; the message is what matters.
        let _ = it.key_values().visit(&mut fields);
        let message = match it.args().as_str() {
            Some(message) => message.to_owned(),
            None => it.args().to_string(),
        };
        record(Level::of(it.level()), it.target(), &message, &fields.0);
    }

    fn flush(&self) {}
}

/// Collects the key-value pairs of a record.
struct KeyValues(Vec<(String, String)>);

impl<'kvs> VisitSource<'kvs> for KeyValues {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), Error> {
        self.0.push((key.as_str().to_owned(), value.to_string()));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Level, Probe};
    use crate::testing::TestRequest;

    /// What tells whether a function may bring a logger tells one type from another.
    #[test]
    fn probe_finds_errors() {
        use super::IsNoError as _;
        let found = [Probe::<std::fmt::Error>::IS_ERROR, Probe::<u8>::IS_ERROR];
        assert_eq!(found, [true, false]);
    }

    /// What a thread logs that answers no request of a test is left alone: it is another library's.
    #[test]
    fn other_threads_are_left_alone() {
        use log::{Level, Log as _, Metadata};
        let kept = |level| {
            let metadata = Metadata::builder().level(level).build();
            super::Facade.enabled(&metadata)
        };
        assert_eq!((kept(Level::Warn), kept(Level::Info)), (true, false));
        let response = TestRequest::get("/").call(move || kept(Level::Trace).to_string());
        assert_eq!(response.text(), "true");
    }

    /// The macros reach the log with their level, target and key-value pairs; nothing was set up.
    #[test]
    fn macros_reach_the_log() {
        let response = TestRequest::get("/").call(|| {
            log::warn!(target: "shop", order = 7, who = "Ada"; "sold {}", "out");
            log::trace!("deep down");
        });
        let [sold, deep] = response.logged() else {
            panic!("{response:?}")
        };
        assert_eq!((sold.level, sold.target.as_str()), (Level::Warn, "shop"));
        assert_eq!(sold.message, "sold out");
        let fields = [
            ("order".to_owned(), "7".to_owned()),
            ("who".to_owned(), "Ada".to_owned()),
        ];
        assert_eq!(sold.fields, fields);
        assert_eq!(deep.level, Level::Trace);
    }
}
