//! What upstream's server counts, as text for Prometheus.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::header::CONTENT_TYPE;

use super::Api;
use super::run::Report;

/// How many functions have counters of their own. Further ones are counted under this name.
const MAX_FUNCTIONS: usize = 1000;
const OTHERS: &str = "_other";

/// Upper bounds of the time of a run, in seconds: 0.01, doubled fourteen times.
const EXECUTION: [f64; 15] = [
    0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92, 163.84,
];

/// Prometheus' own bounds.
const DEFAULT: [f64; 11] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

/// Counts of all functions.
#[derive(Debug, Default)]
pub(super) struct Counts(Mutex<BTreeMap<Arc<str>, Count>>);

#[derive(Debug, Default)]
struct Count {
    completed: u64,
    cold_starts: u64,
    execution: Histogram<15>,
    init: Histogram<11>,
    output: Histogram<11>,
}

#[derive(Debug)]
struct Histogram<const BOUNDS: usize> {
    /// Those at most at each bound, and above the one before.
    counts: [u64; BOUNDS],
    count: u64,
    sum: f64,
}

impl<const BOUNDS: usize> Default for Histogram<BOUNDS> {
    fn default() -> Self {
        Self {
            counts: [0; BOUNDS],
            count: 0,
            sum: 0.0,
        }
    }
}

impl<const BOUNDS: usize> Histogram<BOUNDS> {
    fn add(&mut self, bounds: &[f64; BOUNDS], value: f64) {
        let mut buckets = self.counts.iter_mut().zip(bounds);
        if let Some((count, _)) = buckets.find(|(_, bound)| value <= **bound) {
            *count += 1;
        }
        self.count += 1;
        self.sum += value;
    }

    fn write(&self, text: &mut String, name: &str, function: &str, bounds: &[f64; BOUNDS]) {
        let mut total = 0;
        // Writing to a string cannot fail, here and below.
        for (count, bound) in self.counts.iter().zip(bounds) {
            total += count;
            let _ = writeln!(
                text,
                "{name}_bucket{{function=\"{function}\",le=\"{bound}\"}} {total}"
            );
        }
        let Self { count, sum, .. } = self;
        let _ = writeln!(
            text,
            "{name}_bucket{{function=\"{function}\",le=\"+Inf\"}} {count}"
        );
        let _ = writeln!(text, "{name}_sum{{function=\"{function}\"}} {sum}");
        let _ = writeln!(text, "{name}_count{{function=\"{function}\"}} {count}");
    }
}

impl Counts {
    /// Counts a run that had a result.
    pub(super) fn add(&self, function: &Arc<str>, report: &Report) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_known = counts.contains_key(function) || counts.len() < MAX_FUNCTIONS;
        let name = match is_known {
            true => function.clone(),
            false => OTHERS.into(),
        };
        let count = counts.entry(name).or_default();
        count.completed += 1;
        count.execution.add(&EXECUTION, report.duration);
        count.output.add(&DEFAULT, report.result.len() as f64);
        if !report.is_warm_start {
            count.cold_starts += 1;
            count.init.add(&DEFAULT, report.init_time);
        }
    }

    /// The text. Names of functions need no escapes.
    fn render(&self, dropped: u64) -> String {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = String::new();
        let start = |text: &mut String, name: &str, kind: &str, help: &str| {
            let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
        };
        let (name, help) = ("completed_count", "Invocations that had a result");
        start(&mut text, name, "counter", help);
        for (function, count) in counts.iter() {
            let labels = format!("area=\"ROME\",function=\"{function}\"");
            let _ = writeln!(text, "{name}{{{labels}}} {}", count.completed);
        }
        let (name, help) = ("cold_starts_count", "Those that had no warm instance");
        start(&mut text, name, "counter", help);
        for (function, count) in counts.iter() {
            let labels = format!("area=\"ROME\",function=\"{function}\"");
            let _ = writeln!(text, "{name}{{{labels}}} {}", count.cold_starts);
        }
        let (name, help) = ("execution_time", "Time of the function itself, in seconds");
        start(&mut text, name, "histogram", help);
        for (function, count) in counts.iter() {
            count.execution.write(&mut text, name, function, &EXECUTION);
        }
        let (name, help) = ("init_time", "Time until a cold start's call, in seconds");
        start(&mut text, name, "histogram", help);
        for (function, count) in counts.iter() {
            count.init.write(&mut text, name, function, &DEFAULT);
        }
        let (name, help) = ("output_size", "Length of results, in bytes");
        start(&mut text, name, "histogram", help);
        for (function, count) in counts.iter() {
            count.output.write(&mut text, name, function, &DEFAULT);
        }
        let name = "dropped_count";
        start(&mut text, name, "counter", "Invocations without room");
        let _ = writeln!(text, "{name} {dropped}");
        text
    }
}

pub(super) async fn metrics(State(api): State<Api>) -> Response {
    let text = api.counts.render(api.node.usage().dropped);
    ([(CONTENT_TYPE, crate::metrics::CONTENT_TYPE)], text).into_response()
}
