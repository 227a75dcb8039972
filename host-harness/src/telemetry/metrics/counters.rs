use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, OnceLock};
use std::time::Duration;

use http::StatusCode;

use super::histogram::Buckets;
use super::reason::Reason;
use super::snapshot::{CutStreams, FunctionMetrics, InvocationCount};
use crate::threads;

/// How many threads count without sharing, at most. Background threads count too.
const MAX_SHARDS: usize = 64;

/// One shard for each processor.
static SHARDS: LazyLock<usize> = LazyLock::new(|| {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    threads.next_power_of_two().min(MAX_SHARDS)
});

/// The classes of statuses that a function can answer with: 200 to 599.
const CLASSES: [&str; 4] = ["2xx", "3xx", "4xx", "5xx"];

/// What is counted of one function, or of several that share their counters.
pub(crate) struct FunctionCounters {
    /// Each is made when the first thread uses it: most functions are quiet.
    shards: Box<[OnceLock<Box<CounterShard>>]>,
    /// What a function with counters of its own holds.
    _own: Option<Own>,
}

/// The permission to have counters of one's own, returned when dropped.
pub(super) struct Own(Arc<AtomicUsize>);

/// The counters that one thread uses. What every invocation counts comes first.
#[derive(Default)]
#[repr(C, align(128))]
struct CounterShard {
    answered: [AtomicU64; CLASSES.len()],
    instances_reused: AtomicU64,
    received_bytes: AtomicU64,
    sent_bytes: AtomicU64,
    queueing: Buckets,
    run: Buckets,
    startup: Buckets,
    of_host: [AtomicU64; Reason::OF_HOST.len()],
    cut_streams: [AtomicU64; Reason::OF_HOST.len()],
}

impl Own {
    /// Takes one of `max`.
    pub(super) fn acquire(taken: &Arc<AtomicUsize>, max: usize) -> Option<Self> {
        let another = |taken| (taken < max).then_some(taken + 1);
        let update = taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, another);
        update.ok().map(|_| Self(Arc::clone(taken)))
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The place of a reason of the host. `Answered` comes before all of them.
fn index(reason: Reason) -> usize {
    (reason as usize).saturating_sub(1)
}

fn add(counter: Option<&AtomicU64>, count: u64) {
    if let Some(counter) = counter {
        counter.fetch_add(count, Ordering::Relaxed);
    }
}

impl FunctionCounters {
    pub(super) fn new(own: Option<Own>) -> Self {
        Self {
            shards: (0..*SHARDS).map(|_| OnceLock::new()).collect(),
            _own: own,
        }
    }

    /// This thread's counters.
    fn here(&self) -> &CounterShard {
        #[expect(clippy::indexing_slicing, reason = "a power of two of shards")]
        let shard = &self.shards[threads::number() & (self.shards.len() - 1)];
        shard.get_or_init(Box::default)
    }

    /// Counts an invocation that ended, or started to stream its response.
    pub(crate) fn ended(&self, status: StatusCode, reason: Reason) {
        let here = self.here();
        match reason {
            Reason::Answered => {
                let class = usize::from(status.as_u16() / 100);
                add(here.answered.get(class.saturating_sub(2)), 1);
            }
            _ => add(here.of_host.get(index(reason)), 1),
        }
    }

    /// Counts a streamed response that was cut.
    pub(crate) fn cut(&self, reason: Reason) {
        add(self.here().cut_streams.get(index(reason)), 1);
    }

    /// Counts an invocation that waited and ran.
    pub(crate) fn ran(&self, queued: Duration, ran: Duration) {
        let here = self.here();
        here.queueing.observe(queued);
        here.run.observe(ran);
    }

    /// Counts an instance that was made.
    pub(crate) fn created(&self, took: Duration) {
        self.here().startup.observe(took);
    }

    /// Counts an invocation that got an instance that existed.
    pub(crate) fn reused(&self) {
        add(Some(&self.here().instances_reused), 1);
    }

    /// Counts bytes of a request.
    pub(crate) fn received(&self, bytes: u64) {
        add(Some(&self.here().received_bytes), bytes);
    }

    /// Counts bytes of a response.
    pub(crate) fn sent(&self, bytes: u64) {
        add(Some(&self.here().sent_bytes), bytes);
    }

    /// What all threads have counted.
    pub(crate) fn read(&self, name: &Arc<str>) -> FunctionMetrics {
        let mut sum = FunctionMetrics {
            name: Arc::clone(name),
            ..FunctionMetrics::default()
        };
        let empty = CounterShard::default();
        let shards = || self.shards.iter().filter_map(OnceLock::get);
        // Histograms have their buckets also if nothing was counted.
        for shard in shards().map(|shard| &**shard).chain([&empty]) {
            shard.queueing.add_to(&mut sum.queueing);
            shard.startup.add_to(&mut sum.startup);
            shard.run.add_to(&mut sum.run);
            sum.instances_reused += shard.instances_reused.load(Ordering::Relaxed);
            sum.received_bytes += shard.received_bytes.load(Ordering::Relaxed);
            sum.sent_bytes += shard.sent_bytes.load(Ordering::Relaxed);
        }
        let total = |counter: &dyn Fn(&CounterShard) -> Option<&AtomicU64>| -> u64 {
            let counters = shards().filter_map(|shard| counter(shard));
            counters
                .map(|counter| counter.load(Ordering::Relaxed))
                .sum()
        };
        let answered = CLASSES.iter().enumerate().map(|(index, status)| {
            let count = total(&|shard| shard.answered.get(index));
            (*status, Reason::Answered, count)
        });
        let of_host = Reason::OF_HOST.iter().map(|reason| {
            let count = total(&|shard| shard.of_host.get(index(*reason)));
            (reason.status_class(), *reason, count)
        });
        let all = answered.chain(of_host).filter(|(_, _, count)| *count > 0);
        sum.invocations = all
            .map(|(status, reason, count)| InvocationCount {
                status,
                reason: reason.name(),
                count,
            })
            .collect();
        let cut = Reason::OF_HOST.iter().map(|reason| CutStreams {
            reason: reason.name(),
            count: total(&|shard| shard.cut_streams.get(index(*reason))),
        });
        sum.cut_streams = cut.filter(|cut| cut.count > 0).collect();
        sum
    }
}
