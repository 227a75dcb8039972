//! The error inside a response, until the response is sent.

use http::StatusCode;

use super::headers::List;
use crate::WebError;
use crate::environment::source;
use crate::logging::{Level, record};
use crate::problem;

/// An error that answers, and how.
pub(crate) struct Failed {
    pub(crate) error: WebError,
    kind: &'static Kind,
    /// Nothing else that was set counts: the response itself is invalid.
    pub(crate) is_invalid: bool,
    /// The handler is done: a status that is set from here on is a middleware's, and counts.
    pub(crate) is_settled: bool,
}

/// How an error answers. Function pointers, so that a function which never fails does not carry what
/// it takes to describe a failure: 20 KB.
#[derive(Debug)]
pub(crate) struct Kind {
    report: fn(&WebError),
    /// The problem document of a response with this status. Drops the headers that describe another body.
    document: fn(&WebError, StatusCode, &mut List) -> Vec<u8>,
}

/// A failure of the handler: the log has the error, the client the invocation's id.
pub(crate) static HANDLER: Kind = Kind {
    report,
    document: document_with_id,
};

/// A request that was refused: the client is told everything, and the log nothing.
///
/// A refusal that is the function's own fault, such as a state that is missing, is in the log already. The
/// client gets the invocation's id, as with any other 500.
pub(crate) static REFUSED: Kind = Kind {
    report: |_| (),
    document: refusal,
};

/// As `HANDLER`, for an error that is in the log already.
static REPORTED: Kind = Kind {
    report: |_| (),
    document: document_with_id,
};

impl Failed {
    pub(crate) fn new(error: WebError, kind: &'static Kind) -> Self {
        Self {
            error,
            kind,
            is_invalid: false,
            is_settled: false,
        }
    }

    /// The error for somebody else to answer, now that it is in the log.
    pub(crate) fn into_reported(self) -> WebError {
        (self.kind.report)(&self.error);
        self.error
    }

    pub(crate) fn set_reported(&mut self) {
        self.kind = &REPORTED;
    }

    /// The status and the problem document of a response that has this status and these headers.
    pub(crate) fn into_document(self, status: u16, headers: &mut List) -> (StatusCode, Vec<u8>) {
        (self.kind.report)(&self.error);
        let status = StatusCode::from_u16(status).unwrap_or(self.error.status());
        (status, (self.kind.document)(&self.error, status, headers))
    }
}

fn report(error: &WebError) {
    // A client's fault is not the function's.
    let level = if error.status().is_server_error() {
        Level::Error
    } else {
        Level::Info
    };
    let message = format!("the handler failed: {error}");
    record(level, "functions_guest_web", &message, &[]);
}

fn document_with_id(error: &WebError, status: StatusCode, headers: &mut List) -> Vec<u8> {
    document(error, status, Some(&source::invocation_id()), headers)
}

fn refusal(error: &WebError, status: StatusCode, headers: &mut List) -> Vec<u8> {
    if error.status().is_server_error() {
        return document_with_id(error, status, headers);
    }
    document(error, status, None, headers)
}

fn document(error: &WebError, status: StatusCode, id: Option<&str>, headers: &mut List) -> Vec<u8> {
    // Whatever they were for, the body is the document.
    headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-type"));
    let detail = error.public().unwrap_or("the function failed");
    problem::document(status, detail, id)
}
