//! A handle on the task that runs calls.

mod running_calls;
mod state;
mod task;

use std::sync::Arc;
use std::time::Duration;

use host_harness::Harness;
use tokio::sync::mpsc::unbounded_channel;

use self::running_calls::RunningCalls;
use self::state::Event;
pub(super) use self::state::SchedulerState;
use self::task::{Task, load};
use super::accept::{AllowedFunctions, Rules, checked};
use super::capacity::Capacity;
use super::endpoint::Bases;
use super::options::DispatchOptions;
use super::proto::Call;
use super::reads::Reads;
use super::rejection::{CallRejection, RejectionKind};
use super::send::Sender;
use crate::store::calls::{self, UnfinishedCall};
use crate::store::{Store, StoreError, Time};

/// The delay before the first run of a call, so that its client has the call's id before its endpoint is called.
/// If client and endpoint are one process, dispatch-py never delivers the result of a call that ran too early. On two
/// processors with six times as much to do, 5 of 1200 such clients needed more than 20 ms, and none more than 25.
const HEAD_START: Duration = Duration::from_millis(50);

/// A handle on the task.
#[derive(Debug, Clone)]
pub(crate) struct Scheduler {
    shared: Arc<SchedulerState>,
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
        let shared = Arc::new(SchedulerState {
            reads: Reads::start(&store),
            store,
            sender,
            bases: Bases::new(&options.functions_urls),
            events,
            capacity: Capacity::new(options.capacity),
            running: Arc::default(),
            options,
        });
        let entries = load(&shared).await?;
        shared.capacity.set_known(entries.len());
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let task = Task::new(shared.clone(), entries);
        Ok((Self { shared }, task.run(heard, stopped), stop))
    }

    /// Accepts calls, all or none, and returns their ids in order. They may call these functions of this
    /// host.
    pub(crate) async fn dispatch(
        &self,
        calls: Vec<Call>,
        functions: &AllowedFunctions,
    ) -> Result<Vec<String>, CallRejection> {
        let shared = self.shared.clone();
        let now = Time::now();
        let reservation = shared.capacity.reserve_roots(calls.len())?;
        let rules = Rules {
            bases: &shared.bases,
            expiration: shared.options.expiration,
            fetcher: &shared.sender.fetcher,
            functions,
            capacity: &shared.capacity,
        };
        let calls = checked(calls, None, &rules, now)?;
        if calls.is_empty() {
            return Ok(Vec::new());
        }
        // To its end, also if the client goes away: what is stored is scheduled.
        let accepted = tokio::spawn(async move {
            let stored = Arc::new(calls);
            let rows = stored.clone();
            let add = move |connection: &_| calls::add(connection, &rows, None, now);
            let numbers = shared.store.write(add).await?;
            let due = Time::now().after(HEAD_START);
            let added = numbers
                .iter()
                .zip(stored.iter())
                .map(|(number, call)| UnfinishedCall {
                    number: *number,
                    parent: None,
                    endpoint: call.endpoint.clone(),
                    is_suspended: false,
                    due,
                    expires: call.expires,
                });
            shared.tell(Event::Added(added.collect(), reservation));
            Ok::<_, StoreError>(stored.iter().map(|call| call.id.clone()).collect())
        });
        let accepted = accepted.await.unwrap_or(Err(StoreError::Closed));
        accepted.map_err(|error| CallRejection::new(RejectionKind::Unavailable, error.to_string()))
    }

    /// Whether a call runs now.
    pub(crate) fn is_running(&self, call: i64) -> bool {
        self.shared.running.started(call).is_some()
    }

    /// The calls that run now.
    pub(crate) fn running(&self) -> Arc<RunningCalls> {
        self.shared.running.clone()
    }

    /// Says that calls were ended by somebody else.
    pub(crate) fn ended(&self, calls: Vec<i64>) {
        self.shared.tell(Event::Ended(calls));
    }

    /// Says that a call is to be run once more.
    pub(crate) fn revived(&self, call: UnfinishedCall) {
        self.shared.tell(Event::Revived(call));
    }
}
