/// A metric with its help text; all its samples have the same labels.
#[derive(Debug)]
pub(super) struct Family {
    pub(super) name: &'static str,
    pub(super) kind: MetricKind,
    /// In the order of the samples' values.
    pub(super) labels: &'static [&'static str],
    pub(super) help: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MetricKind {
    Counter,
    Gauge,
    Histogram,
}

impl MetricKind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

const fn family(
    name: &'static str,
    kind: MetricKind,
    labels: &'static [&'static str],
    help: &'static str,
) -> Family {
    Family {
        name,
        kind,
        labels,
        help,
    }
}

const FUNCTION: &[&str] = &["function"];

pub(super) const INVOCATIONS: Family = family(
    "functions_invocations_total",
    MetricKind::Counter,
    &["function", "status", "reason"],
    "Requests and calls by the class of their response's status and the reason for it.",
);
pub(super) const CUT_STREAMS: Family = family(
    "functions_cut_streams_total",
    MetricKind::Counter,
    &["function", "reason"],
    "Streamed responses that were cut because the function failed.",
);
pub(super) const TRAPS: Family = family(
    "functions_traps_total",
    MetricKind::Counter,
    FUNCTION,
    "Invocations that trapped, before or while they streamed.",
);
pub(super) const QUEUEING: Family = family(
    "functions_queueing_seconds",
    MetricKind::Histogram,
    FUNCTION,
    "Time from the arrival of an invocation until its function starts.",
);
pub(super) const STARTUP: Family = family(
    "functions_startup_seconds",
    MetricKind::Histogram,
    FUNCTION,
    "Time to make an instance.",
);
pub(super) const RUN: Family = family(
    "functions_run_seconds",
    MetricKind::Histogram,
    FUNCTION,
    "Time from the start of a function to its end.",
);
pub(super) const CREATED: Family = family(
    "functions_instances_created_total",
    MetricKind::Counter,
    FUNCTION,
    "Instances that were made.",
);
pub(super) const REUSED: Family = family(
    "functions_instances_reused_total",
    MetricKind::Counter,
    FUNCTION,
    "Invocations that got an instance that existed.",
);
pub(super) const RECEIVED: Family = family(
    "functions_received_bytes_total",
    MetricKind::Counter,
    FUNCTION,
    "Bytes of request bodies that were read from connections.",
);
pub(super) const SENT: Family = family(
    "functions_sent_bytes_total",
    MetricKind::Counter,
    FUNCTION,
    "Bytes of response bodies that were handed to connections.",
);
pub(super) const IDLE: Family = family(
    "functions_idle_instances",
    MetricKind::Gauge,
    FUNCTION,
    "Instances that wait for a request.",
);
pub(super) const RUNNING: Family = family(
    "functions_running_invocations",
    MetricKind::Gauge,
    FUNCTION,
    "Invocations in flight, those that wait for a slot included.",
);
pub(super) const WAITING: Family = family(
    "functions_waiting_requests",
    MetricKind::Gauge,
    FUNCTION,
    "Requests that wait for the function's own concurrency, or for it to be loaded.",
);
pub(super) const QUEUE: Family = family(
    "functions_queue_length",
    MetricKind::Gauge,
    &["queue"],
    "Invocations that wait for a slot of the host.",
);
pub(super) const DEPLOYED: Family = family(
    "functions_deployed",
    MetricKind::Gauge,
    &[],
    "Functions of the server.",
);
pub(super) const LOADED: Family = family(
    "functions_loaded",
    MetricKind::Gauge,
    &[],
    "Functions that are loaded.",
);
pub(super) const UNKNOWN: Family = family(
    "functions_unknown_function_requests_total",
    MetricKind::Counter,
    &[],
    "Requests to names that no function has.",
);
pub(super) const INVALID: Family = family(
    "functions_invalid_requests_total",
    MetricKind::Counter,
    &[],
    "Requests that are not valid HTTP, so that no function was looked for.",
);
pub(super) const COMMITS: Family = family(
    "functions_store_commits_total",
    MetricKind::Counter,
    &[],
    "Transactions that were written to the store.",
);
