//! The JSON Schema of `functions.toml`, which docs/functions.schema.json has for editors.

use std::fs;
use std::path::{Path, PathBuf};

use functions_server::SettingsDocument;
use serde_json::{Map, Value, json};
use toml_edit::Document;

use super::dev::{self, ValueKind};
use super::{Manifest, items};

/// Set to write the file instead of comparing it.
const UPDATE: &str = "UPDATE_SCHEMA";

/// The file in docs.
const NAME: &str = "functions.schema.json";

fn docs(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../docs")
        .join(file)
}

fn schema() -> Value {
    let mut function = SettingsDocument::schema();
    let mut definitions = function["$defs"].take();
    let function = function.as_object_mut().unwrap();
    function.remove("$defs");
    function.insert(
        "description".into(),
        "A function. What is not set is the host's, which is also the upper bound.".into(),
    );
    let properties = function["properties"].as_object_mut().unwrap();
    properties.insert(
        "path".into(),
        json!({
            "type": "string",
            "description": "A component (.wasm), or the folder of a package that is built, from the manifest's folder.",
        }),
    );
    properties.insert(
        "package".into(),
        json!({
            "type": "string",
            "description": "The package that is built. Unless set, the one with the function's name.",
        }),
    );
    function.insert("not".into(), json!({"required": ["path", "package"]}));
    let definitions_of = definitions.as_object_mut().unwrap();
    definitions_of.insert("Function".into(), json!(function));
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "functions.toml",
        "description": "The functions of a project, and the options of `functions dev`.",
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "functions": {
                "type": "object",
                "description": "The functions by name. NAME answers at /NAME.",
                "additionalProperties": {"$ref": "#/$defs/Function"},
            },
            "dev": dev_schema(),
        },
        "$defs": definitions,
    })
}

fn dev_schema() -> Value {
    let command = dev::command();
    let options = dev::known(&command).into_iter().map(|option| {
        let text = json!({"type": ["string", "integer"]});
        let mut schema = match ValueKind::of(option) {
            ValueKind::Switch => json!({"type": "boolean"}),
            ValueKind::One => json!({"type": ["string", "integer", "boolean"]}),
            ValueKind::Many => json!({"anyOf": [text, {"type": "array", "items": text}]}),
            ValueKind::Variables => json!({"anyOf": [
                {"type": "object", "additionalProperties": {"type": "string"}},
                {"type": "array", "items": {"type": "string"}},
            ]}),
        };
        let help = option.get_help().map(ToString::to_string);
        schema["description"] = help.unwrap_or_default().into();
        (dev::key(option), schema)
    });
    json!({
        "type": "object",
        "description": "Options of `functions dev`, by their long names. The command line comes before them.",
        "additionalProperties": false,
        "properties": options.collect::<Map<_, _>>(),
    })
}

/// The published schema is that of the code.
#[test]
fn published_schema_is_current() {
    let file = docs(NAME);
    let schema = serde_json::to_string_pretty(&schema()).unwrap() + "\n";
    if std::env::var_os(UPDATE).is_some() {
        fs::write(&file, &schema).unwrap();
    }
    let published = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        published == schema,
        "{} is out of date: {UPDATE}=1 cargo test --package functions-cli published_schema writes it",
        file.display()
    );
}

/// The TOML blocks of docs/manifest.md.
fn examples() -> Vec<String> {
    let text = fs::read_to_string(docs("manifest.md")).unwrap();
    let blocks = text.split("```toml\n").skip(1);
    let blocks: Vec<_> = blocks
        .map(|block| block.split("```").next().unwrap().to_owned())
        .collect();
    assert!(blocks.len() >= 2);
    blocks
}

/// What an editor says about a manifest: whether it fits the published schema.
fn editor_accepts(text: &str) -> bool {
    let schema: Value =
        serde_json::from_str(include_str!("../../../../docs/functions.schema.json")).unwrap();
    let mut compiler = boon::Compiler::new();
    compiler.add_resource(NAME, schema).unwrap();
    let mut schemas = boon::Schemas::new();
    let index = compiler.compile(NAME, &mut schemas).unwrap();
    let document = Document::parse(text).unwrap();
    schemas
        .validate(&items::json(document.as_item()), index)
        .is_ok()
}

/// The documented examples are manifests, for an editor and for the command.
#[test]
fn documented_examples_are_valid() {
    for example in examples() {
        assert!(editor_accepts(&example), "{example}");
        let read = Manifest::parse(Path::new("functions.toml"), example.clone());
        assert!(read.is_ok(), "{example}: {read:?}");
    }
}

/// An editor refuses what the command refuses because of its names and types.
#[test]
fn editor_refuses_what_the_command_refuses() {
    for text in [
        "[functions.a]\ntimout = \"1s\"\n",
        "[function.a]\n",
        "[functions.a]\ntimeout = 5\n",
        "[functions.a]\nallowed_hosts = [\"a\", 7]\n",
        "[functions.a]\nconcurrency = \"many\"\n",
        "[functions.a]\ningress = \"open\"\n",
        "[functions.a]\npath = \"a\"\npackage = \"b\"\n",
        "[functions.a]\nsecrets = { A = 1 }\n",
        "functions.a = 1\n",
        "[dev]\nlissen = \"1\"\n",
        "[dev]\nverbose = 1\n",
    ] {
        assert!(!editor_accepts(text), "{text}");
        let read = Manifest::parse(Path::new("functions.toml"), text.to_owned());
        assert!(read.is_err(), "{text}");
    }
}
