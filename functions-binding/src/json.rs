//! Calls that send and receive JSON.

use functions_bytes::Data;
use functions_bytes::encoding::{Decode as _, Json};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::status::What;
use crate::types::CollectedResponse;
use crate::{BindingError, FunctionBinding, InvokeFuture, InvokeOptions, StatusError};

/// The longest response that is decoded, in bytes, and as much as is kept of one that is an error.
const LIMIT: u64 = Json::<()>::LIMIT;

#[cfg_attr(docsrs, doc(cfg(feature = "json")))]
impl FunctionBinding {
    /// Calls a function with a value as JSON, and decodes what it answers, of at most 2 MiB.
    ///
    /// ```
    /// use functions_binding::{FunctionBinding, InvokeOptions};
    /// # let _functions = functions_binding::testing::respond_with(|call| {
    /// #     assert_eq!((call.target(), call.method(), call.path()), ("adder", "POST", "/"));
    /// #     Ok(functions_binding::Response::new(200).with_body("3"))
    /// # });
    ///
    /// let func = FunctionBinding::new("adder");
    /// let sum = func
    ///     .invoke_json::<_, u32>("adder", &[1, 2], InvokeOptions::default())
    ///     .wait()?;
    /// assert_eq!(sum, 3);
    /// # Ok::<(), functions_binding::BindingError>(())
    /// ```
    ///
    /// The content type is `application/json`, unless the options have another. An empty response is
    /// `null`: `()` or an `Option` where a function may answer with 204.
    ///
    /// # Errors
    ///
    /// [`BindingError::Status`] when the function answers with a status of 400 or above. Others when no
    /// response comes, or its body is not valid JSON for `Res`. The errors come when the future is
    /// awaited.
    pub fn invoke_json<Req, Res>(
        &self,
        target: impl Into<String>,
        body: &Req,
        options: InvokeOptions,
    ) -> InvokeFuture<Res>
    where
        Req: Serialize + ?Sized,
        Res: DeserializeOwned,
    {
        let mut call = self
            .call(target.into(), options.path)
            .with_method(options.method);
        call.headers = options.headers;
        call.timeout = options.timeout;
        InvokeFuture::new(call.json(body), Some(LIMIT), |whole| {
            decode(whole, What::Invocation)
        })
    }

    /// Gets what a function has under a path, and decodes it as JSON, of at most 2 MiB.
    ///
    /// Of the options, the headers and the timeout count. The request has no body and no content type.
    ///
    /// ```
    /// use functions_binding::{FunctionBinding, InvokeOptions};
    /// # let _functions = functions_binding::testing::respond_with(|call| {
    /// #     assert_eq!((call.target(), call.method()), ("prices", "GET"));
    /// #     Ok(match call.path() {
    /// #         "/tea" => functions_binding::Response::new(200).with_body("[1.5, 2.0]"),
    /// #         _ => functions_binding::Response::new(404).with_body("no such thing"),
    /// #     })
    /// # });
    ///
    /// let func = FunctionBinding::new("prices");
    /// let prices: Vec<f64> = func.get("prices", "/tea", InvokeOptions::default()).wait()?;
    /// assert_eq!(prices, [1.5, 2.0]);
    ///
    /// let none = func.get::<f64>("prices", "/gold", InvokeOptions::default()).wait();
    /// let error = none.unwrap_err();
    /// assert_eq!(error.to_string(), "Function GET failed with status 404: no such thing");
    /// # Ok::<(), functions_binding::BindingError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As those of [`invoke_json`](Self::invoke_json).
    pub fn get<Res: DeserializeOwned>(
        &self,
        target: impl Into<String>,
        path: impl Into<String>,
        options: InvokeOptions,
    ) -> InvokeFuture<Res> {
        let mut call = self
            .call(target.into(), path.into())
            .with_method("GET".into());
        call.headers = options.headers;
        call.timeout = options.timeout;
        InvokeFuture::new(call, Some(LIMIT), |whole| decode(whole, What::Get))
    }
}

fn decode<T: DeserializeOwned>(whole: CollectedResponse, what: What) -> Result<T, BindingError> {
    if whole.status >= 400 {
        return Err(StatusError::new(what, whole).into());
    }
    let body = if whole.body.is_empty() {
        Data::from("null")
    } else {
        Data::from(whole.body)
    };
    Json::decode(body)
        .map(|Json(value)| value)
        .map_err(BindingError::Decode)
}
