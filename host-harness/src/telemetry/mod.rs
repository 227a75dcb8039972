//! What the host and its functions have to say.

mod invocation_id;
pub(crate) mod output;

pub use invocation_id::InvocationId;
pub use output::{OutputLine, OutputStream};
