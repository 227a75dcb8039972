//! Dispatch's calls, with real endpoints over real sockets.

mod accepting;
mod damage;
mod kill;
mod limits;
mod operating;
mod rate;
mod scheduling;
mod statuses;
pub(crate) mod support;
