use wasm_encoder::reencode::{Error, Reencode, ReencodeComponent, component_utils};
use wasm_encoder::{
    CanonicalFunctionSection, ComponentAliasSection, InstanceSection, Module, ModuleSection,
};
use wasmparser::{ComponentAlias, ExternalKind, Instance, Payload};

use super::layout::ShimLayout;
use super::module::Unknown;
use crate::compile::rewrite::sections::copied;

/// The component with this module in the place of the one that had a shim, and without the shim.
pub(super) fn with_main(
    component: &[u8],
    shape: &ShimLayout<'_>,
    main: &Module,
) -> Option<Vec<u8>> {
    let mut renumbered = Renumbered { shape };
    let mut modules = 0..;
    copied(component, |section, encoded| {
        match section {
            Payload::ModuleSection { .. } => {
                let module = modules.next()?;
                if module == shape.main_module {
                    encoded.section(&ModuleSection(main));
                }
                return Some(module == shape.main_module || module == shape.shim_module);
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
            // Names are of the numbers that were.
            Payload::CustomSection(_) => {}
            _ => return Some(false),
        }
        Some(true)
    })
}

/// What becomes of a component's numbers.
struct Renumbered<'a> {
    shape: &'a ShimLayout<'a>,
}

impl Renumbered<'_> {
    /// All instances but the shim's, without what they had of it.
    fn instance(
        &mut self,
        instances: &mut InstanceSection,
        instance: Instance<'_>,
    ) -> Result<(), Error<Unknown>> {
        match instance {
            Instance::Instantiate { module_index, .. }
                if module_index == self.shape.shim_module =>
            {
                Ok(())
            }
            Instance::FromExports(exports) => {
                // They are in order.
                let of_shim = |index| self.shape.functions.binary_search(&index).is_ok();
                let kept = exports
                    .iter()
                    .filter(|export| !(export.kind == ExternalKind::Func && of_shim(export.index)));
                let kept = kept.copied().collect();
                self.parse_instance(instances, Instance::FromExports(kept))
            }
            other => self.parse_instance(instances, other),
        }
    }

    /// All names but those of the shim's functions; its table is the module's now.
    fn alias<'b>(&self, alias: ComponentAlias<'b>) -> Option<ComponentAlias<'b>> {
        match alias {
            ComponentAlias::CoreInstanceExport {
                kind,
                instance_index,
                name,
            } if instance_index == self.shape.shim_instance => (kind == ExternalKind::Table)
                .then_some(ComponentAlias::CoreInstanceExport {
                    kind,
                    instance_index: self.shape.main_instance,
                    name,
                }),
            other => Some(other),
        }
    }
}

impl Reencode for Renumbered<'_> {
    type Error = Unknown;

    fn function_index(&mut self, function: u32) -> Result<u32, Error<Unknown>> {
        match self.shape.functions.binary_search(&function) {
            Ok(_gone) => Err(Error::UserError(function)),
            Err(before) => Ok(function - u32::try_from(before).unwrap_or(function)),
        }
    }
}

impl ReencodeComponent for Renumbered<'_> {
    fn module_index(&mut self, module: u32) -> u32 {
        module - u32::from(module > self.shape.shim_module)
    }

    fn instance_index(&mut self, instance: u32) -> u32 {
        instance - u32::from(instance > self.shape.shim_instance)
    }
}
