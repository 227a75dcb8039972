#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![deny(missing_docs)]

#[doc(hidden)]
pub mod __private;
#[cfg(not(target_family = "wasm"))]
pub mod coming_from {
    #![doc = include_str!("../docs/coming-from.md")]
}
mod environment;
mod error;
pub mod handler;
mod invoke;
#[cfg(all(target_family = "wasm", feature = "small-libc"))]
mod libc;
pub mod logging;
#[cfg(feature = "multipart")]
mod multipart;
#[cfg(feature = "router")]
mod parameters;
mod problem;
mod request;
mod response;
#[cfg(feature = "router")]
#[cfg_attr(docsrs, doc(cfg(feature = "router")))]
pub mod routing;
mod stream;
pub mod task;
#[cfg(not(target_family = "wasm"))]
pub mod testing;
#[cfg(feature = "tower")]
mod tower;

pub use environment::{QueryParameters, WebEnvironment};
pub use error::{WebError, WebResult};
#[cfg(feature = "cbor")]
pub use functions_bytes::encoding::Cbor;
#[cfg(feature = "form")]
pub use functions_bytes::encoding::Form;
#[cfg(feature = "json")]
pub use functions_bytes::encoding::Json;
#[cfg(feature = "msgpack")]
pub use functions_bytes::encoding::MsgPack;
#[cfg(feature = "protobuf")]
pub use functions_bytes::encoding::Protobuf;
pub use functions_bytes::encoding::{self, Html, Limited};
pub use functions_bytes::{Data, Headers, ReadError, Reader};
pub use handler::{HandleErrors, Handler, HandlerArguments, HandlerOutput};
#[cfg(feature = "multipart")]
pub use multipart::{Field, Multipart};
#[cfg(feature = "query")]
pub use request::Query;
#[cfg(feature = "router")]
pub use request::{Extension, Path, State};
pub use request::{FromRequest, MediaType, Rejection, Request, Strict};
pub use response::{
    IntoHeaderName, IntoHeaderValue, IntoHeaders, IntoResponse, InvalidHeader, Redirect, Status,
    WebResponse,
};
#[cfg(feature = "router")]
pub use routing::Router;
pub use stream::{Event, EventWriter, ResponseWriter, Sse, StreamError};
#[cfg(feature = "tower")]
pub use tower::{Tower, TowerBody};

/// The name that [`Headers`] had before.
#[deprecated(
    since = "0.1.0",
    note = "use `Headers`, or `QueryParameters` for a query"
)]
pub type Fields = Headers;
