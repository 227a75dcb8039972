//! The functions to serve from the start: of the command line, and of a project.

use std::path::PathBuf;

use clap::CommandFactory as _;
use clap::error::ErrorKind;
use host_harness::{BuildError, Builder, FunctionSettings, Ingress};

use crate::Arguments;
use crate::build::ManifestOptions;
use crate::project::{self, Function, MANIFEST, ProjectError, Written};
use crate::value::named::Named;

/// A function to serve.
pub(crate) struct ServedFunction {
    pub(super) name: String,
    pub(super) file: PathBuf,
    settings: Option<FunctionSettings>,
    written: Written,
}

impl From<Named> for ServedFunction {
    fn from(named: Named) -> Self {
        Self {
            name: named.name,
            file: named.file,
            settings: None,
            written: Written::default(),
        }
    }
}

impl ServedFunction {
    /// A function of a project, with settings that are made of its own.
    pub(crate) fn declared(function: &Function, file: PathBuf, settings: FunctionSettings) -> Self {
        Self {
            name: function.name.clone(),
            file: project::near(file),
            settings: Some(settings),
            written: function.written.clone(),
        }
    }

    pub(crate) fn add_to(&self, builder: Builder) -> Builder {
        let builder = builder.function(&self.name, &self.file);
        match &self.settings {
            Some(settings) => builder.function_settings(&self.name, settings.clone()),
            None => builder,
        }
    }
}

/// The functions of the project: of the manifest that was named, or if functions are needed, this folder's.
pub(super) fn functions(
    options: &ManifestOptions,
    are_needed: bool,
) -> anyhow::Result<Vec<ServedFunction>> {
    if !are_needed && !options.is_given() {
        return Ok(Vec::new());
    }
    let Some(project) = options.project()? else {
        nothing_to_serve();
    };
    let components = options.components(&project)?;
    let served = components.into_iter().map(|(function, file)| {
        let settings = function.for_host()?;
        Ok(ServedFunction::declared(function, file, settings))
    });
    served.collect()
}

/// The error of a host that cannot be built, with the place of a setting that the host refuses.
pub(crate) fn explain(functions: &[ServedFunction], error: BuildError) -> anyhow::Error {
    let BuildError::Setting { function, invalid } = &error else {
        return error.into();
    };
    let served = functions.iter().find(|served| served.name == *function);
    let explained = served.and_then(|served| served.written.refused(function, invalid));
    explained.map_or_else(|| error.into(), Into::into)
}

/// Refuses functions that need tokens, for a host that can have none: nobody could invoke them.
pub(super) fn refuse_tokens(functions: &[ServedFunction]) -> Result<(), ProjectError> {
    let needs_token = |served: &&ServedFunction| {
        let settings = served.settings.as_ref();
        settings.is_some_and(|settings| settings.ingress == Ingress::Token)
    };
    let Some(function) = functions.iter().find(needs_token) else {
        return Ok(());
    };
    Err(ProjectError::Invalid(format!(
        "the function {:?} has ingress = \"token\", and this host has no tokens: serve it with --data-dir DIR \
         --admin-listen 8081, and make a token with `functions token create`; or set its ingress to \"public\" or \
         \"private\"",
        function.name
    )))
}

/// Ends the process as for an argument that is missing.
fn nothing_to_serve() -> ! {
    let mut all = Arguments::command();
    all.build();
    let error = ErrorKind::MissingRequiredArgument;
    let text = format!(
        "no function to serve: give NAME=FILE.wasm, or run this in the folder of a package or of a {MANIFEST}"
    );
    match all.find_subcommand_mut("serve") {
        Some(serve) => serve.error(error, text).exit(),
        None => all.error(error, text).exit(),
    }
}
