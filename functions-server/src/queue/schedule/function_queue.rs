//! What waits of one function.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::queue::runner::QueuePosition;
use crate::store::invocations::QueuedId;

/// The invocations of one function.
#[derive(Debug, Default)]
pub(super) struct FunctionQueue {
    /// By source; there are few.
    lines: Vec<SourceQueue>,
    pub(super) waiting: usize,
    pub(super) running: usize,
    pub(super) has_turn: bool,
}

/// The invocations of one function that one API accepted, the oldest first.
#[derive(Debug)]
pub(super) struct SourceQueue {
    pub(super) source: Arc<str>,
    ready: VecDeque<QueueEntry>,
    /// Set while they wait for room.
    pub(super) position: Option<QueuePosition>,
}

/// An invocation that waited and was cancelled.
pub(super) struct RemovedEntry {
    pub(super) entry: QueueEntry,
    /// The source of the line that it was the last of, if that waited for room.
    pub(super) left: Option<Arc<str>>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct QueueEntry {
    pub(super) id: QueuedId,
    pub(super) bytes: u64,
}

impl FunctionQueue {
    pub(super) fn line(&mut self, source: &Arc<str>) -> &mut SourceQueue {
        let at = self.lines.iter().position(|line| line.source == *source);
        let at = at.unwrap_or_else(|| {
            self.lines.push(SourceQueue {
                source: source.clone(),
                ready: VecDeque::new(),
                position: None,
            });
            self.lines.len() - 1
        });
        // It was found, or has just been added.
        #[expect(clippy::indexing_slicing, reason = "the index is valid")]
        &mut self.lines[at]
    }

    /// The line that has the oldest of those that do not wait for room.
    pub(super) fn next_line(&mut self) -> Option<&mut SourceQueue> {
        let lines = self.lines.iter_mut().filter(|line| line.position.is_none());
        let ready = lines.filter_map(|line| Some((line.ready.front()?.id, line)));
        ready.min_by_key(|(id, _)| *id).map(|(_, line)| line)
    }

    /// Whether something waits for a turn.
    pub(super) fn is_ready(&self) -> bool {
        let mut lines = self.lines.iter();
        lines.any(|line| line.position.is_none() && !line.ready.is_empty())
    }

    /// Takes one out that waits, whatever its source is.
    pub(super) fn remove(&mut self, id: QueuedId) -> Option<RemovedEntry> {
        self.lines.iter_mut().find_map(|line| line.remove(id))
    }

    pub(super) fn is_unused(&self) -> bool {
        self.waiting == 0 && self.running == 0 && !self.has_turn
    }
}

impl SourceQueue {
    pub(super) fn push(&mut self, entry: QueueEntry) {
        self.ready.push_back(entry);
    }

    /// Adds one that has waited for a retry: before those that were accepted later.
    pub(super) fn push_again(&mut self, entry: QueueEntry) {
        let at = self.ready.partition_point(|other| other.id < entry.id);
        self.ready.insert(at, entry);
    }

    pub(super) fn first(&self) -> Option<QueueEntry> {
        self.ready.front().copied()
    }

    pub(super) fn pop(&mut self) {
        self.ready.pop_front();
    }

    fn remove(&mut self, id: QueuedId) -> Option<RemovedEntry> {
        let at = self.ready.iter().position(|entry| entry.id == id)?;
        let entry = self.ready.remove(at)?;
        let is_waiting = !self.ready.is_empty();
        let position = self.position.take_if(|_| !is_waiting);
        Some(RemovedEntry {
            entry,
            left: position.map(|_| self.source.clone()),
        })
    }
}
