#![doc = include_str!("../README.md")]
#![deny(missing_docs)]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![doc(test(attr(deny(warnings))))]

#[doc(hidden)]
pub mod __private;
mod binding;
mod call;
#[cfg(all(feature = "client", not(target_family = "wasm")))]
mod client;
mod collect;
mod error;
#[cfg(target_family = "wasm")]
mod host;
#[cfg(not(target_family = "wasm"))]
#[path = "native.rs"]
mod host;
mod invoking;
#[cfg(feature = "json")]
mod json;
mod milliseconds;
mod options;
mod response;
mod send;
mod status;
#[cfg(not(target_family = "wasm"))]
pub mod testing;
mod types;
mod url;
#[cfg(feature = "web")]
mod web;

pub use binding::FunctionBinding;
pub use call::Call;
pub use error::{BindingError, Result};
#[doc(inline)]
pub use functions_bytes::outgoing::Headers;
pub use invoking::Invoking;
pub use options::InvokeOptions;
pub use response::Response;
pub use send::{Sending, invoke};
pub use status::StatusError;
pub use types::{FunctionInvokeRequest, FunctionInvokeResponse};
pub use url::FindingUrl;
