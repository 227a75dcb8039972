//! Handlers that call other servers, in plain `cargo test`: no wasm, no host, no network.
//!
//! ```
//! use functions_guest_web::WebResult;
//! use functions_guest_web::testing::TestRequest;
//! use functions_http::testing::respond_with;
//! use functions_http::{Error, Request, Response, invoke};
//!
//! fn weather() -> WebResult<Vec<u8>> {
//!     let response = invoke(Request::get("https://weather.example/today"))?;
//!     Ok(response.into_bytes()?)
//! }
//!
//! let server = respond_with(|request| {
//!     assert_eq!(request.url(), "https://weather.example/today");
//!     Ok(Response::new(200).with_body("sunny"))
//! });
//! assert_eq!(TestRequest::get("/").call(weather).text(), "sunny");
//! drop(server);
//!
//! let _server = respond_with(|_| Err(Error::Timeout));
//! assert_eq!(TestRequest::get("/").call(weather).status(), 504);
//! ```

use std::cell::RefCell;
use std::rc::Rc;

use crate::{Error, Request, Response};

type Respond = Rc<dyn Fn(Request) -> Result<Response, Error>>;

thread_local! {
    /// The last is the one that answers.
    static SERVERS: RefCell<Vec<Respond>> = const { RefCell::new(Vec::new()) };
}

/// Answers the requests that this thread sends, until the [`Server`] is dropped.
pub fn respond_with(respond: impl Fn(Request) -> Result<Response, Error> + 'static) -> Server {
    let respond: Respond = Rc::new(respond);
    SERVERS.with_borrow_mut(|all| all.push(Rc::clone(&respond)));
    Server { respond }
}

/// All the servers there are, for a test; see [`respond_with`].
#[must_use = "dropping it takes it out of service"]
pub struct Server {
    respond: Respond,
}

impl Drop for Server {
    fn drop(&mut self) {
        SERVERS.with_borrow_mut(|all| all.retain(|one| !Rc::ptr_eq(one, &self.respond)));
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").finish_non_exhaustive()
    }
}

pub(crate) fn respond(request: Request) -> Result<Response, Error> {
    // Not within the borrow: it may send requests itself.
    let server = SERVERS.with_borrow(|all| all.last().map(Rc::clone));
    server.map_or(Err(Error::NoHost), |respond| respond(request))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::invoke;

    /// The innermost answers, and none does once they are gone.
    #[test]
    fn servers_nest() {
        let status = || invoke(Request::get("http://a")).map(|response| response.status);
        assert!(matches!(status(), Err(Error::NoHost)));
        let _outer = respond_with(|_| Ok(Response::new(201)));
        let inner = respond_with(|_| Ok(Response::new(202)));
        assert_eq!(status().unwrap(), 202);
        drop(inner);
        assert_eq!(status().unwrap(), 201);
    }
}
