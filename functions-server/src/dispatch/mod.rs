//! Dispatch's calls: stored when they are accepted, and run at their endpoints until they have ended.
//!
//! The store decides what is true. One task, the [`scheduler`], has an entry in memory for each call that
//! has not ended, and says when to run it. Each run is a separate task, which commits its outcome
//! before the scheduler learns of it. A process that is killed between the two runs the call again.

mod accept;
mod calls;
mod capacity;
mod endpoint;
mod entries;
mod options;
mod proto;
mod reads;
mod rejection;
mod response;
mod retry;
mod run;
mod scheduler;
mod send;
mod signature;
mod status;

pub(crate) use accept::AllowedFunctions;
pub(crate) use calls::{CallDetails, CallState, DispatchCalls};
pub use options::DispatchOptions;
pub(crate) use proto::{DispatchRequest, DispatchResponse};
pub(crate) use rejection::{CallRejection, RejectionKind};
pub(crate) use scheduler::Scheduler;
pub use signature::{InvalidSigningKey, SigningKey};
pub(crate) use status::status_name;
