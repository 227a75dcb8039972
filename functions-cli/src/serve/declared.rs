//! The functions to serve from the start: of the command line, and of a project.

use std::path::PathBuf;

use clap::CommandFactory as _;
use clap::error::ErrorKind;
use host_harness::{Builder, FunctionSettings, Ingress};

use crate::Arguments;
use crate::build::ManifestOptions;
use crate::project::{self, MANIFEST, ProjectError};
use crate::value::named::Named;

/// A function to serve.
pub(crate) struct Served {
    pub(super) name: String,
    pub(super) file: PathBuf,
    settings: Option<FunctionSettings>,
}

impl From<Named> for Served {
    fn from(named: Named) -> Self {
        Self {
            name: named.name,
            file: named.file,
            settings: None,
        }
    }
}

impl Served {
    pub(crate) fn new(name: String, file: PathBuf, settings: FunctionSettings) -> Self {
        Self {
            name,
            file,
            settings: Some(settings),
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
) -> anyhow::Result<Vec<Served>> {
    if !are_needed && !options.is_given() {
        return Ok(Vec::new());
    }
    let Some(project) = options.project()? else {
        nothing_to_serve();
    };
    let components = options.components(&project)?;
    let served = components.into_iter().map(|(function, file)| {
        let file = project::near(file);
        Ok(Served::new(
            function.name.clone(),
            file,
            function.for_host()?,
        ))
    });
    served.collect()
}

/// Refuses functions that need tokens, for a host that can have none: nobody could invoke them.
pub(super) fn refuse_tokens(functions: &[Served]) -> Result<(), ProjectError> {
    let needs_token = |served: &&Served| {
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
