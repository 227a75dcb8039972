//! Golem's clients: the page's API, and what the reference says of it.

mod components;
mod ephemeral;
#[cfg(unix)]
mod kill;
mod support;
mod types;
mod workers;
