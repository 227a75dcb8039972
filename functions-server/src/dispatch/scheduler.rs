//! The task that says which call runs when.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use host_harness::Harness;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::{AbortHandle, JoinSet};

use super::accept::{Refusal, RefusalKind, Rules, checked};
use super::endpoint::Bases;
use super::entries::{Entries, Run};
use super::proto::Call;
use super::response::failure;
use super::run::run;
use super::send::Sender;
use crate::DispatchOptions;
use crate::store::calls::{self, After, Unfinished};
use crate::store::{Store, StoreError, Time};

/// How many calls a start reads at once.
const PAGE: i64 = 1000;

/// How long to wait before an expired call is ended again that could not be.
const EXPIRE_PAUSE: Duration = Duration::from_secs(5);

/// How often calls are deleted that ended long ago.
const PURGE_PERIOD: Duration = Duration::from_secs(60);

/// How long the runs in flight may take when the scheduler stops.
const GRACE: Duration = Duration::from_secs(1);

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

/// What the task hears of.
#[derive(Debug)]
enum Event {
    Added(Vec<Unfinished>),
    Ran(Run, After),
    Ended(Vec<i64>),
    NotExpired(i64),
    Revived(Unfinished),
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
        let task = Task {
            shared: shared.clone(),
            entries,
            runs: JoinSet::new(),
            handles: HashMap::new(),
        };
        Ok((Self { shared }, task.run(heard, stopped), stop))
    }

    /// Accepts calls, all or none, and returns their ids in order. `may_call` says of a function of this
    /// host whether the caller may call it.
    pub(crate) async fn dispatch(
        &self,
        calls: Vec<Call>,
        may_call: &(dyn Fn(&str) -> bool + Sync),
    ) -> Result<Vec<String>, Refusal> {
        let shared = self.shared.clone();
        let now = Time::now();
        let rules = Rules {
            bases: &shared.bases,
            expiration: shared.options.expiration,
            fetcher: &shared.sender.fetcher,
            may_call,
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
            let added = numbers
                .iter()
                .zip(stored.iter())
                .map(|(number, call)| Unfinished {
                    number: *number,
                    parent: None,
                    endpoint: call.endpoint.clone(),
                    is_suspended: false,
                    due: now,
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
    fn tell(&self, event: Event) {
        // It fails once the scheduler has stopped: the next start reads the store.
        let _ = self.events.send(event);
    }

    fn running(&self) -> std::sync::MutexGuard<'_, HashSet<i64>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn load(shared: &Shared) -> Result<Entries, StoreError> {
    let mut entries = Entries::new(shared.options.concurrency);
    let (mut after, mut suspended) = (0, Vec::new());
    let now = Time::now();
    loop {
        let read = move |connection: &_| calls::unfinished_after(connection, after, PAGE);
        let page = shared.store.read(read).await?;
        for call in &page {
            after = call.number;
            entries.add(call, if call.is_suspended { Time(0) } else { now });
            if call.is_suspended {
                suspended.push(call.number);
            }
        }
        if page.is_empty() {
            break;
        }
    }
    for call in suspended {
        let read = move |connection: &_| calls::waiting(connection, call);
        if let Some(waiting) = shared.store.read(read).await? {
            entries.suspend(call, &waiting, now);
        }
    }
    Ok(entries)
}

struct Task {
    shared: Arc<Shared>,
    entries: Entries,
    runs: JoinSet<()>,
    handles: HashMap<i64, AbortHandle>,
}

impl Task {
    async fn run(
        mut self,
        mut heard: UnboundedReceiver<Event>,
        mut stopped: tokio::sync::oneshot::Receiver<()>,
    ) {
        let mut purge = tokio::time::interval(PURGE_PERIOD);
        loop {
            self.begin_runs();
            let timer = sleep_until(self.entries.next_timer());
            tokio::select! {
                // An error means the same.
                _ = &mut stopped => break,
                Some(event) = heard.recv() => {
                    self.hear(event);
                    // All that is there, before runs are looked for.
                    while let Ok(event) = heard.try_recv() {
                        self.hear(event);
                    }
                }
                () = timer => {
                    for call in self.entries.elapse(Time::now()) {
                        self.expire(call);
                    }
                }
                _ = purge.tick() => self.purge(),
                Some(_) = self.runs.join_next() => {}
            }
        }
        let ending = async { while self.runs.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(GRACE, ending).await;
    }

    fn begin_runs(&mut self) {
        while let Some(next) = self.entries.next_run() {
            let shared = self.shared.clone();
            shared.running().insert(next.call);
            let handle = self.runs.spawn(async move {
                let after = run(shared.clone(), next.call).await;
                shared.tell(Event::Ran(next, after));
            });
            self.handles.insert(next.call, handle);
        }
    }

    fn hear(&mut self, event: Event) {
        let now = Time::now();
        match event {
            Event::Added(calls) => {
                calls.iter().for_each(|call| self.entries.add(call, now));
                self.shared
                    .accepting
                    .fetch_sub(calls.len(), Ordering::Relaxed);
            }
            Event::Revived(call) => self.entries.revive(&call, now),
            Event::NotExpired(call) => self.entries.expire_again(call, now.after(EXPIRE_PAUSE)),
            Event::Ended(calls) => {
                for call in calls {
                    if let Some(handle) = self.handles.remove(&call) {
                        handle.abort();
                    }
                    self.shared.running().remove(&call);
                    self.entries.end(call, now);
                }
            }
            Event::Ran(run, after) => {
                self.shared.running().remove(&run.call);
                self.handles.remove(&run.call);
                for ended in self.entries.ran(run, after, now) {
                    if let Some(handle) = self.handles.remove(&ended) {
                        handle.abort();
                    }
                    self.shared.running().remove(&ended);
                }
            }
        }
        self.shared
            .unfinished
            .store(self.entries.len(), Ordering::Relaxed);
    }

    /// Ends a call whose time is over, and the calls below it.
    fn expire(&mut self, call: i64) {
        let shared = self.shared.clone();
        tokio::spawn(async move {
            let now = Time::now();
            let why = "the call expired";
            let end = move |connection: &_| {
                let result = failure("TIMEOUT", why);
                calls::end_tree(connection, call, calls::FAILED, why, &result, now)
            };
            match shared.store.write(end).await {
                Ok(ended) => shared.tell(Event::Ended(ended)),
                Err(StoreError::Closed) => {}
                Err(error) => {
                    tracing::error!(%error, "an expired call cannot be ended");
                    shared.tell(Event::NotExpired(call));
                }
            }
        });
    }

    fn purge(&self) {
        let shared = self.shared.clone();
        tokio::spawn(async move {
            loop {
                let before = Time::now().before(shared.options.retention);
                match shared
                    .store
                    .write(move |connection| calls::purge(connection, before))
                    .await
                {
                    Ok(true) => {}
                    Ok(false) | Err(StoreError::Closed) => return,
                    Err(error) => {
                        tracing::warn!(%error, "old calls cannot be deleted");
                        return;
                    }
                }
            }
        });
    }
}

async fn sleep_until(time: Option<Time>) {
    match time {
        None => std::future::pending().await,
        Some(time) => {
            let wait = time.0.saturating_sub(Time::now().0);
            tokio::time::sleep(Duration::from_millis(u64::try_from(wait).unwrap_or(0))).await;
        }
    }
}
