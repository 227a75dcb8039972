//! Which option of a host bounds a setting of its functions.

/// What to do about a setting that is above the host's limit; nothing for a setting that no option bounds.
pub(crate) fn advice(setting: &str) -> Option<String> {
    let option = match setting {
        "timeout" => "--timeout",
        "stream_timeout" => "--stream-timeout",
        "cpu_time" => "--cpu-time",
        "memory" => "--memory",
        "memories" => "--max-memories",
        "concurrency" => "--max-concurrency",
        "queue" => "--max-queue",
        "max_body" => "--max-body",
        "log_level" => return Some("raise it, or lower the host's --log-level".to_owned()),
        _ => return None,
    };
    Some(format!("lower it, or raise the host's {option}"))
}
