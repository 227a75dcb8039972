//! What the instances of a component take besides their memories and tables, which have limits of
//! their own: a little for each thing in a module, and as often as it is instantiated. And what is copied
//! into memories and tables as they are made, which nothing interrupts.

use wasmparser::{
    ComponentAlias, ComponentExternalKind, ComponentInstance, ComponentOuterAliasKind,
    ComponentTypeRef, Data, DataKind, Element, ElementItems, ElementKind, Encoding, Instance,
    Parser, Payload,
};

/// The most that all instances of one component may take, in bytes. A function has a few 100 KiB; what
/// counts is that a file of some megabytes cannot make each of its invocations take gigabytes.
pub(crate) const MAX: u64 = 16 << 20;

/// The most that may be copied to make one instance of a component, in bytes: what a file may be long.
/// Segments that overlap, or a module that is instantiated again and again, come to more; copying this
/// much is a matter of a tenth of a second, and no limit of CPU time ends it.
pub(crate) const MAX_INITIAL: u64 = 256 << 20;

/// What putting a function into a table comes to, in bytes that are copied.
const ELEMENT: u64 = 32;

/// What wasmtime keeps for each global, import or function, at most.
const EACH: u64 = 40;

/// What an instance takes before there is anything in it.
const INSTANCE: u64 = 512;

/// What an instance of a component comes to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Footprint {
    /// How much all instances of a component take together, in bytes, estimated from above.
    pub(crate) bytes: u64,
    /// How much is copied into their memories and tables as they are made, in bytes.
    pub(crate) initial: u64,
    /// Whether code of the component runs as it is instantiated.
    pub(crate) starts: bool,
}

impl Footprint {
    /// None if the component cannot be parsed.
    pub(crate) fn of(component: &[u8]) -> Option<Self> {
        let mut starts = false;
        let Takes { bytes, initial } = takes_of(component, &mut starts)?;
        Some(Self {
            bytes,
            initial,
            starts,
        })
    }
}

/// What one instance takes of what is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Takes {
    bytes: u64,
    initial: u64,
}

impl Takes {
    /// Of what is not known.
    const TOO_MUCH: Self = Self {
        bytes: MAX,
        initial: MAX_INITIAL,
    };

    fn add(&mut self, other: Self) {
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.initial = self.initial.saturating_add(other.initial);
    }
}

fn takes_of(component: &[u8], starts: &mut bool) -> Option<Takes> {
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
    modules: Vec<Takes>,
    components: Vec<Takes>,
    takes: Takes,
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
                        ComponentTypeRef::Module(_) => self.modules.push(Takes::TOO_MUCH),
                        ComponentTypeRef::Component(_) => {
                            self.components.push(Takes::TOO_MUCH);
                        }
                        _ => {}
                    }
                }
                0
            }
            Payload::InstanceSection(section) => {
                for instance in section {
                    if let Instance::Instantiate { module_index, .. } = instance.ok()? {
                        self.takes.add(at(&self.modules, module_index));
                        self.takes.bytes = self.takes.bytes.saturating_add(INSTANCE);
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
                        self.takes.add(at(&self.components, component_index));
                    }
                }
                0
            }
            Payload::DataSection(section) => {
                for data in section {
                    self.takes.initial = self.takes.initial.saturating_add(copied(&data.ok()?));
                }
                0
            }
            Payload::ElementSection(section) => {
                for elements in section {
                    let put = u64::from(put_into_table(&elements.ok()?));
                    let copied = put.saturating_mul(ELEMENT);
                    self.takes.initial = self.takes.initial.saturating_add(copied);
                }
                0
            }
            _ => 0,
        };
        let bytes = things.saturating_mul(EACH);
        self.takes.bytes = self.takes.bytes.saturating_add(bytes);
        Some(())
    }
}

/// How much of a segment goes into memory as an instance is made.
fn copied(data: &Data<'_>) -> u64 {
    match data.kind {
        DataKind::Active { .. } => u64::try_from(data.data.len()).unwrap_or(u64::MAX),
        DataKind::Passive => 0,
    }
}

/// How many elements of a segment go into a table as an instance is made.
fn put_into_table(elements: &Element<'_>) -> u32 {
    match (&elements.kind, &elements.items) {
        (ElementKind::Active { .. }, ElementItems::Functions(functions)) => functions.count(),
        (ElementKind::Active { .. }, ElementItems::Expressions(_, all)) => all.count(),
        (ElementKind::Passive | ElementKind::Declared, _) => 0,
    }
}

/// What one takes that is not known is too much.
fn at(space: &[Takes], index: u32) -> Takes {
    let found = usize::try_from(index)
        .ok()
        .and_then(|index| space.get(index));
    found.copied().unwrap_or(Takes::TOO_MUCH)
}

/// What gets a name by an alias.
#[derive(Default)]
struct Aliased {
    modules: Vec<Takes>,
    components: Vec<Takes>,
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
                ComponentExternalKind::Module => aliased.modules.push(Takes::TOO_MUCH),
                ComponentExternalKind::Component => aliased.components.push(Takes::TOO_MUCH),
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

    /// What is copied counts as often as it is: overlapping or not, in each instance, and nothing of what
    /// is there for later.
    #[test]
    fn counts_what_is_copied() {
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
        assert_eq!(of_module(elements, 2), 2 * 4 * ELEMENT);
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
