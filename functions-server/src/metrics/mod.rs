//! What the server counts, as text for Prometheus.

mod family;
mod render;
#[cfg(test)]
mod table;
mod text;

pub(crate) use render::render;
pub(crate) use text::CONTENT_TYPE;
