//! Calls whose strings and headers are checked before they are copied.

use wasmtime::StoreContextMut;
use wasmtime::component::{ComponentType, Lift, Linker};

use super::PendingCall;
use crate::message::headers::HeaderLimit;
use crate::wit::State;
use crate::wit::bindings::functions::binding::invoker::{Error, Host, Request};
use crate::wit::bindings::functions::bytes::bytes::Data;
use crate::wit::bounded::{HeaderList, MAX_TEXT, Text};

/// The contract's `request`.
#[derive(ComponentType, Lift)]
#[component(record)]
struct BoundedCall {
    target: Text,
    method: Text,
    path: Text,
    headers: HeaderList,
    body: Option<Data>,
    #[component(name = "timeout-milliseconds")]
    timeout_milliseconds: Option<u32>,
}

impl BoundedCall {
    /// The request; or an error, with the body to drop, if a part is too long.
    fn checked(self, limit: HeaderLimit) -> Result<Request, (Error, Option<Data>)> {
        let too_long = |what| format!("{what} is longer than {MAX_TEXT} bytes");
        let Some(target) = self.target.0 else {
            let error = Error::NotFound(too_long("the name"));
            return Err((error, self.body));
        };
        let Some(method) = self.method.0 else {
            let error = Error::InvalidMethod(too_long("the method"));
            return Err((error, self.body));
        };
        let Some(path) = self.path.0 else {
            return Err((Error::InvalidPath(too_long("the path")), self.body));
        };
        let headers = match self.headers.within(limit) {
            Ok(headers) => headers,
            Err(invalid) => return Err((Error::Other(invalid.to_string()), self.body)),
        };
        Ok(Request {
            target,
            method,
            path,
            headers,
            body: self.body,
            timeout_milliseconds: self.timeout_milliseconds,
        })
    }
}

/// Replaces the generated functions.
pub(super) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let mut binding = linker.instance("functions:binding/invoker@1.0.0")?;
    binding.func_wrap_async(
        "send",
        |mut store: StoreContextMut<'_, State>, (request,): (BoundedCall,)| {
            Box::new(async move {
                let state = store.data_mut();
                state.check_time().await?;
                match request.checked(state.call.function.headers) {
                    Ok(request) => Ok((Host::send(state, request)?,)),
                    Err((error, body)) => {
                        state.drop_data(body)?;
                        Ok((state.table.push(PendingCall::ready(Err(error)))?,))
                    }
                }
            })
        },
    )?;
    binding.func_wrap_async(
        "call",
        |mut store: StoreContextMut<'_, State>, (request,): (BoundedCall,)| {
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
    binding.func_wrap_async(
        "url",
        |mut store: StoreContextMut<'_, State>, (target,): (Text,)| {
            Box::new(async move {
                let state = store.data_mut();
                state.check_time().await?;
                let Some(target) = target.0 else {
                    let why = format!("a name of more than {MAX_TEXT} bytes");
                    return Ok((Err(Error::NotFound(why)),));
                };
                Ok((Host::url(state, target)?,))
            })
        },
    )?;
    Ok(())
}
