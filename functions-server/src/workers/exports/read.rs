//! Reads the exports of a component.

use wasmtime::Engine;
use wasmtime::component::types::{ComponentFunc, ComponentItem};
use wasmtime::component::{Component, ResourceType, Type};

use super::{Export, ExportedFunction, Exports, NamedResult};
use crate::workers::analysed_type::{AnalysedType, Case, Field, Mode};

/// How many types all parameters and results of a component have, at any depth. A type that is used twice
/// counts twice, so that a few hundred bytes cannot stand for millions of types.
pub(crate) const MAX_TYPES: usize = 50_000;

/// How deeply types nest. Three levels of JSON are one of types, and JSON nests 127 deep.
pub(crate) const MAX_TYPE_DEPTH: usize = 32;

/// How long all names in these types are together, in bytes. A name counts as often as its type is used.
const MAX_NAMES: usize = 4 << 20;

/// The exports of a component cannot be called through this API.
#[derive(Debug, PartialEq, thiserror::Error)]
pub(crate) enum ReadError {
    #[error("the component's exports have more than {MAX_TYPES} types, the limit")]
    TooManyTypes,
    #[error(
        "the types of the exported function {0} nest more than {MAX_TYPE_DEPTH} deep, the limit"
    )]
    TooDeep(String),
    #[error("the names in the types of the exports have more than {MAX_NAMES} bytes, the limit")]
    LongNames,
    #[error("the exported function {function} has a {kind}, which workers do not support")]
    Unsupported {
        function: String,
        kind: &'static str,
    },
}

impl Exports {
    /// The exported functions of a component, in its order.
    pub(crate) fn of(component: &Component, engine: &Engine) -> Result<Self, ReadError> {
        let mut reader = Reader {
            resources: Vec::new(),
            left: MAX_TYPES,
            left_of_names: MAX_NAMES,
        };
        let mut exports = Vec::new();
        for (name, export) in component.component_type().exports(engine) {
            match export.ty {
                ComponentItem::ComponentFunc(function) => {
                    exports.push(Export::Function(reader.function(name, &function)?));
                }
                ComponentItem::ComponentInstance(instance) => {
                    let items: Vec<_> = instance.exports(engine).collect();
                    let mut functions = Vec::new();
                    for (name, item) in items {
                        if let ComponentItem::ComponentFunc(function) = item.ty {
                            functions.push(reader.function(name, &function)?);
                        }
                    }
                    let drops: Vec<_> = functions.iter().filter_map(drop_of).collect();
                    functions.extend(drops);
                    // An instance that exports types only has nothing to call.
                    if !functions.is_empty() {
                        let name = name.to_owned();
                        exports.push(Export::Instance { name, functions });
                    }
                }
                _ => {}
            }
        }
        Ok(Self(exports))
    }
}

/// The function that drops a resource, which no component exports, for each constructor.
fn drop_of(function: &ExportedFunction) -> Option<ExportedFunction> {
    let resource = function.name.strip_prefix("[constructor]")?;
    let typ = function.results.first()?.typ.clone();
    let typ = match typ {
        // A constructor may fail.
        AnalysedType::Result { ok: Some(ok), .. } => *ok,
        typ => typ,
    };
    Some(ExportedFunction {
        name: format!("[drop]{resource}"),
        parameters: vec![Field {
            name: "self".to_owned(),
            typ,
        }],
        results: Vec::new(),
    })
}

struct Reader {
    /// The resources so far. A resource's id is its place here.
    resources: Vec<ResourceType>,
    /// How many types may follow.
    left: usize,
    /// How many bytes of names may follow.
    left_of_names: usize,
}

impl Reader {
    fn function(
        &mut self,
        name: &str,
        function: &ComponentFunc,
    ) -> Result<ExportedFunction, ReadError> {
        if function.async_() {
            return Err(unsupported(name, "async type"));
        }
        let mut parameters = Vec::new();
        for (parameter, typ) in function.params() {
            parameters.push(Field {
                name: self.name(parameter)?,
                typ: self.read(name, &typ, 0)?,
            });
        }
        let mut results = Vec::new();
        for typ in function.results() {
            let typ = self.read(name, &typ, 0)?;
            results.push(NamedResult { name: None, typ });
        }
        Ok(ExportedFunction {
            name: self.name(name)?,
            parameters,
            results,
        })
    }

