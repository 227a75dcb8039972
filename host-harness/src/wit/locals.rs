use std::any::Any;

/// The data of one invocation that an embedder's interfaces keep. There are rarely more than two.
#[derive(Default)]
pub(super) struct Locals(pub(super) Vec<Box<dyn Any + Send>>);
