//! Golem's clients: the page's API, and what the reference says of it.

mod bombs;
mod components;
mod ephemeral;
#[cfg(unix)]
mod kill;
mod refusals;
mod support;
mod types;
mod workers;
