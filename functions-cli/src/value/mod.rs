//! The values of options: durations, sizes, numbers, shares and lists.

pub(crate) mod argument;
pub(crate) mod duration;
pub(crate) mod limit;
pub(crate) mod list;
pub(crate) mod named;
pub(crate) mod number;
pub(crate) mod share;
pub(crate) mod size;
pub(crate) mod version;
