//! What a function's settings fall back on, and are bounded by.

use std::sync::{Arc, OnceLock};

use super::FunctionSettings;
use super::invalid_setting::{InvalidSetting, number, size, time};
use crate::engine::{Engine, Reuse};
use crate::invocation::access::{Access, Callers, Ingress};
use crate::invocation::cpu_bound::CpuBound;
use crate::invocation::permits::BoundedSemaphore;
use crate::invocation::{FunctionContext, InvocationLimits};
use crate::limits::Limits;
use crate::message::headers::HeaderLimit;
use crate::outbound::egress::Egress;
use crate::outbound::{HttpClient, OutboundConfig};
use crate::telemetry::metrics::{HostCounters, NamedCounters};
use crate::telemetry::{LogLevel, Output};

/// The host's settings for all functions.
pub(crate) struct Defaults {
    pub(crate) variables: Arc<[(String, String)]>,
    pub(crate) output: Output,
    pub(crate) headers: HeaderLimit,
    pub(crate) network: Arc<OutboundConfig>,
    pub(crate) reuse: Reuse,
    pub(crate) multi_tenant: bool,
    /// Whether the host knows tokens.
    pub(crate) has_tokens: bool,
    pub(crate) counters: Arc<HostCounters>,
}

impl Defaults {
    /// The context of a function with these settings, if they are within the host's bounds.
    pub(super) fn context(
        &self,
        engine: &Engine,
        name: &str,
        settings: &FunctionSettings,
    ) -> Result<FunctionContext, InvalidSetting> {
        let host = engine.limits();
        Ok(FunctionContext {
            name: Arc::from(name),
            version: settings
                .version
                .clone()
                .map_or_else(OnceLock::new, OnceLock::from),
            variables: self.variables(&settings.variables)?,
            output: self.output(settings.min_level)?,
            headers: self.headers,
            limits: self.limits(host, settings)?,
            cpu_bound: CpuBound::default(),
            permits: permits(host, settings)?,
            access: self.access(host, settings)?,
            outbound: self.outbound(settings.allowed_hosts.as_deref())?,
            interfaces: engine.interfaces(),
            bodies: engine.bodies(),
            counters: NamedCounters::new(Arc::clone(&self.counters)),
        })
    }

    /// Whether instances are reused.
    pub(super) fn reuse(&self, settings: &FunctionSettings) -> Result<Reuse, InvalidSetting> {
        match settings.reuse {
            Some(Reuse::Auto) if self.multi_tenant => Err(InvalidSetting::new(
                "reuse",
                "auto contradicts --multi-tenant, in which every request gets a new instance; expected \
                 never",
            )),
            of_function => Ok(of_function.unwrap_or(self.reuse)),
        }
    }

    fn limits(
        &self,
        host: &Limits,
        settings: &FunctionSettings,
    ) -> Result<InvocationLimits, InvalidSetting> {
        let InvocationLimits {
            memory, memories, ..
        } = InvocationLimits::from(host);
        Ok(InvocationLimits {
            timeout: time("timeout", settings.timeout, host.timeout)?,
            stream_timeout: time(
                "stream_timeout",
                settings.stream_timeout,
                host.stream_timeout,
            )?,
            cpu_time: time("cpu_time", settings.cpu_time, host.cpu_time)?,
            memory: match settings.memory {
                None => memory,
                own => size("memory", own, 1, host.most_memory())?,
            },
            cpu_share: share(settings.cpu_share)?,
            memories: number("memories", settings.memories, 1, memories)?,
        })
    }

