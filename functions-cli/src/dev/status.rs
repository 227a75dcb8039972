//! What requests have to know of the builds.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Shared by the session that builds and by the requests.
#[derive(Default)]
pub(super) struct Status(Mutex<State>);

#[derive(Default)]
struct State {
    /// The functions of the project; none as long as they are not known.
    functions: BTreeSet<String>,
    /// Those that have a good build.
    served: BTreeSet<String>,
    /// What the last build said, if it failed.
    failure: Option<Arc<str>>,
}

/// What a request gets instead of its function's response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Instead {
    /// There is no good build yet. What the last build said, if it failed.
    NotBuilt(Option<Arc<str>>),
    /// The last build failed; an older one could answer.
    Failed(Arc<str>),
}

impl Status {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set_functions<'a>(&self, names: impl IntoIterator<Item = &'a str>) {
        self.state().functions = names.into_iter().map(str::to_owned).collect();
    }

    /// A function has a good build.
    pub(super) fn serve(&self, name: &str) {
        self.state().served.insert(name.to_owned());
    }

    /// The functions that were served and are no longer in the project.
    pub(super) fn take_removed(&self) -> Vec<String> {
        let mut state = self.state();
        let removed: Vec<_> = state.served.difference(&state.functions).cloned().collect();
        state.served.retain(|name| !removed.contains(name));
        removed
    }

    pub(super) fn set_failure(&self, failure: Option<&str>) {
        self.state().failure = failure.map(Arc::from);
    }

    /// What a request to a function gets instead of its response. `wants_page` is whether its client shows
    /// pages.
    pub(super) fn instead(&self, name: &str, wants_page: bool) -> Option<Instead> {
        let state = self.state();
        let is_own = state.functions.contains(name) || state.functions.is_empty();
        if is_own && !state.served.contains(name) {
            return Some(Instead::NotBuilt(state.failure.clone()));
        }
        let failure = state.failure.clone().filter(|_| is_own && wants_page);
        failure.map(Instead::Failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nothing answers before the first good build; later, only pages show that the last one failed.
    #[test]
    fn last_good_build_answers() {
        let status = Status::default();
        assert_eq!(status.instead("a", false), Some(Instead::NotBuilt(None)));
        status.set_functions(["a"]);
        assert_eq!(status.instead("a", false), Some(Instead::NotBuilt(None)));
        assert_eq!(status.instead("other", false), None);
        status.serve("a");
        assert_eq!(status.instead("a", true), None);
        status.set_failure(Some("error"));
        assert_eq!(status.instead("a", false), None);
        assert_eq!(status.instead("other", true), None);
        assert_eq!(
            status.instead("a", true),
            Some(Instead::Failed("error".into()))
        );
        status.set_functions(["b"]);
        assert_eq!(status.take_removed(), ["a"]);
    }
}
