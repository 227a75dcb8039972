//! The `log` crate's macros, with nothing to set up.

use std::sync::OnceLock;

use log::kv::{Error, Key, Value, VisitSource};
use log::{LevelFilter, Log, Metadata, Record};

use super::{Level, least_level, record};

/// What the host keeps is the same for as long as the instance lives.
static LEAST: OnceLock<Option<Level>> = OnceLock::new();

struct Facade;

/// Makes the facade's macros reach the host. The host is not asked for anything before something is
/// logged.
pub(crate) fn install() {
    // A logger that the function set itself, or that is there from an earlier request, stays.
    if log::set_logger(&Facade).is_ok() {
        log::set_max_level(LevelFilter::Trace);
    }
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
        LEAST
            .get_or_init(least_level)
            .is_some_and(|least| Level::of(metadata.level()) >= least)
    }

    fn log(&self, it: &Record<'_>) {
        if !self.enabled(it.metadata()) {
            return;
        }
        let mut fields = Fields(Vec::new());
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

struct Fields(Vec<(String, String)>);

impl<'kvs> VisitSource<'kvs> for Fields {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), Error> {
        self.0.push((key.as_str().to_owned(), value.to_string()));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Level;
    use crate::testing::TestRequest;

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
