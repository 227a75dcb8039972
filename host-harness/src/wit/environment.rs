//! `functions:web/environment`: a function's request and settings.

use tokio::time::Instant;
use wasmtime::StoreContextMut;
use wasmtime::component::{HasSelf, Linker};

use super::bindings::functions::web::environment::{Host, add_to_linker};
use super::bounded::Text;
use super::{Interface, State};
use crate::message::headers::{is_hop_by_hop, named_by_connection};

/// `functions:web/environment@1.0.0`.
pub(super) const INTERFACE: Interface = Interface {
    name: "functions:web/environment@1.0.0",
    link,
};

fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    add_to_linker::<_, HasSelf<State>>(linker, |state| state)?;
    link_bounded(linker)
}

/// Replaces the generated functions with string parameters: no header or variable has a name that is
/// longer than [`Text`] allows.
fn link_bounded(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let mut environment = linker.instance("functions:web/environment@1.0.0")?;
    environment.func_wrap_async(
        "header",
        |mut store: StoreContextMut<'_, State>, (name,): (Text,)| {
            Box::new(async move {
                let state = store.data_mut();
                state.check_time().await?;
                let values = name.0.map(|name| state.header(name)).transpose()?;
                Ok((values.unwrap_or_default(),))
            })
        },
    )?;
    environment.func_wrap_async(
        "variable",
        |mut store: StoreContextMut<'_, State>, (name,): (Text,)| {
            Box::new(async move {
                let state = store.data_mut();
                state.check_time().await?;
                let value = name.0.map(|name| state.variable(name)).transpose()?;
                Ok((value.flatten(),))
            })
        },
    )
}

impl Host for State {
    fn method(&mut self) -> wasmtime::Result<String> {
        Ok(self.call.request.method.as_str().to_owned())
    }

    fn path(&mut self) -> wasmtime::Result<String> {
        Ok(self.call.path().to_owned())
    }

    fn query(&mut self) -> wasmtime::Result<Option<String>> {
        Ok(self.call.request.uri.query().map(str::to_owned))
    }

    fn headers(&mut self) -> wasmtime::Result<Vec<(String, Vec<u8>)>> {
        let headers = &self.call.request.headers;
        Ok(headers
            .iter()
            .filter(|(name, _)| !is_hop_by_hop(name) && !named_by_connection(headers, name))
            .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()))
            .collect())
    }

    // `link_bounded` has bounded the name.
    fn header(&mut self, name: String) -> wasmtime::Result<Vec<Vec<u8>>> {
        let headers = &self.call.request.headers;
        let Ok(name) = http::HeaderName::try_from(name) else {
            return Ok(Vec::new());
        };
        if is_hop_by_hop(&name) || named_by_connection(headers, &name) {
            return Ok(Vec::new());
        }
        Ok(headers
            .get_all(name)
            .iter()
            .map(|value| value.as_bytes().to_vec())
            .collect())
    }

    fn invocation_id(&mut self) -> wasmtime::Result<String> {
        Ok(self.call.id.to_string())
    }

    fn function_name(&mut self) -> wasmtime::Result<String> {
        Ok(self.call.function.name.as_ref().to_owned())
    }

    fn function_version(&mut self) -> wasmtime::Result<String> {
        Ok(self
            .call
            .function
            .version
            .get()
            .cloned()
            .unwrap_or_default())
    }

    fn token_metadata(&mut self) -> wasmtime::Result<Option<String>> {
        let metadata = self.call.token_metadata.as_deref();
        Ok(metadata.map(str::to_owned))
    }

    fn variables(&mut self) -> wasmtime::Result<Vec<(String, String)>> {
        Ok(self.call.function.variables.to_vec())
    }

    fn variable(&mut self, name: String) -> wasmtime::Result<Option<String>> {
        let variables = &self.call.function.variables;
        Ok(variables
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value.clone()))
    }

    fn peer_address(&mut self) -> wasmtime::Result<Option<String>> {
        Ok(self.call.peer.map(|address| address.to_string()))
    }

    fn remaining_milliseconds(&mut self) -> wasmtime::Result<Option<u64>> {
        Ok(self.call.deadline.map(|deadline| {
            let left = deadline.saturating_duration_since(Instant::now());
            u64::try_from(left.as_millis()).unwrap_or(u64::MAX)
        }))
    }
}
