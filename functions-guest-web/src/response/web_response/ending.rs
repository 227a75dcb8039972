//! From the response that a handler made to the one that is sent.

use functions_bytes::Data;

use super::WebResponse;
use crate::__private::bindings::exports::functions::web::handler::Response;
use crate::WebError;
use crate::problem;
use crate::response::IntoResponse;
use crate::response::failed::Failed;
use crate::response::headers::List;

impl WebResponse {
    /// The error that this response answers, if it is one of the SDK's.
    ///
    /// ```
    /// use functions_guest_web::{IntoResponse, Rejection};
    /// use http::StatusCode;
    ///
    /// let response = Rejection::new(StatusCode::UNAUTHORIZED, "who are you?").into_response();
    /// assert_eq!(response.error().unwrap().public(), Some("who are you?"));
    /// assert!("fine".into_response().error().is_none());
    /// ```
    #[must_use]
    pub fn error(&self) -> Option<&WebError> {
        self.failed.as_ref().map(|failed| &failed.error)
    }

    /// Makes another response from the error that this one answers; any other response stays as it
    /// is. The error is in the log by then, and headers that were added to the response stay.
    ///
    /// [`HandleErrors`](crate::HandleErrors) does this for all the errors of a function.
    ///
    /// ```
    /// use functions_guest_web::{IntoResponse, Rejection};
    /// use http::StatusCode;
    ///
    /// let response = Rejection::new(StatusCode::UNAUTHORIZED, "who are you?")
    ///     .into_response()
    ///     .map_error(|error| (error.status(), "please log in"));
    /// assert_eq!(response.status(), 401);
    /// assert_eq!(response.into_body().into_bytes()?, b"please log in");
    /// # Ok::<(), functions_guest_web::WebError>(())
    /// ```
    pub fn map_error<R: IntoResponse>(
        mut self,
        answer: impl FnOnce(WebError) -> R + 'static,
    ) -> Self {
        if let Some(sender) = self.sender.take() {
            // Whether there is an error shows when it is sent.
            self.sender = Some(Box::new(move |head| sender(head).map_error(answer)));
            return self;
        }
        // A client that has its response already gets no other.
        if self.streamed {
            return self;
        }
        let Some(failed) = self.failed.take() else {
            return self;
        };
        let status = failed.is_settled.then_some(self.status);
        let status = status.filter(|status| *status != failed.error.status().as_u16());
        let mut response = answer(failed.into_reported()).into_response();
        if let Some(again) = &mut response.failed {
            again.set_reported();
        }
        response.is_error = true;
        // A middleware's status counts, which it set for this error.
        if let Some(status) = status.filter(|_| response.failed.is_none()) {
            response.status = status;
        }
        // Those that the answer sets itself take the place of all of that name; the others stay, repeated
        // ones too.
        let own = response.headers.len();
        for (name, value) in std::mem::take(&mut self.headers) {
            let mut own = response.headers.iter().take(own);
            if !own.any(|(known, _)| known.eq_ignore_ascii_case(&name)) {
                response.headers.push((name, value));
            }
        }
        response
    }

    /// Marks what a type of the author's answers to an error.
    pub(crate) fn into_error(mut self) -> Self {
        self.is_error = true;
        self
    }

    /// Marks what is a response by now, and not an error that stands in a tuple.
    pub(crate) fn into_plain(mut self) -> Self {
        self.is_error = false;
        self
    }

    /// Whether this answers an error, which a tuple around it does not change.
    pub(crate) fn is_error(&self) -> bool {
        self.is_error
    }

    /// The body; for an error that is the problem document.
    pub fn into_body(self) -> Data {
        match self.failed {
            Some(failed) => Self::document(*failed, self.status, Vec::new()).body,
            None => self.body,
        }
    }

    /// The response as it is to be sent: itself, the document of its error, or `None` where it was
    /// streamed.
    pub(crate) fn finish(mut self) -> Option<Self> {
        if let Some(sender) = self.sender.take() {
            return sender(self).finish();
        }
        let streamed = self.streamed;
        let whole = match self.failed.take() {
            None => self,
            // Making the document logs what was wrong, also where the client has another already.
            Some(failed) => Self::document(*failed, self.status, self.headers),
        };
        (!streamed).then_some(whole)
    }

    /// The problem document of an error.
    fn document(failed: Failed, status: u16, mut headers: List) -> Self {
        let (status, document) = failed.into_document(status, &mut headers);
        Self::of(status, Some(problem::MEDIA_TYPE), document.into()).with_valid_headers(headers)
    }

    /// The status and headers of a response that is going to be streamed.
    pub(crate) fn into_head(self) -> Result<(u16, List), WebError> {
        match self.failed {
            Some(failed) => Err(failed.error),
            None => Ok((self.status, self.into_headers())),
        }
    }

    /// Sets a content type that counts unless the author set one.
    pub(crate) fn with_default_content_type(mut self, content_type: &'static str) -> Self {
        self.content_type = Some(content_type);
        self
    }

    fn into_headers(mut self) -> List {
        if let Some(value) = self.content_type
            && !self.has("content-type")
        {
            self.headers.push(("content-type".into(), value.into()));
        }
        self.headers
    }

    pub(crate) fn into_wit(mut self) -> Response {
        let body = std::mem::take(&mut self.body);
        Response {
            status: self.status,
            headers: self.into_headers(),
            body: functions_bytes::__private::into_wit(body),
        }
    }
}
