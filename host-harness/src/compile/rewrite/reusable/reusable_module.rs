use wasmparser::{
    CanonicalFunction, CanonicalOption, ComponentType, ExternalKind, Instance, Parser, Payload,
};

use super::summary::ModuleSummary;
use super::unknown;
use crate::compile::NotReusable;
use crate::compile::rewrite::index_spaces::{IndexSpaces, at};

/// The only module of a component whose instance has state.
pub(super) struct ReusableModule<'a> {
    pub(super) spaces: IndexSpaces<'a>,
    /// The index of the module's only instance.
    pub(super) instance: u32,
    /// The index of the module.
    pub(super) module: u32,
    pub(super) summary: ModuleSummary<'a>,
    /// The name of the function that the component exports from this module.
    pub(super) export: &'a str,
}

impl<'a> ReusableModule<'a> {
    /// Fails if anything else has state, or has an unknown form.
    pub(super) fn of(component: &'a [u8]) -> Result<Self, NotReusable> {
        let entry_points = EntryPoints::of(component)?;
        let spaces = IndexSpaces::of(component).ok_or(NotReusable::Unknown)?;
        let mut stateful = None;
        for (index, module) in (0..).zip(&spaces.modules) {
            let summary = ModuleSummary::of(module)?;
            if summary.is_stateful() && stateful.replace((index, summary)).is_some() {
                return Err(NotReusable::SeveralModules);
            }
        }
        let (module, summary) = stateful.ok_or(NotReusable::Memory)?;
        let mut instances = (0..).zip(&spaces.instances);
        let instance = instances.find(|(_, instance)| {
            matches!(instance, Instance::Instantiate { module_index, .. } if *module_index == module)
        });
        let (instance, _) = instance.ok_or(NotReusable::Exports)?;
        if spaces.instances_of(module) != 1 {
            return Err(NotReusable::SeveralModules);
        }
        if !summary.has_one_memory() {
            return Err(NotReusable::Memory);
        }
        let lifted = at(&spaces.functions, entry_points.lifted).flatten();
        let (owner, export) = lifted.ok_or(NotReusable::Exports)?;
        let is_exported =
            |function: &u32| at(&spaces.functions, *function) == Some(Some((owner, export)));
        // The wrapper sets the globals, so it may only run when the component is called from
        // outside.
        let used_within = entry_points.others.iter().any(is_exported)
            || spaces.instances.iter().any(|instance| match instance {
                Instance::Instantiate { args, .. } => args.iter().any(|arg| arg.index == owner),
                Instance::FromExports(exports) => exports
                    .iter()
                    .any(|export| export.kind == ExternalKind::Func && is_exported(&export.index)),
            });
        if used_within {
            return Err(NotReusable::CalledWithin);
        }
        if owner != instance {
            return Err(NotReusable::Exports);
        }
        Ok(Self {
            spaces,
            instance,
            module,
            summary,
            export,
        })
    }
}

/// The core functions that the component model calls.
struct EntryPoints {
    /// The exported function.
    lifted: u32,
    /// Functions that allocate, and functions that run after another has returned.
    others: Vec<u32>,
}

impl EntryPoints {
    /// Fails unless the component exports exactly one function, and has only parts without state
    /// besides its modules.
    fn of(component: &[u8]) -> Result<Self, NotReusable> {
        let (mut lifted, mut others) = (None, Vec::new());
        let mut depth = 0_u32;
        for payload in Parser::new(0).parse_all(component) {
            match payload.map_err(unknown)? {
                Payload::Version { .. } => depth += 1,
                Payload::End(_) => {
                    depth = depth.checked_sub(1).ok_or(NotReusable::Unknown)?;
                }
                Payload::ComponentTypeSection(section) => {
                    for ty in section {
                        // The component's own resource would have handles that outlive a call.
                        if matches!(ty.map_err(unknown)?, ComponentType::Resource { .. }) {
                            return Err(NotReusable::Resource);
                        }
                    }
                }
                Payload::ComponentCanonicalSection(section) if depth == 1 => {
                    for function in section {
                        let (function, options) = match function.map_err(unknown)? {
                            CanonicalFunction::Lift {
                                core_func_index,
                                options,
                                ..
                            } => (Some(core_func_index), options),
                            CanonicalFunction::Lower { options, .. } => (None, options),
                            CanonicalFunction::ResourceDrop { .. } => continue,
                            _ => return Err(NotReusable::Unknown),
                        };
                        if let Some(function) = function
                            && lifted.replace(function).is_some()
                        {
                            return Err(NotReusable::Exports);
                        }
                        for option in &options {
                            others.extend(option_function(option).ok_or(NotReusable::Unknown)?);
                        }
                    }
                }
                // A nested component may only rename items.
                Payload::ModuleSection { .. }
                | Payload::InstanceSection(_)
                | Payload::ComponentCanonicalSection(_)
                    if depth != 1 =>
                {
                    return Err(NotReusable::SeveralModules);
                }
                Payload::ComponentStartSection { .. } => return Err(NotReusable::Start),
                _ => {}
            }
        }
        Ok(Self {
            lifted: lifted.ok_or(NotReusable::Exports)?,
            others,
        })
    }
}

/// The function that an option names, if any; `None` for an option that could leave state.
fn option_function(option: &CanonicalOption) -> Option<Option<u32>> {
    match option {
        CanonicalOption::UTF8
        | CanonicalOption::UTF16
        | CanonicalOption::CompactUTF16
        | CanonicalOption::Memory(_) => Some(None),
        CanonicalOption::Realloc(function) | CanonicalOption::PostReturn(function) => {
            Some(Some(*function))
        }
        _ => None,
    }
}
