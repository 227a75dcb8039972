//! `functions.toml`: the functions of a project, their settings, and the options of `functions dev`.

mod dev;
mod error;
mod function;
mod items;
#[cfg(test)]
mod schema;
mod written;

use std::fs;
use std::path::{Path, PathBuf};

use functions_server::SettingsDocument;
use serde_json::{Map, Value};
use toml_edit::{Document, Item};

pub(crate) use self::dev::DevOption;
pub(crate) use self::error::InvalidManifest;
use self::error::{Source, nearest};
pub(crate) use self::written::Written;

/// The name of the file.
pub(crate) const FILE: &str = "functions.toml";

/// The tables at the top.
const TABLES: [&str; 2] = ["functions", "dev"];

/// A manifest.
#[derive(Debug)]
pub(crate) struct Manifest {
    /// In the order of the file; none if they are those of the folder's package or workspace.
    pub(crate) functions: Vec<Declared>,
    /// The options of `functions dev`.
    pub(crate) dev: Vec<DevOption>,
    source: Source,
}

/// A function of a manifest.
#[derive(Debug)]
pub(crate) struct Declared {
    pub(crate) name: String,
    pub(crate) origin: Origin,
    pub(crate) settings: SettingsDocument,
    /// The settings as the management API takes them.
    pub(crate) document: Map<String, Value>,
    pub(crate) written: Written,
    /// Where its path or package stands, or else its name, in bytes.
    origin_at: usize,
}

/// Where the component of a function comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A package that cargo knows in the manifest's folder.
    Package(String),
    /// A component, or the folder of a package.
    Path(PathBuf),
}

impl Manifest {
    /// Reads a manifest, if the file exists.
    pub(crate) fn find(folder: &Path) -> Result<Option<Self>, InvalidManifest> {
        let file = folder.join(FILE);
        match fs::read_to_string(&file) {
            Ok(text) => Self::parse(&file, text).map(Some),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(InvalidManifest::unreadable(&file, error)),
        }
    }

    fn parse(file: &Path, text: String) -> Result<Self, InvalidManifest> {
        let source = Source::new(file, text);
        let document = match Document::parse(source.text()) {
            Ok(document) => document,
            Err(error) => {
                let at = error.span().map_or(0, |span| span.start);
                return Err(source.error(at, error.message().trim()));
            }
        };
        let mut functions = Vec::new();
        let mut dev = Vec::new();
        for (name, item) in document.iter() {
            let at = items::place(document.as_table(), name, item);
            match name {
                "functions" => functions = function::all(&source, at, item)?,
                "dev" => dev = dev::options(&source, at, item)?,
                other => {
                    let reason = format!("unknown key `{other}`; {}", nearest(other, TABLES));
                    return Err(source.error(at, reason));
                }
            }
        }
        Ok(Self {
            functions,
            dev,
            source,
        })
    }

    /// An error about the path or package of a function, where that stands in the file.
    pub(crate) fn error(&self, function: &Declared, reason: impl Into<String>) -> InvalidManifest {
        self.source.error(function.origin_at, reason)
    }
}

/// The error about a package that cargo does not know.
pub(super) fn unknown_package(name: &str, known: &[&str]) -> String {
    let fix = match known {
        [] => "no package here is a function".to_owned(),
        known => nearest(name, known.iter().copied()),
    };
    format!("package {name:?} not found; {fix}")
}

/// The error about a function that a project does not have.
pub(super) fn unknown_function(name: &str, known: &[&str]) -> String {
    let fix = nearest(name, known.iter().copied());
    format!("function {name:?} not found; {fix}")
}

