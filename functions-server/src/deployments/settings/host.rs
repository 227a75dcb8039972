//! Settings as the host has them.

use host_harness::{Callers, FunctionSettings, LogLevel};

use super::document::{Ingress, Level, Reuse};
use super::quantity::Quantity;
use super::{Configured, InvalidSettings};
use crate::store::Digest;

/// The host's settings of a version.
pub(crate) fn for_version(
    configured: &Configured,
    digest: Digest,
    version: Option<i64>,
) -> Result<FunctionSettings, InvalidSettings> {
    let mut settings = for_host(configured)?;
    settings.digest = Some(digest.0);
    settings.version = version.map(|number| number.to_string());
    Ok(settings)
}

/// The host's settings.
pub(super) fn for_host(configured: &Configured) -> Result<FunctionSettings, InvalidSettings> {
    let of = &configured.settings;
    let mut settings = FunctionSettings::default();
    settings.timeout = of.timeout.as_ref().map(Quantity::value);
    settings.stream_timeout = of.stream_timeout.as_ref().map(Quantity::value);
    settings.cpu_time = of.cpu_time.as_ref().map(Quantity::value);
    let memory = of.memory.as_ref().map(|size| usize::try_from(size.value()));
    settings.memory = memory.transpose().map_err(|_| InvalidSettings {
        name: "memory".to_owned(),
        reason: "more than this machine can address".to_owned(),
    })?;
    // A function that counts for less than a processor gets no more of it.
    settings.cpu_share = of.cpus.filter(|cpus| *cpus > 0.0 && *cpus < 1.0);
    settings.concurrency = of.concurrency;
    settings.queue = of.queue;
    settings.max_body = of.max_body.as_ref().map(Quantity::value);
    settings.allowed_hosts = of.allowed_hosts.clone();
    let variables = of.variables.iter().chain(&configured.secrets.0);
    settings.variables = variables
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    settings.ingress = match of.ingress {
        None | Some(Ingress::Public) => host_harness::Ingress::Public,
        Some(Ingress::Token) => host_harness::Ingress::Token,
        Some(Ingress::Private) => host_harness::Ingress::Private,
    };
    settings.callers = match &of.callers {
        None => Callers::Any,
        Some(names) if names.iter().any(|name| name == "*") => Callers::Any,
        Some(names) => Callers::Only(names.clone()),
    };
    settings.reuse = of.reuse.map(|reuse| match reuse {
        Reuse::Auto => host_harness::Reuse::Auto,
        Reuse::Never => host_harness::Reuse::Never,
    });
    settings.memories = of.memories;
    settings.min_level = of.log_level.map(|level| match level {
        Level::Off => None,
        Level::Error => Some(LogLevel::Error),
        Level::Warn => Some(LogLevel::Warn),
        Level::Info => Some(LogLevel::Info),
        Level::Debug => Some(LogLevel::Debug),
        Level::Trace => Some(LogLevel::Trace),
    });
    settings.pass_authorization = of.pass_authorization.unwrap_or_default();
    Ok(settings)
}

/// The name that the API has for a field of the host's settings.
pub(crate) fn name_of(field: &'static str) -> &'static str {
    match field {
        "min_level" => "log_level",
        same => same,
    }
}

/// Makes a field the host's own setting; returns whether that is possible.
pub(crate) fn clear(settings: &mut FunctionSettings, field: &str) -> bool {
    match field {
        "timeout" => settings.timeout = None,
        "stream_timeout" => settings.stream_timeout = None,
        "cpu_time" => settings.cpu_time = None,
        "memory" => settings.memory = None,
        "concurrency" => settings.concurrency = None,
        "queue" => settings.queue = None,
        "max_body" => settings.max_body = None,
        "memories" => settings.memories = None,
        "reuse" => settings.reuse = None,
        "min_level" => settings.min_level = None,
        // The host's rules may allow more than the function's did.
        "allowed_hosts" => settings.allowed_hosts = Some(Vec::new()),
        _ => return false,
    }
    true
}
