use host_harness::{FunctionMetrics, Histogram, Metrics};

use super::family::{self, Family};
use super::text::MetricsText;

/// The name of all functions beyond those with counters of their own. No function can have it.
const OTHERS: &str = "_other";

/// A metric of each function, with what reads its value.
type FunctionValue<T> = (Family, fn(&FunctionMetrics) -> T);

/// The counters and gauges of each function.
const VALUES: [FunctionValue<u64>; 8] = [
    (family::TRAPS, FunctionMetrics::traps),
    (family::CREATED, FunctionMetrics::instances_created),
    (family::REUSED, |of| of.instances_reused),
    (family::RECEIVED, |of| of.received_bytes),
    (family::SENT, |of| of.sent_bytes),
    (family::IDLE, |of| of.idle),
    (family::RUNNING, |of| of.running),
    (family::WAITING, |of| of.waiting),
];

/// The same for a histogram, by reference.
type FunctionHistogram = (Family, fn(&FunctionMetrics) -> &Histogram);

/// The histograms of each function.
const HISTOGRAMS: [FunctionHistogram; 3] = [
    (family::QUEUEING, |of| &of.queueing),
    (family::STARTUP, |of| &of.startup),
    (family::RUN, |of| &of.run),
];

/// All metrics as text. With `visible`, only those of the functions for which it is true, and nothing of
/// the server.
pub(crate) fn render(
    metrics: &Metrics,
    commits: u64,
    visible: Option<&dyn Fn(&str) -> bool>,
) -> String {
    let mut text = MetricsText::default();
    let functions = metrics.functions.iter();
    let mut functions: Vec<_> = functions
        .filter(|of| visible.is_none_or(|visible| visible(&of.name)))
        .map(|of| (&*of.name, of))
        .collect();
    let others = metrics.other.as_ref().filter(|_| visible.is_none());
    functions.extend(others.map(|others| (OTHERS, others)));
    functions_of(&mut text, &functions);
    if visible.is_none() {
        host(&mut text, metrics, commits);
    }
    text.into_string()
}

fn functions_of(text: &mut MetricsText, functions: &[(&str, &FunctionMetrics)]) {
    text.start(&family::INVOCATIONS);
    for (name, of) in functions {
        for count in &of.invocations {
            let labels = [name, count.status, count.reason];
            text.sample(&family::INVOCATIONS, &labels, count.count);
        }
    }
    text.start(&family::CUT_STREAMS);
    for (name, of) in functions {
        for cut in &of.cut_streams {
            text.sample(&family::CUT_STREAMS, &[name, cut.reason], cut.count);
        }
    }
    for (family, histogram) in &HISTOGRAMS {
        text.start(family);
        for (name, of) in functions {
            text.histogram(family, &[name], histogram(of));
        }
    }
    for (family, value) in &VALUES {
        text.start(family);
        for (name, of) in functions {
            text.sample(family, &[name], value(of));
        }
    }
}

fn host(text: &mut MetricsText, metrics: &Metrics, commits: u64) {
    text.start(&family::QUEUE);
    text.sample(&family::QUEUE, &["requests"], metrics.queues.requests);
    text.sample(&family::QUEUE, &["calls"], metrics.queues.calls);
    for (family, value) in [
        (family::DEPLOYED, metrics.deployed),
        (family::LOADED, metrics.loaded),
        (family::UNKNOWN, metrics.unknown_functions),
        (family::INVALID, metrics.invalid_requests),
        (family::COMMITS, commits),
    ] {
        text.start(&family);
        text.sample(&family, &[], value);
    }
}
