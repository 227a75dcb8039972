use std::fmt;
use std::pin::Pin;

use crate::{Any, Failure, Marshal, Status, Unmarshal};

/// What a run of a function returns.
pub(super) type Running = Pin<Box<dyn Future<Output = Result<Any, Failure>>>>;

/// A function of whatever shape, called for each request.
pub(crate) struct BoxedFunction(Box<dyn Fn(&Any) -> Running + Send + Sync>);

impl BoxedFunction {
    pub(super) fn run(&self, input: &Any) -> Running {
        (self.0)(input)
    }
}

impl fmt::Debug for BoxedFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BoxedFunction").finish_non_exhaustive()
    }
}

/// The kind of a handler that returns its output.
#[derive(Debug)]
pub enum Plain {}

/// The kind of a handler that returns a `Result`.
#[derive(Debug)]
pub enum Fallible {}

/// The kind of an `async` handler, whose future has an output of the kind `Kind`.
#[derive(Debug)]
pub struct Awaited<Kind>(std::marker::PhantomData<Kind>);

/// Seals traits: nobody else can name a parameter of their methods.
mod sealed {
    #[derive(Debug, Clone, Copy)]
    pub struct Token;
}

use sealed::Token;

/// A function of an [`Endpoint`](crate::Endpoint): a `fn` or `async fn` of one argument, which implements
/// [`Unmarshal`], that returns what implements [`Marshal`], or a `Result` of it whose error converts into
/// [`Failure`]. `A` is the argument and the kind of the output, and is inferred.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a function of a Dispatch endpoint",
    label = "not such a function",
    note = "expected a `fn` or `async fn` of one argument that implements `Unmarshal`, and that returns what implements `Marshal`, or a `Result` of it"
)]
pub trait CallHandler<A>: Send + Sync + 'static {
    /// Runs the function.
    #[doc(hidden)]
    fn run(&self, input: &Any, token: Token) -> Running;
}

impl<H, T, O, Kind> CallHandler<(T, Kind)> for H
where
    H: Fn(T) -> O + Send + Sync + 'static,
    T: Unmarshal,
    O: CallOutput<Kind> + 'static,
    Kind: 'static,
{
    fn run(&self, input: &Any, token: Token) -> Running {
        match T::unmarshal(input) {
            Ok(input) => {
                let output = self(input);
                Box::pin(output.finish(token))
            }
            Err(error) => {
                let failure =
                    Failure::new(Status::InvalidArgument, format!("invalid input: {error}"));
                Box::pin(std::future::ready(Err(failure.kind("Error"))))
            }
        }
    }
}

pub(super) fn boxed<H: CallHandler<A>, A>(handler: H) -> BoxedFunction {
    BoxedFunction(Box::new(move |input| handler.run(input, Token)))
}

/// What a function of an [`Endpoint`](crate::Endpoint) returns. `Kind` is inferred.
#[diagnostic::on_unimplemented(
    message = "a function of a Dispatch endpoint cannot return `{Self}`",
    label = "not an output",
    note = "return what implements `Marshal`, a `Result` of it, or make it an `async fn` that does"
)]
pub trait CallOutput<Kind> {
    /// Waits for the output.
    #[doc(hidden)]
    fn finish(self, token: Token) -> impl Future<Output = Result<Any, Failure>>;
}

fn written(output: &impl Marshal) -> Result<Any, Failure> {
    output.marshal().map_err(Failure::from)
}

impl<R: Marshal> CallOutput<Plain> for R {
    async fn finish(self, _: Token) -> Result<Any, Failure> {
        written(&self)
    }
}

impl<R: Marshal, E: Into<Failure>> CallOutput<Fallible> for Result<R, E> {
    async fn finish(self, _: Token) -> Result<Any, Failure> {
        written(&self.map_err(Into::into)?)
    }
}

impl<F: Future<Output: CallOutput<Kind>>, Kind> CallOutput<Awaited<Kind>> for F {
    async fn finish(self, token: Token) -> Result<Any, Failure> {
        self.await.finish(token).await
    }
}
