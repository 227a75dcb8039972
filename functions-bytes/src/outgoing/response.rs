//! The methods that a server's response and a function's response have in common.

/// The methods of `Response`, whose fields are `status`, `headers` and `body`, and whose errors are
/// `$error`; `$path` is the type's path, for examples.
///
/// A macro: inherent methods cannot come from another crate, and a trait would have to be imported.
#[doc(hidden)]
#[macro_export]
macro_rules! __response_methods {
    ($error:ident, $path:literal) => {
        impl Response {
            /// A response without headers and body, for tests.
            pub fn new(status: u16) -> Self {
                Self {
                    status,
                    headers: $crate::Headers::default(),
                    body: $crate::Data::default(),
                }
            }

            /// Adds a header. Headers of the same name stay, unless HTTP allows only one.
            pub fn header(mut self, name: impl AsRef<str>, value: impl AsRef<[u8]>) -> Self {
                self.headers.add(name, value);
                self
            }

            /// Sets the body.
            pub fn with_body(mut self, body: impl Into<$crate::Data>) -> Self {
                self.body = body.into();
                self
            }

            /// Whether the status is one of success: 200 to 299.
            #[must_use]
            pub fn is_success(&self) -> bool {
                (200..300).contains(&self.status)
            }

            /// Brings the body into the function, and waits for the last byte.
            ///
            /// # Errors
            ///
            /// `Body` when the body did not arrive whole; a web function answers 502.
            pub fn into_bytes(self) -> Result<Vec<u8>, $error> {
                let bytes = $crate::outgoing::Collect::whole(self.body, None).wait();
                bytes.map_err($error::Body)
            }

            /// As [`into_bytes`](Self::into_bytes), but lets other futures run while it waits: several
            /// bodies that are awaited together arrive at once.
            ///
            /// # Errors
            ///
            /// As [`into_bytes`](Self::into_bytes).
            pub async fn into_bytes_async(self) -> Result<Vec<u8>, $error> {
                let bytes = $crate::outgoing::Collect::whole(self.body, None).await;
                bytes.map_err($error::Body)
            }

            /// The body as text.
            ///
            /// # Errors
            ///
            /// When the body did not arrive whole, or is not UTF-8.
            pub fn text(self) -> Result<String, $error> {
                self.decode(None)
            }

            /// As [`text`](Self::text), but lets other futures run while it waits.
            ///
            /// # Errors
            ///
            /// As [`text`](Self::text).
            pub async fn text_async(self) -> Result<String, $error> {
                self.decode_async(None).await
            }

            /// The body as JSON, of at most 2 MiB.
            ///
            /// ```
            #[doc = concat!("use ", $path, ";")]
            ///
            /// let numbers: Vec<u8> = Response::new(200).with_body("[1, 2]").json().unwrap();
            /// assert_eq!(numbers, [1, 2]);
            /// let error = Response::new(200).with_body("<html>").json::<Vec<u8>>().unwrap_err();
            /// assert!(error.is_decode());
            /// ```
            ///
            /// # Errors
            ///
            /// When the body did not arrive whole, is longer, or is not valid JSON for `T`.
            #[cfg(feature = "json")]
            #[cfg_attr(docsrs, doc(cfg(feature = "json")))]
            pub fn json<T: serde::de::DeserializeOwned>(self) -> Result<T, $error> {
                let limit = $crate::encoding::Json::<T>::LIMIT;
                let decoded = self.decode(Some(limit));
                decoded.map(|$crate::encoding::Json(value)| value)
            }

            /// As [`json`](Self::json), but lets other futures run while it waits.
            ///
            /// # Errors
            ///
            /// As [`json`](Self::json).
            #[cfg(feature = "json")]
            #[cfg_attr(docsrs, doc(cfg(feature = "json")))]
            pub async fn json_async<T: serde::de::DeserializeOwned>(self) -> Result<T, $error> {
                let limit = $crate::encoding::Json::<T>::LIMIT;
                let decoded = self.decode_async(Some(limit)).await;
                decoded.map(|$crate::encoding::Json(value)| value)
            }

            /// Marks the body as an upstream's: the client is not to blame for it.
            #[cfg(not(target_family = "wasm"))]
            pub(crate) fn of_upstream(mut self) -> Self {
                self.body = $crate::__private::set_upstream(self.body, true);
                self
            }

            fn decode<T>(self, limit: Option<u64>) -> Result<T, $error>
            where
                T: $crate::encoding::Decode<Error = $crate::encoding::DecodeError>,
            {
                let bytes = $crate::outgoing::Collect::whole(self.body, limit).wait();
                T::decode(bytes.map_err($error::Body)?.into()).map_err($error::Decode)
            }

            async fn decode_async<T>(self, limit: Option<u64>) -> Result<T, $error>
            where
                T: $crate::encoding::Decode<Error = $crate::encoding::DecodeError>,
            {
                let bytes = $crate::outgoing::Collect::whole(self.body, limit).await;
                T::decode(bytes.map_err($error::Body)?.into()).map_err($error::Decode)
            }
        }
    };
}

/// A `ResponseFuture` with its attributes, for a `$request` that the module `host` sends.
#[doc(hidden)]
#[macro_export]
macro_rules! __response_future {
    ($(#[$attribute:meta])* $request:ident => Result<$response:ident, $error:ident>) => {
        $(#[$attribute])*
        pub struct ResponseFuture {
            in_flight: $crate::outgoing::InFlight<host::Sent>,
        }

        impl ResponseFuture {
            /// Sends a request that is valid.
            fn new(request: Result<$request, $error>) -> Self {
                let in_flight = match request {
                    Ok(request) => host::send(request),
                    Err(error) => $crate::outgoing::InFlight::Ready(Err(error)),
                };
                Self { in_flight }
            }
        }

        impl Future for ResponseFuture {
            type Output = Result<$response, $error>;

            fn poll(
                mut self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
            ) -> std::task::Poll<Self::Output> {
                self.in_flight.poll(cx)
            }
        }

        impl std::fmt::Debug for ResponseFuture {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct("ResponseFuture").finish_non_exhaustive()
            }
        }
    };
}
