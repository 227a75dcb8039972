use functions_bytes::Data;

use super::{HandlerOutput, Token};
use crate::request::{FromRequest as _, Request};
use crate::response::{IntoResponse as _, WebResponse};

/// The kind of a handler that returns a [`Service`].
#[derive(Debug)]
pub enum Served {}

/// What answers the whole request once a handler returns it: types of the SDK's other crates.
pub trait Service {
    /// Answers the request.
    fn answer(self, request: http::Request<Data>) -> WebResponse;
}

#[diagnostic::do_not_recommend]
impl<T: Service> HandlerOutput<Served> for T {
    fn finish(self, request: &mut Request, _: Token) -> WebResponse {
        let whole = http::Request::from_request(request);
        match request.unless_taken_twice(whole) {
            Ok(whole) => self.answer(whole),
            Err(rejection) => rejection.into_response(),
        }
    }
}
