use super::arguments::check_bodies;
use super::{Arguments, Outcome, Shape};
use crate::request::Request;

/// Checks a handler that nothing calls, as `run` does where it is compiled for the host. What the
/// result refers to is compiled with it.
#[must_use]
pub const fn check<H, Args, When>(_: &H) -> fn()
where
    H: Shape<Args>,
    Args: Arguments,
    H::Output: Outcome<When>,
{
    check_bodies::<Args>();
    compiled::<H, Args, When>
}

/// Does nothing, and the compiler does not know.
fn compiled<H, Args, When>()
where
    H: Shape<Args>,
    Args: Arguments,
    H::Output: Outcome<When>,
{
    if let Some((handler, mut request)) = std::hint::black_box(None::<(H, Request)>) {
        super::answer(handler, &mut request);
    }
}
