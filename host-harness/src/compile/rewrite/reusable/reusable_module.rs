use wasmparser::{
    CanonicalFunction, CanonicalOption, ComponentType, ExternalKind, Instance, Parser, Payload,
};

use super::module::{ModuleSummary, unknown};
use crate::compile::NotReusable;
use crate::compile::rewrite::index_spaces::{IndexSpaces, at};

/// The one module of a component whose instance can change.
pub(super) struct ReusableModule<'a> {
    pub(super) spaces: IndexSpaces<'a>,
    /// The only instance of the module.
    pub(super) instance: u32,
    /// Its number.
    pub(super) module: u32,
    pub(super) contents: ModuleSummary<'a>,
    /// What of it the component exports: a function, by its name.
    pub(super) export: &'a str,
}

impl<'a> ReusableModule<'a> {
    /// Fails if there is anything else that could change, or anything that is not known.
    pub(super) fn of(component: &'a [u8]) -> Result<Self, NotReusable> {
        let called = Called::of(component)?;
        let spaces = IndexSpaces::of(component).ok_or(NotReusable::Unknown)?;
        let mut changing = None;
        for (number, module) in (0..).zip(&spaces.modules) {
            let contents = ModuleSummary::of(module)?;
            if contents.can_change() && changing.replace((number, contents)).is_some() {
                return Err(NotReusable::SeveralModules);
            }
        }
        let (module, contents) = changing.ok_or(NotReusable::Memory)?;
        let mut instances = (0..).zip(&spaces.instances);
        let instance = instances.find(|(_, instance)| {
            matches!(instance, Instance::Instantiate { module_index, .. } if *module_index == module)
        });
        let (instance, _) = instance.ok_or(NotReusable::Exports)?;
        if spaces.instances_of(module) != 1 {
            return Err(NotReusable::SeveralModules);
        }
        if !contents.has_one_memory() {
            return Err(NotReusable::Memory);
        }
        let lifted = at(&spaces.functions, called.lifted).flatten();
        let (of, export) = lifted.ok_or(NotReusable::Exports)?;
        let is_it = |function: &u32| at(&spaces.functions, *function) == Some(Some((of, export)));
        // Its globals are set when it is called from outside, and only then.
        let used_within = called.others.iter().any(is_it)
            || spaces.instances.iter().any(|instance| match instance {
                Instance::Instantiate { args, .. } => args.iter().any(|arg| arg.index == of),
                Instance::FromExports(exports) => exports
                    .iter()
                    .any(|export| export.kind == ExternalKind::Func && is_it(&export.index)),
            });
        if used_within {
            return Err(NotReusable::CalledWithin);
        }
        if of != instance {
            return Err(NotReusable::Exports);
        }
        Ok(Self {
            spaces,
            instance,
            module,
            contents,
            export,
        })
    }
}

/// The core functions that are called from outside of a component.
struct Called {
    /// The one that it exports.
    lifted: u32,
    /// Those that allocate, and those that are called after another has returned.
    others: Vec<u32>,
}

impl Called {
    /// Fails unless it exports a single function, and has only such parts as keep nothing from one call
    /// to the next, besides its modules.
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
                        // A resource of its own has handles that stay.
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
                            others.extend(called_for(option).ok_or(NotReusable::Unknown)?);
                        }
                    }
                }
                // Of components within, only such as give names to what is here.
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

/// The function that an option names, if it names one. None if it is not an option of functions that
/// are called, return, and leave nothing.
fn called_for(option: &CanonicalOption) -> Option<Option<u32>> {
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