    fn access(&self, host: &Limits, settings: &FunctionSettings) -> Result<Access, InvalidSetting> {
        if settings.ingress == Ingress::Token && !self.has_tokens {
            return Err(InvalidSetting::new(
                "ingress",
                "token needs a host that knows tokens (Builder::token_verifier); expected public or \
                 private",
            ));
        }
        if let Callers::Only(names) = &settings.callers {
            for name in names {
                check_caller(name).map_err(|why| InvalidSetting::new("callers", why))?;
            }
        }
        Ok(Access {
            ingress: settings.ingress,
            callers: settings.callers.clone(),
            max_body: match host.max_body {
                None => settings.max_body,
                Some(max) => Some(size("max_body", settings.max_body, 0, max)?),
            },
            pass_authorization: settings.pass_authorization,
        })
    }

    fn variables(
        &self,
        own: &[(String, String)],
    ) -> Result<Arc<[(String, String)]>, InvalidSetting> {
        // Without variables of its own, a function shares those of all.
        if own.is_empty() {
            return Ok(Arc::clone(&self.variables));
        }
        for (name, value) in own {
            if name.is_empty() || name.contains(['=', '\0']) || value.contains('\0') {
                let why =
                    format!("{name:?} cannot be a variable; expected a name without '=' and NUL");
                return Err(InvalidSetting::new("variables", why));
            }
        }
        let mut all: Vec<_> = self.variables.to_vec();
        for (name, value) in own {
            all.retain(|(known, _)| known != name);
            all.push((name.clone(), value.clone()));
        }
        Ok(all.into())
    }

    fn output(&self, min_level: Option<Option<LogLevel>>) -> Result<Output, InvalidSetting> {
        let host = self.output.min_level;
        let Some(min_level) = min_level else {
            return Ok(self.output.clone());
        };
        let keeps_more = match (min_level, host) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(own), Some(host)) => own < host,
        };
        if keeps_more {
            let name = |level: Option<LogLevel>| level.map_or("off", LogLevel::name);
            let why = format!("expected at least the host's {}", name(host));
            let given = name(min_level).to_owned();
            return Err(InvalidSetting::above("min_level", given, why));
        }
        Ok(Output {
            min_level,
            ..self.output.clone()
        })
    }

    fn outbound(&self, allowed_hosts: Option<&[String]>) -> Result<HttpClient, InvalidSetting> {
        let network = Arc::clone(&self.network);
        let Some(rules) = allowed_hosts else {
            return Ok(HttpClient::new(network, None));
        };
        let invalid = |why| InvalidSetting::new("allowed_hosts", why);
        let own = Egress::of_function(rules).map_err(|rule| invalid(rule.in_setting()))?;
        network.check_egress(&own).map_err(invalid)?;
        Ok(HttpClient::new(network, Some(Arc::new(own))))
    }
}

/// The permits of a function with a limit of its own.
fn permits(
    host: &Limits,
    settings: &FunctionSettings,
) -> Result<Option<BoundedSemaphore>, InvalidSetting> {
    let most = host.concurrency.max(1);
    let concurrency = number("concurrency", settings.concurrency, 1, most)?;
    let queue = number("queue", settings.queue, 0, host.queue)?;
    let is_limited = settings.concurrency.is_some() || settings.queue.is_some();
    Ok(is_limited.then(|| BoundedSemaphore::new(concurrency, queue)))
}

fn share(own: Option<f64>) -> Result<Option<f64>, InvalidSetting> {
    match own {
        Some(share) if !(share > 0.0 && share <= 1.0) => {
            let why = format!("{share}; expected more than 0 and at most 1");
            Err(InvalidSetting::new("cpu_share", why))
        }
        own => Ok(own),
    }
}

/// Checks the name of a caller: of a function, or of something of the embedder's, after a scheme.
fn check_caller(name: &str) -> Result<(), String> {
    let Some((scheme, rest)) = name.split_once(':') else {
        return super::check_name(name);
    };
    let is_odd = |letter: char| letter.is_whitespace() || letter.is_control();
    if scheme.is_empty() || rest.is_empty() || name.contains(is_odd) {
        return Err(format!(
            "invalid caller {name:?}: expected the name of a function, or one such as worker:COMPONENT/NAME"
        ));
    }
    Ok(())
}
