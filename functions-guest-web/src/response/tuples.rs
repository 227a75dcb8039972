//! Status, headers and a value, in a tuple; and headers alone.

use http::{HeaderMap, StatusCode, response};

use super::{IntoHeaderName, IntoHeaderValue, IntoHeaders, IntoResponse, WebResponse};

macro_rules! tuples {
    ($(($($headers:ident)*))*) => {$(
        #[allow(
            non_snake_case,
            clippy::allow_attributes,
            reason = "each collection is a variable named after its type"
        )]
        impl<$($headers: IntoHeaders,)* T: IntoResponse> IntoResponse for ($($headers,)* T,) {
            fn into_response(self) -> WebResponse {
                let ($($headers,)* value,) = self;
                let response = value.into_response();
                if response.is_error() {
                    return response;
                }
                response$(.append_headers($headers))*
            }
        }

        #[allow(
            non_snake_case,
            clippy::allow_attributes,
            reason = "each collection is a variable named after its type"
        )]
        impl<$($headers: IntoHeaders,)* T: IntoResponse> IntoResponse
            for (StatusCode, $($headers,)* T)
        {
            fn into_response(self) -> WebResponse {
                let (status, $($headers,)* value) = self;
                let response = value.into_response();
                if response.is_error() {
                    return response;
                }
                response$(.append_headers($headers))*.with_status(status)
            }
        }

        #[allow(
            non_snake_case,
            clippy::allow_attributes,
            reason = "each collection is a variable named after its type"
        )]
        impl<$($headers: IntoHeaders,)* T: IntoResponse> IntoResponse
            for (response::Parts, $($headers,)* T)
        {
            fn into_response(self) -> WebResponse {
                let (parts, $($headers,)* value) = self;
                let response = value.into_response();
                if response.is_error() {
                    return response;
                }
                let response = response.append_headers(parts.headers);
                response$(.append_headers($headers))*.with_status(parts.status)
            }
        }
    )*};
}

tuples! {
    ()
    (A)
    (A B)
    (A B C)
    (A B C D)
    (A B C D E)
    (A B C D E F)
    (A B C D E F G)
}

impl<T: IntoResponse> IntoResponse for http::Response<T> {
    fn into_response(self) -> WebResponse {
        self.into_parts().into_response()
    }
}

impl IntoResponse for response::Parts {
    fn into_response(self) -> WebResponse {
        (self, WebResponse::new()).into_response()
    }
}

impl IntoResponse for HeaderMap {
    fn into_response(self) -> WebResponse {
        WebResponse::new().append_headers(self)
    }
}

impl<N: IntoHeaderName, V: IntoHeaderValue, const COUNT: usize> IntoResponse for [(N, V); COUNT] {
    fn into_response(self) -> WebResponse {
        WebResponse::new().append_headers(self)
    }
}

impl<N: IntoHeaderName, V: IntoHeaderValue> IntoResponse for Vec<(N, V)> {
    fn into_response(self) -> WebResponse {
        WebResponse::new().append_headers(self)
    }
}
