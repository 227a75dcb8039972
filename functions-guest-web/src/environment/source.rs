//! Where the environment comes from: the host, or natively the test that is running.

#[cfg(target_family = "wasm")]
pub(crate) use crate::__private::bindings::functions::web::environment::{
    function_name, function_version, headers, invocation_id, method, path, peer_address, query,
    remaining_milliseconds, token_metadata, variables,
};

#[cfg(not(target_family = "wasm"))]
pub(crate) use crate::testing::environment::*;
