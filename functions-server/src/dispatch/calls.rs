//! Calls as operators see and change them, whether a scheduler runs or not.

use std::sync::Arc;

use super::Scheduler;
use super::response::failure;
use super::status;
use crate::store::calls::{self as rows, AttemptRow, CallView, End, UnfinishedCall};
use crate::store::{Store, StoreError, Time};

/// What a call is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CallState {
    Queued,
    Running,
    Waiting,
    Suspended,
    Succeeded,
    Failed,
    Cancelled,
}

impl CallState {
    pub(crate) const NAMES: [&str; 7] = [
        "queued",
        "running",
        "waiting",
        "suspended",
        "succeeded",
        "failed",
        "cancelled",
    ];

    const ALL: [Self; 7] = [
        Self::Queued,
        Self::Running,
        Self::Waiting,
        Self::Suspended,
        Self::Succeeded,
        Self::Failed,
        Self::Cancelled,
    ];

    pub(crate) fn parse(text: &str) -> Option<Self> {
        let at = Self::NAMES.iter().position(|name| *name == text)?;
        Self::ALL.get(at).copied()
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Suspended => "suspended",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// The state in the store. A call that runs may be suspended there: it continues.
    fn stored(self) -> (i64, i64) {
        match self {
            Self::Queued | Self::Waiting => (rows::READY, rows::READY),
            Self::Running => (rows::READY, rows::SUSPENDED),
            Self::Suspended => (rows::SUSPENDED, rows::SUSPENDED),
            Self::Succeeded => (rows::SUCCEEDED, rows::SUCCEEDED),
            Self::Failed => (rows::FAILED, rows::FAILED),
            Self::Cancelled => (rows::CANCELLED, rows::CANCELLED),
        }
    }
}

/// A call, as it is shown.
#[derive(Debug)]
pub(crate) struct CallDetails {
    pub(crate) view: CallView,
    pub(crate) state: CallState,
    pub(crate) parent: Option<String>,
    pub(crate) root: Option<String>,
    /// Only of one call.
    pub(crate) attempts: Option<Vec<AttemptRow>>,
    pub(crate) children: Option<Vec<String>>,
}

/// How many calls are read at once to find those in a state that memory knows.
const PAGE: i64 = 1000;

/// The calls of a store.
#[derive(Debug)]
pub(crate) struct DispatchCalls {
    store: Arc<Store>,
    scheduler: Option<Arc<Scheduler>>,
}

impl DispatchCalls {
    pub(crate) fn new(store: Arc<Store>, scheduler: Option<Arc<Scheduler>>) -> Self {
        Self { store, scheduler }
    }

    fn state(&self, view: &CallView) -> CallState {
        let scheduler = self.scheduler.as_ref();
        match view.state {
            rows::SUCCEEDED => CallState::Succeeded,
            rows::FAILED => CallState::Failed,
            rows::CANCELLED => CallState::Cancelled,
            _ if scheduler.is_some_and(|scheduler| scheduler.is_running(view.number)) => {
                CallState::Running
            }
            rows::SUSPENDED => CallState::Suspended,
            _ if view.failures > 0 => CallState::Waiting,
            _ => CallState::Queued,
        }
    }

    /// A page of calls, and whether there are more.
    pub(crate) async fn list(
        &self,
        state: Option<CallState>,
        root: Option<String>,
        after: Option<String>,
        limit: i64,
    ) -> Result<(Vec<CallDetails>, bool), StoreError> {
        let states = state.map_or((rows::READY, rows::CANCELLED), CallState::stored);
        let Some((root, mut after)) = self.bounds(root, after).await? else {
            return Ok((Vec::new(), false));
        };
        let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut found = Vec::new();
        while found.len() <= wanted {
            let read = move |connection: &_| {
                let page = rows::list(connection, states, root, after, PAGE)?;
                page.into_iter()
                    .map(|view| with_ids(connection, view))
                    .collect()
            };
            let page: Vec<_> = self.store.read(read).await?;
            let Some((last, ..)) = page.last() else { break };
            after = last.number;
            for (view, parent, root) in page {
                let is_in = self.state(&view);
                if state.is_none_or(|state| state == is_in) {
                    found.push(CallDetails {
                        state: is_in,
                        view,
                        parent,
                        root,
                        attempts: None,
                        children: None,
                    });
                }
            }
        }
        let has_more = found.len() > wanted;
        found.truncate(wanted);
        Ok((found, has_more))
    }

