use wasmparser::{
    CanonicalFunction, ComponentAlias, ComponentExternalKind, ComponentOuterAliasKind,
    ComponentTypeRef, Encoding, ExternalKind, Instance, Parser, Payload,
};

/// The index spaces of a component that the rewrites need.
#[derive(Default)]
pub(super) struct IndexSpaces<'a> {
    pub(super) modules: Vec<&'a [u8]>,
    pub(super) instances: Vec<Instance<'a>>,
    /// For each core function: the instance that exports it, and its name there; `None` if it is no
    /// export.
    pub(super) functions: Vec<Option<(u32, &'a str)>>,
    /// The number of types.
    pub(super) types: u32,
    /// The number of component functions.
    pub(super) lifted: u32,
    /// Each alias of a core instance's export, with the number of core instances defined before it.
    pub(super) aliases: Vec<(ExternalKind, u32, &'a str, usize)>,
}

impl<'a> IndexSpaces<'a> {
    /// Returns `None` if anything might have an index here without being counted. An index that is
    /// off by one names another item.
    pub(super) fn of(component: &'a [u8]) -> Option<Self> {
        let mut spaces = Self::default();
        let mut depth = 0_u32;
        for payload in Parser::new(0).parse_all(component) {
            let payload = payload.ok()?;
            match &payload {
                Payload::End(_) => {
                    depth = depth.checked_sub(1)?;
                    continue;
                }
                Payload::Version { encoding, .. } => {
                    if depth == 0 && *encoding != Encoding::Component {
                        return None;
                    }
                    depth += 1;
                    continue;
                }
                Payload::ModuleSection {
                    unchecked_range, ..
                } if depth == 1 => spaces.modules.push(component.get(unchecked_range.clone())?),
                _ => {}
            }
            if depth == 1 {
                spaces.add(payload)?;
            }
        }
        Some(spaces)
    }

    fn add(&mut self, payload: Payload<'a>) -> Option<()> {
        match payload {
            Payload::InstanceSection(section) => {
                for instance in section {
                    let instance = instance.ok()?;
                    if let Instance::FromExports(exports) = &instance {
                        let mut exports = exports.iter();
                        exports.all(|export| is_known(export.kind)).then_some(())?;
                    }
                    self.instances.push(instance);
                }
            }
            Payload::ComponentAliasSection(section) => {
                for alias in section {
                    self.alias(alias.ok()?)?;
                }
            }
            Payload::ComponentCanonicalSection(section) => {
                for function in section {
                    if matches!(function.ok()?, CanonicalFunction::Lift { .. }) {
                        self.lifted = self.lifted.checked_add(1)?;
                    } else {
                        self.functions.push(None);
                    }
                }
            }
            Payload::ComponentImportSection(section) => {
                for import in section {
                    match import.ok()?.ty {
                        ComponentTypeRef::Module(_) => return None,
                        ComponentTypeRef::Type(_) => self.types = self.types.checked_add(1)?,
                        ComponentTypeRef::Func(_) => self.lifted = self.lifted.checked_add(1)?,
                        _ => {}
                    }
                }
            }
            Payload::ComponentExportSection(section) => {
                for export in section {
                    self.count(export.ok()?.kind)?;
                }
            }
            Payload::ComponentTypeSection(section) => {
                self.types = self.types.checked_add(section.count())?;
            }
            // Modules are counted above; the other sections have other index spaces.
            Payload::ModuleSection { .. }
            | Payload::ComponentSection { .. }
            | Payload::CoreTypeSection(_)
            | Payload::ComponentInstanceSection(_)
            | Payload::CustomSection(_) => {}
            _ => return None,
        }
        Some(())
    }

    fn alias(&mut self, alias: ComponentAlias<'a>) -> Option<()> {
        match alias {
            ComponentAlias::CoreInstanceExport {
                kind,
                instance_index,
                name,
            } => {
                is_known(kind).then_some(())?;
                if kind == ExternalKind::Func {
                    self.functions.push(Some((instance_index, name)));
                }
                let instances = self.instances.len();
                self.aliases.push((kind, instance_index, name, instances));
            }
            ComponentAlias::InstanceExport { kind, .. } => self.count(kind)?,
            ComponentAlias::Outer { kind, .. } => match kind {
                ComponentOuterAliasKind::CoreModule => return None,
                ComponentOuterAliasKind::Type => self.types = self.types.checked_add(1)?,
                _ => {}
            },
        }
        Some(())
    }

    /// Counts an export, or an alias of an instance's export.
    fn count(&mut self, kind: ComponentExternalKind) -> Option<()> {
        match kind {
            ComponentExternalKind::Module => return None,
            ComponentExternalKind::Type => self.types = self.types.checked_add(1)?,
            ComponentExternalKind::Func => self.lifted = self.lifted.checked_add(1)?,
            _ => {}
        }
        Some(())
    }

    /// The number of instances of a module.
    pub(super) fn instances_of(&self, module: u32) -> usize {
        let of_module = |instance: &&Instance<'_>| matches!(instance, Instance::Instantiate { module_index, .. } if *module_index == module);
        self.instances.iter().filter(of_module).count()
    }
}

/// Whether this is a kind that cannot be mistaken for a function of another kind.
fn is_known(kind: ExternalKind) -> bool {
    matches!(
        kind,
        ExternalKind::Func
            | ExternalKind::Table
            | ExternalKind::Memory
            | ExternalKind::Global
            | ExternalKind::Tag
    )
}

/// The item at an index.
pub(super) fn at<T>(space: &[T], index: u32) -> Option<T>
where
    T: Clone,
{
    space.get(usize::try_from(index).ok()?).cloned()
}
