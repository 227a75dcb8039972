use std::pin::Pin;

use crate::response::WebResponse;
use crate::task;

/// How far a handler has come: it has answered, or its answer is still to be awaited.
pub enum Step {
    /// The response.
    Answered(WebResponse),
    /// The rest of the handler.
    Awaiting(Pin<Box<dyn Future<Output = WebResponse>>>),
}

impl Step {
    /// Waits for the response.
    pub(crate) fn wait(self) -> WebResponse {
        match self {
            Self::Answered(response) => response,
            Self::Awaiting(rest) => task::block_on(rest),
        }
    }

    /// Changes the response, once it is there.
    pub(crate) fn map(self, change: impl FnOnce(WebResponse) -> WebResponse + 'static) -> Self {
        match self {
            Self::Answered(response) => Self::Answered(change(response)),
            Self::Awaiting(rest) => Self::Awaiting(Box::pin(async { change(rest.await) })),
        }
    }
}

impl std::fmt::Debug for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Answered(_) => "Answered",
            Self::Awaiting(_) => "Awaiting",
        })
    }
}
