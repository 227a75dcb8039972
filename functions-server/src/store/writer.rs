//! One thread writes. All writes that wait go into one transaction, and one fsync acknowledges all of them.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::JoinHandle;

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::oneshot;

use super::StoreError;

/// How many writes share a transaction at most, so that the first is not acknowledged too late.
const MAX_BATCH: usize = 256;

/// Passes writes to the writer's thread.
pub(super) struct StoreWriter {
    /// `None` once the writer ends.
    jobs: Option<Sender<Box<dyn Job>>>,
    commits: Arc<AtomicU64>,
    thread: Option<JoinHandle<()>>,
}

impl StoreWriter {
    pub(super) fn start(connection: Connection) -> std::io::Result<Self> {
        let (jobs, waiting) = mpsc::channel();
        let commits = Arc::new(AtomicU64::new(0));
        let counter = commits.clone();
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || run(connection, &waiting, &counter))?;
        Ok(Self {
            jobs: Some(jobs),
            commits,
            thread: Some(thread),
        })
    }

    /// Runs a write, and returns once it is on the disk. Its changes are undone if it fails.
    ///
    /// `write` may run twice, if another write of its transaction takes the whole transaction with it. A
    /// caller that stops waiting does not undo the write.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        write: impl FnMut(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let replied = self.submit(write)?;
        replied.await.map_err(|_| StoreError::Closed)?
    }

    /// The same, which blocks this thread.
    pub(super) fn write_blocking<T: Send + 'static>(
        &self,
        write: impl FnMut(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let replied = self.submit(write)?;
        // On its own thread, since tokio refuses to block one of its own.
        let waiting = std::thread::spawn(move || replied.blocking_recv());
        let written = waiting.join().map_err(|_| StoreError::Closed)?;
        written.map_err(|_| StoreError::Closed)?
    }

    /// Passes a write on, and returns what says that it is on the disk.
    pub(super) fn submit<T: Send + 'static>(
        &self,
        write: impl FnMut(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<oneshot::Receiver<Result<T, StoreError>>, StoreError> {
        let (reply, replied) = oneshot::channel();
        let job = Box::new(Write {
            write,
            result: None,
            reply,
        });
        let jobs = self.jobs.as_ref().ok_or(StoreError::Closed)?;
        jobs.send(job).map_err(|_| StoreError::Closed)?;
        Ok(replied)
    }

    /// How many transactions were committed.
    pub(super) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }
}

impl Drop for StoreWriter {
    /// Waits for the writes that were passed on, so that the folder can be opened again afterwards.
    fn drop(&mut self) {
        self.jobs = None;
        // A write that has the last handle on the store drops it on the writer's thread, which cannot wait for itself.
        let own = std::thread::current().id();
        if let Some(thread) = self.thread.take_if(|thread| thread.thread().id() != own) {
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for StoreWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let commits = self.commits();
        f.debug_struct("StoreWriter")
            .field("commits", &commits)
            .finish_non_exhaustive()
    }
}

/// A write whose result's type is erased.
trait Job: Send {
    /// Runs the write, and keeps its result.
    fn run(&mut self, connection: &Connection) -> WriteOutcome;
    /// Passes the kept result on, or the failure of the commit.
    fn reply(self: Box<Self>, committed: Result<(), StoreError>);
}

/// Whether the changes of a write stay.
#[derive(PartialEq)]
enum WriteOutcome {
    Done,
    Failed,
}

struct Write<T, F> {
    write: F,
    result: Option<rusqlite::Result<T>>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<T: Send, F: FnMut(&Connection) -> rusqlite::Result<T> + Send> Job for Write<T, F> {
    fn run(&mut self, connection: &Connection) -> WriteOutcome {
        let result = (self.write)(connection);
        let ran = if result.is_ok() {
            WriteOutcome::Done
        } else {
            WriteOutcome::Failed
        };
        self.result = Some(result);
        ran
    }

    fn reply(self: Box<Self>, committed: Result<(), StoreError>) {
        let result = match (self.result, committed) {
            (Some(Err(error)), _) => Err(error.into()),
            (_, Err(error)) => Err(error),
            (Some(Ok(value)), Ok(())) => Ok(value),
            (None, Ok(())) => Err(StoreError::Closed),
        };
        // The caller may have stopped waiting.
        let _ = self.reply.send(result);
    }
}

fn run(mut connection: Connection, waiting: &Receiver<Box<dyn Job>>, commits: &AtomicU64) {
    while let Ok(first) = waiting.recv() {
        let mut batch = vec![first];
        batch.extend(waiting.try_iter().take(MAX_BATCH - 1));
        if batch.len() > 1 && commit(&mut connection, &mut batch, commits).is_ok() {
            batch.into_iter().for_each(|job| job.reply(Ok(())));
            continue;
        }
        // One alone, or one has taken the transaction of all with it: each for itself.
        for job in batch {
            let mut alone = [job];
            let committed = commit(&mut connection, &mut alone, commits).map_err(StoreError::from);
            let [job] = alone;
            job.reply(committed);
        }
    }
    // A stopped store is one file, and can be copied as such. What stays in the log is read at the next start.
    let truncate = "PRAGMA wal_checkpoint(TRUNCATE)";
    if let Err(error) = connection.query_row(truncate, [], |_| Ok(())) {
        tracing::debug!(%error, "cannot move the log of the database into it");
    }
}

/// Runs writes in one transaction. A write that fails does not undo the others.
fn commit(
    connection: &mut Connection,
    batch: &mut [Box<dyn Job>],
    commits: &AtomicU64,
) -> rusqlite::Result<()> {
    let mut transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for job in batch {
        let savepoint = transaction.savepoint()?;
        if job.run(&savepoint) == WriteOutcome::Done {
            savepoint.commit()?;
        } else if savepoint.is_autocommit() {
            // A full disk, for example, makes SQLite undo the whole transaction.
            return Err(rusqlite::Error::InvalidQuery);
        } else {
            savepoint.finish()?;
        }
    }
    transaction.commit()?;
    commits.fetch_add(1, Ordering::Relaxed);
    Ok(())
}
