//! `functions:web/environment` as workers see it: there is no request, and nothing that differs between runs.

use wasmtime::Result;

use super::bindings::functions::web::environment::Host;
use crate::workers::runtime::state::InstanceState;

impl Host for InstanceState {
    fn method(&mut self) -> Result<String> {
        Ok(String::new())
    }

    fn path(&mut self) -> Result<String> {
        Ok("/".to_owned())
    }

    fn query(&mut self) -> Result<Option<String>> {
        Ok(None)
    }

    fn headers(&mut self) -> Result<Vec<(String, Vec<u8>)>> {
        Ok(Vec::new())
    }

    fn header(&mut self, _name: String) -> Result<Vec<Vec<u8>>> {
        Ok(Vec::new())
    }

    /// Invocations of workers have keys, which clients choose.
    fn invocation_id(&mut self) -> Result<String> {
        Ok(String::new())
    }

    /// `COMPONENT/NAME`.
    fn function_name(&mut self) -> Result<String> {
        Ok(self.requests.caller.worker.to_string())
    }

    /// A worker may come to another version in the middle of its life.
    fn function_version(&mut self) -> Result<String> {
        Ok(String::new())
    }

    fn token_metadata(&mut self) -> Result<Option<String>> {
        Ok(None)
    }

    fn variables(&mut self) -> Result<Vec<(String, String)>> {
        Ok(self.variables.clone())
    }

    fn variable(&mut self, name: String) -> Result<Option<String>> {
        let mut variables = self.variables.iter();
        let found = variables.find(|(known, _)| *known == name);
        Ok(found.map(|(_, value)| value.clone()))
    }

    fn peer_address(&mut self) -> Result<Option<String>> {
        Ok(None)
    }

    fn remaining_milliseconds(&mut self) -> Result<Option<u64>> {
        Ok(None)
    }
}