    fn read(
        &mut self,
        function: &str,
        typ: &Type,
        depth: usize,
    ) -> Result<AnalysedType, ReadError> {
        if depth == MAX_TYPE_DEPTH {
            return Err(ReadError::TooDeep(function.to_owned()));
        }
        self.left = self.left.checked_sub(1).ok_or(ReadError::TooManyTypes)?;
        let next = depth + 1;
        Ok(match typ {
            Type::Bool => AnalysedType::Bool,
            Type::S8 => AnalysedType::S8,
            Type::U8 => AnalysedType::U8,
            Type::S16 => AnalysedType::S16,
            Type::U16 => AnalysedType::U16,
            Type::S32 => AnalysedType::S32,
            Type::U32 => AnalysedType::U32,
            Type::S64 => AnalysedType::S64,
            Type::U64 => AnalysedType::U64,
            Type::Float32 => AnalysedType::F32,
            Type::Float64 => AnalysedType::F64,
            Type::Char => AnalysedType::Chr,
            Type::String => AnalysedType::Str,
            Type::List(list) => AnalysedType::List {
                inner: Box::new(self.read(function, &list.ty(), next)?),
            },
            Type::Option(option) => AnalysedType::Option {
                inner: Box::new(self.read(function, &option.ty(), next)?),
            },
            Type::Result(result) => AnalysedType::Result {
                ok: self.side(function, result.ok(), next)?.map(Box::new),
                err: self.side(function, result.err(), next)?.map(Box::new),
            },
            Type::Tuple(tuple) => {
                let items = tuple.types().map(|item| self.read(function, &item, next));
                AnalysedType::Tuple {
                    items: items.collect::<Result<_, _>>()?,
                }
            }
            Type::Record(record) => {
                let fields = record.fields().map(|field| {
                    Ok(Field {
                        name: self.name(field.name)?,
                        typ: self.read(function, &field.ty, next)?,
                    })
                });
                AnalysedType::Record {
                    fields: fields.collect::<Result<_, _>>()?,
                }
            }
            Type::Variant(variant) => {
                let cases = variant.cases().map(|case| {
                    Ok(Case {
                        name: self.name(case.name)?,
                        typ: self.side(function, case.ty, next)?,
                    })
                });
                AnalysedType::Variant {
                    cases: cases.collect::<Result<_, _>>()?,
                }
            }
            Type::Enum(names) => AnalysedType::Enum {
                cases: self.names(names.names())?,
            },
            Type::Flags(flags) => AnalysedType::Flags {
                names: self.names(flags.names())?,
            },
            Type::Own(resource) => self.handle(*resource, Mode::Owned),
            Type::Borrow(resource) => self.handle(*resource, Mode::Borrowed),
            Type::Map(_) => return Err(unsupported(function, "map")),
            Type::FixedLengthList(_) => return Err(unsupported(function, "list of fixed length")),
            Type::Future(_) => return Err(unsupported(function, "future")),
            Type::Stream(_) => return Err(unsupported(function, "stream")),
            Type::ErrorContext => return Err(unsupported(function, "error context")),
        })
    }

    /// A part that may be missing.
    fn side(
        &mut self,
        function: &str,
        typ: Option<Type>,
        depth: usize,
    ) -> Result<Option<AnalysedType>, ReadError> {
        typ.map(|typ| self.read(function, &typ, depth)).transpose()
    }

    fn name(&mut self, name: &str) -> Result<String, ReadError> {
        let left = self.left_of_names.checked_sub(name.len());
        self.left_of_names = left.ok_or(ReadError::LongNames)?;
        Ok(name.to_owned())
    }

    fn names<'a>(
        &mut self,
        names: impl Iterator<Item = &'a str>,
    ) -> Result<Vec<String>, ReadError> {
        names.map(|name| self.name(name)).collect()
    }

    fn handle(&mut self, resource: ResourceType, mode: Mode) -> AnalysedType {
        let known = self.resources.iter().position(|known| *known == resource);
        let place = known.unwrap_or_else(|| {
            self.resources.push(resource);
            self.resources.len() - 1
        });
        AnalysedType::Handle {
            resource_id: u64::try_from(place).unwrap_or(u64::MAX),
            mode,
        }
    }
}

fn unsupported(function: &str, kind: &'static str) -> ReadError {
    ReadError::Unsupported {
        function: function.to_owned(),
        kind,
    }
}
