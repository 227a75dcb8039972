//! What functions print, for the invocations that want it.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use host_harness::{InvocationId, OutputStream, Record, RecordKind};

/// The longest output, in bytes; the rest is left out.
const MAX_OUTPUT: usize = 1 << 20;

/// Collects the output of invocations. The host tells it of every line of every function.
#[derive(Debug, Clone, Default)]
pub(crate) struct OutputCollector {
    inner: Arc<CollectorInner>,
}

#[derive(Debug, Default)]
struct CollectorInner {
    /// How many invocations want their output, so that others need no lock.
    count: AtomicUsize,
    wanted: Mutex<HashMap<InvocationId, PrintedOutput>>,
}

#[derive(Debug, Default)]
struct PrintedOutput {
    stdout: String,
    stderr: String,
}

impl OutputCollector {
    /// Begins to collect the output of an invocation, until what is returned is dropped.
    pub(crate) fn collect(&self, invocation: InvocationId) -> Collecting {
        self.lock().insert(invocation, PrintedOutput::default());
        self.inner.count.fetch_add(1, Ordering::Relaxed);
        Collecting {
            collector: self.clone(),
            invocation,
        }
    }

    /// What the host passes its records to.
    pub(crate) fn observer(&self) -> impl Fn(&Record) + Send + Sync + 'static {
        let collector = self.clone();
        move |record| collector.observe(record)
    }

    fn observe(&self, record: &Record) {
        if self.inner.count.load(Ordering::Relaxed) == 0 {
            return;
        }
        let mut wanted = self.lock();
        let Some(printed) = wanted.get_mut(&record.invocation) else {
            return;
        };
        if printed.stdout.len() + printed.stderr.len() > MAX_OUTPUT {
            return;
        }
        // Writing to a string cannot fail.
        let _ = match &record.kind {
            RecordKind::Printed {
                stream,
                text,
                is_whole,
                ..
            } => {
                let end = if *is_whole { "\n" } else { "" };
                match stream {
                    OutputStream::Stdout => write!(printed.stdout, "{text}{end}"),
                    OutputStream::Stderr => write!(printed.stderr, "{text}{end}"),
                }
            }
            RecordKind::Logged { level, message, .. } => {
                writeln!(printed.stderr, "{level} {message}")
            }
            _ => Ok(()),
        };
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<InvocationId, PrintedOutput>> {
        self.inner
            .wanted
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// An invocation whose output is collected.
#[derive(Debug)]
pub(crate) struct Collecting {
    collector: OutputCollector,
    invocation: InvocationId,
}

impl Collecting {
    /// Standard output, a line end, and standard error.
    pub(crate) fn text(&self) -> String {
        let mut wanted = self.collector.lock();
        let printed = wanted.get_mut(&self.invocation).map(std::mem::take);
        let PrintedOutput { stdout, stderr } = printed.unwrap_or_default();
        format!("{stdout}\n{stderr}")
    }
}

impl Drop for Collecting {
    fn drop(&mut self) {
        self.collector.lock().remove(&self.invocation);
        self.collector.inner.count.fetch_sub(1, Ordering::Relaxed);
    }
}
