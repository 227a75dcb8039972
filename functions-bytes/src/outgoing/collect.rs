//! The body of a response, brought into the function.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::data::set_upstream;
use crate::{Data, ReadError, Reader};

/// How much is asked of the host at once; more than it gives.
const CHUNK: usize = 1024 * 1024;

/// A body that is being read: waited for, or awaited, which lets other futures run meanwhile.
///
/// Its errors are plain: who reads a response knows whose it is.
#[must_use = "a body is not read before it is waited for"]
pub struct Collect {
    body: Body,
    /// The longest body.
    limit: Option<u64>,
    /// Whether a body that is longer, or breaks off, is good as far as it goes.
    cut: bool,
}

enum Body {
    Untouched(Data),
    Reading(Reader, Vec<u8>),
    Over,
}

impl Collect {
    /// All of a body, which is an error where it is longer than `limit`.
    pub fn whole(data: Data, limit: Option<u64>) -> Self {
        Self {
            body: Body::Untouched(set_upstream(data, false)),
            limit,
            cut: false,
        }
    }

    /// As much of a body as there is, up to `limit`.
    pub fn beginning(data: Data, limit: u64) -> Self {
        Self {
            cut: true,
            ..Self::whole(data, Some(limit))
        }
    }

    /// Waits for it, in one call of the host's where that is possible.
    ///
    /// # Errors
    ///
    /// When it breaks off, or is too long.
    pub fn wait(mut self) -> Result<Vec<u8>, ReadError> {
        let (mut reader, mut bytes) = match std::mem::replace(&mut self.body, Body::Over) {
            Body::Untouched(data) if !self.cut => {
                return match self.limit {
                    Some(limit) => data.into_bytes_up_to(limit),
                    None => data.into_bytes(),
                };
            }
            Body::Untouched(data) => (data.into_reader(), Vec::new()),
            Body::Reading(reader, bytes) => (reader, bytes),
            Body::Over => return Ok(Vec::new()),
        };
        loop {
            let chunk = reader.chunk(CHUNK);
            if let Some(end) = self.take(&mut bytes, chunk) {
                return end.map(|()| bytes);
            }
        }
    }

    /// Adds a chunk; says how it ended, once it has.
    fn take(
        &self,
        bytes: &mut Vec<u8>,
        chunk: Result<Option<Vec<u8>>, ReadError>,
    ) -> Option<Result<(), ReadError>> {
        match chunk {
            Ok(Some(chunk)) if bytes.is_empty() => *bytes = chunk,
            Ok(Some(chunk)) => bytes.extend(chunk),
            Ok(None) => return Some(Ok(())),
            Err(_) if self.cut => return Some(Ok(())),
            Err(error) => return Some(Err(error)),
        }
        let limit = self.limit?;
        if bytes.len() as u64 <= limit {
            return None;
        }
        if self.cut {
            bytes.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
            return Some(Ok(()));
        }
        Some(Err(ReadError::TooLarge { limit }))
    }

    /// The limit, where a body is known to be longer before any of it is here.
    fn exceeded(&self, data: &Data) -> Option<u64> {
        let limit = self.limit.filter(|_| !self.cut)?;
        data.len().filter(|length| *length > limit).map(|_| limit)
    }
}

impl Future for Collect {
    type Output = Result<Vec<u8>, ReadError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let (mut reader, mut bytes) = match std::mem::replace(&mut self.body, Body::Over) {
            Body::Untouched(data) => match self.exceeded(&data) {
                Some(limit) => return Poll::Ready(Err(ReadError::TooLarge { limit })),
                None => (data.into_reader(), Vec::new()),
            },
            Body::Reading(reader, bytes) => (reader, bytes),
            // There is nothing more to come.
            Body::Over => return Poll::Pending,
        };
        loop {
            let Poll::Ready(chunk) = reader.poll_chunk(cx, CHUNK) else {
                self.body = Body::Reading(reader, bytes);
                return Poll::Pending;
            };
            if let Some(end) = self.take(&mut bytes, chunk) {
                return Poll::Ready(end.map(|()| bytes));
            }
        }
    }
}

impl fmt::Debug for Collect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Collect").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::__private::{Arrival, from_arrival};
    use crate::task::block_on;

    /// A limit lets through what is just as long; what is longer is an error, or is cut. It is the
    /// same whether it is awaited or waited for, and whether the length is known beforehand.
    #[test]
    fn limits() {
        for (length, fits) in [(0, true), (9, true), (10, true), (11, false)] {
            for body in [
                |bytes| Data::from(bytes),
                |bytes| from_arrival(Bits { bytes, asked: true }),
            ] {
                let body = || set_upstream(body(vec![7; length]), true);
                let whole = || Collect::whole(body(), Some(10));
                for read in [whole().wait(), block_on(whole())] {
                    let expected = if fits {
                        Ok(vec![7; length])
                    } else {
                        Err(ReadError::TooLarge { limit: 10 })
                    };
                    assert_eq!(read, expected, "{length} bytes");
                }
                let beginning = || Collect::beginning(body(), 10);
                for read in [beginning().wait(), block_on(beginning())] {
                    assert_eq!(read.unwrap().len(), length.min(10));
                }
            }
        }
    }

    /// A body that comes byte by byte, each when it is asked for twice, and of unknown length.
    struct Bits {
        bytes: Vec<u8>,
        asked: bool,
    }

    impl Arrival for Bits {
        fn length(&self) -> Option<u64> {
            None
        }

        fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Vec<u8>>, ReadError>> {
            self.asked = !self.asked;
            if self.asked {
                return Poll::Ready(Ok(self.bytes.pop().map(|byte| vec![byte])));
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        }
    }
}
