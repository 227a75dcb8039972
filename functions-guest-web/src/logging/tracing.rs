//! The `tracing` crate's macros, with nothing to set up.
//!
//! The subscriber is the thread's own while a handler runs, and not the global one, of which there can
//! be one only. Where the function sets up another, this one steps aside.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use tracing_core::dispatcher::{self, DefaultGuard, Dispatch};
use tracing_core::field::{Field, Visit};
use tracing_core::span::{Attributes, Current, Id, Record};
use tracing_core::subscriber::NoSubscriber;
use tracing_core::{Event, LevelFilter, Metadata, Subscriber};

use super::{Level, is_kept, record};

/// One for all requests: a dispatch that is made asks all the others anew what they want.
static DISPATCH: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(ToHost::default()));

thread_local! {
    /// What makes the subscriber this thread's own.
    static GUARD: RefCell<Option<DefaultGuard>> = const { RefCell::new(None) };
    /// The spans that this thread is in, the innermost last.
    static ENTERED: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
}

/// Runs a handler whose events reach the host.
pub(super) fn around<T>(run: impl FnOnce() -> T) -> T {
    struct Leave;
    impl Drop for Leave {
        fn drop(&mut self) {
            step_aside();
        }
    }
    // A subscriber that the function set before stays.
    if !dispatcher::get_default(Dispatch::is::<NoSubscriber>) {
        return run();
    }
    let guard = dispatcher::set_default(&DISPATCH);
    GUARD.set(Some(guard));
    let _leave = Leave;
    run()
}

fn step_aside() {
    let guard = GUARD.take();
    drop(guard);
}

/// Names and values of an event or a span.
type FieldValues = Vec<(String, String)>;

struct Span {
    metadata: &'static Metadata<'static>,
    parent: Option<u64>,
    fields: FieldValues,
    handles: usize,
}

#[derive(Default)]
struct ToHost {
    spans: Mutex<Spans>,
}

#[derive(Default)]
struct Spans {
    all: BTreeMap<u64, Span>,
    last: u64,
}

impl Level {
    fn of_tracing(metadata: &Metadata<'_>) -> Self {
        match *metadata.level() {
            tracing_core::Level::ERROR => Self::Error,
            tracing_core::Level::WARN => Self::Warn,
            tracing_core::Level::INFO => Self::Info,
            tracing_core::Level::DEBUG => Self::Debug,
            tracing_core::Level::TRACE => Self::Trace,
        }
    }
}

impl ToHost {
    fn spans(&self) -> MutexGuard<'_, Spans> {
        self.spans.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The innermost span of this thread.
fn current() -> Option<u64> {
    ENTERED.with_borrow(|entered| entered.last().copied())
}

impl Spans {
    /// The span and those around it: their names, the outermost first, and their fields.
    fn around(&self, span: Option<u64>) -> (String, FieldValues) {
        let mut names = Vec::new();
        let mut fields = Vec::new();
        let mut next = span;
        while let Some(span) = next.and_then(|id| self.all.get(&id)) {
            names.push(span.metadata.name());
            fields.extend(span.fields.iter().rev().cloned());
            next = span.parent;
        }
        names.reverse();
        fields.reverse();
        (names.join(":"), fields)
    }
}

impl Subscriber for ToHost {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        is_kept(Level::of_tracing(metadata))
    }

    /// Asked when somebody makes a subscriber, too, which is then to have the events.
    fn max_level_hint(&self) -> Option<LevelFilter> {
        step_aside();
        None
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let mut fields = Collected::default();
        attributes.record(&mut fields);
        let parent = match attributes.parent() {
            Some(parent) => Some(parent.into_u64()),
            None if attributes.is_root() => None,
            None => current(),
        };
        let span = Span {
            metadata: attributes.metadata(),
            parent,
            fields: fields.all,
            handles: 1,
        };
        let mut spans = self.spans();
        spans.last += 1;
        let id = spans.last;
        spans.all.insert(id, span);
        Id::from_u64(id)
    }

    fn record(&self, id: &Id, values: &Record<'_>) {
        let mut fields = Collected::default();
        values.record(&mut fields);
        if let Some(span) = self.spans().all.get_mut(&id.into_u64()) {
            span.fields.extend(fields.all);
        }
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let metadata = event.metadata();
        let mut own = Collected::default();
        event.record(&mut own);
        let span = match event.parent() {
            Some(parent) => Some(parent.into_u64()),
            None if event.is_root() => None,
            None => current(),
        };
        let mut fields = own.all;
        if span.is_some() {
            let (names, around) = self.spans().around(span);
            fields.push(("span".into(), names));
            fields.extend(around);
        }
        let level = Level::of_tracing(metadata);
        record(level, metadata.target(), &own.message, &fields);
    }

    fn enter(&self, id: &Id) {
        ENTERED.with_borrow_mut(|entered| entered.push(id.into_u64()));
    }

    fn exit(&self, id: &Id) {
        ENTERED.with_borrow_mut(|entered| {
            let place = entered
                .iter()
                .rposition(|entered| *entered == id.into_u64());
            place.map(|place| entered.remove(place))
        });
    }

    fn clone_span(&self, id: &Id) -> Id {
        if let Some(span) = self.spans().all.get_mut(&id.into_u64()) {
            span.handles += 1;
        }
        id.clone()
    }

    fn try_close(&self, id: Id) -> bool {
        let mut spans = self.spans();
        let Some(span) = spans.all.get_mut(&id.into_u64()) else {
            return false;
        };
        span.handles -= 1;
        let is_last = span.handles == 0;
        if is_last {
            spans.all.remove(&id.into_u64());
        }
        is_last
    }

    fn current_span(&self) -> Current {
        let spans = self.spans();
        let known = current().and_then(|id| Some((id, spans.all.get(&id)?.metadata)));
        known.map_or_else(Current::none, |(id, metadata)| {
            Current::new(Id::from_u64(id), metadata)
        })
    }
}

/// The fields of a span or an event, of which the message is one.
#[derive(Default)]
struct Collected {
    message: String,
    all: FieldValues,
}

impl Collected {
    fn add(&mut self, field: &Field, value: String) {
        if field.name() == "message" {
            self.message = value;
        } else {
            self.all.push((field.name().to_owned(), value));
        }
    }
}

impl Visit for Collected {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field, format!("{value:?}"));
    }
}
