//! Bounds two costs of instances that have no limit of their own.
//!
//! The first is memory besides linear memories and tables: a little for each item in a module, per
//! instantiation. The second is the data copied into memories and tables during instantiation,
//! which nothing interrupts.

use wasmparser::{
    ComponentAlias, ComponentExternalKind, ComponentInstance, ComponentOuterAliasKind,
    ComponentTypeRef, Data, DataKind, Element, ElementItems, ElementKind, Encoding, Instance,
    Parser, Payload,
};

/// The maximum size of all instances of one component, in bytes.
///
/// A function needs a few 100 KiB. The limit keeps a file of some megabytes from making each
/// invocation take gigabytes.
pub(crate) const MAX: u64 = 16 << 20;

/// The maximum number of bytes copied to instantiate a component: the maximum length of a file.
///
/// Overlapping segments and repeated instantiation multiply what is copied. Copying this much takes
/// about a tenth of a second, which no CPU time limit interrupts.
pub(crate) const MAX_INITIAL: u64 = 256 << 20;

/// The cost of a function in a table, in copied bytes.
const ELEMENT_BYTES: u64 = 32;

/// The upper bound of what wasmtime keeps for a global, import or function, in bytes.
const ITEM_BYTES: u64 = 40;

/// The size of an instance without items, in bytes.
const INSTANCE_BYTES: u64 = 512;

/// The cost of instantiating a component.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Footprint {
    /// The total size of all instances, in bytes, estimated from above.
    pub(crate) bytes: u64,
    /// How much is copied into memories and tables during instantiation, in bytes.
    pub(crate) initial: u64,
    /// Whether instantiation runs code of the component.
    pub(crate) starts: bool,
}

impl Footprint {
    /// Returns `None` if the component cannot be parsed.
    pub(crate) fn of(component: &[u8]) -> Option<Self> {
        let mut starts = false;
        let Cost { bytes, initial } = cost_of(component, &mut starts)?;
        Some(Self {
            bytes,
            initial,
            starts,
        })
    }
}

/// The cost of one instance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Cost {
    bytes: u64,
    initial: u64,
}

impl Cost {
    /// The cost of an unknown module or component.
    const UNKNOWN: Self = Self {
        bytes: MAX,
        initial: MAX_INITIAL,
    };

    fn add(&mut self, other: Self) {
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.initial = self.initial.saturating_add(other.initial);
    }
}

