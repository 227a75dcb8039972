//! What the host and its functions have to say.

mod invocation_id;
mod lines;
mod record;
mod sink;
mod text;

pub use invocation_id::InvocationId;
pub(crate) use invocation_id::MAX_DEPTH;
pub(crate) use lines::Lines;
pub use record::{LogLevel, OutputStream, Record, RecordKind};
pub(crate) use sink::{Format, Output, Sink, to_stderr};
