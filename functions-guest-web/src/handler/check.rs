use super::arguments::check_bodies;
use super::{Handler, HandlerArguments, HandlerOutput};
use crate::request::Request;

/// Checks a handler that nothing calls, as `run` does where it is compiled for the host. What the
/// result refers to is compiled with it.
#[must_use]
pub const fn check<H, Args, Kind>(_: &H) -> fn()
where
    H: Handler<Args>,
    Args: HandlerArguments,
    H::Output: HandlerOutput<Kind>,
{
    check_bodies::<Args>();
    compiled::<H, Args, Kind>
}

/// Does nothing, and the compiler does not know.
fn compiled<H, Args, Kind>()
where
    H: Handler<Args>,
    Args: HandlerArguments,
    H::Output: HandlerOutput<Kind>,
{
    if let Some((handler, mut request)) = std::hint::black_box(None::<(H, Request)>) {
        super::answer(handler, &mut request);
    }
}
