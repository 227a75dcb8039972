//! Golem's clients: the page's API, and what the reference says of it.

mod components;
#[cfg(unix)]
mod kill;
mod support;
mod workers;
