use crate::__private::bindings::functions::bytes::bytes::Buffer;

/// Where the bytes of a body are.
pub(crate) enum Place {
    Host(Buffer),
    Here(Vec<u8>),
    /// A body that a native program receives.
    #[cfg(not(target_family = "wasm"))]
    Arriving(Box<dyn crate::arrival::Arrival>),
}
