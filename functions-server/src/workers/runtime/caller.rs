//! What functions may call a worker in their setting `callers`.

use std::sync::Arc;

use uuid::Uuid;

/// The names of a worker and of its component, by the component's UUID and by its name. A component's name that could
/// be taken for a UUID, or for a part of a path, does not stand for it.
pub(crate) fn caller_names(id: Uuid, component: &str, worker: &str) -> Arc<[Arc<str>]> {
    let name = (!component.contains('/') && Uuid::try_parse(component).is_err())
        .then(|| component.to_owned());
    let components = std::iter::once(id.to_string()).chain(name);
    let names = components.flat_map(|component| {
        let own = format!("worker:{component}/{worker}").into();
        [own, format!("worker:{component}").into()]
    });
    names.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nobody can give a component a name that stands for another component, or for a worker.
    #[test]
    fn names_stand_for_one_component() {
        let id = Uuid::from_u128(1);
        let names = |component: &str| -> Vec<String> {
            let names = caller_names(id, component, "w");
            names.iter().map(ToString::to_string).collect()
        };
        let by_id = [format!("worker:{id}/w"), format!("worker:{id}")];
        assert_eq!(names("a/b"), by_id);
        assert_eq!(names(&Uuid::from_u128(2).to_string()), by_id);
        assert_eq!(names("a")[2..], ["worker:a/w", "worker:a"]);
    }
}
