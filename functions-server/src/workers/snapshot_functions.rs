//! Components that save what they are, and become that again: `save: func() -> list<u8>` of
//! `golem:api/save-snapshot`, and `load: func(bytes: list<u8>) -> result<_, string>` of `golem:api/load-snapshot`.

use super::analysed_type::AnalysedType;
use super::exports::Exports;

pub(crate) const SAVE: &str = "save";
pub(crate) const LOAD: &str = "load";

/// The instances that export them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SnapshotFunctions {
    pub(crate) save: String,
    pub(crate) load: String,
}

impl SnapshotFunctions {
    /// `None`: the component does not have both.
    pub(crate) fn of(exports: &Exports) -> Option<Self> {
        let bytes = || AnalysedType::List {
            inner: Box::new(AnalysedType::U8),
        };
        let loaded = AnalysedType::Result {
            ok: None,
            err: Some(Box::new(AnalysedType::Str)),
        };
        let find = |interface: &str, name: &str, parameters: &[AnalysedType], result| {
            let mut found = exports.functions_of(interface);
            let (site, _) = found.find(|(_, function)| {
                let given = function.parameters.iter().map(|parameter| &parameter.typ);
                let returned = function.results.iter().map(|returned| &returned.typ);
                function.name == name && given.eq(parameters) && returned.eq([&result])
            })?;
            Some(site.to_owned())
        };
        Some(Self {
            save: find("golem:api/save-snapshot", SAVE, &[], bytes())?,
            load: find("golem:api/load-snapshot", LOAD, &[bytes()], loaded)?,
        })
    }
}
