//! What new crates start from.

use std::fmt;
use std::io::IsTerminal as _;

use clap::ValueEnum;

use crate::output;

/// What a new crate starts from.
#[derive(Clone, Copy, PartialEq, ValueEnum)]
pub(super) enum Template {
    Http,
    Json,
    Router,
    Axum,
    Stream,
    Proxy,
    Calls,
}

/// A crate to make.
pub(super) struct NewPackage {
    pub(super) name: String,
    /// Within the project; empty for its root.
    pub(super) folder: &'static str,
    pub(super) source: String,
    pub(super) dependencies: &'static [Dependency],
    /// Whether other packages are in folders of this one.
    pub(super) has_siblings: bool,
    /// Whether it is in the folder of another one.
    pub(super) is_inner: bool,
}

/// A dependency of a template.
pub(super) enum Dependency {
    /// A crate of the SDK, and its features.
    Sdk(&'static str, &'static [&'static str]),
    /// A crate of the registry, its version and features.
    Registry(&'static str, &'static str, Features),
}

/// The features of a dependency.
pub(super) struct Features {
    pub(super) default: bool,
    pub(super) named: &'static [&'static str],
}

const fn features(named: &'static [&'static str]) -> Features {
    Features {
        default: true,
        named,
    }
}

const GUEST_WEB: Dependency = Dependency::Sdk("functions-guest-web", &[]);
const SERDE: Dependency = Dependency::Registry("serde", "1", features(&["derive"]));
const HTTP: Dependency = Dependency::Registry("http", "1", features(&[]));
/// Without tokio's runtime, which functions do not have.
const AXUM: Dependency = Dependency::Registry(
    "axum",
    "0.8",
    Features {
        default: false,
        named: &["json"],
    },
);

/// The folder and the name's ending of the function that `calls` calls.
const GREETER: &str = "greeter";

impl Template {
    fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Json => "json",
            Self::Router => "router",
            Self::Axum => "axum",
            Self::Stream => "stream",
            Self::Proxy => "proxy",
            Self::Calls => "calls",
        }
    }

    fn about(self) -> &'static str {
        match self {
            Self::Http => "a handler that greets by name: JSON in, JSON out",
            Self::Json => "JSON that is checked, and errors that tell what to mend",
            Self::Router => "a small API: a handler for each path and method",
            Self::Axum => "an axum application as a function",
            Self::Stream => "a response of any length, streamed as it is made",
            Self::Proxy => "a request to another server, whose response is passed on",
            Self::Calls => "two functions: one calls the other, which is private",
        }
    }

    fn source(self) -> &'static str {
        match self {
            Self::Http => include_str!("../../templates/http.rs"),
            Self::Json => include_str!("../../templates/json.rs"),
            Self::Router => include_str!("../../templates/router.rs"),
            Self::Axum => include_str!("../../templates/axum.rs"),
            Self::Stream => include_str!("../../templates/stream.rs"),
            Self::Proxy => include_str!("../../templates/proxy.rs"),
            Self::Calls => include_str!("../../templates/calls.rs"),
        }
    }

    fn dependencies(self) -> &'static [Dependency] {
        match self {
            Self::Http => &[GUEST_WEB, SERDE],
            Self::Json => &[GUEST_WEB, HTTP, SERDE],
            Self::Router => &[
                Dependency::Sdk("functions-guest-web", &["router"]),
                HTTP,
                SERDE,
            ],
            Self::Axum => &[
                AXUM,
                Dependency::Sdk("functions-guest-web", &["tower"]),
                SERDE,
            ],
            Self::Stream => &[GUEST_WEB],
            Self::Proxy => &[GUEST_WEB, Dependency::Sdk("functions-http", &[]), HTTP],
            Self::Calls => &[Dependency::Sdk("functions-binding", &[]), GUEST_WEB, SERDE],
        }
    }

    /// The crates of a project of this name, its root first.
    pub(super) fn packages(self, name: &str) -> Vec<NewPackage> {
        let greeter = format!("{name}-{GREETER}");
        let is_calls = self == Self::Calls;
        let source = self.source().replace("NAME", name);
        let mut packages = vec![NewPackage {
            name: name.to_owned(),
            folder: "",
            source: source.replace("GREETER", &greeter),
            dependencies: self.dependencies(),
            has_siblings: is_calls,
            is_inner: false,
        }];
        if is_calls {
            packages.push(NewPackage {
                name: greeter,
                folder: GREETER,
                source: greeter_source(),
                dependencies: &[GUEST_WEB, SERDE],
                has_siblings: false,
                is_inner: true,
            });
        }
        packages
    }

    /// The functions.toml of a project of this name, if its functions have settings.
    pub(super) fn manifest(self, name: &str) -> Option<String> {
        let text = format!(
            "[functions.{name}]\n\n# Only other functions may call it.\n\
             [functions.{name}-{GREETER}]\ningress = \"private\"\n"
        );
        (self == Self::Calls).then_some(text)
    }
}

/// The handler of the template `http`, which clients do not call here.
fn greeter_source() -> String {
    let source = Template::Http.source();
    let (_about, code) = source.split_once("\n\n").unwrap_or_default();
    format!("//! Greets by name, and is called by another function.\n\n{code}")
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Prints the templates: in a pipe one a line, its name first.
pub(super) fn list() -> anyhow::Result<()> {
    let is_terminal = std::io::stdout().is_terminal();
    for template in Template::value_variants() {
        let (name, about) = (template.name(), template.about());
        output::line(&match is_terminal {
            true => format!("{name:<8} {about}"),
            false => format!("{name}\t{about}"),
        })?;
    }
    Ok(())
}
