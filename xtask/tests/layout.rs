//! How the source files of the host, the command and the SDK depend on each other.
//!
//! Reads `use` declarations and paths that start with `crate::` or `super::`, outside tests.
#![expect(
    clippy::unwrap_used,
    reason = "tests say what they expect by unwrapping"
)]

mod source;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use source::{rust_files, without_tests, workspace};

/// The modules of `host-harness/src`, in the order of ARCHITECTURE.md: each may use those after it.
const ORDER: [&str; 14] = [
    "harness",
    "gateway",
    "registry",
    "engine",
    "wit",
    "invocation",
    "outbound",
    "command",
    "message",
    "compile",
    "pool",
    "limits",
    "telemetry",
    "threads",
];

/// The modules of `functions-server/src`, in the order of ARCHITECTURE.md: each may use those after it.
const ORDER_OF_SERVER: [&str; 12] = [
    "serving",
    "api",
    "server",
    "options",
    "dispatch",
    "workers",
    "queue",
    "metrics",
    "logs",
    "deployments",
    "auth",
    "store",
];

/// A module's path, such as `["engine", "task"]`. The root's is empty.
type Module = Vec<String>;

/// The modules that each module uses.
type Uses = BTreeMap<Module, BTreeSet<Module>>;

/// What a source file says about others.
struct Source {
    /// All paths, also those of `use` declarations.
    paths: Vec<String>,
    /// The names that `use` declarations bring in or re-export, with their paths.
    imports: BTreeMap<String, String>,
}

impl Source {
    fn read(text: &str) -> Self {
        let lines = text.lines().map(|line| line.split("//").next().unwrap());
        let text = lines.collect::<Vec<_>>().join("\n");
        let mut trees = Vec::new();
        for declaration in text.split("use ").skip(1) {
            if let Some((tree, _)) = declaration.split_once(';') {
                flatten("", tree, &mut trees);
            }
        }
        let mut source = Self {
            paths: words(&text),
            imports: BTreeMap::new(),
        };
        for tree in trees {
            let (path, alias) = tree.split_once(" as ").unwrap_or((&tree, ""));
            let path = path.trim_end_matches("::self").to_owned();
            let last = path.rsplit("::").next().unwrap();
            let name = if alias.is_empty() { last } else { alias };
            source.imports.insert(name.trim().to_owned(), path.clone());
            source.paths.push(path);
        }
        source
    }
}

/// The paths in a text outside `use` declarations.
fn words(text: &str) -> Vec<String> {
    let is_path = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == ':';
    let words = text.split(|letter| !is_path(letter));
    let paths = words.filter(|word| word.contains("::"));
    paths.map(str::to_owned).collect()
}

/// The modules below a folder of sources, without tests and comments.
fn modules(sources: &Path) -> BTreeMap<Module, Source> {
    let mut all = BTreeMap::new();
    for file in rust_files(sources) {
        let path = file.strip_prefix(sources).unwrap().with_extension("");
        let names = path.iter().map(|name| name.to_str().unwrap().to_owned());
        let mut module: Module = names.collect();
        if module.iter().any(|name| name == "tests") {
            continue;
        }
        let last = module.last().unwrap();
        let is_root = module.len() == 1 && ["lib", "main"].contains(&&**last);
        if last == "mod" || is_root {
            module.pop();
        }
        let text = std::fs::read_to_string(&file).unwrap();
        all.insert(module, Source::read(without_tests(&text)));
    }
    all
}

/// The paths of a `use` tree, such as `a::{b, c::d}`.
fn flatten(prefix: &str, tree: &str, paths: &mut Vec<String>) {
    let Some((start, rest)) = tree.split_once('{') else {
        paths.push(format!("{prefix}{}", tree.trim()));
        return;
    };
    let (prefix, mut depth, mut from) = (format!("{prefix}{}", start.trim()), 0, 0);
    // The word also occurs in texts.
    let Some((inner, _)) = rest.rsplit_once('}') else {
        return;
    };
    for (place, letter) in inner.char_indices().chain([(inner.len(), ',')]) {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                flatten(&prefix, &inner[from..place], paths);
                from = place + 1;
            }
            _ => {}
        }
    }
}

