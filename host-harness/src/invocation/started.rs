use std::sync::Arc;

use crate::message::head::Head;
use crate::message::pipe::Pipe;

/// A response that has started. Boxed where it is passed on, because every poll passes an `Option` of it on.
#[derive(Debug)]
pub(crate) struct StartedResponse {
    pub(crate) head: Head,
    pub(crate) pipe: Arc<Pipe>,
}
