use wasmparser::{CanonicalFunction, CanonicalOption, ComponentType, Instance, Parser, Payload};

use super::module::Contents;
use crate::engine::rewrite::spaces::{Spaces, at};

/// The one module of a component whose instance can change.
pub(super) struct Shape<'a> {
    /// Its number.
    pub(super) module: u32,
    pub(super) contents: Contents<'a>,
    /// What of it the component exports, by name.
    pub(super) exports: Vec<&'a str>,
}

impl<'a> Shape<'a> {
    /// None if there is anything else that could change, or anything that is not known.
    pub(super) fn of(component: &'a [u8]) -> Option<Self> {
        let lifted = lifted(component)?;
        let spaces = Spaces::of(component)?;
        let mut changing = None;
        for (number, module) in (0..).zip(&spaces.modules) {
            let contents = Contents::of(module)?;
            if contents.can_change() && changing.replace((number, contents)).is_some() {
                return None;
            }
        }
        let (module, contents) = changing?;
        let mut instances = (0..).zip(&spaces.instances);
        let (instance, _) = instances.find(|(_, instance)| {
            matches!(instance, Instance::Instantiate { module_index, .. } if *module_index == module)
        })?;
        if spaces.instances_of(module) != 1 || !contents.has_one_memory() {
            return None;
        }
        let exports = lifted.into_iter().map(|function| {
            let (of, name) = at(&spaces.functions, function)??;
            (of == instance).then_some(name)
        });
        Some(Self {
            module,
            contents,
            exports: exports.collect::<Option<_>>()?,
        })
    }
}

/// The core functions that a component exports. None unless it has only such parts as keep nothing
/// from one call to the next, besides its modules.
fn lifted(component: &[u8]) -> Option<Vec<u32>> {
    let mut lifted = Vec::new();
    let mut depth = 0_u32;
    for payload in Parser::new(0).parse_all(component) {
        match payload.ok()? {
            Payload::Version { .. } => depth += 1,
            Payload::End(_) => depth = depth.checked_sub(1)?,
            Payload::ComponentTypeSection(section) => {
                for ty in section {
                    // A resource of its own has handles that stay.
                    if matches!(ty.ok()?, ComponentType::Resource { .. }) {
                        return None;
                    }
                }
            }
            Payload::ComponentCanonicalSection(section) if depth == 1 => {
                for function in section {
                    match function.ok()? {
                        CanonicalFunction::Lift {
                            core_func_index,
                            options,
                            ..
                        } if options.iter().all(is_plain) => lifted.push(core_func_index),
                        CanonicalFunction::Lower { options, .. }
                            if options.iter().all(is_plain) => {}
                        CanonicalFunction::ResourceDrop { .. } => {}
                        _ => return None,
                    }
                }
            }
            // Of components within, only such as give names to what is here.
            Payload::ModuleSection { .. }
            | Payload::InstanceSection(_)
            | Payload::ComponentCanonicalSection(_)
                if depth != 1 =>
            {
                return None;
            }
            Payload::ComponentStartSection { .. } => return None,
            _ => {}
        }
    }
    Some(lifted)
}

/// Whether it is an option of functions that are called, return, and leave nothing.
fn is_plain(option: &CanonicalOption) -> bool {
    matches!(
        option,
        CanonicalOption::UTF8
            | CanonicalOption::UTF16
            | CanonicalOption::CompactUTF16
            | CanonicalOption::Memory(_)
            | CanonicalOption::Realloc(_)
            | CanonicalOption::PostReturn(_)
    )
}
