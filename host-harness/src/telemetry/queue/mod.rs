//! Log lines that wait to be written to a stream that may block, fail or be closed.

use std::io;
use std::mem;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The most bytes that may wait to be written.
const CAPACITY: usize = 8 * 1024 * 1024;

/// The part of it that functions' records may not use, so that a verbose function cannot silence the
/// host.
const HOST_RESERVE: usize = 1024 * 1024;

/// The most bytes of several lines that go into one write. Up to `PIPE_BUF` on Linux, a pipe takes a
/// write whole, so lines of several processes do not mix.
const ATOMIC_WRITE: usize = 4096;

/// The source of a line.
#[derive(Debug, Clone, Copy)]
pub(super) enum LineSource {
    Host,
    Function,
}

/// A bounded queue of lines. Pushing never blocks; lines without room are counted.
#[derive(Debug)]
pub(super) struct LineQueue {
    state: Mutex<QueueState>,
    /// Notified when there is a line to write.
    pushed: Condvar,
    /// Notified when everything is written or lost.
    written: Condvar,
}

#[derive(Debug)]
struct QueueState {
    batch: Batch,
    /// Lines dropped since the writer last took a batch: the host's, and those of functions.
    dropped: [u64; 2],
    /// Whether the writer holds a batch that is not written yet.
    is_writing: bool,
    /// Whether there is a writer.
    has_writer: bool,
    /// Counts writes: shows whether the writer makes progress.
    progress: u64,
}

/// Consecutive lines.
#[derive(Debug, Default)]
struct Batch {
    bytes: Vec<u8>,
    /// Where each line ends in `bytes`.
    ends: Vec<usize>,
}

impl LineQueue {
    pub(super) const fn new() -> Self {
        Self {
            state: Mutex::new(QueueState {
                batch: Batch {
                    bytes: Vec::new(),
                    ends: Vec::new(),
                },
                dropped: [0; 2],
                is_writing: false,
                has_writer: false,
                progress: 0,
            }),
            pushed: Condvar::new(),
            written: Condvar::new(),
        }
    }

    /// Adds a line, or counts it as dropped. Returns whether the caller has to start a writer.
    ///
    /// Once a line of a source is dropped, all of that source are until the writer has taken the
    /// batch. So the loss is one gap, and it is reported where it occurred.
    pub(super) fn push(&self, source: LineSource, line: &[u8]) -> bool {
        let mut state = self.lock();
        let capacity = match source {
            LineSource::Host => CAPACITY,
            LineSource::Function => CAPACITY - HOST_RESERVE,
        };
        let is_full = state.batch.bytes.len() + line.len() > capacity;
        let [of_host, of_functions] = &mut state.dropped;
        let dropped = match source {
            LineSource::Host => of_host,
            LineSource::Function => of_functions,
        };
        if *dropped > 0 || is_full {
            *dropped += 1;
        } else {
            state.batch.push(line);
        }
        let starts_writer = !mem::replace(&mut state.has_writer, true);
        drop(state);
        self.pushed.notify_one();
        starts_writer
    }

    /// Records that the writer has ended: the next line that is pushed needs another.
    pub(super) fn writer_ended(&self) {
        let mut state = self.lock();
        state.has_writer = false;
        state.is_writing = false;
    }

    /// Waits until every pushed line is written or lost, and returns whether that happened.
    ///
    /// Waits at most `within`, and at most `without_progress` if nothing is written in that time.
    pub(super) fn flush(&self, within: Duration, without_progress: Duration) -> bool {
        let mut progressed = Instant::now();
        let deadline = progressed + within;
        let mut state = self.lock();
        let mut progress = state.progress;
        while state.has_writer && (state.is_writing || !state.is_empty()) {
            let now = Instant::now();
            if mem::replace(&mut progress, state.progress) != state.progress {
                progressed = now;
            }
            let left = deadline
                .min(progressed + without_progress)
                .saturating_duration_since(now);
            if left.is_zero() {
                return false;
            }
            let waited = self.written.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    /// Takes all waiting lines, and how many were dropped after them; waits for the first.
    fn take(&self) -> (Batch, u64) {
        let mut state = self.lock();
        while state.is_empty() {
            state.is_writing = false;
            self.written.notify_all();
            let waited = self.pushed.wait(state);
            state = waited.unwrap_or_else(PoisonError::into_inner);
        }
        state.is_writing = true;
        let dropped = mem::take(&mut state.dropped);
        (mem::take(&mut state.batch), dropped.iter().sum())
    }

    /// Records a successful write.
    fn count_progress(&self) {
        self.lock().progress += 1;
    }

    fn lock(&self) -> MutexGuard<'_, QueueState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl QueueState {
    fn is_empty(&self) -> bool {
        self.batch.ends.is_empty() && self.dropped == [0; 2]
    }
}

impl Batch {
    fn push(&mut self, line: &[u8]) {
        self.bytes.extend_from_slice(line);
        self.ends.push(self.bytes.len());
    }

    /// Splits the lines into chunks for one write each, with their number of lines.
    fn pieces(&self) -> impl Iterator<Item = (&[u8], u64)> {
        let (mut start, mut ends) = (0, self.ends.iter().copied().peekable());
        std::iter::from_fn(move || {
            let mut end = ends.next()?;
            let mut lines = 1;
            while let Some(next) = ends.next_if(|next| next - start <= ATOMIC_WRITE) {
                end = next;
                lines += 1;
            }
            let piece = self.bytes.get(start..end)?;
            start = end;
            Some((piece, lines))
        })
    }
}

/// Writes the lines of a queue, and reports lost ones as soon as possible.
pub(super) struct QueueWriter<W, L> {
    write: W,
    /// Formats the line that reports a number of lost lines.
    loss: L,
    lost: u64,
    /// Whether a write failed within a line.
    is_torn: bool,
}

impl<W, L> QueueWriter<W, L>
where
    W: FnMut(&[u8]) -> io::Result<usize>,
    L: Fn(u64) -> String,
{
    /// `write` has to write at least one byte, blocking if needed; `loss` formats the report of a loss.
    pub(super) fn new(write: W, loss: L) -> Self {
        Self {
            write,
            loss,
            lost: 0,
            is_torn: false,
        }
    }

    /// Waits for lines, and writes all that are queued.
    pub(super) fn write_next(&mut self, queue: &LineQueue) {
        let (batch, dropped) = queue.take();
        self.report_loss();
        for (piece, lines) in batch.pieces() {
            match self.write_whole(piece) {
                Ok(()) => queue.count_progress(),
                Err(_) => self.lost += lines,
            }
        }
        self.lost += dropped;
        self.report_loss();
    }

    fn report_loss(&mut self) {
        if self.lost > 0 && self.write_whole((self.loss)(self.lost).as_bytes()).is_ok() {
            self.lost = 0;
        }
    }

    fn write_whole(&mut self, piece: &[u8]) -> io::Result<()> {
        if self.is_torn {
            self.write_all(b"\n")?;
            self.is_torn = false;
        }
        self.write_all(piece)
    }

    fn write_all(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        let whole = bytes.len();
        while !bytes.is_empty() {
            let written = (self.write)(bytes).and_then(|written| match written {
                0 => Err(io::ErrorKind::WriteZero.into()),
                written => Ok(written),
            });
            match written {
                Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
                Err(error) => {
                    self.is_torn |= bytes.len() < whole;
                    return Err(error);
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
