//! `functions build`.

use std::path::{Path, PathBuf};

use clap::Args;
use host_harness::stderr;
use serde_json::{Value, json};

use super::bloat;
use super::named;
use super::report::Sizes;
use crate::child;
use crate::component::{ParsedComponent, Runs};
use crate::output::{self, Form};
use crate::project::{self, ComponentSource, Function, Project};
use crate::value::named::InvalidFile;
use crate::value::size;

/// How this command ends, as `--help` lists it.
const EXIT_CODES: &str = "\
Exit codes:
  0  built
  1  the build failed
  2  invalid arguments, or a functions.toml or a component that is not valid";

/// Build functions, and report what takes most of their size.
///
/// The packages are built for wasm32-wasip2 with the profile `guest`, or `release` in a workspace without it.
/// The target is installed if it is missing.
///
/// Example: functions build
#[derive(Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct Build {
    /// The folder of a package, of a workspace or of a functions.toml: all of its functions are built.
    #[arg(value_name = "PATH", default_value = ".")]
    path: PathBuf,

    /// Print only the components: no report, for which stripped functions are compiled once more with names.
    #[arg(long, short)]
    quiet: bool,

    /// As cargo has it; functions are always optimised.
    #[arg(long, hide = true)]
    release: bool,

    #[command(flatten)]
    form: Form,
}

impl Build {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        child::end_with_signals()?;
        let project = Project::load(&project::folder_of(&self.path)?)?;
        let built = super::components(&project, false)?;
        let mut reports = Vec::new();
        for (function, file) in built {
            let file = project::near(file);
            if self.quiet {
                InvalidFile::check(&file, "")?;
                reports.push(json!({"name": function.name, "file": file}));
                self.line(&format!("{}\t{}", function.name, file.display()))?;
                continue;
            }
            reports.push(self.report(&project, function, &file)?);
        }
        if self.form.json {
            return output::json(&Value::Array(reports));
        }
        if !self.quiet {
            let found = project.workspaces.iter().flat_map(bloat::of_workspace);
            found.for_each(|warning| stderr::write_plain(&format!("warning: {warning}")));
        }
        Ok(())
    }

    /// Prints a report for people, and returns it for programs.
    fn report(&self, project: &Project, function: &Function, file: &Path) -> anyhow::Result<Value> {
        let bytes = InvalidFile::read(file, "")?;
        let component = ParsedComponent::of_file(file, &bytes)?;
        let named = match component.has_names() {
            true => None,
            false => with_names(project, function),
        };
        let mut warnings = Vec::new();
        if !component.is_function()
            && let Runs::No(error) = Runs::of(file, bytes)
        {
            warnings.push(format!("{:#}", anyhow::Error::from(error)));
        }
        let package = project.package_of(function);
        warnings.extend(package.and_then(bloat::of_package));
        warnings.extend(bloat::of_component(&component));
        let sizes = Sizes { component, named };
        let size = size::exact(sizes.component.size);
        self.line(&format!("{}  {}  {size}", function.name, file.display()))?;
        for line in sizes.lines() {
            self.line(&line)?;
        }
        for warning in &warnings {
            stderr::write_plain(&format!("warning: {}: {warning}", function.name));
        }
        let workspace = project.workspace(function);
        warnings.extend(workspace.map(bloat::of_workspace).unwrap_or_default());
        let mut report = sizes.json();
        if let Value::Object(report) = &mut report {
            report.insert("name".into(), function.name.as_str().into());
            report.insert("file".into(), json!(file));
            report.insert("warnings".into(), json!(warnings));
        }
        Ok(report)
    }

    fn line(&self, text: &str) -> anyhow::Result<()> {
        match self.form.json {
            true => Ok(()),
            false => output::line(text),
        }
    }
}

fn with_names(project: &Project, function: &Function) -> Option<ParsedComponent> {
    let ComponentSource::Package { workspace, package } = &function.component else {
        return None;
    };
    let mut builds = project.builds().into_iter();
    let (_, spec) = builds.find(|(of, _)| of == workspace)?;
    named::component(&spec, package)
}
