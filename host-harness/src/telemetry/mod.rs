//! The logs and metrics of the host and its functions.

mod cut;
mod format;
mod invocation_id;
mod invocation_log;
mod lines;
pub(crate) mod metrics;
mod queue;
mod record;
mod sink;
pub mod stderr;
mod text;

pub(crate) use cut::{admitted, cut, cut_causes};
pub use invocation_id::InvocationId;
pub(crate) use invocation_id::MAX_DEPTH;
pub(crate) use invocation_log::InvocationLog;
pub use record::{LogLevel, OutputStream, Record, RecordKind};
pub(crate) use sink::Output;
use sink::record_line;
pub use text::Escaped;
pub(crate) use text::panic_text;
