//! Options of the manifest that this command took when it started.

use crate::project::DevOption;

/// The options that apply, and of which others the developer was told.
#[derive(Debug)]
pub(super) struct Options {
    applied: Vec<DevOption>,
    told: Vec<String>,
}

impl Options {
    pub(super) fn new(applied: Vec<DevOption>) -> Self {
        let told = Vec::new();
        Self { applied, told }
    }

    /// What to tell of options that the manifest has now, if they differ and that is news.
    pub(super) fn news(&mut self, current: &[DevOption]) -> Option<String> {
        let differs = |one: &[DevOption], other: &DevOption| !one.contains(other);
        let current_only = current.iter().filter(|now| differs(&self.applied, now));
        let applied_only = self.applied.iter().filter(|then| differs(current, then));
        let changed = current_only.chain(applied_only);
        let mut changed: Vec<_> = changed.map(DevOption::key).collect();
        changed.sort_unstable();
        changed.dedup();
        let is_news = !changed.is_empty() && changed != self.told;
        self.told = changed;
        let names = self.told.join(", ");
        is_news.then(|| format!("restart `functions dev` to apply [dev] {names}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn option(long: &str, value: &str) -> DevOption {
        DevOption {
            long: long.to_owned(),
            values: vec![value.to_owned()],
        }
    }

    /// Each difference is told once: new, changed and removed options; not those that are as at the start again.
    #[test]
    fn differences_are_told_once() {
        let mut options = Options::new(vec![option("listen", "1"), option("log-level", "info")]);
        assert_eq!(
            options.news(&[option("log-level", "info"), option("listen", "1")]),
            None
        );
        let changed = [option("listen", "2"), option("env", "A=1")];
        let text = options.news(&changed).unwrap();
        assert!(text.ends_with("[dev] env, listen, log_level"), "{text}");
        assert_eq!(options.news(&changed), None);
        let text = options.news(&[option("listen", "1")]).unwrap();
        assert!(text.ends_with("[dev] log_level"), "{text}");
        assert_eq!(
            options.news(&[option("listen", "1"), option("log-level", "info")]),
            None
        );
    }
}
