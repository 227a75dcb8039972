use wasm_encoder::reencode::{Error, Reencode, ReencodeComponent, component_utils};
use wasm_encoder::{
    CanonicalFunctionSection, ComponentAliasSection, InstanceSection, Module, ModuleSection,
};
use wasmparser::{ComponentAlias, ExternalKind, Instance, Payload};

use super::layout::ShimLayout;
use super::module::Unknown;
use crate::compile::rewrite::sections::copy_with;

/// The component with its main module replaced, and without the shim.
pub(super) fn with_main(
    component: &[u8],
    layout: &ShimLayout<'_>,
    main: &Module,
) -> Option<Vec<u8>> {
    let mut renumbered = Renumbered { layout };
    let mut modules = 0..;
    copy_with(component, |section, encoded| {
        match section {
            Payload::ModuleSection { .. } => {
                let module = modules.next()?;
                if module == layout.main_module {
                    encoded.section(&ModuleSection(main));
                }
                return Some(module == layout.main_module || module == layout.shim_module);
            }
            Payload::InstanceSection(section) => {
                let mut instances = InstanceSection::new();
                for instance in section.clone() {
                    renumbered.instance(&mut instances, instance.ok()?).ok()?;
                }
                encoded.section(&instances);
            }
            Payload::ComponentAliasSection(section) => {
                let mut aliases = ComponentAliasSection::new();
                for alias in section.clone() {
                    if let Some(alias) = renumbered.alias(alias.ok()?) {
                        aliases.alias(renumbered.component_alias(alias).ok()?);
                    }
                }
                encoded.section(&aliases);
            }
            Payload::ComponentCanonicalSection(section) => {
                let mut functions = CanonicalFunctionSection::new();
                component_utils::parse_component_canonical_section(
                    &mut renumbered,
                    &mut functions,
                    section.clone(),
                )
                .ok()?;
                encoded.section(&functions);
            }
            // Names refer to the old indices.
            Payload::CustomSection(_) => {}
            _ => return Some(false),
        }
        Some(true)
    })
}

/// Maps the component's indices to the new ones.
struct Renumbered<'a> {
    layout: &'a ShimLayout<'a>,
}

impl Renumbered<'_> {
    /// Re-encodes every instance but the shim's, and drops the shim's functions from the others.
    fn instance(
        &mut self,
        instances: &mut InstanceSection,
        instance: Instance<'_>,
    ) -> Result<(), Error<Unknown>> {
        match instance {
            Instance::Instantiate { module_index, .. }
                if module_index == self.layout.shim_module =>
            {
                Ok(())
            }
            Instance::FromExports(exports) => {
                // `functions` is sorted.
                let of_shim = |index| self.layout.functions.binary_search(&index).is_ok();
                let remaining = exports
                    .iter()
                    .filter(|export| !(export.kind == ExternalKind::Func && of_shim(export.index)));
                let remaining = remaining.copied().collect();
                self.parse_instance(instances, Instance::FromExports(remaining))
            }
            other => self.parse_instance(instances, other),
        }
    }

    /// Keeps every alias but those of the shim's functions. The shim's table becomes the main
    /// module's.
    fn alias<'b>(&self, alias: ComponentAlias<'b>) -> Option<ComponentAlias<'b>> {
        match alias {
            ComponentAlias::CoreInstanceExport {
                kind,
                instance_index,
                name,
            } if instance_index == self.layout.shim_instance => (kind == ExternalKind::Table)
                .then_some(ComponentAlias::CoreInstanceExport {
                    kind,
                    instance_index: self.layout.main_instance,
                    name,
                }),
            other => Some(other),
        }
    }
}

impl Reencode for Renumbered<'_> {
    type Error = Unknown;

    fn function_index(&mut self, function: u32) -> Result<u32, Error<Unknown>> {
        match self.layout.functions.binary_search(&function) {
            Ok(_removed) => Err(Error::UserError(function)),
            Err(before) => Ok(function - u32::try_from(before).unwrap_or(function)),
        }
    }
}

impl ReencodeComponent for Renumbered<'_> {
    fn module_index(&mut self, module: u32) -> u32 {
        module - u32::from(module > self.layout.shim_module)
    }

    fn instance_index(&mut self, instance: u32) -> u32 {
        instance - u32::from(instance > self.layout.shim_instance)
    }
}
