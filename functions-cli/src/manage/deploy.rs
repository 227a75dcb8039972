use anyhow::Context as _;
use clap::Args;
use serde_json::{Map, Value};

use super::patch::{Patch, Secret, Setting, Variable};
use super::{Common, EXIT_CODES};
use crate::client::Deployment;
use crate::output;
use crate::value::named::{InvalidFile, Named};

/// What to do about a missing component.
const BUILD: &str = "; build the function with `cargo build --release --target wasm32-wasip2`";

/// Deploy functions to a running host.
///
/// Uploads each component. Once the command has ended, every request reaches the new version. A
/// component that cannot run is refused, and the host serves on what it served. Settings that are not
/// given stay as they are.
///
/// Example: functions deploy greet=target/wasm32-wasip2/release/greet.wasm --setting timeout=5s
#[derive(Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Deploy {
    /// The functions: NAME=FILE.wasm, or just FILE.wasm to name one after its file.
    #[arg(required = true, value_name = "NAME=FILE")]
    functions: Vec<Named>,

    /// A variable of the functions. Can be repeated.
    #[arg(long = "env", value_name = "NAME=VALUE")]
    variables: Vec<Variable>,

    /// A variable of the functions that the host keeps encrypted and never shows: NAME=VALUE, or NAME
    /// to take the value of this process's own variable. Can be repeated.
    #[arg(long = "secret", value_name = "NAME[=VALUE]")]
    secrets: Vec<Secret>,

    /// A setting of the functions, such as timeout=5s or ingress=token. Can be repeated.
    #[arg(long = "setting", value_name = "KEY=VALUE")]
    settings: Vec<Setting>,

    /// Deploy only if this version is current.
    #[arg(long, value_name = "VERSION")]
    if_version: Option<u64>,

    #[command(flatten)]
    common: Common,
}

impl Deploy {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let client = self.common.client()?;
        let settings = self.patch();
        // Read all files first: a missing one should not leave the work half done.
        let read = |function: &Named| InvalidFile::read(&function.file, BUILD);
        let components: Result<Vec<_>, _> = self.functions.iter().map(read).collect();
        let mut deployed = Vec::new();
        for (Named { name, file }, component) in self.functions.iter().zip(&components?) {
            let result = client.deploy(&Deployment {
                name,
                component,
                settings: settings.as_ref(),
                if_version: self.if_version,
            });
            let function =
                result.with_context(|| format!("{name} ({}) is not deployed", file.display()))?;
            if !self.common.is_json() {
                output::line(&describe(&function))?;
            }
            deployed.push(function);
        }
        if self.common.is_json() {
            output::json(&Value::Array(deployed))?;
        }
        Ok(())
    }

    fn patch(&self) -> Option<Value> {
        let mut patch = Patch(Map::new());
        patch.set(&self.settings);
        patch.variables(&self.variables);
        patch.secrets(&self.secrets);
        patch.value()
    }
}

/// A function's name, version and URL in one line.
pub(super) fn describe(function: &Value) -> String {
    let [name, version, url] =
        ["name", "version", "url"].map(|member| output::text(function, member));
    format!("{name} version {version}  {url}")
        .trim_end()
        .to_owned()
}
