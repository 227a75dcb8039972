//! Bodies that functions give by value, held by the host until they are sent or read.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;

/// Bodies up to this length are not counted: instances take far more than many of them in flight.
const SMALL: usize = 64 * 1024;

/// The budget for such bodies, shared by all functions of the host.
///
/// A function may send many at once, each as long as its memory, without keeping any in its memory.
pub(crate) struct HeldBodies {
    left: AtomicUsize,
}

/// The budget is used up.
#[derive(Debug)]
pub(crate) struct Full;

/// A body that counts until its last slice is dropped.
struct Held {
    bytes: Vec<u8>,
    _reserved: Reserved,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl HeldBodies {
    pub(crate) fn new(max_bytes: usize) -> Arc<Self> {
        Arc::new(Self {
            left: AtomicUsize::new(max_bytes),
        })
    }

    /// Takes a body into the budget.
    pub(crate) fn hold(self: &Arc<Self>, bytes: Vec<u8>) -> Result<Bytes, Full> {
        if bytes.len() <= SMALL {
            return Ok(bytes.into());
        }
        let mut reserved = self.reserve();
        reserved.grow(bytes.len())?;
        Ok(Bytes::from_owner(Held {
            bytes,
            _reserved: reserved,
        }))
    }

    /// Nothing yet, to be held otherwise than as a body.
    pub(crate) fn reserve(self: &Arc<Self>) -> Reserved {
        Reserved {
            bytes: 0,
            budget: Arc::clone(self),
        }
    }

    /// Takes bytes out of the budget, for what is held otherwise.
    pub(crate) fn take(&self, bytes: usize) -> Result<(), Full> {
        let less = |left: usize| left.checked_sub(bytes);
        let taken = self
            .left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
        taken.map(drop).map_err(|_left| Full)
    }

    /// Gives back what was taken.
    pub(crate) fn give_back(&self, bytes: usize) {
        self.left.fetch_add(bytes, Ordering::Relaxed);
    }
}

/// What is held otherwise than as a body. Dropping it gives it back.
#[derive(Debug)]
pub(crate) struct Reserved {
    bytes: usize,
    budget: Arc<HeldBodies>,
}

impl Reserved {
    /// Takes more.
    pub(crate) fn grow(&mut self, bytes: usize) -> Result<(), Full> {
        self.budget.take(bytes)?;
        self.bytes += bytes;
        Ok(())
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        self.budget.give_back(self.bytes);
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

    /// Bodies are held up to the limit, and again once another's last slice is gone. Small ones always are.
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
