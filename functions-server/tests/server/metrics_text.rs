//! Reads Prometheus' text format, and checks what `promtool check metrics` does.

use std::collections::{BTreeMap, BTreeSet};

/// A sample's name with its suffix, and its labels.
type Series = (String, BTreeMap<String, String>);

/// All samples of a text.
#[derive(Debug)]
pub(crate) struct Samples(BTreeMap<Series, f64>);

impl Samples {
    /// Parses a text.
    pub(crate) fn parse(text: &str) -> Self {
        assert!(text.ends_with('\n'));
        let (mut samples, mut kinds) = (BTreeMap::new(), BTreeMap::new());
        let mut family = ("", "");
        for line in text.lines() {
            if let Some(help) = line.strip_prefix("# HELP ") {
                let (name, help) = help.split_once(' ').unwrap();
                assert!(help.ends_with('.'), "{line}");
                assert!(kinds.insert(name, "").is_none(), "{name} stands twice");
            } else if let Some(kind) = line.strip_prefix("# TYPE ") {
                family = kind.split_once(' ').unwrap();
                let helped = kinds.insert(family.0, family.1);
                assert_eq!(helped, Some(""), "{line}");
                let is_total = family.0.ends_with("_total");
                assert_eq!(is_total, family.1 == "counter", "{line}");
            } else {
                let (series, value) = sample(line);
                let suffix = series.0.strip_prefix(family.0);
                let is_of_family = match (family.1, suffix) {
                    ("histogram", Some("_bucket" | "_sum" | "_count")) => true,
                    (kind, suffix) => kind != "histogram" && suffix == Some(""),
                };
                assert!(is_of_family, "{line} follows {family:?}");
                assert!(samples.insert(series, value).is_none(), "{line}");
            }
        }
        let samples = Self(samples);
        for (name, _) in kinds.iter().filter(|(_, kind)| **kind == "histogram") {
            samples.check_histogram(name);
        }
        samples
    }

    /// Buckets do not decrease, and the last has all.
    fn check_histogram(&self, name: &str) {
        let [bucket, sum, count] = ["bucket", "sum", "count"].map(|part| format!("{name}_{part}"));
        let mut buckets = BTreeMap::<_, Vec<_>>::new();
        for ((_, labels), value) in self.0.iter().filter(|((of, _), _)| *of == bucket) {
            let mut labels = labels.clone();
            let bound: f64 = labels.remove("le").unwrap().parse().unwrap();
            buckets.entry(labels).or_default().push((bound, *value));
        }
        for ((of, labels), count) in self.0.iter().filter(|((of, _), _)| *of == count) {
            let mut buckets = buckets.remove(labels).unwrap();
            buckets.sort_by(|one, other| one.0.total_cmp(&other.0));
            assert!(buckets.is_sorted_by_key(|(_, value)| *value), "{buckets:?}");
            assert_eq!(buckets.last(), Some(&(f64::INFINITY, *count)), "{of}");
            assert!(self.0.contains_key(&(sum.clone(), labels.clone())));
        }
        assert!(buckets.is_empty(), "{buckets:?}");
    }

    /// The value of a sample, if it is there.
    pub(crate) fn get(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let labels = labels.iter();
        let labels = labels.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        self.0.get(&(name.to_owned(), labels.collect())).copied()
    }

    /// The value of a sample of one function, or 0.
    pub(crate) fn of(&self, function: &str, name: &str) -> f64 {
        self.get(name, &[("function", function)]).unwrap_or(0.0)
    }

    /// The invocations of a function by status and reason.
    pub(crate) fn invocations(&self, function: &str) -> BTreeMap<(&str, &str), f64> {
        let all = self.0.iter().filter(|((name, labels), _)| {
            name == "functions_invocations_total" && labels["function"] == function
        });
        all.map(|((_, labels), value)| ((&*labels["status"], &*labels["reason"]), *value))
            .collect()
    }

    /// How many samples there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// All functions that a sample is of.
    pub(crate) fn functions(&self) -> BTreeSet<&str> {
        let labels = self
            .0
            .keys()
            .filter_map(|(_, labels)| labels.get("function"));
        labels.map(String::as_str).collect()
    }

    /// Checks that no counter, and no part of a histogram, is lower than before.
    pub(crate) fn check_follows(&self, before: &Self) {
        let grows = ["_total", "_bucket", "_sum", "_count"];
        for (series, value) in &before.0 {
            if grows.iter().any(|suffix| series.0.ends_with(suffix)) {
                let now = self.0.get(series).copied();
                assert!(now >= Some(*value), "{series:?}: {value} and then {now:?}");
            }
        }
    }
}

/// Parses `name{label="value",...} number`. The values of the tests need no escapes.
fn sample(line: &str) -> (Series, f64) {
    let (series, value) = line.rsplit_once(' ').unwrap();
    let (name, labels) = match series.split_once('{') {
        None => (series, ""),
        Some((name, labels)) => (name, labels.strip_suffix('}').unwrap()),
    };
    let is_name = |letter: char| letter.is_ascii_lowercase() || letter == '_';
    assert!(name.chars().all(is_name), "{line}");
    let labels = labels.split(',').filter(|label| !label.is_empty());
    let labels = labels.map(|label| {
        let (name, value) = label.split_once('=').unwrap();
        assert!(name.chars().all(is_name), "{line}");
        let value = value
            .strip_prefix('"')
            .and_then(|value| value.strip_suffix('"'));
        let value = value.unwrap_or_else(|| panic!("{line}"));
        assert!(!value.contains(['"', '\\']), "{line}");
        (name.to_owned(), value.to_owned())
    });
    ((name.to_owned(), labels.collect()), value.parse().unwrap())
}
