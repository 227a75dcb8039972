//! Requests whose strings and headers are checked before they are copied.

use wasmtime::StoreContextMut;
use wasmtime::component::{ComponentType, Lift, Linker};

use super::PendingRequest;
use crate::message::headers::HeaderLimit;
use crate::wit::State;
use crate::wit::bindings::functions::bytes::bytes::Data;
use crate::wit::bindings::functions::http::client::{Error, Host, Request};
use crate::wit::bounded::{HeaderList, MAX_TEXT, Text};

/// The contract's `request`.
#[derive(ComponentType, Lift)]
#[component(record)]
struct BoundedRequest {
    method: Text,
    url: Text,
    headers: HeaderList,
    body: Option<Data>,
    #[component(name = "timeout-milliseconds")]
    timeout_milliseconds: Option<u32>,
    redirects: u32,
    #[component(name = "response-limit")]
    response_limit: Option<u64>,
}

impl BoundedRequest {
    /// The request; or an error, with the body to drop, if a part is too long.
    fn checked(self, limit: HeaderLimit) -> Result<Request, (Error, Option<Data>)> {
        let too_long = |what| format!("{what} is longer than {MAX_TEXT} bytes");
        let Some(method) = self.method.0 else {
            let error = Error::InvalidMethod(too_long("the method"));
            return Err((error, self.body));
        };
        let Some(url) = self.url.0 else {
            return Err((Error::InvalidUrl(too_long("the URL")), self.body));
        };
        let headers = match self.headers.within(limit) {
            Ok(headers) => headers,
            Err(invalid) => return Err((Error::Other(invalid.to_string()), self.body)),
        };
        Ok(Request {
            method,
            url,
            headers,
            body: self.body,
            timeout_milliseconds: self.timeout_milliseconds,
            redirects: self.redirects,
            response_limit: self.response_limit,
        })
    }
}

/// Replaces the generated functions.
pub(super) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let mut http = linker.instance("functions:http/client@1.0.0")?;
    http.func_wrap_async(
        "send",
        |mut store: StoreContextMut<'_, State>, (request,): (BoundedRequest,)| {
            Box::new(async move {
                let state = store.data_mut();
                state.check_time().await?;
                match request.checked(state.call.function.headers) {
                    Ok(request) => Ok((Host::send(state, request)?,)),
                    Err((error, body)) => {
                        state.drop_data(body)?;
                        Ok((state.table.push(PendingRequest::ready(Err(error)))?,))
                    }
                }
            })
        },
    )?;
    http.func_wrap_async(
        "call",
        |mut store: StoreContextMut<'_, State>, (request,): (BoundedRequest,)| {
            Box::new(async move {
                let state = store.data_mut();
                state.check_time().await?;
                match request.checked(state.call.function.headers) {
                    Ok(request) => Ok((Host::call(state, request).await?,)),
                    Err((error, body)) => {
                        state.drop_data(body)?;
                        Ok((Err(error),))
                    }
                }
            })
        },
    )?;
    Ok(())
}
