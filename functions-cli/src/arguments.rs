//! Parses the command line and the environment.

use std::collections::HashMap;
use std::env;
use std::ffi::{OsStr, OsString};
use std::io::{self, Write as _};
use std::process;

use clap::builder::Resettable;
use clap::error::{ContextKind, ContextValue};
use clap::{Arg, Command, CommandFactory, Error, FromArgMatches};

use host_harness::Escaped;

/// Parses the process's arguments, or ends the process with the error.
pub(crate) fn parse<T: CommandFactory + FromArgMatches>() -> T {
    parse_as(T::command())
}

/// The same with other defaults of a subcommand's options, by their long names.
pub(crate) fn parse_with<T: CommandFactory + FromArgMatches>(
    subcommand: &str,
    defaults: impl IntoIterator<Item = (String, Vec<String>)>,
) -> T {
    let mut defaults: HashMap<_, _> = defaults.into_iter().collect();
    let with_default = |arg: Arg| {
        let values = arg.get_long().and_then(|long| defaults.remove(long));
        match values {
            // clap keeps defaults for as long as the process runs.
            Some(values) => arg.default_values(values.into_iter().map(|value| &*value.leak())),
            None => arg,
        }
    };
    parse_as(T::command().mut_subcommand(subcommand, |command| command.mut_args(with_default)))
}

fn parse_as<T: FromArgMatches>(command: Command) -> T {
    let mut command = without_empty_variables(command);
    // Needed so that options know how they are displayed.
    command.build();
    let matches = command.clone().try_get_matches();
    matches
        .and_then(|matches| T::from_arg_matches(&matches))
        .unwrap_or_else(|error| exit(name_variable(error, &command)))
}

/// Ends the process with the help or an error.
fn exit(error: Error) -> ! {
    if !env::args_os().any(|given| is_special(&given)) && !variables().any(|set| is_special(&set)) {
        error.exit();
    }
    let code = error.exit_code();
    let text = escaped(error);
    // If writing fails, the exit code still reports the error.
    let _ = if code == 0 {
        io::stdout().write_all(text.as_bytes())
    } else {
        io::stderr().write_all(text.as_bytes())
    };
    process::exit(code);
}

/// The values of environment variables that help displays and errors quote.
fn variables() -> impl Iterator<Item = OsString> {
    env::vars_os().filter_map(|(name, value)| {
        let is_own = name.to_string_lossy().starts_with("FUNCTIONS_");
        is_own.then_some(value)
    })
}

fn is_special(given: &OsStr) -> bool {
    let given = given.to_string_lossy();
    Escaped(&given).to_string() != given
}

/// clap's text in plain form, with the user's input escaped.
fn escaped(mut error: Error) -> String {
    // At this point, the user's input is still separate from clap's own colors.
    let given: Vec<_> = error
        .context()
        .filter_map(|(kind, value)| Some((kind, escaped_value(value)?)))
        .collect();
    for (kind, value) in given {
        error.insert(kind, value);
    }
    let text = error.render().to_string();
    text.split_inclusive('\n')
        .map(|line| match line.strip_suffix('\n') {
            Some(line) => format!("{}\n", Escaped(line)),
            None => Escaped(line).to_string(),
        })
        .collect()
}

fn escaped_value(value: &ContextValue) -> Option<ContextValue> {
    let escape = |text: &String| Escaped(text).to_string();
    match value {
        ContextValue::String(text) => Some(ContextValue::String(escape(text))),
        ContextValue::Strings(texts) => {
            Some(ContextValue::Strings(texts.iter().map(escape).collect()))
        }
        _ => None,
    }
}

/// Treats an empty variable as unset, as `FUNCTIONS_X= functions …` and many configuration files mean
/// it.
fn without_empty_variables(command: Command) -> Command {
    let forget_empty = |arg: Arg| {
        let value = arg.get_env().and_then(env::var_os);
        match value {
            Some(value) if value.is_empty() => arg.env(Resettable::Reset),
            _ => arg,
        }
    };
    command
        .mut_args(forget_empty)
        .mut_subcommands(without_empty_variables)
}

/// Names the variable that an invalid value comes from, instead of an option that was not given.
fn name_variable(mut error: Error, command: &Command) -> Error {
    let Some(ContextValue::String(shown)) = error.get(ContextKind::InvalidArg) else {
        return error;
    };
    if let Some(variable) = variable_of(command, shown) {
        let named = format!("{} ({shown})", variable.display());
        error.insert(ContextKind::InvalidArg, ContextValue::String(named));
    }
    error
}

/// The variable that an option's value comes from, if the option itself was not given.
fn variable_of<'a>(command: &'a Command, shown: &str) -> Option<&'a OsStr> {
    let find = |arg: &&Arg| arg.to_string() == shown;
    match command.get_arguments().find(find) {
        Some(arg) if !is_given(arg) => arg.get_env().filter(|name| env::var_os(name).is_some()),
        Some(_) => None,
        None => command
            .get_subcommands()
            .find_map(|subcommand| variable_of(subcommand, shown)),
    }
}

fn is_given(arg: &Arg) -> bool {
    let Some(long) = arg.get_long().map(|long| format!("--{long}")) else {
        return true;
    };
    env::args_os().any(|given| {
        let given = given.to_string_lossy();
        let rest = given.strip_prefix(&long);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
    })
}
