use std::time::{SystemTime, UNIX_EPOCH};

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};

use super::{ServerledgeApi, answer};
use crate::api::Connection;

/// What the node has, and what is taken of it: the keys of every upstream version.
pub(super) async fn status(
    State(api): State<ServerledgeApi>,
    connection: Option<axum::Extension<Connection>>,
) -> Response {
    let usage = api.node.usage();
    let url = connection.map(|connection| format!("http://{}", connection.local));
    let warm: serde_json::Map<_, _> = usage
        .warm
        .iter()
        .map(|(name, count)| (name.to_string(), Value::from(*count)))
        .collect();
    answer::json(
        StatusCode::OK,
        &json!({
            "AvailableWarmContainers": warm,
            "TotalMemory": usage.total_memory,
            "AvailableMemory": usage.available_memory,
            "FreeMemory": usage.free_memory,
            "TotalCPU": usage.total_cpus,
            "UsedCPU": usage.used_cpus,
            "Coordinates": {"Vec": [0, 0, 0], "Error": 1.5, "Height": 0.00001},
            "LoadAvg": load_average(),
            "LastUpdateTime": unix_seconds(),
            "Url": url.unwrap_or_default(),
            "AvailableMemMB": usage.available_memory,
            "AvailableCPUs": usage.total_cpus - usage.used_cpus,
            "DropCount": usage.dropped,
        }),
    )
}

pub(super) fn unix_seconds() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map(|since| since.as_secs()).unwrap_or_default()
}

/// The load of the machine, or -1 if it is not known.
fn load_average() -> [f64; 3] {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let mut words = text.split(' ').map(|word| word.parse().unwrap_or(-1.0));
    std::array::from_fn(|_| words.next().unwrap_or(-1.0))
}
