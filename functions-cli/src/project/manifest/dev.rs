//! The options of `functions dev` in a manifest: their long names, with `_` for `-`.

use clap::error::ContextKind;
use clap::{Arg, ArgAction, Command, CommandFactory as _};
use toml_edit::{Item, Value};

use super::error::{InvalidManifest, Source, alike};
use super::{items, table};
use crate::Arguments;

/// What keys are expected: there are too many to list.
const EXPECTED: &str = "expected an option of `functions dev` such as listen or memory; `functions dev --help` lists all";

/// An option with its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DevOption {
    pub(crate) long: String,
    pub(crate) values: Vec<String>,
}

impl DevOption {
    /// Its key in the manifest.
    pub(crate) fn key(&self) -> String {
        self.long.replace('-', "_")
    }
}

/// How the values of an option are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ValueKind {
    /// `true` or `false`.
    Switch,
    /// A text or a number.
    One,
    /// One, or a list.
    Many,
    /// A list of `NAME=VALUE`, or a table.
    Variables,
}

impl ValueKind {
    pub(super) fn of(option: &Arg) -> Self {
        match option.get_action() {
            ArgAction::SetTrue | ArgAction::SetFalse => Self::Switch,
            ArgAction::Append if option.get_long() == Some("env") => Self::Variables,
            ArgAction::Append => Self::Many,
            _ => Self::One,
        }
    }

    fn expected(self) -> &'static str {
        match self {
            Self::Switch => "true or false",
            Self::One => "a text",
            Self::Many => "a text or a list of texts",
            Self::Variables => "a table of texts",
        }
    }
}

/// The command whose options these are.
pub(super) fn command() -> Command {
    let all = Arguments::command();
    all.find_subcommand("dev").cloned().unwrap_or_default()
}

/// The options that a manifest may have, as clap knows them.
pub(super) fn known(command: &Command) -> Vec<&Arg> {
    let options = command.get_arguments();
    options
        .filter(|option| option.get_long().is_some() && !option.is_hide_set())
        .collect()
}

/// The key of an option.
pub(super) fn key(option: &Arg) -> String {
    option.get_long().unwrap_or_default().replace('-', "_")
}

/// Reads and checks the table.
pub(super) fn options(
    source: &Source,
    at: usize,
    item: &Item,
) -> Result<Vec<DevOption>, InvalidManifest> {
    let table = table(source, at, "dev", item)?;
    let command = command();
    let known = known(&command);
    let options = table.iter().map(|(name, item)| {
        let at = items::place(table, name, item);
        let Some(option) = known.iter().find(|option| key(option) == name) else {
            let keys: Vec<_> = known.iter().map(|option| key(option)).collect();
            let alike = alike(name, keys.iter().map(String::as_str));
            let fix = alike.unwrap_or_else(|| EXPECTED.to_owned());
            return Err(source.error(at, format!("unknown key `{name}`; {fix}")));
        };
        let at = items::start(item, at);
        let kind = ValueKind::of(option);
        let Some(values) = values(item, kind) else {
            let given = item.type_name();
            let expected = kind.expected();
            return Err(source.error(at, format!("invalid {name}: {given}; expected {expected}")));
        };
        let long = option.get_long().unwrap_or_default().to_owned();
        let option = DevOption { long, values };
        if kind != ValueKind::Switch {
            check(&command, &option)
                .map_err(|reason| source.error(at, format!("invalid {name}: {reason}")))?;
        }
        Ok(option)
    });
    options.collect()
}

/// The values as the command line has them; `None` for another type.
fn values(item: &Item, kind: ValueKind) -> Option<Vec<String>> {
    match (kind, item) {
        (ValueKind::Switch, Item::Value(Value::Boolean(switch))) => {
            Some(vec![switch.value().to_string()])
        }
        (ValueKind::Switch, _) => None,
        (ValueKind::Variables, item) if item.is_table_like() => {
            let variables = item.as_table_like()?.iter();
            let variables =
                variables.map(|(name, item)| Some(format!("{name}={}", item.as_str()?)));
            variables.collect()
        }
        (ValueKind::Many | ValueKind::Variables, Item::Value(Value::Array(items))) => {
            items.iter().map(one).collect()
        }
        (_, Item::Value(value)) => Some(vec![one(value)?]),
        _ => None,
    }
}

fn one(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.value().clone()),
        Value::Integer(number) => Some(number.value().to_string()),
        Value::Boolean(switch) => Some(switch.value().to_string()),
        _ => None,
    }
}

/// Lets the command line's parser check the values; errors of other options, from variables, are not its.
fn check(command: &Command, option: &DevOption) -> Result<(), String> {
    let name = "functions dev".to_owned();
    let values = option.values.iter();
    let given = values.map(|value| format!("--{}={value}", option.long));
    let arguments = std::iter::once(name).chain(given);
    let Err(error) = command.clone().try_get_matches_from(arguments) else {
        return Ok(());
    };
    let about = error.get(ContextKind::InvalidArg).map(ToString::to_string);
    let long = format!("--{}", option.long);
    if about.is_none_or(|about| about.split(' ').next() != Some(long.as_str())) {
        return Ok(());
    }
    let text = error.render().to_string();
    let first = text.lines().next().unwrap_or_default();
    let reason = first.rsplit_once(">': ").map(|(_, reason)| reason);
    Err(reason.unwrap_or(first).to_owned())
}
