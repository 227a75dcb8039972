//! What functions print and log, on the disk: a bounded number of bytes of each function.
//!
//! A function never waits for the disk. Its records go through a bounded queue to one thread. If the disk
//! does not accept them in time, records are dropped, and the server's log counts them.

mod collector;
mod filter;
mod follow;
mod last_lines;
mod segments;
#[cfg(test)]
mod tests;
mod writer;

use std::io;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::Stream;
use host_harness::Record;
use tokio::sync::Semaphore;

pub(crate) use collector::OutputCollector;
pub(crate) use filter::{LogFilter, parse_level};
use follow::Follower;
use segments::Segments;
use writer::LogWriter;

/// How many readers read at once. Further ones wait.
const MAX_READERS: usize = 4;

/// The logs of all functions.
#[derive(Debug)]
pub(crate) struct Logs {
    segments: Arc<Segments>,
    writer: LogWriter,
    readers: Arc<Semaphore>,
}

impl Logs {
    /// Opens the logs in a folder, which is created if it is missing.
    pub(crate) fn open(folder: &Path) -> io::Result<Self> {
        let segments = Arc::new(Segments::open(folder)?);
        Ok(Self {
            writer: LogWriter::start(segments.clone())?,
            segments,
            readers: Arc::new(Semaphore::new(MAX_READERS)),
        })
    }

    /// What the host passes its records to. It never blocks.
    pub(crate) fn observer(&self) -> impl Fn(&Record) + Send + Sync + 'static {
        let queue = self.writer.queue();
        move |record| queue.push(record)
    }

    /// The lines of a function that are on the disk and match, as JSON lines, a piece at a time.
    pub(crate) async fn read(
        &self,
        function: &str,
        filter: LogFilter,
    ) -> io::Result<impl Stream<Item = io::Result<Bytes>> + use<>> {
        let follower = self.follower(function, filter).begin().await?;
        Ok(follower.stream())
    }

    /// The same, and then lines as they are written, until [`stop`](Self::stop).
    pub(crate) fn follow(
        &self,
        function: &str,
        filter: LogFilter,
    ) -> impl Stream<Item = io::Result<Bytes>> + use<> {
        self.follower(function, filter).following().stream()
    }

    /// Deletes the lines of a function.
    pub(crate) fn remove(&self, function: &str) {
        self.writer.remove(function);
    }

    /// Ends all streams that follow.
    pub(crate) fn stop(&self) {
        self.writer.stop_following();
    }

    fn follower(&self, function: &str, filter: LogFilter) -> Follower {
        Follower::new(
            self.segments.clone(),
            function,
            filter,
            self.writer.changes(),
            self.readers.clone(),
        )
    }
}
