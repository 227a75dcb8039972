use std::collections::{HashMap, HashSet};

use wasmparser::{ExternalKind, FuncType, Instance, Operator, Parser, Payload};

use crate::compile::rewrite::index_spaces::{IndexSpaces, at};

/// The table's export name: the shim's at first, the main module's afterwards.
pub(super) const TABLE: &str = "$imports";

/// Which parts of a component are the shim and the main module, and what connects them. All indices
/// are those of the component's index spaces.
pub(super) struct ShimLayout<'a> {
    pub(super) shim_module: u32,
    pub(super) shim_instance: u32,
    pub(super) main_module: u32,
    pub(super) main_instance: u32,
    /// The bytes of the main module.
    pub(super) main: &'a [u8],
    /// The indices of the shim's core functions, sorted.
    pub(super) functions: Vec<u32>,
    /// The table entry for each import that the main module takes from the shim, by module and
    /// name.
    pub(super) imports: HashMap<(&'a str, &'a str), u32>,
    /// The number of entries of the table.
    pub(super) entries: u32,
}

impl<'a> ShimLayout<'a> {
    /// Returns `None` if the component has no shim, or one that differs from the expected form.
    pub(super) fn of(component: &'a [u8]) -> Option<Self> {
        let spaces = IndexSpaces::of(component)?;
        let (shim_instance, shim_module, entries) = spaces.shim()?;
        let mut functions = Vec::new();
        let mut entry_of = HashMap::new();
        for (function, alias) in (0..).zip(&spaces.functions) {
            if let Some((instance, name)) = alias
                && *instance == shim_instance
            {
                functions.push(function);
                entry_of.insert(function, name.parse::<u32>().ok()?);
            }
        }
        let (main_instance, main_module, imports) = spaces.main(&entry_of)?;
        // The main module must exist before an alias names the table, because the table moves into
        // it.
        let early = spaces
            .aliases
            .iter()
            .any(|(kind, instance, name, instances)| {
                *instance == shim_instance
                    && match kind {
                        ExternalKind::Func => false,
                        ExternalKind::Table => {
                            *name != TABLE
                                || u32::try_from(*instances).is_ok_and(|now| now <= main_instance)
                        }
                        _ => true,
                    }
            });
        if early {
            return None;
        }
        Some(Self {
            shim_module,
            shim_instance,
            main_module,
            main_instance,
            main: at(&spaces.modules, main_module)?,
            functions,
            imports,
            entries,
        })
    }
}

impl<'a> IndexSpaces<'a> {
    /// The shim's instance, its module, and the number of entries of its table.
    fn shim(&self) -> Option<(u32, u32, u32)> {
        // Each module is examined once, however often it is instantiated.
        let entries: Vec<_> = self.modules.iter().map(|of| entries_of_shim(of)).collect();
        let mut shims = (0..).zip(&self.instances).filter_map(|(number, instance)| {
            let Instance::Instantiate { module_index, args } = instance else {
                return None;
            };
            let entries = at(&entries, *module_index)??;
            args.is_empty().then_some((number, *module_index, entries))
        });
        let shim = shims.next()?;
        // With two shims, it is unknown which belongs to the main module.
        let only = shims.next().is_none() && self.instances_of(shim.1) == 1;
        only.then_some(shim)
    }

    /// The shim's functions in each instance made of exports.
    ///
    /// Returns `None` if two arguments are such an instance: the main module would be examined once
    /// per argument.
    fn of_shim(&self, entry_of: &HashMap<u32, u32>) -> Option<HashMap<u32, Vec<(&'a str, u32)>>> {
        let mut of_shim = HashMap::new();
        for (number, instance) in (0..).zip(&self.instances) {
            if let Instance::FromExports(exports) = instance {
                let functions = exports.iter();
                let functions = functions.filter(|export| export.kind == ExternalKind::Func);
                let functions = functions
                    .filter_map(|export| Some((export.name, *entry_of.get(&export.index)?)));
                let functions: Vec<_> = functions.collect();
                if !functions.is_empty() {
                    of_shim.insert(number, functions);
                }
            }
        }
        let mut passed = HashSet::new();
        for instance in &self.instances {
            if let Instance::Instantiate { args, .. } = instance {
                let mut shim_args = args.iter().filter(|arg| of_shim.contains_key(&arg.index));
                shim_args
                    .all(|arg| passed.insert(arg.index))
                    .then_some(())?;
            }
        }
        Some(of_shim)
    }

