//! The logs of the host and its functions.

mod invocation_id;
mod invocation_log;
mod lines;
mod queue;
mod record;
mod sink;
pub(crate) mod stderr;
mod text;

pub use invocation_id::InvocationId;
pub(crate) use invocation_id::MAX_DEPTH;
pub(crate) use invocation_log::InvocationLog;
pub use record::{LogLevel, OutputStream, Record, RecordKind};
use sink::record_line;
pub(crate) use sink::{Format, Output, to_stderr};
pub(crate) use text::Escaped;
