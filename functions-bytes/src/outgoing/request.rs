//! The methods that a request to a server and a call of a function have in common.

/// The methods of `$type`, whose fields are `method`, `headers`, `body`, `timeout`, `default_type` and
/// `invalid`, beside `$target`, which may have a query. `$post` is the code of one, for examples.
///
/// A macro: inherent methods cannot come from another crate, and a trait would have to be imported.
#[doc(hidden)]
#[macro_export]
macro_rules! __request_methods {
    ($type:ident, $error:ident, $target:ident, $post:literal) => {
        impl $type {
            /// Sets the body, and the content type that the body's encoding has, unless one is set. The
            /// host passes a `Data` handle on without a copy, while it arrives.
            ///
            /// ```
            /// use functions_bytes::Data;
            /// use functions_bytes::encoding::Json;
            ///
            #[doc = concat!("let bytes = ", $post, ".with_body(Data::from(\"hello\"));")]
            /// assert_eq!(bytes.headers().get("content-type"), None);
            #[doc = concat!("let numbers = ", $post, ".with_body(Json([1, 2]));")]
            /// assert_eq!(numbers.headers().get("content-type"), Some("application/json"));
            /// ```
            pub fn with_body(mut self, body: impl $crate::encoding::Encode) -> Self {
                let content_type = body.content_type();
                match body.encode() {
                    Ok(data) => self.body = Some(data),
                    Err(error) => {
                        self.invalid
                            .get_or_insert($error::Encode(Box::new(error)));
                    }
                }
                self.with_default_type(content_type)
            }

            /// The content type of a body, unless one is set. That of a body before is gone.
            fn with_default_type(mut self, content_type: Option<&'static str>) -> Self {
                if self.default_type.take().is_some() {
                    self.headers.remove("content-type");
                }
                if let Some(value) = content_type
                    && !self.headers.contains("content-type")
                {
                    self.headers.append("content-type", value);
                    self.default_type = content_type;
                }
                self
            }

            /// Sets the body to a value as JSON, without taking the value, and the content type unless
            /// one is set.
            ///
            /// ```
            #[doc = concat!("let request = ", $post, ".json(&[1, 2]);")]
            /// assert_eq!(request.headers().get("content-type"), Some("application/json"));
            /// assert_eq!(request.into_body().into_bytes().unwrap(), b"[1,2]");
            /// ```
            #[cfg(feature = "json")]
            #[cfg_attr(docsrs, doc(cfg(feature = "json")))]
            pub fn json<T: serde::Serialize + ?Sized>(self, value: &T) -> Self {
                self.with_body($crate::encoding::Json(value))
            }

            /// Adds a header. Headers of the same name stay, unless HTTP allows only one, such as
            /// `content-type` or `authorization`: then the new one replaces the old one. Names and
            /// values are text, or the `http` crate's types.
            ///
            /// ```
            #[doc = concat!("let request = ", $post)]
            ///     .header("accept", "text/html")
            ///     .header("accept", "text/plain");
            /// assert_eq!(request.headers().get_all("accept").count(), 2);
            /// ```
            pub fn header(mut self, name: impl AsRef<str>, value: impl AsRef<[u8]>) -> Self {
                if name.as_ref().eq_ignore_ascii_case("content-type") {
                    self.default_type = None;
                }
                self.headers.add(name, value);
                self
            }

            /// Replaces the headers by these: pairs, [`Headers`], or an `http::HeaderMap` by reference.
            /// Of a header that HTTP allows once, the last one counts, as with
            /// [`header`](Self::header).
            ///
            /// ```
            #[doc = concat!("let request = ", $post, ".header(\"x\", \"y\");")]
            /// let request = request.with_headers([("accept", "*/*")]);
            /// assert_eq!(request.headers().len(), 1);
            /// ```
            pub fn with_headers<N: AsRef<str>, V: AsRef<[u8]>>(
                mut self,
                headers: impl IntoIterator<Item = (N, V)>,
            ) -> Self {
                self.headers = $crate::Headers::default();
                for (name, value) in headers {
                    self.headers.add(name, value);
                }
                let default = self.default_type.take();
                self.with_default_type(default)
            }

            /// Adds encoded parameters to the query.
            ///
            /// ```
            #[doc = concat!("let request = ", $post, ".query([(\"q\", \"a & b\")]);")]
            #[doc = concat!("assert!(request.", stringify!($target), "().ends_with(\"?q=a+%26+b\"));")]
            /// ```
            pub fn query<N: AsRef<str>, V: AsRef<str>>(
                mut self,
                parameters: impl IntoIterator<Item = (N, V)>,
            ) -> Self {
                $crate::outgoing::add_query(&mut self.$target, parameters);
                self
            }

            /// Sets the header `authorization` to a user and a password.
            pub fn basic_auth(self, user: &str, password: &str) -> Self {
                self.header("authorization", $crate::outgoing::basic(user, password))
            }

            /// Sets the header `authorization` to a token.
            pub fn bearer_auth(self, token: &str) -> Self {
                self.header("authorization", format!("Bearer {token}"))
            }

            /// Sets how long the request may take, up to the last byte of the response's body. Without a
            /// timeout, as long as the function itself. Parts of a millisecond are rounded up.
            pub fn timeout(mut self, timeout: std::time::Duration) -> Self {
                self.timeout = Some(timeout);
                self
            }

            /// The method.
            #[must_use]
            pub fn method(&self) -> &str {
                &self.method
            }

            /// The method, under the name that this method had before.
            #[deprecated(since = "0.1.0", note = "use `method`")]
            #[must_use]
            pub fn verb(&self) -> &str {
                self.method()
            }

            /// The headers.
            #[must_use]
            pub fn headers(&self) -> &$crate::Headers {
                &self.headers
            }

            /// Takes the body.
            pub fn into_body(self) -> $crate::Data {
                self.body.unwrap_or_default()
            }

            /// Fails with the first thing that was wrong while the request was made.
            pub(crate) fn checked(mut self) -> Result<Self, $error> {
                self.invalid.take().map_or(Ok(self), Err)
            }
        }
    };
}
