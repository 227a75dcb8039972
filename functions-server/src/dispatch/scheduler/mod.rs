//! A handle on the task that runs calls, and what both share.

mod task;

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use host_harness::Harness;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use self::task::{Event, Task, load};
use super::accept::{Functions, Refusal, RefusalKind, Rules, checked};
use super::endpoint::Bases;
use super::proto::Call;
use super::send::Sender;
use crate::DispatchOptions;
use crate::store::calls::{self, Unfinished};
use crate::store::{Store, StoreError, Time};

/// The delay before the first run of a call, so that its client has the call's id before its endpoint is called.
/// If client and endpoint are one process, dispatch-py never delivers the result of a call that ran too early.
const HEAD_START: Duration = Duration::from_millis(20);

/// What runs and requests share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) store: Arc<Store>,
    pub(super) sender: Sender,
    pub(super) bases: Bases,
    pub(super) options: DispatchOptions,
    events: UnboundedSender<Event>,
    /// How many calls the task knows that have not ended.
    unfinished: AtomicUsize,
    /// How many it does not know yet.
    accepting: AtomicUsize,
    /// The calls that run now.
    running: Mutex<HashSet<i64>>,
}

/// A handle on the task.
#[derive(Debug, Clone)]
pub(crate) struct Scheduler {
    shared: Arc<Shared>,
}

impl Scheduler {
    /// Makes a scheduler of the calls in the store, and the future that runs it until `stopped` ends.
    ///
    /// # Errors
    ///
    /// The store cannot be read.
    pub(crate) async fn start(
        store: Arc<Store>,
        harness: Harness,
        mut options: DispatchOptions,
    ) -> Result<
        (
            Self,
            impl Future<Output = ()>,
            tokio::sync::oneshot::Sender<()>,
        ),
        StoreError,
    > {
        let (events, heard) = unbounded_channel();
        let sender = Sender {
            fetcher: harness.fetcher(),
            harness,
            key: options.signing_key.take(),
            timeout: options.attempt_timeout,
        };
        let shared = Arc::new(Shared {
            store,
            sender,
            bases: Bases::new(&options.functions_urls),
            events,
            unfinished: AtomicUsize::new(0),
            accepting: AtomicUsize::new(0),
            running: Mutex::default(),
            options,
        });
        let entries = load(&shared).await?;
        shared.unfinished.store(entries.len(), Ordering::Relaxed);
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let task = Task::new(shared.clone(), entries);
        Ok((Self { shared }, task.run(heard, stopped), stop))
    }

    /// Accepts calls, all or none, and returns their ids in order. They may call these functions of this
    /// host.
    pub(crate) async fn dispatch(
        &self,
        calls: Vec<Call>,
        functions: &Functions,
    ) -> Result<Vec<String>, Refusal> {
        let shared = self.shared.clone();
        let now = Time::now();
        let rules = Rules {
            bases: &shared.bases,
            expiration: shared.options.expiration,
            fetcher: &shared.sender.fetcher,
            functions,
            room: shared.options.capacity,
        };
        let calls = checked(calls, None, &rules, now)?;
        if calls.is_empty() {
            return Ok(Vec::new());
        }
        let count = calls.len();
        let before = shared.accepting.fetch_add(count, Ordering::Relaxed)
            + shared.unfinished.load(Ordering::Relaxed);
        if before + count > shared.options.capacity {
            shared.accepting.fetch_sub(count, Ordering::Relaxed);
            return Err(Refusal::new(
                RefusalKind::ResourceExhausted,
                format!(
                    "{before} calls wait already: dispatch again later, or raise --dispatch-capacity"
                ),
            ));
        }
        // To its end, also if the client goes away: what is stored is scheduled.
        let accepted = tokio::spawn(async move {
            let stored = Arc::new(calls);
            let rows = stored.clone();
            let add = move |connection: &_| calls::add(connection, &rows, None, now);
            let numbers = shared.store.write(add).await.inspect_err(|_| {
                shared.accepting.fetch_sub(count, Ordering::Relaxed);
            })?;
            let due = Time::now().after(HEAD_START);
            let added = numbers
                .iter()
                .zip(stored.iter())
                .map(|(number, call)| Unfinished {
                    number: *number,
                    parent: None,
                    endpoint: call.endpoint.clone(),
                    is_suspended: false,
                    due,
                    expires: call.expires,
                });
            shared.tell(Event::Added(added.collect()));
            Ok::<_, StoreError>(stored.iter().map(|call| call.id.clone()).collect())
        });
        let accepted = accepted.await.unwrap_or(Err(StoreError::Closed));
        accepted.map_err(|error| Refusal::new(RefusalKind::Unavailable, error.to_string()))
    }

    /// Whether a call runs now.
    pub(crate) fn is_running(&self, call: i64) -> bool {
        self.shared.running().contains(&call)
    }

    /// Says that calls were ended by somebody else.
    pub(crate) fn ended(&self, calls: Vec<i64>) {
        self.shared.tell(Event::Ended(calls));
    }

    /// Says that a call is to be run once more.
    pub(crate) fn revived(&self, call: Unfinished) {
        self.shared.tell(Event::Revived(call));
    }
}

impl Shared {
    /// How many calls there is room for.
    pub(super) fn room(&self) -> usize {
        let known = self.unfinished.load(Ordering::Relaxed);
        let count = known.saturating_add(self.accepting.load(Ordering::Relaxed));
        self.options.capacity.saturating_sub(count)
    }

    fn tell(&self, event: Event) {
        // It fails once the scheduler has stopped: the next start reads the store.
        let _ = self.events.send(event);
    }

    fn running(&self) -> std::sync::MutexGuard<'_, HashSet<i64>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
