//! Bodies that functions give by value, and the host holds until they are sent or read.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;

/// A body that is no longer counts as none: with many of them in flight, instances still take far more.
const SMALL: usize = 64 * 1024;

/// How many bytes the host may hold of such bodies, of all functions together.
///
/// A function may send many at once, each as long as its memory, and keep none of them in its memory.
pub(crate) struct HeldBodies {
    left: AtomicUsize,
}

/// There are as many as may be.
#[derive(Debug)]
pub(crate) struct Full;

/// A body, counted until the last part of it is gone.
struct Held {
    bytes: Vec<u8>,
    of: Arc<HeldBodies>,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.of.left.fetch_add(self.bytes.len(), Ordering::Relaxed);
    }
}

impl HeldBodies {
    pub(crate) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self {
            left: AtomicUsize::new(most),
        })
    }

    /// Holds one more body.
    pub(crate) fn hold(self: &Arc<Self>, bytes: Vec<u8>) -> Result<Bytes, Full> {
        if bytes.len() <= SMALL {
            return Ok(bytes.into());
        }
        let less = |left: usize| left.checked_sub(bytes.len());
        let taken = self
            .left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
        taken.map_err(|_left| Full)?;
        let of = Arc::clone(self);
        Ok(Bytes::from_owner(Held { bytes, of }))
    }
}

impl fmt::Debug for HeldBodies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeldBodies")
            .field("left", &self.left)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bodies are held up to the limit, and again once the last part of another is gone; small ones always.
    #[test]
    fn held_bodies_are_bounded() {
        let bodies = HeldBodies::new(4 * SMALL);
        let body = |length: usize| bodies.hold(vec![7; length]);
        let first = body(3 * SMALL).unwrap();
        assert_eq!((first.len(), first.last()), (3 * SMALL, Some(&7)));
        assert!(body(SMALL + 1).is_err());
        let small: Vec<_> = (0..100).map(|_| body(SMALL).unwrap()).collect();
        let part = first.slice(1..2);
        drop((first, small));
        assert!(body(SMALL + 1).is_err());
        drop(part);
        for _ in 0..3 {
            assert!(body(4 * SMALL).is_ok());
            assert!(body(4 * SMALL + 1).is_err());
        }
    }
}
