//! Finds the function that a name stands for.

use super::{BadCall, Export, ExportedFunction, Exports, NamedResult};
use crate::workers::analysed_type::{AnalysedType, Field, Mode};
use crate::workers::function_name::{FunctionKind, FunctionName, ResourceOperation};
use crate::workers::typed_json::result_type;
use crate::workers::wave;

/// A function that exists, with what its callers give and get.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FoundFunction {
    /// The instance that exports the function, with its version; `None` for a function of the world.
    pub(crate) site: Option<String>,
    pub(crate) call: CallKind,
    /// What the caller gives: without the handle of an indexed resource, and with that of any other.
    pub(crate) parameters: Vec<Field>,
    pub(crate) results: Vec<NamedResult>,
    /// The type of all results together, as JSON.
    pub(crate) result_type: String,
}

/// The kind of a call.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum CallKind {
    /// Call the export of this name with the caller's parameters.
    Export(String),
    /// Drop the resource whose handle is the only parameter. No component exports such a function.
    Drop { resource: String },
    /// Get or construct a resource, and use it.
    Indexed(Indexed),
}

/// A resource that its constructor's parameters name.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Indexed {
    pub(crate) resource: String,
    /// The constructor's parameters in canonical WAVE: together with the site and the resource's name, the
    /// key of the index.
    pub(crate) key: Vec<String>,
    /// The same as the text of a JSON array, canonical as what [`check`](crate::workers::check) returns.
    pub(crate) arguments: String,
    /// The export that constructs the resource, and the types of its parameters.
    pub(crate) constructor: String,
    pub(crate) parameters: Vec<Field>,
    /// The type of what it returns, which is a handle, or a `Result` of one if it may fail.
    pub(crate) constructed: AnalysedType,
    pub(crate) then: IndexedCall,
}

/// What is done with an indexed resource.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum IndexedCall {
    /// Return its handle.
    Handle,
    /// Drop it, and forget its key.
    Drop,
    /// Call the export of this name with its handle and the caller's parameters.
    Method(String),
    /// Call the export of this name with the caller's parameters.
    Static(String),
}

impl Exports {
    /// Finds the function that a name stands for.
    pub(crate) fn find(&self, name: &FunctionName) -> Result<FoundFunction, BadCall> {
        let found = ExportScope {
            site: self.site(name.site.as_deref())?,
            exports: self,
        };
        match &name.function {
            FunctionKind::Plain(function) => found.export(std::slice::from_ref(function)),
            FunctionKind::Constructor { resource } => found.export(&[constructor_of(resource)]),
            FunctionKind::Method { resource, method } => found.export(&[
                format!("[method]{resource}.{method}"),
                format!("[static]{resource}.{method}"),
            ]),
            FunctionKind::Static { resource, method } => {
                found.export(&[format!("[static]{resource}.{method}")])
            }
            FunctionKind::Drop { resource } => {
                let function = found.function(&[format!("[drop]{resource}")])?;
                let call = CallKind::Drop {
                    resource: resource.clone(),
                };
                found.found(call, function.parameters.clone(), Vec::new())
            }
            FunctionKind::Indexed {
                resource,
                parameters,
                then,
            } => found.indexed(resource, parameters, then),
        }
    }

    /// The instance's name as it is exported. A missing version stands for the only one.
    fn site<'a>(&'a self, site: Option<&str>) -> Result<Option<&'a str>, BadCall> {
        let Some(site) = site else {
            return Ok(None);
        };
        if let Some(name) = self.instances().find(|name| *name == site) {
            return Ok(Some(name));
        }
        let mut versions = self
            .instances()
            .filter(|name| name.split_once('@').is_some_and(|(name, _)| name == site));
        match (versions.next(), versions.next()) {
            (Some(only), None) => Ok(Some(only)),
            (Some(first), Some(second)) => Err(BadCall::new(format!(
                "could not load exports for interface {site}: it is exported as {first} and as {second}, so \
                 give the version"
            ))),
            (None, _) => Err(BadCall::new(format!(
                "could not load exports for interface {site}"
            ))),
        }
    }

    fn instances(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|export| match export {
            Export::Instance { name, .. } => Some(&**name),
            Export::Function(_) => None,
        })
    }

    /// The function that a site exports under a name.
    fn function(&self, site: Option<&str>, name: &str) -> Option<&ExportedFunction> {
        self.0.iter().find_map(|export| match export {
            Export::Function(function) => {
                (site.is_none() && function.name == name).then_some(function)
            }
            Export::Instance {
                name: instance,
                functions,
            } if site == Some(instance) => functions.iter().find(|function| function.name == name),
            Export::Instance { .. } => None,
        })
    }
}

