//! The APIs of a server. Each translates requests, and does nothing else.

pub(crate) mod management;
