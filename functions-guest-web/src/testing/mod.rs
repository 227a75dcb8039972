//! Handlers in plain `cargo test`: no wasm, no host.
//!
//! ```
//! use functions_guest_web::Json;
//! use functions_guest_web::testing::TestRequest;
//!
//! #[derive(serde::Deserialize)]
//! struct Request {
//!     name: String,
//! }
//!
//! fn greet(Json(request): Json<Request>) -> String {
//!     format!("Hello, {}!", request.name)
//! }
//!
//! let response = TestRequest::post("/").body(r#"{"name":"Ada"}"#).call(greet);
//! assert_eq!((response.status(), response.text()), (200, "Hello, Ada!"));
//!
//! let response = TestRequest::post("/").body("not json").call(greet);
//! assert_eq!(response.status(), 400);
//! ```
//!
//! The response is the one that the host would send: a status or a header that HTTP does not allow is
//! 500, a 204 has no body, framing is left out, and a response after a streamed one is cut.
//!
//! A handler without surroundings is simpler still: it is a function, call it.

pub(crate) mod environment;
pub(crate) mod host;
pub(crate) mod output;
mod request;
mod response;
pub(crate) mod stream;

pub use output::Logged;
pub use request::TestRequest;
pub use response::TestResponse;
