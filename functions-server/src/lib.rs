#![doc = include_str!("../README.md")]
#![deny(missing_docs)]
#![forbid(unsafe_code)]

mod api;
mod auth;
mod deployments;
mod dispatch;
mod logs;
mod metrics;
mod options;
mod queue;
mod server;
mod serving;
mod store;
mod workers;

pub use api::Connection;
pub use deployments::{InvalidKey, InvalidSettings, SecretsKey, SettingsDocument};
pub use dispatch::{DispatchOptions, InvalidSigningKey, SigningKey};
pub use options::{GolemOptions, ManagementOptions, ServerOptions, ServerledgeOptions};
pub use server::Server;
pub use serving::ServerError;
pub use store::OpenError;
pub use workers::worker_functions;