/// The module that defines what a path, as seen from `module`, names.
///
/// Where a module re-exports the name, it is the module that the re-export leads to.
fn resolve(module: &Module, path: &str, all: &BTreeMap<Module, Source>) -> Option<Module> {
    // Else it is of another crate, or starts with a name that a `use` brought in, which is a path of its own.
    if !is_of_crate(module, path, all) {
        return None;
    }
    let mut parts = path.split("::").map(str::trim).peekable();
    let mut found = module.clone();
    if parts.next_if_eq(&"crate").is_some() {
        found.clear();
    }
    while let Some(part) = parts.next_if(|part| ["self", "super"].contains(part)) {
        if part == "super" {
            found.pop();
        }
    }
    while let Some(part) = parts.next() {
        let child = [&*found, &[part.to_owned()]].concat();
        if all.contains_key(&child) {
            found = child;
            continue;
        }
        let import = all.get(&found)?.imports.get(part);
        let Some(import) = import.filter(|import| is_of_crate(&found, import, all)) else {
            break;
        };
        let rest = parts.map(|part| format!("::{part}")).collect::<String>();
        return resolve(&found, &format!("{import}{rest}"), all);
    }
    Some(found)
}

/// Whether a path starts in this crate.
fn is_of_crate(module: &Module, path: &str, all: &BTreeMap<Module, Source>) -> bool {
    let first = path.split("::").next().unwrap();
    let child = [&**module, &[first.to_owned()]].concat();
    ["crate", "self", "super"].contains(&first) || all.contains_key(&child)
}

fn uses(name: &str) -> Uses {
    let all = modules(&workspace().join(name).join("src"));
    let used = |(module, source): (&Module, &Source)| {
        let used = source.paths.iter();
        let used = used.filter_map(|path| resolve(module, path, &all));
        // A parent re-exports its children, and they use what it defines.
        let others = used.filter(|used| !used.starts_with(module) && !module.starts_with(used));
        (module.clone(), others.collect())
    };
    all.iter().map(used).collect()
}

/// A cycle through this module, if there is one.
fn cycle(from: &Module, uses: &Uses) -> Option<Vec<Module>> {
    let mut visited = BTreeSet::new();
    let mut ways = vec![vec![from.clone()]];
    while let Some(way) = ways.pop() {
        for next in uses.get(way.last()?).into_iter().flatten() {
            let way = [&*way, std::slice::from_ref(next)].concat();
            if next == from {
                return Some(way);
            }
            if visited.insert(next.clone()) {
                ways.push(way);
            }
        }
    }
    None
}

/// No two files use each other, also not through others, unless one is the other's parent.
#[test]
fn files_form_no_cycle() {
    for name in [
        "host-harness",
        "functions-bytes",
        "functions-guest-web",
        "functions-http",
        "functions-binding",
        "functions-dispatch",
        "functions-server",
        "functions-cli",
        "small-libc",
    ] {
        let uses = uses(name);
        let cycles: Vec<_> = uses.keys().filter_map(|from| cycle(from, &uses)).collect();
        assert!(cycles.is_empty(), "{name}: {cycles:#?}");
    }
}

/// The host's modules only use those below them.
#[test]
fn modules_of_the_host_use_those_below() {
    check_order("host-harness", &ORDER);
}

/// The server's modules only use those below them.
#[test]
fn modules_of_the_server_use_those_below() {
    check_order("functions-server", &ORDER_OF_SERVER);
}

fn check_order(name: &str, order: &[&str]) {
    let rank = |module: &Module| {
        let first = module.first().unwrap();
        order.iter().position(|name| first == name)
    };
    let uses = uses(name);
    assert!(uses.len() > 100);
    for (module, used) in &uses {
        for other in used {
            let (from, to) = (rank(module), rank(other));
            assert!(from.is_some() && from <= to, "{module:?} uses {other:?}");
        }
    }
}

/// The reader sees what a module uses, and follows re-exports to the module that defines it.
#[test]
fn paths_are_read() {
    let text = "use super::{a::{b, c as x}, d};\nfn f() { crate::e::g(1) }";
    let source = Source::read(text);
    for path in ["super::a::b", "super::a::c", "super::d", "crate::e::g"] {
        assert!(source.paths.iter().any(|read| read == path), "{path}");
    }
    let module = |path: &str| path.split("::").map(str::to_owned).collect::<Module>();
    let all = BTreeMap::from([
        (
            Module::new(),
            Source::read("pub use room::Error as Failure;"),
        ),
        (
            module("room"),
            Source::read("mod low;\npub(crate) use low::{Error, self};"),
        ),
        (module("room::low"), Source::read("pub struct Error;")),
        (module("room::high"), Source::read("use http::Error;")),
    ]);
    let resolve = |path| resolve(&module("room::high"), path, &all);
    for path in [
        "super::Error",
        "super::low",
        "crate::Failure::New",
        "crate::room::Error",
    ] {
        assert_eq!(resolve(path), Some(module("room::low")), "{path}");
    }
    assert_eq!(resolve("Error::New"), None);
    assert_eq!(resolve("super::Other"), Some(module("room")));
}
