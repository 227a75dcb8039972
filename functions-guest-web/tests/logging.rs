//! Logging: glob imports, `tracing`, and a subscriber of the author's own.
#![allow(
    clippy::allow_attributes,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    unused_imports,
    reason = "tests say what they expect by unwrapping; the glob is there for what it must not hide"
)]

use functions_guest_web::testing::TestRequest;
use functions_guest_web::*;

/// The SDK's names leave `log::info!` alone.
#[test]
fn glob_import_leaves_log_alone() {
    let response = TestRequest::get("/").call(|| log::info!(order = 7; "sold"));
    assert_eq!(response.logged()[0].message, "sold");
}

/// Events reach the log with level, target, fields and the spans around them; nothing is set up.
#[cfg(feature = "tracing")]
#[test]
fn tracing_reaches_the_log() {
    use functions_guest_web::logging::Level;

    let response = TestRequest::get("/").call(async || {
        tracing::warn!(target: "shop", order = 7, who = "Ada", "sold {}", "out");
        let span = tracing::info_span!("order", id = 7, paid = tracing::field::Empty);
        span.record("paid", true);
        span.in_scope(|| {
            let _inner = tracing::debug_span!("item", name = "tea").entered();
            tracing::error!(left = 0.5);
        });
        drop(span);
        tracing::trace!("after");
    });
    let [sold, left, after] = response.logged() else {
        panic!("{response:?}")
    };
    let fields = |record: &functions_guest_web::testing::Logged| {
        let fields = record.fields.iter();
        fields
            .map(|(name, value)| format!("{name}={value}"))
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!((sold.level, sold.target.as_str()), (Level::Warn, "shop"));
    assert_eq!(
        (sold.message.as_str(), fields(sold)),
        ("sold out", "order=7 who=Ada".into())
    );
    assert_eq!((left.level, left.message.as_str()), (Level::Error, ""));
    assert_eq!(
        fields(left),
        "left=0.5 span=order:item id=7 paid=true name=tea"
    );
    assert_eq!(
        (after.message.as_str(), fields(after)),
        ("after", String::new())
    );
}

/// A subscriber that the handler sets up has the events, also as the global one, which it can be.
#[cfg(feature = "tracing")]
#[test]
fn own_subscriber_wins() {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);
    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let sink = Sink::default();
    let subscriber = || {
        let sink = sink.clone();
        tracing_subscriber::fmt()
            .with_writer(move || sink.clone())
            .finish()
    };
    let response = TestRequest::get("/").call(|| {
        tracing::info!("before");
        let _own = tracing::subscriber::set_default(subscriber());
        tracing::info!("to the own one");
    });
    let written = || String::from_utf8(sink.0.lock().unwrap().clone()).unwrap();
    assert!(written().contains("to the own one") && !written().contains("before"));
    assert_eq!(response.logged().len(), 1, "{response:?}");
}
