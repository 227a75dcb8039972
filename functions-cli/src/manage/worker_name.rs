//! Workers as arguments.

use std::fmt;
use std::str::FromStr;

use super::component::{COMPONENTS, resolve};
use crate::client::{Client, encoded};

/// COMPONENT/NAME.
#[derive(Clone)]
pub(super) struct WorkerName {
    component: String,
    name: String,
}

impl FromStr for WorkerName {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // Names of workers have no slash; those of components may.
        let parts = text.rsplit_once('/');
        let parts = parts.filter(|(component, name)| !component.is_empty() && !name.is_empty());
        let (component, name) = parts.ok_or("expected COMPONENT/NAME")?;
        Ok(Self {
            component: component.to_owned(),
            name: name.to_owned(),
        })
    }
}

impl fmt::Display for WorkerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.component, self.name)
    }
}

impl WorkerName {
    /// The path of the worker.
    pub(super) fn path(&self, client: &Client) -> anyhow::Result<String> {
        let id = resolve(client, &self.component)?;
        Ok(format!("{COMPONENTS}/{id}/workers/{}", encoded(&self.name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The last slash separates a component's name and a worker's.
    #[test]
    fn workers_are_named_with_their_component() {
        let parts = |text: &str| {
            text.parse()
                .map(|WorkerName { component, name }| (component, name))
        };
        let named = |component: &str, name: &str| Ok((component.to_owned(), name.to_owned()));
        assert_eq!(parts("c/w"), named("c", "w"));
        assert_eq!(parts("a/c/w"), named("a/c", "w"));
        for text in ["", "c", "c/", "/w"] {
            assert!(parts(text).is_err(), "{text}");
        }
    }
}
