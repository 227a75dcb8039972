//! HTTP messages: heads, bodies, and the counters of those in flight.

pub(crate) mod active_requests;
pub(crate) mod body;
pub(crate) mod cookies;
pub(crate) mod head;
pub(crate) mod headers;
pub(crate) mod held_bodies;
pub(crate) mod in_flight;
pub(crate) mod pipe;
pub(crate) mod transfer_codings;
