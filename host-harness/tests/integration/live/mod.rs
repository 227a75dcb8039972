//! A host whose functions change while it answers requests.

mod deploy;
mod outside;
mod settings;
mod unload;

use std::path::Path;

use host_harness::{Builder, DeployError, FunctionSettings, Harness, Server};

use test_support::client::Client;

/// A host without functions.
fn builder() -> Builder {
    Harness::builder().concurrency(32, 100).output_sink(|_| {})
}

/// A host without functions, its server and a client.
async fn host() -> (Harness, Server, Client) {
    listening(builder()).await
}

async fn listening(builder: Builder) -> (Harness, Server, Client) {
    let harness = builder.build().unwrap();
    let server = harness.serve("127.0.0.1:0").await.unwrap();
    let client = Client::new(server.address());
    (harness, server, client)
}

fn settings(set: impl FnOnce(&mut FunctionSettings)) -> FunctionSettings {
    let mut settings = FunctionSettings::default();
    set(&mut settings);
    settings
}

/// Deploys a guest with settings.
async fn deploy(
    harness: &Harness,
    name: &str,
    file: &str,
    set: impl FnOnce(&mut FunctionSettings),
) -> Result<(), DeployError> {
    harness.deploy(name, Path::new(file), settings(set)).await
}