    /// The instance that takes the shim's functions, its module, and which imports take them.
    #[expect(clippy::type_complexity, reason = "destructured by its only caller")]
    fn main(
        &self,
        entry_of: &HashMap<u32, u32>,
    ) -> Option<(u32, u32, HashMap<(&'a str, &'a str), u32>)> {
        let of_shim = self.of_shim(entry_of)?;
        let mut found = None;
        for (number, instance) in (0..).zip(&self.instances) {
            let Instance::Instantiate { module_index, args } = instance else {
                continue;
            };
            let mut imports = HashMap::new();
            for arg in args {
                for (name, entry) in of_shim.get(&arg.index).into_iter().flatten() {
                    imports.insert((arg.name, *name), *entry);
                }
            }
            if imports.is_empty() {
                continue;
            }
            if found.is_some() || self.instances_of(*module_index) != 1 {
                return None;
            }
            found = Some((number, *module_index, imports));
        }
        found
    }
}

/// The number of entries in a shim's table; `None` if the module is no shim.
///
/// A shim imports nothing, and exports its table and its functions, named by their index. Each
/// function calls the table entry at its index with its own parameters.
fn entries_of_shim(module: &[u8]) -> Option<u32> {
    let mut types: Vec<FuncType> = Vec::new();
    let mut functions: Vec<u32> = Vec::new();
    let mut exports = Vec::new();
    let mut entries = None;
    let mut body = 0_u32;
    for payload in Parser::new(0).parse_all(module) {
        match payload.ok()? {
            Payload::TypeSection(section) => {
                for ty in section.into_iter_err_on_gc_types() {
                    types.push(ty.ok()?);
                }
            }
            Payload::FunctionSection(section) => {
                for function in section {
                    functions.push(function.ok()?);
                }
            }
            Payload::TableSection(section) => {
                for table in section {
                    let table = table.ok()?.ty;
                    let size = u32::try_from(table.initial).ok()?;
                    let is_fixed = table.maximum == Some(table.initial) && !table.table64;
                    let is_plain = is_fixed && !table.shared && table.element_type.is_func_ref();
                    if entries.replace(size).is_some() || !is_plain {
                        return None;
                    }
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    exports.push(export.ok()?);
                }
            }
            Payload::CodeSectionEntry(code) => {
                let ty = *functions.get(usize::try_from(body).ok()?)?;
                let parameters = types.get(usize::try_from(ty).ok()?)?.params().len();
                let mut operators = code.get_operators_reader().ok()?;
                if code.get_locals_reader().ok()?.get_count() != 0 {
                    return None;
                }
                for parameter in 0..u32::try_from(parameters).ok()? {
                    let read = operators.read().ok()?;
                    matches!(read, Operator::LocalGet { local_index } if local_index == parameter)
                        .then_some(())?;
                }
                let number = i32::try_from(body).ok()?;
                matches!(operators.read().ok()?, Operator::I32Const { value } if value == number)
                    .then_some(())?;
                matches!(operators.read().ok()?, Operator::CallIndirect { type_index, table_index: 0 } if type_index == ty)
                    .then_some(())?;
                matches!(operators.read().ok()?, Operator::End).then_some(())?;
                operators.eof().then_some(())?;
                body += 1;
            }
            Payload::Version { .. }
            | Payload::CodeSectionStart { .. }
            | Payload::CustomSection(_)
            | Payload::End(_) => {}
            _ => return None,
        }
    }
    let entries = entries?;
    let expected = exports.iter().all(|export| match export.kind {
        ExternalKind::Table => export.name == TABLE && export.index == 0,
        ExternalKind::Func => export.name == export.index.to_string(),
        _ => false,
    });
    (expected && body == entries && functions.len() == usize::try_from(entries).ok()?)
        .then_some(entries)
}
