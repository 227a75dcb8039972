use std::path::PathBuf;

use clap::Args;
use serde_json::{Map, Value};

use super::patch::{Patch, Secret, Setting, Variable};
use super::{Common, EXIT_CODES};
use crate::build::ManifestOptions;
use crate::client::Deployment;
use crate::project::{ProjectError, Written};
use crate::value::named::{InvalidFile, Named};
use crate::{child, output};

/// What to do about a missing component.
const BUILD: &str = "; build the function with `cargo build --release --target wasm32-wasip2`";

/// Deploy functions to a running host.
///
/// Uploads each component. Once the command has ended, every request reaches the new version. A
/// component that cannot run is refused, and the host serves on what it served. Settings that are not
/// given stay as they are. Packages are built first.
///
/// Example: functions deploy
///
/// Example: functions deploy greet=target/wasm32-wasip2/release/greet.wasm --setting timeout=5s
#[derive(Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Deploy {
    /// The functions: NAME=FILE.wasm, FILE.wasm to name one after its file, or the NAME of one that this
    /// folder's functions.toml or package declares. Without any, all that it declares.
    #[arg(value_name = "NAME=FILE")]
    functions: Vec<Named>,

    #[command(flatten)]
    manifest: ManifestOptions,

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

/// A function to deploy, with its settings.
struct Wanted {
    name: String,
    file: PathBuf,
    settings: Patch,
    written: Written,
}

impl Deploy {
    pub(super) fn run(self) -> anyhow::Result<()> {
        child::end_with_signals()?;
        let client = self.common.client()?;
        let wanted = self.wanted()?;
        // Read all files first: a missing one should not leave the work half done.
        let read = |wanted: &Wanted| InvalidFile::read(&wanted.file, BUILD);
        let components: Result<Vec<_>, _> = wanted.iter().map(read).collect();
        let mut deployed = Vec::new();
        for (wanted, component) in wanted.into_iter().zip(&components?) {
            let Wanted {
                name,
                file,
                settings,
                written,
            } = wanted;
            let settings = settings.value();
            let result = client.deploy(&Deployment {
                name: &name,
                component,
                settings: settings.as_ref(),
                if_version: self.if_version,
            });
            let function = result.map_err(|error| {
                let place = self.place_of(error.setting(), &written);
                let text = format!("{place}{name} ({}) is not deployed", file.display());
                anyhow::Error::new(error).context(text)
            })?;
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

    /// Where a setting stands in the manifest, unless it is from the command line.
    fn place_of(&self, setting: Option<&str>, written: &Written) -> String {
        let mut given = self.settings.iter();
        let declared = setting.filter(|name| given.all(|given| given.name() != Some(name)));
        let place = declared.and_then(|name| written.place(name));
        place.map(|place| format!("{place}: ")).unwrap_or_default()
    }

    /// The functions that were named, and those of the project.
    fn wanted(&self) -> anyhow::Result<Vec<Wanted>> {
        let is_declared =
            |named: &&Named| named.file.as_os_str() == named.name.as_str() && !named.file.exists();
        let mut wanted = Vec::new();
        for Named { name, file } in self.functions.iter().filter(|named| !is_declared(named)) {
            wanted.push(Wanted {
                name: name.clone(),
                file: file.clone(),
                settings: self.patch(Map::new()),
                written: Written::default(),
            });
        }
        let declared = self.functions.iter().filter(is_declared);
        let declared: Vec<_> = declared.map(|named| named.name.clone()).collect();
        if !wanted.is_empty() && declared.is_empty() {
            return Ok(wanted);
        }
        let mut project = self.manifest.project()?.ok_or(ProjectError::Nothing)?;
        if !declared.is_empty() {
            project.keep(&declared)?;
        }
        for (function, file) in self.manifest.components(&project)? {
            wanted.push(Wanted {
                name: function.name.clone(),
                file,
                settings: self.patch(function.document.clone()),
                written: function.written.clone(),
            });
        }
        Ok(wanted)
    }

    /// Settings with those of the command line, which come before them.
    fn patch(&self, settings: Map<String, Value>) -> Patch {
        let mut patch = Patch(settings);
        patch.set(&self.settings);
        patch.variables(&self.variables);
        patch.secrets(&self.secrets);
        patch
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
