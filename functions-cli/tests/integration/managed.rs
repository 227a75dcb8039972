//! A host that commands manage.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use test_support::client::Client;

use crate::process::{Serving, functions};

/// A host with a management API.
pub(crate) struct Managed {
    pub(crate) serving: Serving,
    pub(crate) admin: String,
    pub(crate) token: Option<String>,
}

impl Managed {
    pub(crate) fn start(folder: &Path) -> Self {
        Self::start_with(folder, &[])
    }

    pub(crate) fn start_with(folder: &Path, options: &[&str]) -> Self {
        let mut command = functions(&["serve", "--listen", "127.0.0.1:0"]);
        command.args(["--admin-listen", "127.0.0.1:0", "--max-concurrency", "8"]);
        command.arg("--data-dir").arg(folder).args(options);
        // The cache is in the folder of the test.
        command.env_remove("FUNCTIONS_NO_CACHE");
        let (serving, lines) = Serving::start_lines(command, 2);
        let admin = lines[1].strip_prefix("management on ").unwrap().to_owned();
        Self {
            serving,
            admin,
            token: None,
        }
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = functions(arguments);
        command.env("FUNCTIONS_HOST", &self.admin);
        command.env_remove("FUNCTIONS_TOKEN");
        if let Some(token) = &self.token {
            command.env("FUNCTIONS_TOKEN", token);
        }
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// What a command that works prints.
    pub(crate) fn says(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{arguments:?}: {said}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// The same, of a command that prints JSON.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.says(arguments)).unwrap()
    }

    /// The exit code and the last line of a command that does not.
    pub(crate) fn fails(&self, arguments: &[&str]) -> (i32, String) {
        let output = self.run(arguments);
        let said = String::from_utf8(output.stderr).unwrap();
        let last = said.lines().last().unwrap_or_default().to_owned();
        (output.status.code().unwrap(), last)
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(self.serving.address)
    }
}
