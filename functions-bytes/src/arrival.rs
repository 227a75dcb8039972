//! Bodies that a native program receives, from a host that it calls.

use std::future::poll_fn;
use std::task::{Context, Poll};

use crate::{ReadError, task};

/// The bytes of a body, as they come.
pub trait Arrival: Send + Sync {
    /// How many are still to come, where that is known.
    fn length(&self) -> Option<u64>;

    /// The next of them, never none of them; `None` at the end, however often it is asked.
    ///
    /// # Errors
    ///
    /// When there are to be more, but will not.
    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Vec<u8>>, ReadError>>;
}

/// All of them, or an error as soon as there are more than `limit`.
pub(crate) fn collect(
    mut arrival: Box<dyn Arrival>,
    limit: Option<u64>,
) -> Result<Vec<u8>, ReadError> {
    let limit = limit.unwrap_or(u64::MAX);
    if arrival.length().is_some_and(|length| length > limit) {
        return Err(ReadError::TooLarge { limit });
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = task::block_on(poll_fn(|cx| arrival.poll_chunk(cx)))? {
        if (bytes.len() + chunk.len()) as u64 > limit {
            return Err(ReadError::TooLarge { limit });
        }
        if bytes.is_empty() {
            bytes = chunk;
        } else {
            bytes.extend(chunk);
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::__private::from_arrival;
    use crate::Data;

    /// Chunks that come one by one, each only when it is asked for twice, and then perhaps an error.
    struct Slow {
        chunks: Vec<&'static str>,
        asked: bool,
        broken: bool,
    }

    impl Arrival for Slow {
        fn length(&self) -> Option<u64> {
            None
        }

        fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Vec<u8>>, ReadError>> {
            self.asked = !self.asked;
            if self.asked {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            Poll::Ready(match self.chunks.pop() {
                Some(chunk) => Ok(Some(chunk.into())),
                None if self.broken => Err(ReadError::Closed),
                None => Ok(None),
            })
        }
    }

    fn slow(broken: bool) -> Data {
        from_arrival(Slow {
            chunks: vec!["lo", "hel"],
            asked: false,
            broken,
        })
    }

    /// All of a body that arrives is there, whichever way it is read.
    #[test]
    fn arrives_whole() {
        assert_eq!(slow(false).into_bytes().unwrap(), b"hello");
        assert_eq!(slow(false).len(), None);
        let mut reader = slow(false).into_reader();
        let mut chunks = Vec::new();
        while let Some(chunk) = reader.chunk(2).unwrap() {
            chunks.push(chunk);
        }
        assert_eq!(chunks, [&b"he"[..], b"l", b"lo"]);
        let mut reader = slow(false).into_reader();
        let mut all = Vec::new();
        while let Some(chunk) = task::block_on(reader.chunk_async(2)).unwrap() {
            assert!(chunk.len() <= 2);
            all.extend(chunk);
        }
        assert_eq!(all, b"hello");
    }

    /// What breaks off is an error, and so is what is too long, before it is all there.
    #[test]
    fn half_is_not_whole() {
        assert_eq!(slow(true).into_bytes(), Err(ReadError::Closed));
        assert_eq!(slow(false).into_bytes_up_to(5).unwrap(), b"hello");
        assert_eq!(
            slow(true).into_bytes_up_to(4),
            Err(ReadError::TooLarge { limit: 4 })
        );
    }
}
