//! `functions dev`: real packages, which are edited while they are served.

mod builds;
mod ends;
mod project;
mod swaps;