/// Fails if the value is not a table.
fn table<'a>(
    source: &Source,
    at: usize,
    name: &str,
    item: &'a Item,
) -> Result<&'a dyn toml_edit::TableLike, InvalidManifest> {
    let table = item.as_table_like();
    table.ok_or_else(|| {
        let kind = item.type_name();
        source.error(at, format!("invalid {name}: {kind}; expected a table"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Manifest, String> {
        Manifest::parse(Path::new("functions.toml"), text.to_owned())
            .map_err(|error| error.to_string())
    }

    /// Functions have a package or a path, and the settings of the management API.
    #[test]
    fn functions_are_read() {
        let manifest = parse(
            "[functions.hello]\n\
             timeout = \"1s\"\n\
             memory = \"64MiB\"\n\
             allowed_hosts = [\"a.example\"]\n\
             variables = { A = \"1\" }\n\
             [functions.other]\n\
             path = \"built/other.wasm\"\n\
             [functions.third]\n\
             package = \"third-crate\"\n\
             ingress = \"private\"\n",
        )
        .unwrap();
        let [hello, other, third] = manifest.functions.as_slice() else {
            panic!("{manifest:?}");
        };
        assert_eq!(hello.origin, Origin::Package("hello".into()));
        let settings = hello.settings.for_host().unwrap();
        assert_eq!(settings.timeout, Some(std::time::Duration::from_secs(1)));
        assert_eq!(settings.memory, Some(64 << 20));
        assert_eq!(hello.document.len(), 4);
        assert_eq!(other.origin, Origin::Path("built/other.wasm".into()));
        assert_eq!(third.origin, Origin::Package("third-crate".into()));
    }

    /// Every error has its line and column, and says what would be right.
    #[test]
    fn errors_have_their_place() {
        for (text, expected) in [
            (
                "[functions.a]\ntimout = \"1s\"\n",
                "functions.toml:2:1: unknown key `timout`; did you mean `timeout`?",
            ),
            (
                "[function.a]\n",
                "functions.toml:1:2: unknown key `function`; did you mean `functions`?",
            ),
            (
                "[functions.a]\nxyzzy = 1\n",
                "functions.toml:2:1: unknown key `xyzzy`; expected one of allowed_hosts, ",
            ),
            (
                "[functions.a]\n\ntimeout = 5\n",
                "functions.toml:3:11: invalid timeout: expected a duration such as \"30s\"",
            ),
            (
                "[functions.a]\nallowed_hosts = [\"a\", 7]\n",
                "functions.toml:2:23: invalid allowed_hosts[1]: invalid type: number, expected a string",
            ),
            (
                "[functions.a.variables]\nA = \"ä\"\nB = 1\n",
                "functions.toml:3:5: invalid variables.B: ",
            ),
            (
                "[functions.a]\nconcurrency = \"many\"\n",
                "functions.toml:2:15: invalid concurrency: \"many\": expected a whole number such as 10",
            ),
            (
                "functions.a = 1\n",
                "functions.toml:1:15: invalid functions.a: integer; expected a table",
            ),
            (
                "[functions.a]\npath = \"a\"\npackage = \"b\"\n",
                "functions.toml:3:1: function a has a path and a package; expected one of both",
            ),
            (
                "[functions.a]\npath = 1\n",
                "functions.toml:2:8: invalid path: integer; expected a text",
            ),
            ("[functions.\"a b\"]\n", "functions.toml:1:12: "),
            ("[functions\n", "functions.toml:1:11: "),
            (
                "[dev]\nlissen = \"1\"\n",
                "functions.toml:2:1: unknown key `lissen`; did you mean `listen`?",
            ),
            (
                "[dev]\nlisten = \"nowhere\"\n",
                "functions.toml:2:10: invalid listen: ",
            ),
            (
                "[dev]\nverbose = 1\n",
                "functions.toml:2:11: invalid verbose: integer; expected true or false",
            ),
            (
                "[dev]\nlisten = [\"8080\"]\n",
                "functions.toml:2:10: invalid listen: array; expected a text",
            ),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.starts_with(expected), "{text}: {error}");
        }
    }

    /// The options of `functions dev` have their names, and values of TOML's types.
    #[test]
    fn dev_options_are_read() {
        let manifest = parse(
            "[dev]\n\
             listen = 3000\n\
             allow_host = [\"localhost:9000\", \"*\"]\n\
             multi_tenant = false\n\
             verbose = true\n\
             env = { A = \"1\", B = \"two words\" }\n",
        );
        let dev = manifest.unwrap().dev;
        let values: Vec<_> = dev
            .iter()
            .map(|option| (option.long.as_str(), option.values.join("|")))
            .collect();
        assert_eq!(
            values,
            [
                ("listen", "3000".to_owned()),
                ("allow-host", "localhost:9000|*".to_owned()),
                ("multi-tenant", "false".to_owned()),
                ("verbose", "true".to_owned()),
                ("env", "A=1|B=two words".to_owned()),
            ]
        );
    }
}
