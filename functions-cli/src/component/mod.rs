//! What a component consists of.

mod crates;
mod error;
mod inspect;
mod interfaces;
mod runs;
mod sections;

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use wasmparser::{
    BinaryReaderError, Encoding, KnownCustom, Name, NameSectionReader, Parser, Payload,
    ProducersSectionReader, TypeRef,
};

use self::crates::{RUNTIME, crate_of};
pub(crate) use self::error::NotAComponent;
pub(crate) use self::inspect::inspect;
pub(crate) use self::interfaces::Interfaces;
pub(crate) use self::runs::{Runs, try_run};
use self::sections::kind_of;

/// A parsed component.
#[derive(Debug, Default)]
pub(crate) struct ParsedComponent {
    pub(crate) size: usize,
    pub(crate) interfaces: Interfaces,
    /// The bytes of each kind of section, of all modules together.
    pub(crate) sections: BTreeMap<&'static str, usize>,
    pub(crate) functions: Vec<Code>,
    /// Tools that made it, with their versions.
    pub(crate) producers: Vec<(String, String)>,
    /// How many source files it names, and how many bytes that takes: panics have them.
    pub(crate) source_paths: (usize, usize),
    /// How many modules are in it.
    pub(crate) modules: usize,
}

/// The code of a function in a module.
#[derive(Debug)]
pub(crate) struct Code {
    /// `None` if the component was stripped.
    pub(crate) name: Option<String>,
    pub(crate) size: usize,
}

/// A module that is being read.
#[derive(Default)]
struct Module {
    imported: u32,
    bodies: Vec<usize>,
    names: BTreeMap<u32, String>,
}

impl Module {
    /// Its functions, once it was read.
    fn functions(self) -> impl Iterator<Item = Code> {
        let Self {
            imported,
            bodies,
            mut names,
        } = self;
        (imported..).zip(bodies).map(move |(index, size)| Code {
            name: names.remove(&index),
            size,
        })
    }
}

impl ParsedComponent {
    /// Reads the component of a file.
    ///
    /// # Errors
    ///
    /// The file is not WebAssembly, or it is damaged.
    pub(crate) fn of_file(file: &Path, bytes: &[u8]) -> Result<Self, NotAComponent> {
        Self::read(bytes).map_err(|error| NotAComponent::new(file, bytes, &error))
    }

    /// Whether it has the export of a function or of a command.
    pub(crate) fn is_function(&self) -> bool {
        let kinds = ["functions:web/handler@", "wasi:cli/run@"];
        let is_one = |name: &String| kinds.iter().any(|kind| name.starts_with(kind));
        self.interfaces.exports.iter().any(is_one)
    }

    /// Reads a component.
    ///
    /// # Errors
    ///
    /// It is not WebAssembly, or it is damaged.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, BinaryReaderError> {
        let mut component = Self {
            size: bytes.len(),
            ..Self::default()
        };
        // The innermost module or component comes last; modules have a `Module`.
        let mut open: Vec<Option<Module>> = Vec::new();
        for payload in Parser::new(0).parse_all(bytes) {
            let payload = payload?;
            match &payload {
                Payload::Version { encoding, .. } => {
                    let is_module = *encoding == Encoding::Module;
                    component.modules += usize::from(is_module);
                    open.push(is_module.then(Module::default));
                }
                Payload::End(_) => {
                    if let Some(Some(module)) = open.pop() {
                        component.functions.extend(module.functions());
                    }
                }
                payload => {
                    let is_outermost = open.len() == 1;
                    let module = open.last_mut().and_then(Option::as_mut);
                    component.add_section(payload, module.is_some(), bytes);
                    match module {
                        Some(module) => module.add(payload)?,
                        None if is_outermost => component.interfaces.add(payload)?,
                        None => {}
                    }
                }
            }
        }
        Ok(component)
    }

    fn add_section(&mut self, payload: &Payload<'_>, is_in_module: bool, bytes: &[u8]) {
        let Some(kind) = kind_of(payload, is_in_module) else {
            return;
        };
        if let Some((_, range)) = payload.as_section() {
            *self.sections.entry(kind).or_default() += range.len();
        }
        match payload {
            Payload::DataSection(data) => {
                let (count, length) = source_paths(slice(bytes, data.range()));
                self.source_paths.0 += count;
                self.source_paths.1 += length;
            }
            Payload::CustomSection(custom) => {
                if let KnownCustom::Producers(producers) = custom.as_known() {
                    self.add_producers(producers);
                }
            }
            _ => {}
        }
    }

    /// What cannot be read is of no interest.
    fn add_producers(&mut self, producers: ProducersSectionReader<'_>) {
        for field in producers.into_iter().flatten() {
            for value in field.values.into_iter().flatten() {
                let producer = (value.name.to_owned(), value.version.to_owned());
                if !self.producers.contains(&producer) {
                    self.producers.push(producer);
                }
            }
        }
    }

    /// Whether the functions have names.
    pub(crate) fn has_names(&self) -> bool {
        self.functions.iter().any(|code| code.name.is_some())
    }

    /// The bytes of code of each crate, most first.
    pub(crate) fn crates(&self) -> Vec<(String, usize)> {
        let mut crates = BTreeMap::<_, usize>::new();
        for code in &self.functions {
            let of = code.name.as_deref().map_or(RUNTIME, crate_of);
            *crates.entry(of.to_owned()).or_default() += code.size;
        }
        most_first(crates.into_iter().collect())
    }
}

/// Sorts by size.
pub(crate) fn most_first<T: Ord>(mut sizes: Vec<(T, usize)>) -> Vec<(T, usize)> {
    sizes.sort_by(|(one, first), (other, second)| second.cmp(first).then(one.cmp(other)));
    sizes
}

impl Module {
    fn add(&mut self, payload: &Payload<'_>) -> Result<(), BinaryReaderError> {
        match payload {
            Payload::ImportSection(imports) => {
                for import in imports.clone().into_imports() {
                    if matches!(import?.ty, TypeRef::Func(_) | TypeRef::FuncExact(_)) {
                        self.imported += 1;
                    }
                }
            }
            Payload::CodeSectionEntry(body) => self.bodies.push(body.range().len()),
            Payload::CustomSection(custom) => {
                if let KnownCustom::Name(names) = custom.as_known() {
                    self.add_names(names);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Names that cannot be read are missing: they change nothing.
    fn add_names(&mut self, names: NameSectionReader<'_>) {
        for names in names.into_iter().flatten() {
            let Name::Function(names) = names else {
                continue;
            };
            for naming in names.into_iter().flatten() {
                let name = rustc_demangle::demangle(naming.name);
                self.names.insert(naming.index, format!("{name:#}"));
            }
        }
    }
}

fn slice(bytes: &[u8], range: Range<usize>) -> &[u8] {
    bytes.get(range).unwrap_or_default()
}

/// How many paths of Rust sources are in some bytes, and how long they are together.
fn source_paths(data: &[u8]) -> (usize, usize) {
    let is_path = |byte: &u8| byte.is_ascii_alphanumeric() || b"/\\._-+:".contains(byte);
    let mut found = (0, 0);
    let runs = data.split(|byte| !is_path(byte));
    for run in runs {
        let text = String::from_utf8_lossy(run);
        // Literals follow each other without anything between them.
        let ends: Vec<_> = text.match_indices(".rs").map(|(at, _)| at + 3).collect();
        if text.contains('/') || text.contains('\\') {
            found.0 += ends.len();
            found.1 += ends.last().copied().unwrap_or_default();
        }
    }
    found
}
