//! The subcommands that manage a running host, one file each.

mod calls;
mod completions;
mod component;
mod delete;
mod deploy;
mod inspect;
mod invocations;
mod list;
mod logs;
mod patch;
mod rollback;
mod settings;
mod token;
mod versions;
mod worker;
mod worker_name;

use clap::{Args, Subcommand};

use crate::client::{Client, Connection};
use crate::output::Form;

/// How these commands end, as `--help` lists it.
pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  cannot reach the host, or the host failed
  2  invalid arguments, or the host refused them
  4  the function, version, invocation, call, component, worker or token does not exist
  5  the token is missing, or may not do this";

/// What these commands have in common.
#[derive(Args)]
pub(crate) struct Common {
    #[command(flatten)]
    connection: Connection,

    #[command(flatten)]
    form: Form,
}

#[derive(Subcommand)]
pub(crate) enum Manage {
    Deploy(deploy::Deploy),
    List(list::ListFunctions),
    Inspect(inspect::Inspect),
    Versions(versions::Versions),
    Rollback(rollback::Rollback),
    Delete(delete::Delete),
    Settings(settings::Settings),
    Logs(logs::Logs),
    Invocations(invocations::Invocations),
    Token(token::Token),
    Calls(calls::Calls),
    Component(component::Component),
    Worker(worker::Worker),
    Completions(completions::Completions),
}

impl Manage {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Deploy(command) => command.run(),
            Self::List(command) => command.run(),
            Self::Inspect(command) => command.run(),
            Self::Versions(command) => command.run(),
            Self::Rollback(command) => command.run(),
            Self::Delete(command) => command.run(),
            Self::Settings(command) => command.run(),
            Self::Logs(command) => command.run(),
            Self::Invocations(command) => command.run(),
            Self::Token(command) => command.run(),
            Self::Calls(command) => command.run(),
            Self::Component(command) => command.run(),
            Self::Worker(command) => command.run(),
            Self::Completions(command) => command.run(),
        }
    }
}

impl Common {
    fn client(&self) -> anyhow::Result<Client> {
        Ok(self.connection.open()?)
    }

    fn is_json(&self) -> bool {
        self.form.json
    }
}
