//! Who the requests of a worker come from.

use std::sync::Arc;
use std::time::SystemTime;

use uuid::Uuid;

use crate::workers::origin;

/// A worker, as what it calls knows it. Its names are made when it calls.
#[derive(Debug, Clone)]
pub(crate) struct WorkerIdentity {
    component: Uuid,
    component_name: Arc<str>,
    /// `COMPONENT/NAME`.
    pub(crate) worker: Arc<str>,
    pub(super) created: SystemTime,
}

impl WorkerIdentity {
    pub(crate) fn new(
        component: Uuid,
        component_name: &Arc<str>,
        worker: &str,
        created: SystemTime,
    ) -> Self {
        Self {
            component,
            component_name: component_name.clone(),
            worker: origin::worker(&component.to_string(), worker).into(),
            created,
        }
    }

    /// What functions may call the worker in their setting `callers`: its name and that of its component, by the
    /// component's UUID and by its name. A component's name that could be taken for a UUID, or for a part of a path,
    /// does not stand for it.
    pub(super) fn names(&self) -> Vec<Arc<str>> {
        let worker = self.worker.split_once('/').map_or("", |(_, name)| name);
        let name = &*self.component_name;
        let name = (!name.contains('/') && Uuid::try_parse(name).is_err()).then(|| name.to_owned());
        let components = std::iter::once(self.component.to_string()).chain(name);
        let names = components.flat_map(|component| {
            let own = format!("worker:{component}/{worker}").into();
            [own, format!("worker:{component}").into()]
        });
        names.collect()
    }

    /// No two workers have the same, also if one was deleted and came back under its name.
    pub(super) fn unique_name(&self) -> String {
        let created = self.created.duration_since(SystemTime::UNIX_EPOCH);
        let created = created.unwrap_or_default().as_millis();
        format!("{}/{created}", self.worker)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nobody can give a component a name that stands for another component, or for a worker.
    #[test]
    fn names_stand_for_one_component() {
        let id = Uuid::from_u128(1);
        let names = |component: &str| -> Vec<String> {
            let caller = WorkerIdentity::new(id, &component.into(), "w", SystemTime::UNIX_EPOCH);
            caller.names().iter().map(ToString::to_string).collect()
        };
        let by_id = [format!("worker:{id}/w"), format!("worker:{id}")];
        assert_eq!(names("a/b"), by_id);
        assert_eq!(names(&Uuid::from_u128(2).to_string()), by_id);
        assert_eq!(names("a")[2..], ["worker:a/w", "worker:a"]);
    }
}
