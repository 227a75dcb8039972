//! What upstream's server counts, as text for Prometheus.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue};

use super::ServerledgeApi;
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

    fn write(
        &self,
        text: &mut String,
        form: TextFormat,
        (name, function): (&str, &str),
        bounds: &[f64; BOUNDS],
    ) {
        let mut total = 0;
        // Writing to a string cannot fail, here and below.
        for (count, bound) in self.counts.iter().zip(bounds) {
            total += count;
            let bound = form.bound(*bound);
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
    fn render(&self, form: TextFormat, dropped: u64) -> String {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = String::new();
        let start = |text: &mut String, name: &str, kind: &str, help: &str| {
            let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
        };
        let total = form.total();
        let (name, help) = ("completed_count", "Invocations that had a result");
        start(&mut text, name, "counter", help);
        for (function, count) in counts.iter() {
            let labels = format!("area=\"ROME\",function=\"{function}\"");
            let _ = writeln!(text, "{name}{total}{{{labels}}} {}", count.completed);
        }
        let (name, help) = ("cold_starts_count", "Those that had no warm instance");
        start(&mut text, name, "counter", help);
        for (function, count) in counts.iter() {
            let labels = format!("area=\"ROME\",function=\"{function}\"");
            let _ = writeln!(text, "{name}{total}{{{labels}}} {}", count.cold_starts);
        }
        let (name, help) = ("execution_time", "Time of the function itself, in seconds");
        start(&mut text, name, "histogram", help);
        for (function, count) in counts.iter() {
            let execution = &count.execution;
            execution.write(&mut text, form, (name, function), &EXECUTION);
        }
        let (name, help) = ("init_time", "Time until a cold start's call, in seconds");
        start(&mut text, name, "histogram", help);
        for (function, count) in counts.iter() {
            let init = &count.init;
            init.write(&mut text, form, (name, function), &DEFAULT);
        }
        let (name, help) = ("output_size", "Length of results, in bytes");
        start(&mut text, name, "histogram", help);
        for (function, count) in counts.iter() {
            let output = &count.output;
            output.write(&mut text, form, (name, function), &DEFAULT);
        }
        let name = "dropped_count";
        start(&mut text, name, "counter", "Invocations without room");
        let _ = writeln!(text, "{name}{total} {dropped}");
        text.push_str(form.end());
        text
    }
}

/// The form of the text.
#[derive(Debug, Clone, Copy)]
enum TextFormat {
    Prometheus,
    OpenMetrics,
}

impl TextFormat {
    /// As upstream's library chooses it.
    fn accepted(headers: &HeaderMap) -> Self {
        let mut accepted = headers.get_all(ACCEPT).iter();
        let is_open = |value: &HeaderValue| {
            let text = value.to_str().unwrap_or_default();
            text.contains("application/openmetrics-text")
        };
        match accepted.any(is_open) {
            true => Self::OpenMetrics,
            false => Self::Prometheus,
        }
    }

    fn media(self) -> &'static str {
        match self {
            Self::Prometheus => crate::metrics::CONTENT_TYPE,
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }

    /// What the names of counters end with.
    fn total(self) -> &'static str {
        match self {
            Self::Prometheus => "",
            Self::OpenMetrics => "_total",
        }
    }

    /// A bucket's bound. OpenMetrics requires a point in each.
    fn bound(self, bound: f64) -> String {
        match self {
            Self::Prometheus => bound.to_string(),
            Self::OpenMetrics => format!("{bound:?}"),
        }
    }

    fn end(self) -> &'static str {
        match self {
            Self::Prometheus => "",
            Self::OpenMetrics => "# EOF\n",
        }
    }
}

pub(super) async fn metrics(State(api): State<ServerledgeApi>, headers: HeaderMap) -> Response {
    let form = TextFormat::accepted(&headers);
    let text = api.counts.render(form, api.node.usage().dropped);
    ([(CONTENT_TYPE, form.media())], text).into_response()
}
