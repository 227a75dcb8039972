//! What a component's size consists of.

use serde_json::{Map, Value, json};

use crate::component::{ParsedComponent, most_first};
use crate::value::size;

/// How many crates are named at most.
const CRATES: usize = 8;

/// A component, and where its code comes from.
pub(crate) struct Sizes {
    pub(crate) component: ParsedComponent,
    /// The same with names, if it is stripped and could be built again.
    pub(crate) named: Option<ParsedComponent>,
}

impl Sizes {
    /// The bytes of each kind of section, most first.
    fn sections(&self) -> Vec<(&'static str, usize)> {
        let sections = &self.component.sections;
        most_first(sections.iter().map(|(kind, size)| (*kind, *size)).collect())
    }

    /// The bytes of code of each crate, most first; none if the functions have no names.
    fn crates(&self) -> Vec<(String, usize)> {
        let named = self.named.as_ref().unwrap_or(&self.component);
        match named.has_names() {
            true => named.crates(),
            false => Vec::new(),
        }
    }

    /// The lines of a report for people.
    pub(crate) fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!("  consists of {}", list(&self.sections()))];
        let crates = self.crates();
        if crates.is_empty() {
            return lines;
        }
        let (most, rest) = crates.split_at(crates.len().min(CRATES));
        let mut text = list(most);
        let rest: usize = rest.iter().map(|(_, size)| size).sum();
        if rest > 0 {
            text.push_str(&format!(", others {}", size::exact(rest)));
        }
        lines.push(format!("  code comes from {text}"));
        lines
    }

    /// The same for programs.
    pub(crate) fn json(&self) -> Value {
        let object = |sizes: Vec<(String, usize)>| -> Map<_, _> {
            let sizes = sizes.into_iter();
            sizes.map(|(name, size)| (name, size.into())).collect()
        };
        let sections = self.sections().into_iter();
        let sections = sections.map(|(kind, size)| (kind.to_owned(), size));
        json!({
            "size": self.component.size,
            "sections": object(sections.collect()),
            "crates": object(self.crates()),
        })
    }
}

fn list<T: std::fmt::Display>(sizes: &[(T, usize)]) -> String {
    let sizes = sizes.iter();
    let sizes = sizes.map(|(name, size)| format!("{name} {}", size::exact(*size)));
    sizes.collect::<Vec<_>>().join(", ")
}