fn constructor_of(resource: &str) -> String {
    format!("[constructor]{resource}")
}

/// The exports in which functions are looked up: those of one interface, or of the world.
struct ExportScope<'a> {
    site: Option<&'a str>,
    exports: &'a Exports,
}

impl<'a> ExportScope<'a> {
    /// The first export of these names.
    fn function(&self, names: &[String]) -> Result<&'a ExportedFunction, BadCall> {
        let found = names
            .iter()
            .find_map(|name| self.exports.function(self.site, name));
        found.ok_or_else(|| {
            let names = names.join(" or ");
            BadCall::new(match self.site {
                Some(site) => format!("could not load function {names} for interface {site}"),
                None => format!("could not load function {names}"),
            })
        })
    }

    fn found(
        &self,
        call: CallKind,
        parameters: Vec<Field>,
        results: Vec<NamedResult>,
    ) -> Result<FoundFunction, BadCall> {
        let result_type = serde_json::to_string(&result_type(&results));
        Ok(FoundFunction {
            site: self.site.map(str::to_owned),
            call,
            parameters,
            results,
            result_type: result_type.map_err(|error| BadCall::new(error.to_string()))?,
        })
    }

    fn export(&self, names: &[String]) -> Result<FoundFunction, BadCall> {
        let function = self.function(names)?;
        let call = CallKind::Export(function.name.clone());
        self.found(call, function.parameters.clone(), function.results.clone())
    }

    fn indexed(
        &self,
        resource: &str,
        texts: &[String],
        then: &ResourceOperation,
    ) -> Result<FoundFunction, BadCall> {
        let constructor = self.function(&[constructor_of(resource)])?;
        let invalid = |why: String| {
            BadCall::new(format!(
                "Failed to parse resource constructor parameters: {why}"
            ))
        };
        let (expected, got) = (constructor.parameters.len(), texts.len());
        if expected != got {
            return Err(invalid(format!(
                "Resource params count mismatch: expected {expected}, got {got}"
            )));
        }
        let mut key = Vec::new();
        let mut arguments = Vec::new();
        for (parameter, text) in constructor.parameters.iter().zip(texts) {
            let value = wave::parse(&parameter.typ, text);
            let value = value.map_err(|error| invalid(format!("{}: {error}", parameter.name)))?;
            key.push(value.text);
            arguments.push(value.json);
        }
        let arguments = serde_json::to_string(&arguments);
        let arguments = arguments.map_err(|error| invalid(error.to_string()))?;
        let constructed = constructor.results.first();
        let constructed = constructed.ok_or_else(|| invalid("it returns nothing".to_owned()))?;
        let (then, parameters, results) = self.then(resource, &constructed.typ, then)?;
        let call = CallKind::Indexed(Indexed {
            resource: resource.to_owned(),
            key,
            arguments,
            constructor: constructor.name.clone(),
            parameters: constructor.parameters.clone(),
            constructed: constructed.typ.clone(),
            then,
        });
        self.found(call, parameters, results)
    }

    /// What is done with an indexed resource, its parameters and results.
    fn then(
        &self,
        resource: &str,
        constructed: &AnalysedType,
        then: &ResourceOperation,
    ) -> Result<(IndexedCall, Vec<Field>, Vec<NamedResult>), BadCall> {
        let method = match then {
            ResourceOperation::New => {
                let typ = match constructed {
                    AnalysedType::Result { ok: Some(ok), .. } => (**ok).clone(),
                    typ => typ.clone(),
                };
                let results = vec![NamedResult { name: None, typ }];
                return Ok((IndexedCall::Handle, Vec::new(), results));
            }
            ResourceOperation::Drop => return Ok((IndexedCall::Drop, Vec::new(), Vec::new())),
            ResourceOperation::Method(method) => method,
        };
        let own = format!("[method]{resource}.{method}");
        let function = self.function(&[own.clone(), format!("[static]{resource}.{method}")])?;
        let (then, parameters) = match function.name == own {
            true => {
                let mut parameters = function.parameters.iter().cloned();
                let handle = parameters.next().map(|parameter| parameter.typ);
                let is_handle = matches!(
                    handle,
                    Some(AnalysedType::Handle {
                        mode: Mode::Borrowed,
                        ..
                    })
                );
                if !is_handle {
                    return Err(BadCall::new(format!("{own} takes no handle")));
                }
                (IndexedCall::Method(own), parameters.collect())
            }
            false => (
                IndexedCall::Static(function.name.clone()),
                function.parameters.clone(),
            ),
        };
        Ok((then, parameters, function.results.clone()))
    }
}
