#![doc = include_str!("../README.md")]
#![deny(missing_docs)]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![doc(test(attr(deny(warnings))))]

#[doc(hidden)]
pub mod __private;
mod address;
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
mod invoke_future;
#[cfg(feature = "json")]
mod json;
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
pub use functions_bytes::Headers;
pub use invoke_future::InvokeFuture;
pub use options::InvokeOptions;
pub use response::Response;
pub use send::{ResponseFuture, invoke};
pub use status::StatusError;
pub use types::{FunctionInvokeRequest, FunctionInvokeResponse};
pub use url::UrlFuture;

/// The name that [`ResponseFuture`] had before.
#[deprecated(since = "0.1.0", note = "use `ResponseFuture`")]
pub type Sending = ResponseFuture;

/// The name that [`InvokeFuture`] had before.
#[deprecated(since = "0.1.0", note = "use `InvokeFuture`")]
pub type Invoking<T> = InvokeFuture<T>;

/// The name that [`UrlFuture`] had before.
#[deprecated(since = "0.1.0", note = "use `UrlFuture`")]
pub type FindingUrl = UrlFuture;
