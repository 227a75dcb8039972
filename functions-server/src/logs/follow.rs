//! Reads the lines of a function, and those that follow.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read as _};
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{Stream, stream};

use super::filter::Filter;
use super::segments::{Opened, Segments};
use super::writer::Changes;

/// How many lines there are without a time.
const MAX_LINES: usize = 1000;

/// How many bytes are read at once while following.
const MAX_CHUNK: u64 = 256 << 10;

/// A reader of one function's lines.
pub(super) struct Follower {
    segments: Arc<Segments>,
    function: String,
    filter: Filter,
    changes: Changes,
    /// Where it is. It stays with a file that is renamed until it has read all of it.
    file: Option<File>,
    /// The beginning of a line whose end is not there yet.
    rest: Vec<u8>,
    has_begun: bool,
}

impl Follower {
    pub(super) fn new(
        segments: Arc<Segments>,
        function: &str,
        filter: Filter,
        changes: Changes,
    ) -> Self {
        Self {
            segments,
            function: function.to_owned(),
            filter,
            changes,
            file: None,
            rest: Vec::new(),
            has_begun: false,
        }
    }

    /// The lines that there are: all since a time, or the last ones.
    pub(super) fn read_first(&mut self) -> io::Result<Bytes> {
        let Opened { previous, current } = self.segments.read(&self.function)?;
        let mut text = Vec::new();
        if let Some(mut previous) = previous {
            previous.read_to_end(&mut text)?;
        }
        if let Some(mut current) = current {
            current.read_to_end(&mut text)?;
            self.file = Some(current);
        }
        self.has_begun = true;
        self.keep_rest(&mut text);
        let mut wanted = VecDeque::new();
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            if self.filter.matches(line) {
                wanted.push_back(line);
                if self.filter.since.is_none() && wanted.len() > MAX_LINES {
                    wanted.pop_front();
                }
            }
        }
        Ok(wanted.into_iter().flatten().copied().collect())
    }

    /// The next lines; none if there are none yet.
    fn read_next(&mut self) -> io::Result<Bytes> {
        loop {
            let mut text = std::mem::take(&mut self.rest);
            let before = text.len();
            if let Some(file) = &mut self.file {
                file.take(MAX_CHUNK).read_to_end(&mut text)?;
            }
            let has_read = text.len() > before;
            self.keep_rest(&mut text);
            if !has_read && !self.reopen()? {
                return Ok(Bytes::new());
            }
            let lines = text.split_inclusive(|byte| *byte == b'\n');
            let wanted: Vec<u8> = lines
                .filter(|line| self.filter.matches(line))
                .flatten()
                .copied()
                .collect();
            if !wanted.is_empty() {
                return Ok(wanted.into());
            }
        }
    }

    /// Goes on to the next file, if there is one.
    fn reopen(&mut self) -> io::Result<bool> {
        let Some(current) = self.segments.read(&self.function)?.current else {
            return Ok(false);
        };
        if let Some(file) = &self.file
            && is_same(file, &current)?
        {
            return Ok(false);
        }
        self.file = Some(current);
        Ok(true)
    }

    /// Cuts off a line that has not ended.
    fn keep_rest(&mut self, text: &mut Vec<u8>) {
        let end = text
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |newline| newline + 1);
        self.rest = text.split_off(end);
    }

    /// The lines that there are, and then those that are written.
    pub(super) fn stream(self) -> impl Stream<Item = io::Result<Bytes>> + use<> {
        stream::unfold(Some(self), |follower| async move {
            let mut follower = follower?;
            loop {
                // Before it reads: what is written meanwhile is a change that it has not seen.
                let ends = follower.changes.borrow_and_update().is_none();
                let read = tokio::task::spawn_blocking(move || {
                    let lines = match follower.has_begun {
                        true => follower.read_next(),
                        false => follower.read_first(),
                    };
                    (follower, lines)
                });
                let lines;
                (follower, lines) = read.await.ok()?;
                match lines {
                    Ok(lines) if lines.is_empty() => {}
                    Ok(lines) => return Some((Ok(lines), Some(follower))),
                    Err(error) => return Some((Err(error), None)),
                }
                if ends || follower.changes.changed().await.is_err() {
                    return None;
                }
            }
        })
    }
}

#[cfg(unix)]
fn is_same(one: &File, other: &File) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt as _;
    let (one, other) = (one.metadata()?, other.metadata()?);
    Ok((one.dev(), one.ino()) == (other.dev(), other.ino()))
}

/// Elsewhere, a file that is shorter than what was read of the other is another one.
#[cfg(not(unix))]
fn is_same(one: &File, other: &File) -> io::Result<bool> {
    Ok(one.metadata()?.len() <= other.metadata()?.len())
}
