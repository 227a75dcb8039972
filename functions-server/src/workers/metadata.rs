//! What is known of a component besides its exports.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use wasmparser::{KnownCustom, MemoryType, Parser, Payload};

use super::exports::Exports;

/// The size of a page of memory, unless a memory says otherwise.
const PAGE: u64 = 64 << 10;

/// How many bytes of names the producers have together.
const MAX_PRODUCERS: usize = 64 << 10;

/// How many memories are listed.
const MAX_MEMORIES: usize = 1000;

/// The `metadata` of a component's object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Metadata {
    pub(crate) exports: Exports,
    producers: Vec<Producers>,
    memories: Vec<Memory>,
    /// Not computed.
    binary_wit: String,
    /// Components do not say it.
    root_package_name: Option<String>,
    root_package_version: Option<String>,
    dynamic_linking: BTreeMap<String, String>,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
struct Producers {
    fields: Vec<ProducerField>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct ProducerField {
    name: String,
    values: Vec<VersionedName>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct VersionedName {
    name: String,
    version: String,
}

/// A memory of a module, in bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Memory {
    initial: u64,
    maximum: Option<u64>,
}

impl Metadata {
    /// The metadata of a component that compiles. What cannot be read of its other sections is left out.
    pub(crate) fn of(component: &[u8], exports: Exports) -> Self {
        let mut metadata = Self {
            exports,
            producers: Vec::new(),
            memories: Vec::new(),
            binary_wit: String::new(),
            root_package_name: None,
            root_package_version: None,
            dynamic_linking: BTreeMap::new(),
        };
        let mut left = MAX_PRODUCERS;
        for payload in Parser::new(0).parse_all(component).map_while(Result::ok) {
            match payload {
                Payload::MemorySection(memories) => {
                    let room = MAX_MEMORIES.saturating_sub(metadata.memories.len());
                    let memories = memories.into_iter().map_while(Result::ok).take(room);
                    metadata.memories.extend(memories.map(Memory::of));
                }
                Payload::CustomSection(section) => {
                    if let KnownCustom::Producers(fields) = section.as_known() {
                        metadata.producers.extend(Producers::of(fields, &mut left));
                    }
                }
                _ => {}
            }
        }
        metadata
    }
}

impl Memory {
    fn of(memory: MemoryType) -> Self {
        let page = memory
            .page_size_log2
            .and_then(|log2| 1_u64.checked_shl(log2));
        let bytes = |pages: u64| pages.saturating_mul(page.unwrap_or(PAGE));
        Self {
            initial: bytes(memory.initial),
            maximum: memory.maximum.map(bytes),
        }
    }
}

impl Producers {
    /// A section, or `None` once there are too many.
    fn of(section: wasmparser::ProducersSectionReader<'_>, left: &mut usize) -> Option<Self> {
        let mut producers = Self::default();
        for field in section.into_iter().map_while(Result::ok) {
            let mut values = Vec::new();
            for value in field.values.into_iter().map_while(Result::ok) {
                *left = left.checked_sub(value.name.len() + value.version.len() + 1)?;
                values.push(VersionedName {
                    name: value.name.to_owned(),
                    version: value.version.to_owned(),
                });
            }
            *left = left.checked_sub(field.name.len() + 1)?;
            producers.fields.push(ProducerField {
                name: field.name.to_owned(),
                values,
            });
        }
        Some(producers)
    }
}
