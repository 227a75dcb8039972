//! Reads the lines of a function, and those that follow.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{Stream, stream};
use tokio::sync::Semaphore;

use super::filter::LogFilter;
use super::last_lines::start_of_last;
use super::segments::{MAX_CHUNK, Opened, Segments};
use super::writer::Changes;

/// A reader of one function's lines.
pub(super) struct Follower {
    segments: Arc<Segments>,
    function: String,
    filter: LogFilter,
    changes: Changes,
    /// Bounds how many read at once.
    readers: Arc<Semaphore>,
    follows: bool,
    /// The files that are left to read, once it has begun. It stays with a file that is renamed until it has
    /// read all of it.
    files: Option<VecDeque<File>>,
    /// How many bytes are left, unless it follows.
    left: u64,
    /// The beginning of a line whose end is not there yet.
    rest: Vec<u8>,
}

impl Follower {
    pub(super) fn new(
        segments: Arc<Segments>,
        function: &str,
        filter: LogFilter,
        changes: Changes,
        readers: Arc<Semaphore>,
    ) -> Self {
        Self {
            segments,
            function: function.to_owned(),
            filter,
            changes,
            readers,
            follows: false,
            files: None,
            left: 0,
            rest: Vec::new(),
        }
    }

    /// Continues with lines as they are written.
    pub(super) fn following(self) -> Self {
        Self {
            follows: true,
            ..self
        }
    }

    /// Opens the files, and finds the first line: all since a time, or the last ones.
    pub(super) async fn begin(mut self) -> io::Result<Self> {
        let _permit = self.readers.clone().acquire_owned().await;
        let begin = move || self.begin_blocking().map(|()| self);
        tokio::task::spawn_blocking(begin)
            .await
            .map_err(io::Error::other)?
    }

    fn begin_blocking(&mut self) -> io::Result<()> {
        let Opened { previous, current } = self.segments.read(&self.function)?;
        let mut files: VecDeque<File> = previous.into_iter().chain(current).collect();
        // Before they are searched: what is written meanwhile is not part of the answer.
        let lengths: io::Result<Vec<u64>> = files.iter().map(length).collect();
        let lengths = lengths?;
        let mut skipped = match self.filter.since {
            Some(_) => 0,
            None => start_of_last(files.iter_mut().zip(&lengths), &self.filter)?,
        };
        self.left = lengths.iter().sum::<u64>().saturating_sub(skipped);
        for (file, length) in files.iter_mut().zip(&lengths) {
            let of_this = skipped.min(*length);
            file.seek(SeekFrom::Start(of_this))?;
            skipped -= of_this;
        }
        self.files = Some(files);
        Ok(())
    }

    /// The next lines; none if there are none yet.
    fn read_next(&mut self) -> io::Result<Bytes> {
        if self.files.is_none() {
            self.begin_blocking()?;
        }
        loop {
            let mut text = std::mem::take(&mut self.rest);
            let before = text.len();
            if let Some(file) = self.files.as_mut().and_then(VecDeque::front_mut) {
                let max = if self.follows {
                    MAX_CHUNK
                } else {
                    self.left.min(MAX_CHUNK)
                };
                file.take(max).read_to_end(&mut text)?;
            }
            let read = text.len() - before;
            self.left = self
                .left
                .saturating_sub(u64::try_from(read).unwrap_or_default());
            self.keep_rest(&mut text);
            if read == 0 && !self.go_on()? {
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

    /// Continues to the next file, if there is one.
    fn go_on(&mut self) -> io::Result<bool> {
        let Some(files) = &mut self.files else {
            return Ok(false);
        };
        if files.len() > 1 {
            files.pop_front();
            return Ok(true);
        }
        if !self.follows {
            return Ok(false);
        }
        let Some(current) = self.segments.read(&self.function)?.current else {
            return Ok(false);
        };
        if let Some(file) = files.front()
            && is_same(file, &current)?
        {
            return Ok(false);
        }
        *files = VecDeque::from([current]);
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

    /// The lines that there are, and then those that are written if it follows.
    pub(super) fn stream(self) -> impl Stream<Item = io::Result<Bytes>> + use<> {
        stream::unfold(Some(self), |follower| async move {
            let mut follower = follower?;
            loop {
                // Before it reads: what is written meanwhile is a change that it has not seen.
                let ends = follower.changes.borrow_and_update().is_none() || !follower.follows;
                let permit = follower.readers.clone().acquire_owned().await;
                let read = tokio::task::spawn_blocking(move || {
                    let lines = follower.read_next();
                    drop(permit);
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

fn length(file: &File) -> io::Result<u64> {
    Ok(file.metadata()?.len())
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
