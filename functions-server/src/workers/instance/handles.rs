//! The resources of a worker, by the numbers that its clients know them by.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use wasmtime::component::ResourceAny;

use crate::workers::analysed_type::{AnalysedType, Mode};
use crate::workers::typed_json;

/// Which constructor's parameters name a resource: the site, the resource, and the parameters in canonical
/// WAVE.
pub(super) type IndexKey = (Option<String>, String, Vec<String>);

/// A resource, as it is listed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OwnedResource {
    /// In milliseconds since 1970.
    pub(crate) created: i64,
    pub(crate) indexed: Option<IndexedResource>,
}

/// What an indexed resource is found by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct IndexedResource {
    pub(crate) resource_name: String,
    pub(crate) resource_params: Vec<String>,
}

/// All resources of a worker.
#[derive(Debug)]
pub(super) struct Handles {
    /// `COMPONENT/NAME`.
    worker: Arc<str>,
    next: u64,
    resources: BTreeMap<u64, Owned>,
    index: HashMap<IndexKey, u64>,
    /// When the invocation began that runs, in milliseconds since 1970.
    now: i64,
}

#[derive(Debug)]
struct Owned {
    resource: ResourceAny,
    /// The number of its type in the component's metadata.
    typ: u64,
    created: i64,
    key: Option<IndexKey>,
}

/// The handles that a call uses.
#[derive(Debug)]
pub(super) struct Uses<'a> {
    handles: &'a Handles,
    borrowed: HashSet<u64>,
    moved: HashSet<u64>,
}

impl Handles {
    pub(super) fn new(worker: Arc<str>) -> Self {
        Self {
            worker,
            next: 0,
            resources: BTreeMap::new(),
            index: HashMap::new(),
            now: 0,
        }
    }

    /// The number of the next resource.
    pub(super) fn next(&self) -> u64 {
        self.next
    }

    /// No number is given twice.
    pub(super) fn go_on_at(&mut self, next: u64) {
        self.next = self.next.max(next);
    }

    /// Begins an invocation at a time, in milliseconds since 1970.
    pub(super) fn begin(&mut self, now: i64) {
        self.now = now;
    }

    /// The handles of a call; `indexed` is the resource that it is on.
    pub(super) fn uses(&self, indexed: Option<u64>) -> Uses<'_> {
        Uses {
            handles: self,
            borrowed: indexed.into_iter().collect(),
            moved: HashSet::new(),
        }
    }

    /// The number of an indexed resource.
    pub(super) fn indexed(&self, key: &IndexKey) -> Option<u64> {
        self.index.get(key).copied()
    }

    pub(super) fn resource(&self, number: u64) -> Option<ResourceAny> {
        self.resources.get(&number).map(|owned| owned.resource)
    }

    /// Adds a resource, and returns its number.
    pub(super) fn add(&mut self, resource: ResourceAny, typ: u64, key: Option<IndexKey>) -> u64 {
        let number = self.next;
        self.next += 1;
        if let Some(key) = &key {
            self.index.insert(key.clone(), number);
        }
        let owned = Owned {
            resource,
            typ,
            created: self.now,
            key,
        };
        self.resources.insert(number, owned);
        number
    }

    /// Forgets a resource that was dropped or moved.
    pub(super) fn remove(&mut self, number: u64) -> Option<ResourceAny> {
        let owned = self.resources.remove(&number)?;
        if let Some(key) = &owned.key {
            self.index.remove(key);
        }
        Some(owned.resource)
    }

    /// The text that clients name a resource by.
    pub(super) fn text(&self, number: u64) -> String {
        format!("{}{number}", self.prefix())
    }

    /// What all their texts begin with.
    fn prefix(&self) -> String {
        format!("urn:worker:{}/", self.worker)
    }

    /// The resources, by number.
    pub(super) fn list(&self) -> BTreeMap<u64, OwnedResource> {
        let listed = self.resources.iter().map(|(number, owned)| {
            let indexed = owned.key.as_ref().map(|(_, name, params)| IndexedResource {
                resource_name: name.clone(),
                resource_params: params.clone(),
            });
            let resource = OwnedResource {
                created: owned.created,
                indexed,
            };
            (*number, resource)
        });
        listed.collect()
    }
}

impl Uses<'_> {
    /// The resources that the call takes over.
    pub(super) fn moved(self) -> HashSet<u64> {
        self.moved
    }
}

impl typed_json::HandleResolver for Uses<'_> {
    fn take(&mut self, text: &str, typ: &AnalysedType) -> Result<ResourceAny, String> {
        let AnalysedType::Handle { resource_id, mode } = typ else {
            return Err("a handle is expected".to_owned());
        };
        let prefix = self.handles.prefix();
        let number = text.strip_prefix(&prefix);
        let number: u64 = number
            .and_then(|number| number.parse().ok())
            .ok_or_else(|| {
                format!(
                    "the handle {text:?} is not one of this worker, whose handles begin with {prefix:?}"
                )
            })?;
        let owned = self.handles.resources.get(&number);
        let owned = owned.ok_or_else(|| {
            format!("the handle {text:?} names no resource: it was dropped, or never given out")
        })?;
        if owned.typ != *resource_id {
            return Err(format!(
                "the handle {text:?} is one of another resource type"
            ));
        }
        let is_taken = match mode {
            Mode::Owned => self.borrowed.contains(&number) || !self.moved.insert(number),
            Mode::Borrowed => {
                self.borrowed.insert(number);
                self.moved.contains(&number)
            }
        };
        match is_taken {
            true => Err(format!(
                "the handle {text:?} is given away and used in one call"
            )),
            false => Ok(owned.resource),
        }
    }

    /// Parameters name no new resources.
    fn name(&mut self, _resource: ResourceAny, _typ: &AnalysedType) -> String {
        String::new()
    }
}

impl typed_json::HandleResolver for Handles {
    fn take(&mut self, text: &str, _typ: &AnalysedType) -> Result<ResourceAny, String> {
        Err(format!("the handle {text:?} is in a result"))
    }

    fn name(&mut self, resource: ResourceAny, typ: &AnalysedType) -> String {
        let typ = match typ {
            AnalysedType::Handle { resource_id, .. } => *resource_id,
            _ => u64::MAX,
        };
        let number = self.add(resource, typ, None);
        self.text(number)
    }
}
