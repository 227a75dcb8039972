//! How many calls there is room for.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::rejection::{CallRejection, RejectionKind};

/// What part of the room only calls that calls make may take: otherwise those that wait for calls of their own
/// could fill it, and none could continue.
const KEPT_FOR_CHILDREN: usize = 20;

/// Room for calls that have not ended.
#[derive(Debug)]
pub(super) struct Capacity {
    limit: usize,
    taken: Mutex<CapacityUse>,
}

#[derive(Debug, Default)]
struct CapacityUse {
    /// By calls that the scheduler knows.
    known: usize,
    /// By calls that it will learn of.
    reserved: usize,
}

/// Room for calls until the scheduler knows them, given back when it is dropped.
#[derive(Debug)]
pub(super) struct CapacityReservation {
    capacity: Arc<Capacity>,
    calls: usize,
}

impl Capacity {
    pub(super) fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self {
            limit,
            taken: Mutex::default(),
        })
    }

    /// Takes room for calls that a client dispatches.
    pub(super) fn reserve_roots(
        self: &Arc<Self>,
        calls: usize,
    ) -> Result<CapacityReservation, CallRejection> {
        self.reserve(calls, self.limit - self.limit / KEPT_FOR_CHILDREN)
    }

    /// Takes room for calls that a call makes.
    pub(super) fn reserve_children(
        self: &Arc<Self>,
        calls: usize,
    ) -> Result<CapacityReservation, CallRejection> {
        self.reserve(calls, self.limit)
    }

    fn reserve(
        self: &Arc<Self>,
        calls: usize,
        limit: usize,
    ) -> Result<CapacityReservation, CallRejection> {
        let mut taken = self.taken();
        let before = taken.known.saturating_add(taken.reserved);
        if calls > limit.saturating_sub(before) && calls > 0 {
            let message = match calls > limit {
                true => format!(
                    "{calls} calls are more than there is ever room for ({limit}): make fewer, or raise \
                     --dispatch-capacity"
                ),
                false => format!(
                    "{before} calls wait already, and there is room for {limit}: dispatch again later, or raise \
                     --dispatch-capacity"
                ),
            };
            return Err(CallRejection::new(
                RejectionKind::ResourceExhausted,
                message,
            ));
        }
        taken.reserved += calls;
        drop(taken);
        Ok(CapacityReservation {
            capacity: self.clone(),
            calls,
        })
    }

    /// Says how many calls the scheduler knows. Reservations for calls among them are dropped afterwards.
    pub(super) fn set_known(&self, calls: usize) {
        self.taken().known = calls;
    }

    fn taken(&self) -> MutexGuard<'_, CapacityUse> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for CapacityReservation {
    fn drop(&mut self) {
        let mut taken = self.capacity.taken();
        taken.reserved = taken.reserved.saturating_sub(self.calls);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reservations count at once, and until they are dropped; what the scheduler knows counts too.
    #[test]
    fn reservations_count_together() {
        let capacity = Capacity::new(10);
        let first = capacity.reserve_children(6).unwrap();
        let refused = capacity.reserve_children(5).unwrap_err();
        assert!(refused.message.starts_with("6 calls wait"), "{refused}");
        let second = capacity.reserve_children(4).unwrap();
        capacity.set_known(6);
        drop(first);
        assert!(capacity.reserve_children(1).is_err());
        drop(second);
        assert!(capacity.reserve_children(4).is_ok());
        assert!(capacity.reserve_children(11).is_err());
        assert!(capacity.reserve_children(0).is_ok());
    }

    /// However many calls clients dispatch, calls that have begun can make some more.
    #[test]
    fn clients_leave_room_for_children() {
        let capacity = Capacity::new(100);
        assert!(capacity.reserve_roots(96).is_err());
        let _roots = capacity.reserve_roots(95).unwrap();
        assert!(capacity.reserve_roots(1).is_err());
        let _children = capacity.reserve_children(5).unwrap();
        assert!(capacity.reserve_children(1).is_err());
    }
}