fn cost_of(component: &[u8], starts: &mut bool) -> Option<Cost> {
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
                if let Some(parent) = outer.last_mut() {
                    let space = if part.is_module {
                        &mut parent.modules
                    } else {
                        &mut parent.components
                    };
                    space.push(part.cost);
                }
                last = Some(part.cost);
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

/// A module or a component that is being parsed.
#[derive(Default)]
struct Part {
    is_module: bool,
    /// The cost of each module and component in its index spaces.
    modules: Vec<Cost>,
    components: Vec<Cost>,
    cost: Cost,
}

impl Part {
    fn add(&mut self, payload: Payload<'_>) -> Option<()> {
        let items = match payload {
            Payload::ImportSection(section) if self.is_module => {
                u64::try_from(section.into_imports().count()).ok()?
            }
            Payload::FunctionSection(section) => u64::from(section.count()),
            Payload::GlobalSection(section) => u64::from(section.count()),
            Payload::ComponentCanonicalSection(section) => u64::from(section.count()),
            // The host would have to provide these, and does not.
            Payload::ComponentImportSection(section) => {
                for import in section {
                    match import.ok()?.ty {
                        ComponentTypeRef::Module(_) => self.modules.push(Cost::UNKNOWN),
                        ComponentTypeRef::Component(_) => {
                            self.components.push(Cost::UNKNOWN);
                        }
                        _ => {}
                    }
                }
                0
            }
            Payload::InstanceSection(section) => {
                for instance in section {
                    if let Instance::Instantiate { module_index, .. } = instance.ok()? {
                        self.cost.add(cost_at(&self.modules, module_index));
                        self.cost.bytes = self.cost.bytes.saturating_add(INSTANCE_BYTES);
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
                        self.cost.add(cost_at(&self.components, component_index));
                    }
                }
                0
            }
            Payload::DataSection(section) => {
                for data in section {
                    self.cost.initial = self.cost.initial.saturating_add(active_bytes(&data.ok()?));
                }
                0
            }
            Payload::ElementSection(section) => {
                for elements in section {
                    let elements = u64::from(active_elements(&elements.ok()?));
                    let copied = elements.saturating_mul(ELEMENT_BYTES);
                    self.cost.initial = self.cost.initial.saturating_add(copied);
                }
                0
            }
            _ => 0,
        };
        let bytes = items.saturating_mul(ITEM_BYTES);
        self.cost.bytes = self.cost.bytes.saturating_add(bytes);
        Some(())
    }
}

/// How many bytes of a segment instantiation copies into memory.
fn active_bytes(data: &Data<'_>) -> u64 {
    match data.kind {
        DataKind::Active { .. } => u64::try_from(data.data.len()).unwrap_or(u64::MAX),
        DataKind::Passive => 0,
    }
}

/// How many elements of a segment instantiation copies into a table.
fn active_elements(elements: &Element<'_>) -> u32 {
    match (&elements.kind, &elements.items) {
        (ElementKind::Active { .. }, ElementItems::Functions(functions)) => functions.count(),
        (ElementKind::Active { .. }, ElementItems::Expressions(_, all)) => all.count(),
        (ElementKind::Passive | ElementKind::Declared, _) => 0,
    }
}

/// The cost at an index; an unknown index counts as too much.
fn cost_at(space: &[Cost], index: u32) -> Cost {
    let found = usize::try_from(index)
        .ok()
        .and_then(|index| space.get(index));
    found.copied().unwrap_or(Cost::UNKNOWN)
}

/// The modules and components that an alias section adds.
#[derive(Default)]
struct Aliased {
    modules: Vec<Cost>,
    components: Vec<Cost>,
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
                        aliased.modules.push(cost_at(&part.modules, index));
                    }
                    ComponentOuterAliasKind::Component => {
                        aliased.components.push(cost_at(&part.components, index));
                    }
                    _ => {}
                }
            }
            // The exports of an instance are unknown here.
            ComponentAlias::InstanceExport { kind, .. } => match kind {
                ComponentExternalKind::Module => aliased.modules.push(Cost::UNKNOWN),
                ComponentExternalKind::Component => aliased.components.push(Cost::UNKNOWN),
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

    /// Functions made with the SDK are far below the limit.
    #[test]
    fn sdk_functions_are_far_below_the_limit() {
        for (name, file) in test_guests::EXAMPLES {
            let footprint = Footprint::of(&std::fs::read(file).unwrap()).unwrap();
            let Footprint {
                bytes,
                initial,
                starts,
            } = footprint;
            assert!((500..MAX / 50).contains(&bytes), "{name}: {bytes}");
            assert!(initial < MAX_INITIAL / 50, "{name}: {initial}");
            assert!(!starts, "{name}");
        }
    }

    /// Copied data counts once per copy, also if it overlaps, in each instance. Passive segments do
    /// not count.
    #[test]
    fn copied_data_counts_once_per_copy() {
        let of_module = |contents: &str, instances: usize| {
            let instances = "(core instance (instantiate $m))".repeat(instances);
            let text = format!("(component (core module $m {contents}) {instances})");
            Footprint::of(&wat::parse_str(text).unwrap())
                .unwrap()
                .initial
        };
        let data =
            r#"(memory 1) (data (i32.const 0) "abc") (data (i32.const 0) "abc") (data "later")"#;
        assert_eq!(of_module(data, 0), 0);
        assert_eq!(of_module(data, 1), 6);
        assert_eq!(of_module(data, 5), 30);
        let elements = "(table 9 funcref) (func $f) (elem (i32.const 0) func $f $f $f)
            (elem (i32.const 1) funcref (ref.func $f)) (elem func $f) (elem declare func $f)";
        assert_eq!(of_module(elements, 2), 2 * 4 * ELEMENT_BYTES);
    }

    /// A module counts once per instantiation, wherever it is defined.
    #[test]
    fn module_counts_once_per_instantiation() {
        let module = format!(
            "(core module $m {})",
            "(global i32 (i32.const 0))".repeat(100)
        );
        let one = 100 * ITEM_BYTES + INSTANCE_BYTES;
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
