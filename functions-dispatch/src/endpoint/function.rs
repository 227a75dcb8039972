use crate::{Call, DispatchFuture, Endpoint, Error, Marshal, marshal};

/// A function of an [`Endpoint`], from [`Endpoint::get`].
///
/// ```
/// use functions_dispatch::Endpoint;
///
/// let endpoint = Endpoint::new().url("http://example.com").function("double", |number: i64| number * 2);
/// let call = endpoint.get("double").build_call(&21)?;
/// assert_eq!(call.endpoint(), Some("http://example.com"));
/// # Ok::<(), functions_dispatch::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Function {
    name: String,
    endpoint: Endpoint,
}

impl Function {
    pub(super) fn new(endpoint: &Endpoint, name: &str) -> Self {
        Self {
            name: name.to_owned(),
            endpoint: endpoint.clone(),
        }
    }

    /// The function's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A call of the function.
    ///
    /// # Errors
    ///
    /// - The endpoint does not know its URL.
    /// - The input cannot be written.
    pub fn build_call<T: Marshal + ?Sized>(&self, input: &T) -> Result<Call, Error> {
        if self.endpoint.find(&self.name).is_none() {
            return Err(Error::NotRegistered(self.name.clone()));
        }
        Call::new(self.endpoint.own_url()?, &self.name, marshal(input)?)
    }

    /// Dispatches a call of the function: awaits to the call's id.
    pub fn dispatch<T: Marshal + ?Sized>(&self, input: &T) -> DispatchFuture {
        let dispatched = self.build_call(input).and_then(|call| {
            let client = self.endpoint.client()?;
            Ok(client.dispatch(call))
        });
        dispatched.unwrap_or_else(DispatchFuture::failed)
    }
}
