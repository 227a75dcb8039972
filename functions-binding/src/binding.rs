use functions_bytes::Data;

use crate::address::Address;
use crate::types::CollectedResponse;
use crate::{Call, FunctionInvokeRequest, FunctionInvokeResponse, InvokeFuture, UrlFuture};

/// A function that is called by its name.
///
/// ```
/// use functions_binding::{FunctionBinding, FunctionInvokeRequest, FunctionInvokeResponse};
/// # let _functions = functions_binding::testing::respond_with(|call| {
/// #     Ok(functions_binding::Response::new(200).with_body(call.into_body()))
/// # });
///
/// async fn resize(picture: Vec<u8>) -> functions_binding::Result<FunctionInvokeResponse> {
///     let func = FunctionBinding::new("processor");
///     func.invoke(FunctionInvokeRequest {
///         target_function: "processor".into(),
///         method: "POST".into(),
///         path: "/resize".into(),
///         body: picture,
///         ..FunctionInvokeRequest::default()
///     })
///     .await
/// }
/// # let response = functions_guest_web::task::block_on(resize(b"picture".to_vec())).unwrap();
/// # assert_eq!(response.body, b"picture");
/// ```
///
/// Every method returns a future that does nothing until it is awaited. In a plain `fn`, its `wait`
/// waits.
///
/// [`get_url`](Self::get_url) is about the function that the binding is bound to. A request names any
/// function; an empty name is the bound one.
#[derive(Debug, Clone)]
pub struct FunctionBinding {
    name: String,
    address: Address,
}

impl FunctionBinding {
    /// The function called `name`, of the host that this function runs on.
    ///
    /// In a native program, with the feature `client`, the host is the one whose URL is in the
    /// environment variable `FUNCTIONS_URL`, or `http://127.0.0.1:8080`, where `functions serve`
    /// listens unless told otherwise. Over https the certificate authorities are trusted that browsers
    /// trust, and those in the PEM files that `FUNCTIONS_CA_FILE` names, with commas between.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            address: Address::default(),
        }
    }

    /// In a native program, the function called `name` of the host at a URL.
    ///
    /// ```
    /// use functions_binding::FunctionBinding;
    ///
    /// let func = FunctionBinding::at("https://functions.example/", "processor");
    /// let url = func.get_url().wait()?;
    /// assert_eq!(url.as_deref(), Some("https://functions.example/processor"));
    /// # Ok::<(), functions_binding::BindingError>(())
    /// ```
    #[cfg(all(feature = "client", not(target_family = "wasm")))]
    #[cfg_attr(docsrs, doc(cfg(feature = "client")))]
    #[must_use]
    pub fn at(url: &str, name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            address: Address::of(url),
        }
    }

    /// The name of the function it is bound to.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Calls a function with a whole request, and returns whatever it answers: a status of 404 or
    /// 500 is a response like any other.
    ///
    /// Both bodies are brought into the function; [`Call`] passes them on without.
    ///
    /// Of a response's header that is there more than once, the values are joined with `, `, which
    /// means the same in HTTP. Not so `set-cookie`, of which the last is kept; [`Call`] has them all.
    ///
    /// ```
    /// use functions_binding::{FunctionBinding, FunctionInvokeRequest};
    /// # let _functions = functions_binding::testing::respond_with(|_| {
    /// #     Ok(functions_binding::Response::new(404).header("Allow", "GET").header("allow", "PUT"))
    /// # });
    ///
    /// let request = FunctionInvokeRequest {
    ///     method: "DELETE".into(),
    ///     path: "/pictures/7?now=true".into(),
    ///     ..FunctionInvokeRequest::default()
    /// };
    /// let response = FunctionBinding::new("processor").invoke(request).wait()?;
    /// assert_eq!(response.status, 404);
    /// assert_eq!(response.headers["allow"], "GET, PUT");
    /// # Ok::<(), functions_binding::BindingError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When no response comes, or not all of it. The errors come when the future is awaited.
    pub fn invoke(&self, request: FunctionInvokeRequest) -> InvokeFuture<FunctionInvokeResponse> {
        let mut call = self
            .call(request.target_function, request.path)
            .with_method(request.method);
        call.headers = request.headers.into_iter().collect();
        call.timeout = request.timeout;
        if !request.body.is_empty() {
            call.body = Some(Data::from(request.body));
        }
        InvokeFuture::new(call, None, plain)
    }

    /// Where the function it is bound to can be reached from outside; `None` when it cannot, as it
    /// is private.
    ///
    /// Over HTTP, with the feature `client`, it is where the host's function of that name would be:
    /// nobody is asked whether there is one, or whether it is private.
    ///
    /// ```
    /// use functions_binding::FunctionBinding;
    /// use functions_binding::testing::respond_with;
    /// # use functions_binding::Response;
    ///
    /// # let functions = respond_with(|_| Ok(Response::new(200)));
    /// # let _functions = functions.url("https://functions.example");
    /// let url = FunctionBinding::new("processor").get_url().wait()?;
    /// assert_eq!(url.as_deref(), Some("https://functions.example/processor"));
    /// # Ok::<(), functions_binding::BindingError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`NotFound`](crate::BindingError::NotFound) when no function has this name.
    pub fn get_url(&self) -> UrlFuture {
        UrlFuture::new(self.name.clone(), self.address.clone())
    }

    /// As [`get_url`](Self::get_url), under the name that it has in other systems.
    pub fn get_function_url(&self) -> UrlFuture {
        self.get_url()
    }

    /// A call of `target`, or of the function it is bound to where that is empty.
    pub(crate) fn call(&self, target: String, path: String) -> Call {
        let target = if target.is_empty() {
            self.name.clone()
        } else {
            target
        };
        let mut call = Call::new(target, "POST", path);
        call.address = self.address.clone();
        call
    }
}

/// The response as it is.
fn plain(whole: CollectedResponse) -> crate::Result<FunctionInvokeResponse> {
    let mut response = FunctionInvokeResponse {
        status: whole.status,
        body: whole.body,
        ..FunctionInvokeResponse::default()
    };
    for (name, value) in whole.headers {
        let name = name.to_ascii_lowercase();
        let value = String::from_utf8_lossy(&value);
        match response.headers.get_mut(&name) {
            // A comma may be part of a cookie.
            Some(known) if name != "set-cookie" => {
                known.push_str(", ");
                known.push_str(&value);
            }
            _ => {
                response.headers.insert(name, value.into_owned());
            }
        }
    }
    Ok(response)
}
