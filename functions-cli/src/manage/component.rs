use std::collections::BTreeMap;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::patch::Variable;
use super::{Common, EXIT_CODES};
use crate::client::{Client, ClientError, Upload, encoded};
use crate::output;
use crate::value::named::{InvalidFile, Named};

pub(super) const COMPONENTS: &str = "/golem/v1/components";

/// What to do about a missing component.
const BUILD: &str = "; build the component with `cargo build --release --target wasm32-wasip2`";

/// Add and list components, whose workers are called by name.
#[derive(Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Component {
    #[command(subcommand)]
    command: ComponentCommand,
}

#[derive(Subcommand)]
enum ComponentCommand {
    Add(AddComponent),
    List(ListComponents),
}

/// Add a component, or a new version of the one with its name.
///
/// Workers that exist keep their version; new ones get the latest.
///
/// Example: functions component add counters=target/wasm32-wasip2/release/counter_worker.wasm
#[derive(Args)]
#[command(after_help = EXIT_CODES)]
struct AddComponent {
    /// The component: NAME=FILE.wasm, or just FILE.wasm to name it after its file.
    #[arg(value_name = "NAME=FILE")]
    component: Named,

    /// Give each call its own instance, which is gone afterwards. Without this, a component's workers keep
    /// their state. A new version is of the kind of the last one, unless this is given.
    #[arg(long)]
    ephemeral: bool,

    /// A variable of the component's workers. Can be repeated.
    #[arg(long = "env", value_name = "NAME=VALUE")]
    variables: Vec<Variable>,

    #[command(flatten)]
    common: Common,
}

/// List components: the latest version of each.
#[derive(Args)]
#[command(after_help = EXIT_CODES)]
struct ListComponents {
    #[command(flatten)]
    common: Common,
}

impl Component {
    pub(super) fn run(self) -> anyhow::Result<()> {
        match self.command {
            ComponentCommand::Add(add) => add.run(),
            ComponentCommand::List(list) => list.run(),
        }
    }
}

impl AddComponent {
    fn run(self) -> anyhow::Result<()> {
        let Named { name, file } = &self.component;
        let wasm = InvalidFile::read(file, BUILD)?;
        let client = self.common.client()?;
        let mut texts = Vec::new();
        if self.ephemeral {
            texts.push(("componentType", "Ephemeral".to_owned()));
        }
        if !self.variables.is_empty() {
            let values: BTreeMap<_, _> = self.variables.iter().map(Variable::pair).collect();
            texts.push(("env", json!({ "keyValues": values }).to_string()));
        }
        let path = match latest(&client, name)? {
            Some(known) => format!("{COMPONENTS}/{}/updates", id_of(&known)),
            None => {
                texts.push(("name", name.clone()));
                COMPONENTS.to_owned()
            }
        };
        let upload = Upload {
            name,
            component: &wasm,
            texts: &texts,
        };
        let added = client.upload(&path, &upload);
        let added = added.with_context(|| format!("{name} ({}) is not added", file.display()))?;
        if self.common.is_json() {
            return output::json(&added);
        }
        let [id, version, ..] = row(&added);
        output::line(&format!("{name} version {version}  {id}"))
    }
}

impl ListComponents {
    fn run(self) -> anyhow::Result<()> {
        let all = self.common.client()?.get(COMPONENTS)?;
        let mut latest: BTreeMap<String, Value> = BTreeMap::new();
        for version in all.as_array().into_iter().flatten() {
            // The versions of a component are in their order.
            latest.insert(id_of(version), version.clone());
        }
        let mut latest: Vec<_> = latest.into_values().collect();
        latest.sort_by_key(|component| output::text(component, "componentName"));
        if self.common.is_json() {
            return output::json(&Value::Array(latest));
        }
        output::table(
            ["ID", "VERSION", "NAME", "TYPE", "SIZE", "CREATED"],
            latest.iter().map(row),
        )
    }
}

fn row(component: &Value) -> [String; 6] {
    let version = component
        .pointer("/versionedComponentId/version")
        .map(Value::to_string);
    let [name, kind, size, created] = [
        "componentName",
        "componentType",
        "componentSize",
        "createdAt",
    ]
    .map(|member| output::text(component, member));
    [
        id_of(component),
        version.unwrap_or_default(),
        name,
        kind,
        size,
        created,
    ]
}

pub(super) fn id_of(component: &Value) -> String {
    let id = component.pointer("/versionedComponentId/componentId");
    id.and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// The latest version of the component with a name.
fn latest(client: &Client, name: &str) -> anyhow::Result<Option<Value>> {
    let versions = client.get(&format!("{COMPONENTS}?component-name={}", encoded(name)))?;
    Ok(versions
        .as_array()
        .and_then(|versions| versions.last().cloned()))
}

/// The id of a component, which is given by its name or id.
pub(super) fn resolve(client: &Client, component: &str) -> anyhow::Result<String> {
    if let Some(latest) = latest(client, component)? {
        return Ok(id_of(&latest));
    }
    let latest = client.get(&format!("{COMPONENTS}/{}/latest", encoded(component)));
    match latest {
        Ok(latest) => Ok(id_of(&latest)),
        // 400: it cannot be an id.
        Err(error) if matches!(error.status(), Some(400 | 404)) => {
            Err(ClientError::NoComponent(component.to_owned()).into())
        }
        Err(error) => Err(error.into()),
    }
}
