//! Handlers that call other functions, in plain `cargo test`: no wasm, no host.
//!
//! ```
//! use functions_binding::testing::respond_with;
//! use functions_binding::{BindingError, FunctionBinding, InvokeOptions, Response};
//! use functions_guest_web::WebResult;
//! use functions_guest_web::testing::TestRequest;
//!
//! fn price() -> WebResult<String> {
//!     let func = FunctionBinding::new("prices");
//!     let price: f64 = func.get("prices", "/tea", InvokeOptions::default()).wait()?;
//!     Ok(format!("{price:.2}"))
//! }
//!
//! let functions = respond_with(|call| {
//!     assert_eq!((call.target(), call.path()), ("prices", "/tea"));
//!     Ok(Response::new(200).with_body("1.5"))
//! });
//! assert_eq!(TestRequest::get("/").call(price).text(), "1.50");
//! drop(functions);
//!
//! let _functions = respond_with(|_| Err(BindingError::Timeout));
//! assert_eq!(TestRequest::get("/").call(price).status(), 504);
//! ```

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

use crate::{BindingError, Call, Response};

type Respond = dyn Fn(Call) -> Result<Response, BindingError>;

/// What stands in for the functions, and where they can be reached from outside.
struct StandIn {
    respond: Box<Respond>,
    url: RefCell<Option<String>>,
}

thread_local! {
    /// The last is the one that answers.
    static STAND_INS: RefCell<Vec<Rc<StandIn>>> = const { RefCell::new(Vec::new()) };
}

/// Answers the calls of this thread, for every function, until the [`Functions`] are dropped.
pub fn respond_with(
    respond: impl Fn(Call) -> Result<Response, BindingError> + 'static,
) -> Functions {
    let stand_in = Rc::new(StandIn {
        respond: Box::new(respond),
        url: RefCell::new(None),
    });
    STAND_INS.with_borrow_mut(|all| all.push(Rc::clone(&stand_in)));
    Functions { stand_in }
}

/// All the functions there are, for a test; see [`respond_with`].
#[must_use = "dropping them takes them out of service"]
pub struct Functions {
    stand_in: Rc<StandIn>,
}

impl Functions {
    /// Where they can be reached from outside, for
    /// [`get_url`](crate::FunctionBinding::get_url): each under its name below `url`. Unless this is
    /// said, they are private.
    pub fn url(self, url: &str) -> Self {
        *self.stand_in.url.borrow_mut() = Some(url.trim_end_matches('/').to_owned());
        self
    }
}

impl Drop for Functions {
    fn drop(&mut self) {
        STAND_INS.with_borrow_mut(|all| all.retain(|one| !Rc::ptr_eq(one, &self.stand_in)));
    }
}

impl fmt::Debug for Functions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Functions").finish_non_exhaustive()
    }
}

/// The stand-in's answer, or the call itself where no stand-in answers.
pub(crate) fn respond(call: Call) -> Result<Result<Response, BindingError>, Box<Call>> {
    // Not within the borrow: it may make calls itself.
    match STAND_INS.with_borrow(|all| all.last().map(Rc::clone)) {
        Some(stand_in) => Ok((stand_in.respond)(call)),
        None => Err(Box::new(call)),
    }
}

/// Where the stand-in's function of that name can be reached, if there is a stand-in.
pub(crate) fn url(name: &str) -> Option<Option<String>> {
    STAND_INS.with_borrow(|all| {
        let url = all.last()?.url.borrow();
        Some(url.as_ref().map(|url| format!("{url}/{name}")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The innermost answers.
    #[test]
    fn stand_ins_nest() {
        let status = || Call::get("a", "/").wait().map(|response| response.status);
        let _outer = respond_with(|_| Ok(Response::new(201)));
        let inner = respond_with(|_| Ok(Response::new(202)));
        assert_eq!(status().unwrap(), 202);
        drop(inner);
        assert_eq!(status().unwrap(), 201);
    }

    /// A native program without a host, and without the means to reach one, is told so.
    #[cfg(not(feature = "client"))]
    #[test]
    fn none_is_an_error() {
        let called = Call::get("a", "/").wait();
        assert!(matches!(called, Err(BindingError::NoHost)));
        let url = crate::FunctionBinding::new("a").get_url().wait();
        assert!(matches!(url, Err(BindingError::NoHost)));
    }
}
