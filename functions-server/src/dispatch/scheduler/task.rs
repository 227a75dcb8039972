//! The task that runs calls when they are due.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::{AbortHandle, JoinSet};

use super::state::{Event, SchedulerState};
use crate::dispatch::entries::Entries;
use crate::dispatch::response::failure;
use crate::dispatch::run::run;
use crate::dispatch::status;
use crate::store::calls::{self, End};
use crate::store::{StoreError, Time};

/// How many calls a start reads at once.
const PAGE: i64 = 1000;

/// How long to wait before an expired call is ended again that could not be.
const EXPIRE_PAUSE: Duration = Duration::from_secs(5);

/// How often calls are deleted that ended long ago.
const PURGE_PERIOD: Duration = Duration::from_secs(60);

/// How long the runs in flight may take when the scheduler stops.
const GRACE: Duration = Duration::from_secs(1);

pub(super) async fn load(shared: &SchedulerState) -> Result<Entries, StoreError> {
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

pub(super) struct Task {
    shared: Arc<SchedulerState>,
    entries: Entries,
    runs: JoinSet<()>,
    handles: HashMap<i64, AbortHandle>,
}

impl Task {
    pub(super) fn new(shared: Arc<SchedulerState>, entries: Entries) -> Self {
        Self {
            shared,
            entries,
            runs: JoinSet::new(),
            handles: HashMap::new(),
        }
    }

    pub(super) async fn run(
        mut self,
        mut heard: UnboundedReceiver<Event>,
        mut stopped: tokio::sync::oneshot::Receiver<()>,
    ) {
        let mut purge = tokio::time::interval(PURGE_PERIOD);
        loop {
            while self.runs.try_join_next().is_some() {}
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
            let started = Time::now();
            shared.running.begin(next.call, started);
            let handle = self.runs.spawn(async move {
                let (after, reservation) = run(shared.clone(), next.call, started).await;
                shared.tell(Event::Ran(next, after, reservation));
            });
            self.handles.insert(next.call, handle);
        }
    }

    fn hear(&mut self, event: Event) {
        let now = Time::now();
        // Dropped when these calls are known: until then, they count twice instead of not at all.
        let mut reserved = None;
        match event {
            Event::Added(calls, reservation) => {
                calls.iter().for_each(|call| self.entries.add(call, now));
                reserved = Some(reservation);
            }
            Event::Revived(call) => self.entries.revive(&call, now),
            Event::NotExpired(call) => self.entries.expire_again(call, now.after(EXPIRE_PAUSE)),
            Event::Ended(calls) => {
                for call in calls {
                    if let Some(handle) = self.handles.remove(&call) {
                        handle.abort();
                    }
                    self.shared.running.end(call);
                    self.entries.end(call, now);
                }
            }
            Event::Ran(run, after, reservation) => {
                reserved = reservation;
                self.shared.running.end(run.call);
                self.handles.remove(&run.call);
                for ended in self.entries.ran(run, after, now) {
                    if let Some(handle) = self.handles.remove(&ended) {
                        handle.abort();
                    }
                    self.shared.running.end(ended);
                }
            }
        }
        self.shared.capacity.set_known(self.entries.len());
        drop(reserved);
    }

    /// Ends a call whose time is over, and the calls below it.
    fn expire(&mut self, call: i64) {
        let shared = self.shared.clone();
        tokio::spawn(async move {
            let why = "the call expired";
            let end = End {
                state: calls::FAILED,
                status: status::TIMEOUT,
                error: why,
                result: failure("TIMEOUT", why),
                now: Time::now(),
            };
            match shared.end(call, end).await {
                Ok(()) | Err(StoreError::Closed) => {}
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
