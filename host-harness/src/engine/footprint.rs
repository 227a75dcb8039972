//! What the instances of a component take besides their memories and tables, which have limits of
//! their own: a little for each thing in a module, and as often as it is instantiated.

use wasmparser::{
    ComponentAlias, ComponentExternalKind, ComponentInstance, ComponentOuterAliasKind,
    ComponentTypeRef, Encoding, Instance, Parser, Payload,
};

/// The most that all instances of one component may take, in bytes. A function has a few 100 KiB; what
/// counts is that a file of some megabytes cannot make each of its invocations take gigabytes.
pub(super) const MAX: u64 = 16 << 20;

/// What wasmtime keeps for each global, import or function, at most.
const EACH: u64 = 40;

/// What an instance takes before there is anything in it.
const INSTANCE: u64 = 512;

/// What an instance of a component comes to.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Footprint {
    /// How much all instances of a component take together, in bytes, estimated from above.
    pub(super) bytes: u64,
    /// Whether code of the component runs as it is instantiated.
    pub(super) starts: bool,
}

impl Footprint {
    /// None if the component cannot be parsed.
    pub(super) fn of(component: &[u8]) -> Option<Self> {
        let mut starts = false;
        let bytes = bytes_of(component, &mut starts)?;
        Some(Self { bytes, starts })
    }
}

fn bytes_of(component: &[u8], starts: &mut bool) -> Option<u64> {
    let mut outer: Vec<Part> = Vec::new();
    let mut last = None;
    for payload in Parser::new(0).parse_all(component) {
        match payload.ok()? {
            Payload::Version { encoding, .. } => outer.push(Part {
                is_module: encoding == Encoding::Module,
                ..Part::default()
            }),
            Payload::End(_) => {
                let part = outer.pop()?;
                if let Some(within) = outer.last_mut() {
                    let space = if part.is_module {
                        &mut within.modules
                    } else {
                        &mut within.components
                    };
                    space.push(part.takes);
                }
                last = Some(part.takes);
            }
            payload => {
                *starts |= matches!(
                    payload,
                    Payload::StartSection { .. } | Payload::ComponentStartSection { .. }
                );
                let aliased = aliased(&payload, &outer)?;
                let part = outer.last_mut()?;
                part.modules.extend(aliased.modules);
                part.components.extend(aliased.components);
                part.add(payload)?;
            }
        }
    }
    last
}

/// A module or a component, as far as it was read.
#[derive(Default)]
struct Part {
    is_module: bool,
    /// What each module that it names takes, and each component.
    modules: Vec<u64>,
    components: Vec<u64>,
    takes: u64,
}

impl Part {
    fn add(&mut self, payload: Payload<'_>) -> Option<()> {
        let things = match payload {
            Payload::ImportSection(section) if self.is_module => {
                u64::try_from(section.into_imports().count()).ok()?
            }
            Payload::FunctionSection(section) => u64::from(section.count()),
            Payload::GlobalSection(section) => u64::from(section.count()),
            Payload::ComponentCanonicalSection(section) => u64::from(section.count()),
            // What a host would have to give, and does not.
            Payload::ComponentImportSection(section) => {
                for import in section {
                    match import.ok()?.ty {
                        ComponentTypeRef::Module(_) => self.modules.push(MAX),
                        ComponentTypeRef::Component(_) => self.components.push(MAX),
                        _ => {}
                    }
                }
                0
            }
            Payload::InstanceSection(section) => {
                for instance in section {
                    if let Instance::Instantiate { module_index, .. } = instance.ok()? {
                        let takes = at(&self.modules, module_index);
                        self.takes = self.takes.saturating_add(takes).saturating_add(INSTANCE);
                    }
                }
                0
            }
            Payload::ComponentInstanceSection(section) => {
                for instance in section {
                    if let ComponentInstance::Instantiate {
                        component_index, ..
                    } = instance.ok()?
                    {
                        let takes = at(&self.components, component_index);
                        self.takes = self.takes.saturating_add(takes);
                    }
                }
                0
            }
            _ => 0,
        };
        self.takes = self.takes.saturating_add(things.saturating_mul(EACH));
        Some(())
    }
}

/// What one takes that is not known is too much.
fn at(space: &[u64], index: u32) -> u64 {
    let found = usize::try_from(index)
        .ok()
        .and_then(|index| space.get(index));
    found.copied().unwrap_or(MAX)
}

/// What gets a name by an alias.
#[derive(Default)]
struct Aliased {
    modules: Vec<u64>,
    components: Vec<u64>,
}

fn aliased(payload: &Payload<'_>, outer: &[Part]) -> Option<Aliased> {
    let mut aliased = Aliased::default();
    let Payload::ComponentAliasSection(section) = payload else {
        return Some(aliased);
    };
    for alias in section.clone() {
        match alias.ok()? {
            ComponentAlias::Outer { kind, count, index } => {
                let count = usize::try_from(count).ok()?;
                let part = outer.len().checked_sub(count + 1);
                let part = part.and_then(|part| outer.get(part))?;
                match kind {
                    ComponentOuterAliasKind::CoreModule => {
                        aliased.modules.push(at(&part.modules, index));
                    }
                    ComponentOuterAliasKind::Component => {
                        aliased.components.push(at(&part.components, index));
                    }
                    _ => {}
                }
            }
            // Of what an instance has, nothing is known.
            ComponentAlias::InstanceExport { kind, .. } => match kind {
                ComponentExternalKind::Module => aliased.modules.push(MAX),
                ComponentExternalKind::Component => aliased.components.push(MAX),
                _ => {}
            },
            ComponentAlias::CoreInstanceExport { .. } => {}
        }
    }
    Some(aliased)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_text(text: &str) -> u64 {
        Footprint::of(&wat::parse_str(text).unwrap()).unwrap().bytes
    }

    /// Functions of the SDK are far below the limit.
    #[test]
    fn functions_take_little() {
        for (name, file) in test_guests::EXAMPLES {
            let Footprint { bytes, starts } = Footprint::of(&std::fs::read(file).unwrap()).unwrap();
            assert!((500..MAX / 50).contains(&bytes), "{name}: {bytes}");
            assert!(!starts, "{name}");
        }
    }

    /// A module counts as often as it is instantiated, wherever it was defined.
    #[test]
    fn counts_instances() {
        let module = format!(
            "(core module $m {})",
            "(global i32 (i32.const 0))".repeat(100)
        );
        let one = 100 * EACH + INSTANCE;
        let instance = "(core instance (instantiate $m))";
        assert_eq!(of_text(&format!("(component {module})")), 0);
        let three = instance.repeat(3);
        assert_eq!(of_text(&format!("(component {module} {three})")), 3 * one);
        let nested = format!(
            "(component {module} (component $c (alias outer 1 $m (core module $m)) {instance})
             (instance (instantiate $c)) (instance (instantiate $c)) {instance})"
        );
        assert_eq!(of_text(&nested), 3 * one);
        let unknown =
            r#"(component (import "m" (core module $m)) (core instance (instantiate $m)))"#;
        assert!(of_text(unknown) >= MAX);
        assert_eq!(Footprint::of(b"nothing"), None);
    }
}
