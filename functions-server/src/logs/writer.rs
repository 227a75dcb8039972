//! The thread that writes records.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use host_harness::Record;
use tokio::sync::watch;

use super::segments::{Current, Segments};

/// How many bytes of lines wait for the disk at most.
const MAX_QUEUED: usize = 8 << 20;

/// How many messages are written together at most.
const MAX_BATCH: usize = 1024;

/// How many files are open at most.
const MAX_OPEN: usize = 64;

/// How often the log says that records are lost.
const TELL_PERIOD: Duration = Duration::from_secs(10);

/// Counts batches, for those who follow; `None` once they have to end.
pub(super) type Changes = watch::Receiver<Option<u64>>;

enum Message {
    Line { function: Arc<str>, line: String },
    Remove(String),
    Stop,
}

/// The queue in front of the thread.
#[derive(Debug, Clone)]
pub(super) struct RecordQueue {
    messages: Sender<Message>,
    queued: Arc<AtomicUsize>,
    dropped: Arc<AtomicU64>,
}

impl RecordQueue {
    /// Queues a record, or drops it if too much is queued.
    pub(super) fn push(&self, record: &Record) {
        let line = record.to_json_line(SystemTime::now());
        let length = line.len();
        if self.queued.fetch_add(length, Ordering::Relaxed) + length > MAX_QUEUED {
            self.queued.fetch_sub(length, Ordering::Relaxed);
            self.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let function = record.function.clone();
        // The thread has ended if the server has.
        let _ = self.messages.send(Message::Line { function, line });
    }
}

#[derive(Debug)]
pub(super) struct LogWriter {
    queue: RecordQueue,
    changes: Arc<watch::Sender<Option<u64>>>,
    thread: Option<JoinHandle<()>>,
}

impl LogWriter {
    pub(super) fn start(segments: Arc<Segments>) -> io::Result<Self> {
        let (messages, arrived) = mpsc::channel();
        let queue = RecordQueue {
            messages,
            queued: Arc::default(),
            dropped: Arc::default(),
        };
        let changes = Arc::new(watch::Sender::new(Some(0)));
        let mut writer = WriterThread {
            segments,
            open: HashMap::new(),
            queued: queue.queued.clone(),
            dropped: queue.dropped.clone(),
            changes: changes.clone(),
            losses: Losses::default(),
        };
        let thread = std::thread::Builder::new()
            .name("log-writer".to_owned())
            .spawn(move || writer.run(&arrived))?;
        Ok(Self {
            queue,
            changes,
            thread: Some(thread),
        })
    }

    pub(super) fn queue(&self) -> RecordQueue {
        self.queue.clone()
    }

    pub(super) fn changes(&self) -> Changes {
        self.changes.subscribe()
    }

    pub(super) fn remove(&self, function: &str) {
        let _ = self
            .queue
            .messages
            .send(Message::Remove(function.to_owned()));
    }

    pub(super) fn stop_following(&self) {
        self.changes.send_replace(None);
    }
}

impl Drop for LogWriter {
    /// Writes what is queued. The host may hold the queue for longer.
    fn drop(&mut self) {
        let _ = self.queue.messages.send(Message::Stop);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The state of the writer's thread.
struct WriterThread {
    segments: Arc<Segments>,
    open: HashMap<Arc<str>, Current>,
    queued: Arc<AtomicUsize>,
    dropped: Arc<AtomicU64>,
    changes: Arc<watch::Sender<Option<u64>>>,
    losses: Losses,
}

/// Records that the disk did not accept.
#[derive(Debug, Default)]
struct Losses {
    records: u64,
    /// The last function whose log could not be written, and why.
    last: Option<(Arc<str>, io::Error)>,
    told: Option<Instant>,
}

impl Losses {
    /// Says how many there were, unless that was said a short time ago: a full disk stays full for a while.
    fn tell(&mut self) {
        if self.records == 0 || self.told.is_some_and(|told| told.elapsed() < TELL_PERIOD) {
            return;
        }
        let records = std::mem::take(&mut self.records);
        self.told = Some(Instant::now());
        match self.last.take() {
            Some((function, error)) => tracing::warn!(
                %function, %error,
                "{records} log records of functions dropped: the log of a function cannot be written"
            ),
            None => tracing::warn!(
                "{records} log records of functions dropped: the disk did not accept them in time"
            ),
        }
    }
}

impl WriterThread {
    fn run(&mut self, arrived: &Receiver<Message>) {
        while let Ok(first) = arrived.recv() {
            let mut lines: BTreeMap<Arc<str>, Vec<u8>> = BTreeMap::new();
            let mut stops = false;
            for message in std::iter::once(first).chain(arrived.try_iter().take(MAX_BATCH)) {
                match message {
                    Message::Line { function, line } => {
                        self.queued.fetch_sub(line.len(), Ordering::Relaxed);
                        lines.entry(function).or_default().extend(line.into_bytes());
                    }
                    Message::Remove(function) => {
                        lines.remove(&*function);
                        self.open.remove(&*function);
                        if let Err(error) = self.segments.remove(&function) {
                            tracing::warn!(function, %error, "the log of a function cannot be deleted");
                        }
                    }
                    Message::Stop => {
                        stops = true;
                        break;
                    }
                }
            }
            self.write(lines);
            if stops {
                break;
            }
        }
        self.losses.told = None;
        self.losses.tell();
        self.changes.send_replace(None);
    }

    fn write(&mut self, lines: BTreeMap<Arc<str>, Vec<u8>>) {
        self.losses.records += self.dropped.swap(0, Ordering::Relaxed);
        for (function, lines) in lines {
            let current = self.open.remove(&function);
            match self.segments.append(&function, current, &lines) {
                Ok(current) => {
                    if self.open.len() >= MAX_OPEN {
                        self.open.clear();
                    }
                    self.open.insert(function, current);
                }
                Err(error) => {
                    let newlines = lines.iter().filter(|byte| **byte == b'\n').count();
                    self.losses.records += u64::try_from(newlines).unwrap_or_default();
                    self.losses.last = Some((function, error));
                }
            }
        }
        self.losses.tell();
        self.changes
            .send_modify(|count| *count = count.map(|count| count.wrapping_add(1)));
    }
}