    /// Up to `limit` calls before the id `before`, the latest first, with the start of their last attempt.
    pub(crate) async fn latest(
        &self,
        state: Option<CallState>,
        function: Option<String>,
        mut before: String,
        limit: usize,
    ) -> Result<Vec<(CallState, CallView, Option<Time>)>, StoreError> {
        let states = state.map_or((rows::READY, rows::CANCELLED), CallState::stored);
        let mut found = Vec::new();
        while found.len() < limit {
            let (function, from) = (function.clone(), before);
            let read = move |connection: &_| {
                rows::latest(connection, states, function.as_deref(), &from, PAGE)
            };
            let page = self.store.read(read).await?;
            let Some((last, _)) = page.last() else { break };
            before = last.id.clone();
            let shown = page
                .into_iter()
                .map(|(view, started)| (self.state(&view), view, started));
            found.extend(shown.filter(|(is_in, ..)| state.is_none_or(|state| state == *is_in)));
        }
        found.truncate(limit);
        Ok(found)
    }

    /// The numbers that a list is bounded by; `None` if a call that is named does not exist.
    async fn bounds(
        &self,
        root: Option<String>,
        after: Option<String>,
    ) -> Result<Option<(Option<i64>, i64)>, StoreError> {
        let read = move |connection: &_| {
            let number = |id: Option<String>| match id {
                None => Ok(Some(None)),
                Some(id) => {
                    let view = rows::view(connection, &id)?;
                    Ok::<_, rusqlite::Error>(view.map(|view| Some(view.number)))
                }
            };
            Ok(number(root)?.zip(number(after)?))
        };
        let bounds = self.store.read(read).await?;
        Ok(bounds.map(|(root, after)| (root, after.unwrap_or(0))))
    }

    /// A call by its id.
    pub(crate) async fn get(&self, id: &str) -> Result<Option<CallDetails>, StoreError> {
        let id = id.to_owned();
        let read = move |connection: &_| {
            let Some(view) = rows::view(connection, &id)? else {
                return Ok(None);
            };
            let attempts = rows::attempts(connection, view.number)?;
            let children = rows::children(connection, view.number)?;
            Ok(Some((with_ids(connection, view)?, attempts, children)))
        };
        let found = self.store.read(read).await?;
        Ok(
            found.map(|((view, parent, root), attempts, children)| CallDetails {
                state: self.state(&view),
                view,
                parent,
                root,
                attempts: Some(attempts),
                children: Some(children),
            }),
        )
    }

    /// Cancels a call and those below it; returns whether it had not ended. `None`: there is no such call.
    pub(crate) async fn cancel(&self, id: &str) -> Result<Option<bool>, StoreError> {
        let (id, why) = (id.to_owned(), "the call was cancelled");
        let end = End {
            state: rows::CANCELLED,
            // Dispatch has no status for this.
            status: status::UNSPECIFIED,
            error: why,
            result: failure("cancelled", why),
            now: Time::now(),
        };
        let running = self.scheduler.as_ref().map(|scheduler| scheduler.running());
        let cancel = move |connection: &_| {
            let Some(view) = rows::view(connection, &id)? else {
                return Ok(None);
            };
            let started = |call| running.as_ref()?.started(call);
            rows::end_tree(connection, view.number, &end, &started).map(Some)
        };
        let ended = self.store.write(cancel).await?;
        Ok(ended.map(|ended| {
            let has_ended = !ended.is_empty();
            if let Some(scheduler) = &self.scheduler {
                scheduler.ended(ended);
            }
            has_ended
        }))
    }

    /// Runs a call once more; returns whether it had failed or been cancelled. `None`: there is no such call.
    pub(crate) async fn retry(&self, id: &str) -> Result<Option<bool>, StoreError> {
        let (id, now) = (id.to_owned(), Time::now());
        let retry = move |connection: &_| {
            let Some(view) = rows::view(connection, &id)? else {
                return Ok(None);
            };
            rows::retry(connection, view.number, now).map(Some)
        };
        let revived: Option<Option<UnfinishedCall>> = self.store.write(retry).await?;
        Ok(revived.map(|revived| {
            let is_revived = revived.is_some();
            if let (Some(scheduler), Some(call)) = (&self.scheduler, revived) {
                scheduler.revived(call);
            }
            is_revived
        }))
    }
}

/// A call with the ids of its parent and its root.
type WithIds = (CallView, Option<String>, Option<String>);

fn with_ids(connection: &rusqlite::Connection, view: CallView) -> rusqlite::Result<WithIds> {
    let id = |number: Option<i64>| match number {
        None => Ok(None),
        Some(number) => rows::id_of(connection, number),
    };
    let (parent, root) = (id(view.parent)?, id(view.root)?);
    Ok((view, parent, root))
}
