use functions_bytes::ReadError;
use functions_bytes::encoding::{DecodeError, EncodeError};

use super::WebError;
use crate::response::failed::HANDLER;
use crate::response::{IntoResponse, InvalidHeader, WebResponse};
use crate::stream::StreamError;

impl IntoResponse for WebError {
    fn into_response(self) -> WebResponse {
        WebResponse::failed(self, &HANDLER)
    }
}

macro_rules! errors {
    ($($type:ty,)*) => {$(
        /// As of a handler that fails with it: what [`WebError`] makes of it.
        impl IntoResponse for $type {
            fn into_response(self) -> WebResponse {
                WebError::from(self).into_response()
            }
        }
    )*};
}

errors! {
    DecodeError,
    EncodeError,
    InvalidHeader,
    ReadError,
    StreamError,
}

#[cfg(test)]
mod tests {
    use functions_bytes::ReadError;
    use functions_bytes::encoding::DecodeError;
    use http::StatusCode;

    use super::*;
    use crate::logging::Level;
    use crate::testing::TestRequest;
    use crate::{Rejection, WebResult};

    /// The log gets the whole chain, each cause once; the client gets an id and nothing of it.
    #[test]
    fn log_gets_the_chain() {
        fn handler() -> WebResult<String> {
            let cause = "x".parse::<u8>().unwrap_err();
            Err(DecodeError::new("number", "not a number", cause))?
        }
        let response = TestRequest::get("/").invocation_id("abc").call(handler);
        assert_eq!(response.status(), 500);
        assert_eq!(
            response.text(),
            r#"{"title":"Internal Server Error","status":500,"detail":"the function failed","invocationId":"abc"}"#
        );
        assert_eq!(
            response.logged()[0].message,
            "the handler failed: the body is not valid number for this type: invalid digit found in string"
        );
        assert_eq!(response.logged()[0].level, Level::Error);
    }

    /// Errors of the SDK bring the status that fits, also from inside another error.
    #[test]
    fn errors_bring_their_status() {
        assert_eq!(WebError::from(ReadError::Closed).status(), 400);
        assert_eq!(
            WebError::from(ReadError::TooLarge { limit: 1 }).status(),
            413
        );
        let wrapped = std::io::Error::from(ReadError::TooLarge { limit: 1 });
        assert_eq!(WebError::from(wrapped).status(), 413);
        for error in [ReadError::Closed, ReadError::TooLarge { limit: 1 }] {
            let upstream = ReadError::Upstream(Box::new(error));
            assert_eq!(WebError::from(upstream.clone()).status(), 502);
            let decode = DecodeError::from(upstream.clone());
            assert_eq!(WebError::from(decode).status(), 502);
            assert_eq!(Rejection::from(upstream.clone()).status(), 502);
            let wrapped = std::io::Error::from(upstream);
            assert_eq!(WebError::from(wrapped).status(), 502);
        }
        let rejection = Rejection::new(StatusCode::UNAUTHORIZED, "who?");
        assert_eq!(WebError::from(rejection).status(), 401);
        assert_eq!(WebError::from(std::fmt::Error).status(), 500);
        let rejection = Rejection::new(StatusCode::UNAUTHORIZED, "who?");
        assert_eq!(
            WebError::from(rejection).public(),
            Some("who?"),
            "it was made to be told"
        );
    }

    /// What the handler says to the client reaches it, and the cause does not.
    #[test]
    fn public_message_is_told() {
        fn handler() -> WebResult<()> {
            let secret = WebError::internal("secret");
            Err(secret
                .with_status(StatusCode::BAD_GATEWAY)
                .with_public("try later"))
        }
        let response = TestRequest::get("/").call(handler);
        assert_eq!(response.status(), 502);
        assert!(response.text().contains("try later") && !response.text().contains("secret"));
        assert_eq!(
            response.logged()[0].message,
            "the handler failed: try later: secret"
        );
    }
}
